//! What weir.toml means. Every value here has been checked, alone and against the others.

use std::{net::IpAddr, time::Duration};

use rules::Policy;

use super::Sysctl;

/// A configuration that holds together.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[paths]`.
    pub paths: api::Paths,
    /// `[dataplane] cores`: the CPU of each worker.
    pub cores: Vec<usize>,
    /// `[dataplane] initial`: policy of the filter table while there is no ruleset.
    pub initial: Policy,
    /// `[dataplane] rx_queue_size`: descriptors of a receive queue.
    pub rx_queue_size: u16,
    /// `[dataplane] tx_queue_size`: descriptors of a send queue.
    pub tx_queue_size: u16,
    /// `[dataplane] mbufs`: packet buffers in all; `None` leaves it to the back end.
    pub mbufs: Option<u32>,
    /// What a worker does when no packets come.
    pub idle: IdleBackoff,
    /// `[dataplane] ruleset_memory`: bytes that one generation may take.
    pub ruleset_memory_bytes: u64,
    /// `[dpdk]`.
    pub dpdk: DpdkConfig,
    /// `[interfaces.*]`, in the order of the file.
    pub interfaces: Vec<Interface>,
    /// `[[routes]]`, in the order of the file.
    pub routes: Vec<StaticRoute>,
    /// `[[neighbours]]`, in the order of the file.
    pub neighbours: Vec<StaticNeighbour>,
    /// `[sysctl]`.
    pub sysctl: Sysctl,
}

/// A worker polls without a pause while packets come. Then it pauses between polls, then sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleBackoff {
    /// `idle_pause_polls`: empty polls in a row, a CPU pause between them, before it sleeps.
    pub pause_polls: u32,
    /// `idle_sleep_us`: how long one sleep takes; zero never sleeps.
    pub sleep: Duration,
}

/// `[dpdk]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpdkConfig {
    /// `args`: appended to what Weir derives.
    pub args: Vec<String>,
    /// `memory_mb`: MiB that the EAL takes; `None` leaves it to the back end.
    pub memory_mb: Option<u32>,
    /// `huge_pages`.
    pub huge_pages: HugePages,
}

/// Which pages packet buffers live on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HugePages {
    /// Huge pages if the machine has free ones, ordinary ones otherwise.
    Auto,
    /// Huge pages, or no start.
    Require,
    /// Ordinary pages.
    Never,
}

/// One `[interfaces.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The operator's name, which `-i` and `-o` match.
    pub name: String,
    /// A DPDK vdev with its arguments, or a PCI address.
    pub device: String,
    /// Addresses with the length of their on-link prefix in bits.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Longest IP packet in bytes; `None` leaves the device's own.
    pub mtu: Option<u16>,
    /// A MAC address that replaces the device's own.
    pub mac: Option<[u8; 6]>,
}

/// One `[[routes]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticRoute {
    /// Destination network.
    pub to: IpAddr,
    /// Length of its prefix in bits.
    pub prefix_len: u8,
    /// The gateway, on a link of ours.
    pub via: Option<IpAddr>,
    /// Index of the interface it leaves by.
    pub interface: Option<usize>,
}

/// One `[[neighbours]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticNeighbour {
    /// Its address.
    pub address: IpAddr,
    /// Its MAC address.
    pub mac: [u8; 6],
    /// Index of the interface behind which it is.
    pub interface: usize,
}
