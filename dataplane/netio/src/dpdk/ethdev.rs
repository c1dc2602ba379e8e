//! One DPDK port, from probing to closing. Every call that takes a port id is made here or in `stats`
//! and `port`, on an id that lives as long as the [`EthDev`].

#![allow(unsafe_code)]

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use dpdk_sys::{rte_eth_conf, rte_eth_dev_info, rte_ether_addr};

use super::claim::Claim;
use super::{Device, DpdkError, Errno, Mempool, Step, rss};

/// Descriptors of a queue, unless the driver has limits.
const DESCRIPTORS: u16 = 1024;

/// Names of the devices that an [`EthDev`] holds: DPDK would hand the same port out twice.
static OPEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A probed device. Dropping it stops and closes it.
#[derive(Debug)]
pub(super) struct EthDev {
    id: u16,
    iface: String,
    device: Device,
    /// The kernel interfaces under it: dropped, and given back, after the device is closed.
    _claims: Vec<Arc<Claim>>,
}

/// What a device is set up with.
pub(super) struct Queues<'a> {
    pub(super) count: u16,
    pub(super) mempool: &'a Mempool,
    pub(super) rx_descriptors: Option<u16>,
    pub(super) tx_descriptors: Option<u16>,
    pub(super) rss_seed: u16,
}

impl EthDev {
    /// Has a driver take the device.
    pub(super) fn probe(
        iface: &str,
        device: Device,
        claims: Vec<Arc<Claim>>,
    ) -> Result<Self, DpdkError> {
        let text = device.to_string();
        let c_string =
            |text: &str| CString::new(text).map_err(|_| DpdkError::Argument(device.to_string()));
        let (bus, name, args) = (
            c_string(device.bus())?,
            c_string(device.name())?,
            c_string(&device.args())?,
        );
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if open.contains(device.name()) {
            let device = device.name().to_owned();
            return Err(DpdkError::DeviceInUse {
                iface: iface.to_owned(),
                device,
            });
        }
        // SAFETY: EAL runs (the callers hold an `Eal`); DPDK copies the three C strings.
        let code =
            unsafe { dpdk_sys::rte_eal_hotplug_add(bus.as_ptr(), name.as_ptr(), args.as_ptr()) };
        // EAL took the PCI devices of its arguments when it started.
        let is_probed = code == 0 || code == -Errno::EEXIST.number();
        let mut id = 0;
        // SAFETY: writes the id if the name is a port's.
        let found = is_probed
            && unsafe { dpdk_sys::rte_eth_dev_get_port_by_name(name.as_ptr(), &raw mut id) } == 0;
        if !found {
            let errno = if is_probed {
                Errno::ENODEV
            } else {
                Errno::from_return(code)
            };
            return Err(probe_error(iface, &device, text, errno));
        }
        open.insert(device.name().to_owned());
        Ok(Self {
            id,
            iface: iface.to_owned(),
            device,
            _claims: claims,
        })
    }

    /// The port's id.
    pub(super) fn id(&self) -> u16 {
        self.id
    }

    /// What the device is able to do.
    pub(super) fn capabilities(&self) -> Result<rte_eth_dev_info, DpdkError> {
        let mut info = rte_eth_dev_info::default();
        // SAFETY: the port is open; DPDK fills its own structure.
        let code = unsafe { dpdk_sys::rte_eth_dev_info_get(self.id, &raw mut info) };
        self.check(code, Step::Capabilities)?;
        Ok(info)
    }

    /// Sets up its queues.
    pub(super) fn configure(&self, queues: &Queues<'_>) -> Result<(), DpdkError> {
        let info = self.capabilities()?;
        let mut key = rss::symmetric_key(queues.rss_seed, usize::from(info.hash_key_size.max(40)));
        let mut conf = rte_eth_conf::default();
        let hashes = info.flow_type_rss_offloads & dpdk_sys::SHIM_RSS_IP_AND_PORTS;
        if queues.count > 1 && hashes != 0 {
            conf.rxmode.mq_mode = dpdk_sys::rte_eth_rx_mq_mode::RTE_ETH_MQ_RX_RSS;
            conf.rx_adv_conf.rss_conf.rss_hf = hashes;
            if info.hash_key_size > 0 {
                conf.rx_adv_conf.rss_conf.rss_key = key.as_mut_ptr();
                conf.rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size;
            }
        }
        // SAFETY: the port is open and stopped; DPDK copies the configuration, drivers the key.
        let code = unsafe {
            dpdk_sys::rte_eth_dev_configure(self.id, queues.count, queues.count, &raw const conf)
        };
        self.check(code, Step::Configure)?;
        let mut rx_descriptors = queues.rx_descriptors.unwrap_or(DESCRIPTORS);
        let mut tx_descriptors = queues.tx_descriptors.unwrap_or(DESCRIPTORS);
        // SAFETY: the port is configured; DPDK clamps the two numbers in place.
        let code = unsafe {
            dpdk_sys::rte_eth_dev_adjust_nb_rx_tx_desc(
                self.id,
                &raw mut rx_descriptors,
                &raw mut tx_descriptors,
            )
        };
        self.check(code, Step::Configure)?;
        for queue in 0..queues.count {
            self.set_up_queue(queue, rx_descriptors, tx_descriptors, queues.mempool)?;
        }
        Ok(())
    }

