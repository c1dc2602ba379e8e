//! What a device counts. Read by the main thread while workers poll.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::ops::AddAssign;

use dpdk_sys::{rte_eth_stats, rte_eth_xstat, rte_eth_xstat_name};

/// A device's own counters, since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames received.
    pub rx_pkts: u64,
    /// Frames sent.
    pub tx_pkts: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Frames that the device dropped because no worker took them in time.
    pub rx_missed_pkts: u64,
    /// Frames received damaged.
    pub rx_errors_pkts: u64,
    /// Frames that could not be sent.
    pub tx_errors_pkts: u64,
    /// Receptions that failed because the mempool was exhausted.
    pub rx_nombuf: u64,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.rx_pkts += other.rx_pkts;
        self.tx_pkts += other.tx_pkts;
        self.rx_bytes += other.rx_bytes;
        self.tx_bytes += other.tx_bytes;
        self.rx_missed_pkts += other.rx_missed_pkts;
        self.rx_errors_pkts += other.rx_errors_pkts;
        self.tx_errors_pkts += other.tx_errors_pkts;
        self.rx_nombuf += other.rx_nombuf;
    }
}

/// One of a driver's extended statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xstat {
    /// The driver's name for it.
    pub name: String,
    /// Its value.
    pub value: u64,
}

/// Reads a device's counters; all zero if the driver has none.
pub(super) fn stats(port_id: u16) -> Stats {
    let mut raw = rte_eth_stats::default();
    // SAFETY: the structure is DPDK's own; a port that is gone is an error code.
    if unsafe { dpdk_sys::rte_eth_stats_get(port_id, &raw mut raw) } != 0 {
        return Stats::default();
    }
    Stats {
        rx_pkts: raw.ipackets,
        tx_pkts: raw.opackets,
        rx_bytes: raw.ibytes,
        tx_bytes: raw.obytes,
        rx_missed_pkts: raw.imissed,
        rx_errors_pkts: raw.ierrors,
        tx_errors_pkts: raw.oerrors,
        rx_nombuf: raw.rx_nombuf,
    }
}

/// Reads a device's extended statistics.
pub(super) fn xstats(port_id: u16) -> Vec<Xstat> {
    // SAFETY: with no room given the call only counts.
    let count = unsafe { dpdk_sys::rte_eth_xstats_get(port_id, std::ptr::null_mut(), 0) };
    let Ok(room) = u32::try_from(count) else {
        return Vec::new();
    };
    let mut values = vec![rte_eth_xstat::default(); room as usize];
    let mut names = vec![rte_eth_xstat_name { name: [0; 64] }; room as usize];
    // SAFETY: `room` is the vector's length.
    let filled = unsafe { dpdk_sys::rte_eth_xstats_get(port_id, values.as_mut_ptr(), room) };
    // SAFETY: as above.
    let named = unsafe { dpdk_sys::rte_eth_xstats_get_names(port_id, names.as_mut_ptr(), room) };
    if filled < 0 || filled > count || named < 0 || named > count {
        return Vec::new();
    }
    values.truncate(filled as usize);
    let xstat = |value: rte_eth_xstat| {
        let name = names.get(usize::try_from(value.id).ok()?)?;
        Some(Xstat {
            name: text(name),
            value: value.value,
        })
    };
    values.into_iter().filter_map(xstat).collect()
}

fn text(name: &rte_eth_xstat_name) -> String {
    let bytes = name.name.map(|c| c as u8);
    CStr::from_bytes_until_nul(&bytes).map_or_else(
        |_| String::from_utf8_lossy(&bytes).into_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
