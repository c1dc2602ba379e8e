//! One queue pair of one device, behind [`NetIo`]. The only file of this back end on the hot path,
//! with `mbuf`.

#![allow(unsafe_code)]

use std::ptr::{self, NonNull};
use std::sync::Arc;

use dpdk_sys::rte_mbuf;
use packet::{BURST_MAX_PKTS, Burst};

use super::Mbuf;
use super::ethdev::EthDev;
use crate::NetIo;

/// A queue pair of a started device. It keeps the device open; it can move between threads but is
/// polled by one at a time.
#[derive(Debug)]
pub struct DpdkPort {
    device: Arc<EthDev>,
    queue: u16,
    counters: PortCounters,
}

/// What a port dropped itself; the device's own counters are in [`Stats`](super::Stats).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCounters {
    /// Frames over several mbufs that do not fit in one.
    pub rx_multi_segment_pkts: u64,
    /// Frames whose stripped VLAN tag had no room in front.
    pub rx_vlan_no_room_pkts: u64,
}

impl DpdkPort {
    /// For queue `queue` of a started device; one port a queue.
    pub(super) fn new(device: Arc<EthDev>, queue: u16) -> Self {
        Self {
            device,
            queue,
            counters: PortCounters::default(),
        }
    }

    /// The queue's number at its device.
    #[must_use]
    pub fn queue(&self) -> u16 {
        self.queue
    }

    /// What this port dropped so far.
    #[must_use]
    pub fn counters(&self) -> PortCounters {
        self.counters
    }

    /// Makes one whole frame of what the device gave, or drops and counts it.
    fn receive(&mut self, raw: NonNull<rte_mbuf>) -> Option<Mbuf> {
        // SAFETY: the device handed the mbuf over; its fields are initialised.
        let segments = unsafe { raw.as_ref() }.nb_segs;
        if segments > 1 && !self.linearize(raw) {
            return None;
        }
        // SAFETY: the mbuf is ours alone and has one segment: it came so, or `linearize` made it so.
        let mut mbuf = unsafe { Mbuf::from_raw(raw) };
        if mbuf.is_vlan_stripped() && mbuf.insert_vlan_tag().is_err() {
            self.counters.rx_vlan_no_room_pkts += 1;
            return None;
        }
        Some(mbuf)
    }

    /// Gathers the segments in the first one; frees all and counts if they do not fit.
    #[cold]
    fn linearize(&mut self, raw: NonNull<rte_mbuf>) -> bool {
        // SAFETY: the chain is ours alone; it stays ours whatever the outcome.
        if unsafe { dpdk_sys::shim_mbuf_linearize(raw.as_ptr()) } == 0 {
            return true;
        }
        // SAFETY: ours alone, and not used again.
        unsafe { dpdk_sys::shim_mbuf_free(raw.as_ptr()) };
        self.counters.rx_multi_segment_pkts += 1;
        false
    }
}

impl NetIo for DpdkPort {
    type Buf = Mbuf;

    fn rx_burst(&mut self, rx: &mut Burst<Mbuf>) -> usize {
        let before = rx.len();
        let mut mbufs = [ptr::null_mut(); BURST_MAX_PKTS];
        let room = rx.remaining_capacity().min(mbufs.len()) as u16;
        let id = self.device.id();
        // SAFETY: the queue exists, is started, and is polled by this port alone (`&mut self`); the
        // array has `room` places.
        let got = unsafe { dpdk_sys::shim_rx_burst(id, self.queue, mbufs.as_mut_ptr(), room) };
        for raw in mbufs.iter().take(usize::from(got)) {
            rx.extend(NonNull::new(*raw).and_then(|raw| self.receive(raw)));
        }
        rx.len() - before
    }

    fn tx_burst(&mut self, tx: &mut Burst<Mbuf>) -> usize {
        let mut mbufs = [ptr::null_mut(); BURST_MAX_PKTS];
        for (place, mbuf) in mbufs.iter_mut().zip(tx.iter()) {
            *place = mbuf.as_ptr();
        }
        let id = self.device.id();
        let count = tx.len().min(mbufs.len()) as u16;
        // SAFETY: the queue exists, is started, and is used by this port alone (`&mut self`); the
        // array holds `count` mbufs that are ours. DPDK owns the first ones, as many as it returns.
        let taken = unsafe { dpdk_sys::shim_tx_burst(id, self.queue, mbufs.as_mut_ptr(), count) };
        for mbuf in tx.drain(..usize::from(taken)) {
            // They are DPDK's now: forgotten, not freed.
            let _ = mbuf.into_raw();
        }
        usize::from(taken)
    }
}
