//! Everything that can go wrong before packets flow. Each message names the interface and what to do.

use std::fmt;

use thiserror::Error;

use super::{BadDevice, Errno, GuardError};

/// EAL, a mempool or a device did not start.
#[derive(Debug, Error)]
pub enum DpdkError {
    /// EAL starts once a process.
    #[error("DPDK is initialised already: it starts once a process")]
    AlreadyInitialised,
    /// `rte_eal_init` failed; its log on stderr says more.
    #[error("DPDK did not start with `{}`: {errno}; see its lines above, and [dpdk] args", args.join(" "))]
    Eal {
        /// What `rte_eal_init` said.
        errno: Errno,
        /// The arguments that Weir derived, and the operator's.
        args: Vec<String>,
    },
    /// An argument holds a NUL byte.
    #[error("DPDK argument {0:?} holds a NUL byte")]
    Argument(String),
    /// Huge pages were demanded.
    #[error(
        "{free_mib} MiB of huge pages are free and {needed_mib} MiB are needed: \
         `sysctl vm.nr_hugepages={}`, or allow memory without huge pages",
        needed_mib.div_ceil(2)
    )]
    HugePages {
        /// MiB that EAL would take.
        needed_mib: u32,
        /// MiB in free huge pages.
        free_mib: u64,
    },
    /// No memory for the packet buffers.
    #[error(
        "mempool {name}: {mbufs} mbufs of {room_bytes} bytes: {errno}; they need about {needed_mib} MiB"
    )]
    Mempool {
        /// The pool.
        name: String,
        /// Buffers asked for.
        mbufs: u32,
        /// Room of each, in bytes.
        room_bytes: u16,
        /// What they take together.
        needed_mib: u32,
        /// What DPDK said.
        errno: Errno,
    },
    /// No lcore id is left for a worker thread, or EAL does not run.
    #[error(
        "no DPDK lcore for this worker: {errno}; at most {} threads",
        dpdk_sys::RTE_MAX_LCORE
    )]
    Lcore {
        /// What `rte_thread_register` said.
        errno: Errno,
    },
    /// The device string does not name a device.
    #[error("interface {iface}: device \"{device}\": {why}")]
    BadDevice {
        /// The operator's interface.
        iface: String,
        /// The configured device.
        device: String,
        /// What is wrong with it.
        why: BadDevice,
    },
    /// No driver takes the device.
    #[error(
        "interface {iface}: no DPDK driver takes \"{device}\": vdev drivers are net_af_packet, \
         net_af_xdp, net_tap, net_vhost, virtio_user, net_memif, net_pcap, net_ring, net_null"
    )]
    UnknownDriver {
        /// The operator's interface.
        iface: String,
        /// The configured device.
        device: String,
    },
    /// The device stands on a kernel interface that is not there.
    #[error(
        "interface {iface}: device \"{device}\": there is no kernel interface {kernel_iface} in this \
         network namespace (`ip link` lists them)"
    )]
    NoKernelIface {
        /// The operator's interface.
        iface: String,
        /// The configured device.
        device: String,
        /// What `iface=` names.
        kernel_iface: String,
    },
    /// A PCI address without a device.
    #[error("interface {iface}: no PCI device {address} (`lspci -D` lists them)")]
    NoPciDevice {
        /// The operator's interface.
        iface: String,
        /// The configured address.
        address: String,
    },
    /// A PCI device that DPDK could not take over.
    #[error(
        "interface {iface}: PCI device {address} is bound to {}: bind it with \
         `dpdk-devbind.py -b vfio-pci {address}`",
        driver.as_deref().unwrap_or("no driver")
    )]
    PciNotBound {
        /// The operator's interface.
        iface: String,
        /// The configured address.
        address: String,
        /// Its kernel driver.
        driver: Option<String>,
    },
    /// Two interfaces name the same device.
    #[error("interface {iface}: device {device} is open already: each interface needs its own")]
    DeviceInUse {
        /// The operator's interface.
        iface: String,
        /// DPDK's name of the device.
        device: String,
    },
    /// The driver refused the device.
    #[error(
        "interface {iface}: device \"{device}\" did not start: {errno}; its driver's lines stand above"
    )]
    Probe {
        /// The operator's interface.
        iface: String,
        /// What DPDK was given.
        device: String,
        /// What the driver said.
        errno: Errno,
    },
    /// The device has fewer queues than there are workers, or a number that leaves some unpolled.
    #[error(
        "interface {iface}: {workers} workers need {workers} queues, the device has {queues}: {hint}"
    )]
    Queues {
        /// The operator's interface.
        iface: String,
        /// Queues wanted, one a worker.
        workers: u16,
        /// Queues there are.
        queues: u16,
        /// What to do.
        hint: &'static str,
    },
    /// A step of setting the device up failed.
    #[error("interface {iface}: {step}: {errno}")]
    Setup {
        /// The operator's interface.
        iface: String,
        /// What was being done.
        step: Step,
        /// What DPDK or the kernel said.
        errno: Errno,
    },
    /// Frames of this MTU do not fit an mbuf of the pool.
    #[error(
        "interface {iface}: MTU {mtu} needs mbufs of {needed_bytes} bytes, the pool has {room_bytes}"
    )]
    MtuOverMbuf {
        /// The operator's interface.
        iface: String,
        /// The MTU.
        mtu: u16,
        /// Bytes of a frame with two VLAN tags.
        needed_bytes: u32,
        /// Bytes an mbuf holds.
        room_bytes: u16,
    },
    /// `start` was called before.
    #[error("interface {iface} is started already")]
    AlreadyStarted {
        /// The operator's interface.
        iface: String,
    },
    /// Ports of the interface are still held, so its device stays open.
    #[error("interface {iface} is still polled: its ports must be dropped first")]
    StillPolled {
        /// The operator's interface.
        iface: String,
    },
    /// The kernel's own stack could not be kept off the device.
    #[error("interface {iface}: {source}")]
    Guard {
        /// The operator's interface.
        iface: String,
        /// What failed.
        source: GuardError,
    },
}

/// What was being done to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Asking what the device can do.
    Capabilities,
    /// Setting the number of queues and the hash.
    Configure,
    /// Setting up a receive queue.
    RxQueue(u16),
    /// Setting up a transmit queue.
    TxQueue(u16),
    /// Setting the MTU.
    Mtu(u16),
    /// Setting the MAC address.
    Mac([u8; 6]),
    /// Receiving frames for multicast groups and foreign MAC addresses.
    Promiscuous,
    /// Starting.
    Start,
    /// Setting the kernel interface up.
    KernelUp,
    /// Reading the kernel interface.
    KernelRead,
    /// Keeping the kernel from merging frames.
    KernelGro,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capabilities => f.write_str("asking what the device can do"),
            Self::Configure => f.write_str("configuring the device"),
            Self::RxQueue(queue) => write!(f, "setting up receive queue {queue}"),
            Self::TxQueue(queue) => write!(f, "setting up transmit queue {queue}"),
            Self::Mtu(mtu) => write!(f, "setting the MTU to {mtu}"),
            Self::Mac([a, b, c, d, e, g]) => {
                write!(
                    f,
                    "setting the MAC to {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"
                )
            }
            Self::Promiscuous => f.write_str("receiving multicast and foreign MAC addresses"),
            Self::Start => f.write_str("starting the device"),
            Self::KernelUp => f.write_str("setting the kernel interface up"),
            Self::KernelRead => f.write_str("reading the kernel interface"),
            Self::KernelGro => f.write_str("turning off receive offloads of the kernel interface"),
        }
    }
}