    fn set_up_queue(
        &self,
        queue: u16,
        rx_descriptors: u16,
        tx_descriptors: u16,
        mempool: &Mempool,
    ) -> Result<(), DpdkError> {
        // SAFETY: an integer call on an open port. -1 (any socket) stays as it is when widened.
        let socket = unsafe { dpdk_sys::rte_eth_dev_socket_id(self.id) } as u32;
        // SAFETY: the queue is below the configured number; null asks for the driver's defaults; the
        // mempool is never freed.
        let code = unsafe {
            dpdk_sys::rte_eth_rx_queue_setup(
                self.id,
                queue,
                rx_descriptors,
                socket,
                std::ptr::null(),
                mempool.as_ptr(),
            )
        };
        self.check(code, Step::RxQueue(queue))?;
        // SAFETY: as above.
        let code = unsafe {
            dpdk_sys::rte_eth_tx_queue_setup(
                self.id,
                queue,
                tx_descriptors,
                socket,
                std::ptr::null(),
            )
        };
        self.check(code, Step::TxQueue(queue))
    }

    /// The MTU that DPDK believes, in bytes.
    pub(super) fn mtu(&self) -> Result<u16, DpdkError> {
        let mut mtu = 0;
        // SAFETY: the port is open; writes one integer.
        let code = unsafe { dpdk_sys::rte_eth_dev_get_mtu(self.id, &raw mut mtu) };
        self.check(code, Step::Capabilities)?;
        Ok(mtu)
    }

    /// Sets the MTU; `Ok` without a word if it is that already.
    pub(super) fn set_mtu(&self, mtu: u16) -> Result<(), DpdkError> {
        // SAFETY: an integer call on an open port.
        let code = unsafe { dpdk_sys::rte_eth_dev_set_mtu(self.id, mtu) };
        if code == -Errno::ENOTSUP.number() && self.mtu()? == mtu {
            return Ok(());
        }
        self.check(code, Step::Mtu(mtu))
    }

    /// Its MAC address.
    pub(super) fn mac(&self) -> Result<[u8; 6], DpdkError> {
        let mut mac = rte_ether_addr::default();
        // SAFETY: the port is open; writes six bytes.
        let code = unsafe { dpdk_sys::rte_eth_macaddr_get(self.id, &raw mut mac) };
        self.check(code, Step::Capabilities)?;
        Ok(mac.addr_bytes)
    }

    /// Gives it a MAC address.
    pub(super) fn set_mac(&self, mac: [u8; 6]) -> Result<(), DpdkError> {
        let mut raw = rte_ether_addr { addr_bytes: mac };
        // SAFETY: the port is open; DPDK copies the address.
        let code = unsafe { dpdk_sys::rte_eth_dev_default_mac_addr_set(self.id, &raw mut raw) };
        self.check(code, Step::Mac(mac))
    }

    /// Lets frames for every multicast group in, which neighbour discovery needs; a driver that
    /// cannot choose them gets everything, and one that filters nothing is left as it is.
    pub(super) fn receive_multicast(&self, foreign_macs: bool) -> Result<(), DpdkError> {
        // SAFETY: an integer call on an open port.
        let code = unsafe { dpdk_sys::rte_eth_allmulticast_enable(self.id) };
        if code == 0 && !foreign_macs {
            return Ok(());
        }
        // SAFETY: an integer call on an open port.
        let code = unsafe { dpdk_sys::rte_eth_promiscuous_enable(self.id) };
        if code == -Errno::ENOTSUP.number() {
            return Ok(());
        }
        self.check(code, Step::Promiscuous)
    }

    /// Starts all queues.
    pub(super) fn start(&self) -> Result<(), DpdkError> {
        // SAFETY: an integer call on a configured port.
        let code = unsafe { dpdk_sys::rte_eth_dev_start(self.id) };
        self.check(code, Step::Start)
    }

    /// What DPDK says of the link: up, and Mbit/s (0 or `u32::MAX` if unknown).
    pub(super) fn link(&self) -> Option<(bool, u32)> {
        let mut link = dpdk_sys::rte_eth_link::default();
        // SAFETY: the port is open; DPDK fills its own structure.
        let code = unsafe { dpdk_sys::rte_eth_link_get_nowait(self.id, &raw mut link) };
        (code == 0).then(|| (link.link_status() != 0, link.link_speed))
    }

    fn check(&self, code: i32, step: Step) -> Result<(), DpdkError> {
        if code >= 0 {
            return Ok(());
        }
        let iface = self.iface.clone();
        Err(DpdkError::Setup {
            iface,
            step,
            errno: Errno::from_return(code),
        })
    }
}

impl Drop for EthDev {
    fn drop(&mut self) {
        // SAFETY: no queue is polled any more: each port holds a reference to this EthDev.
        unsafe { dpdk_sys::rte_eth_dev_stop(self.id) };
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Ok(bus), Ok(name)) = (
            CString::new(self.device.bus()),
            CString::new(self.device.name()),
        ) {
            // SAFETY: as above; removing a device closes its port. DPDK copies the strings.
            unsafe { dpdk_sys::rte_eal_hotplug_remove(bus.as_ptr(), name.as_ptr()) };
        }
        open.remove(self.device.name());
    }
}

/// Why no driver took a device.
fn probe_error(iface: &str, device: &Device, text: String, errno: Errno) -> DpdkError {
    let iface = iface.to_owned();
    let Device::Pci { address, .. } = device else {
        return match errno {
            Errno::EFAULT => DpdkError::UnknownDriver {
                iface,
                device: text,
            },
            _ => DpdkError::Probe {
                iface,
                device: text,
                errno,
            },
        };
    };
    let folder = Path::new("/sys/bus/pci/devices").join(address);
    if !folder.exists() {
        return DpdkError::NoPciDevice {
            iface,
            address: address.clone(),
        };
    }
    let driver = fs::read_link(folder.join("driver")).ok();
    let driver = driver.and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    match driver.as_deref() {
        Some("vfio-pci" | "igb_uio" | "uio_pci_generic") => DpdkError::Probe {
            iface,
            device: text,
            errno,
        },
        _ => DpdkError::PciNotBound {
            iface,
            address: address.clone(),
            driver,
        },
    }
}
