//! The DPDK back end: any poll mode driver that Debian's DPDK has, behind [`NetIo`](crate::NetIo).
//!
//! # Life cycle
//! Main thread, in this order: [`Eal::init`] once a process, [`Mempool::create`], then for each
//! interface [`Iface::open`] (guard up, device probed and configured) and, when packets may flow,
//! [`Iface::start`], which hands out one [`DpdkPort`] per queue. Each worker thread pins itself, calls
//! [`Lcore::register`], keeps the result, and polls its ports. To stop: workers drop their ports and
//! end, then [`Iface::stop`] takes device and guard down.
//!
//! # Concurrency
//! A port is used by one thread at a time. Statistics, link state and addresses are read by the main
//! thread while workers poll. Mbufs move between threads and are freed on any.
//!
//! # Memory
//! EAL, mempools and their memory live until the process ends, so an [`Mbuf`] can never outlive what
//! it points into; that is why `rte_eal_cleanup` is never called. With `--in-memory` nothing stays
//! behind on disk.
//!
//! # Kernel-owned devices
//! `net_af_packet`, `net_af_xdp` and `net_pcap` on an interface leave the device with the kernel, whose
//! own stack would answer past every rule; [`BypassGuard`] closes that. What the kernel at the *other*
//! end leaves to offloads never gets done on a veth: frames then arrive with half a checksum, or as
//! 64 KiB segments that do not fit a ring slot. Peers need `ethtool -K DEV tx off tso off gso off`, in
//! their own namespace; from here it can be neither seen nor changed.

mod bypass_guard;
mod claim;
mod device;
mod eal;
mod errno;
mod error;
mod ethdev;
mod iface;
mod kernel_iface;
mod lcore;
mod mbuf;
mod mempool;
mod pages;
mod port;
mod rss;
mod stats;

pub use bypass_guard::{BypassGuard, GuardError};
pub use device::{BadDevice, Device};
pub use eal::{Eal, EalSettings, LogLevel};
pub use errno::Errno;
pub use error::{DpdkError, Step};
pub use iface::{Iface, IfaceSettings, Link};
pub use lcore::Lcore;
pub use mbuf::Mbuf;
pub use mempool::{DpdkPool, Mempool};
pub use pages::{HugePages, Pages};
pub use port::{DpdkPort, PortCounters};
pub use stats::{Stats, Xstat};
