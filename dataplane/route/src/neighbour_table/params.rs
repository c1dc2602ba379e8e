//! Timers and limits under the kernel's names (`net.ipv4.neigh.default.*`); times in ns.

/// One second.
const SECOND_NS: u64 = 1_000_000_000;

/// The settings of a [`crate::NeighbourTable`]; the default is Linux's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighbourParams {
    /// `mcast_solicit`: multicast solicits before an entry fails.
    pub mcast_solicit: u32,
    /// `ucast_solicit`: unicast solicits before a probed entry fails.
    pub ucast_solicit: u32,
    /// `retrans_time`: between two solicits.
    pub retrans_ns: u64,
    /// `base_reachable_time`: an answer holds for 0.5 to 1.5 of it.
    pub base_reachable_ns: u64,
    /// `delay_first_probe_time`: a stale entry is used so long before it is probed.
    pub delay_probe_ns: u64,
    /// `locktime`: an ARP entry changed by an answer is not changed by another one for so long.
    pub locktime_ns: u64,
    /// `gc_stale_time`: unused entries go after it.
    pub gc_stale_ns: u64,
    /// `gc_thresh1`: below it nothing is collected.
    pub gc_thresh1: usize,
    /// `gc_thresh2`: above it old entries go when a new one is made.
    pub gc_thresh2: usize,
    /// `gc_thresh3`: there are never more; static ones do not count.
    pub gc_thresh3: usize,
    /// `net.ipv4.conf.*.arp_accept` 1: ARP packets that are no request for us make entries.
    pub arp_accept: bool,
}

impl Default for NeighbourParams {
    fn default() -> Self {
        Self {
            mcast_solicit: 3,
            ucast_solicit: 3,
            retrans_ns: SECOND_NS,
            base_reachable_ns: 30 * SECOND_NS,
            delay_probe_ns: 5 * SECOND_NS,
            locktime_ns: SECOND_NS,
            gc_stale_ns: 60 * SECOND_NS,
            gc_thresh1: 128,
            gc_thresh2: 512,
            gc_thresh3: 1024,
            arp_accept: false,
        }
    }
}
