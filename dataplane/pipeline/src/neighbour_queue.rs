//! Packets that wait for a neighbour's MAC address (`neigh->arp_queue`).
//!
//! Bounded twice: neighbours waited for, and packets a neighbour. When a neighbour's queue is full
//! the oldest packet goes, as in the kernel, which counts bytes (`unres_qlen_bytes` 212,992: about
//! a hundred full packets); here packets are counted.

use std::{collections::VecDeque, net::IpAddr};

use route::IfaceId;

/// Neighbours that one worker waits for at a time.
const NEIGHBOURS_MAX: usize = 128;

/// Packets that wait for one neighbour.
pub(crate) const PACKETS_MAX: usize = 64;

/// One neighbour that is waited for.
struct Slot<T> {
    iface: IfaceId,
    addr: IpAddr,
    since_ns: u64,
    /// The main thread has been told.
    is_asked: bool,
    packets: VecDeque<T>,
}

/// What became of a packet that was to wait.
pub(crate) enum Held<T> {
    /// It waits.
    Waits,
    /// It waits, and the oldest had to go for it.
    Displaced(T),
    /// Too many neighbours are waited for.
    Refused(T),
}

/// The queues; `T` is a packet with all that is needed to send it.
pub(crate) struct WaitingQueues<T> {
    /// The first `used` count; the rest keep their memory for later.
    slots: Vec<Slot<T>>,
    used: usize,
}

/// The queues of a worker's packets.
pub(crate) type NeighbourQueue<B> = WaitingQueues<crate::transmit::Waiting<B>>;

impl<T> WaitingQueues<T> {
    pub(crate) fn new() -> Self {
        let slot = |_| Slot {
            iface: IfaceId(0),
            addr: IpAddr::from([0; 4]),
            since_ns: 0,
            is_asked: false,
            packets: VecDeque::with_capacity(PACKETS_MAX),
        };
        Self {
            slots: (0..NEIGHBOURS_MAX).map(slot).collect(),
            used: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Neighbours waited for.
    pub(crate) fn neighbours(&self) -> usize {
        self.used
    }

    /// Packets that wait.
    pub(crate) fn len(&self) -> usize {
        self.slots[..self.used]
            .iter()
            .map(|slot| slot.packets.len())
            .sum()
    }

    /// Lets a packet wait for `addr` behind `iface`.
    pub(crate) fn hold(&mut self, iface: IfaceId, addr: IpAddr, now_ns: u64, packet: T) -> Held<T> {
        let known = self.find(iface, addr);
        let Some(at) = known.or_else(|| self.open(iface, addr, now_ns)) else {
            return Held::Refused(packet);
        };
        let packets = &mut self.slots[at].packets;
        let oldest = if packets.len() >= PACKETS_MAX {
            packets.pop_front()
        } else {
            None
        };
        packets.push_back(packet);
        oldest.map_or(Held::Waits, Held::Displaced)
    }

    /// Whether the main thread must still be told that `addr` is waited for; `told` is asked once.
    pub(crate) fn ask(&mut self, iface: IfaceId, addr: IpAddr, told: impl FnOnce() -> bool) {
        if let Some(at) = self.find(iface, addr)
            && !self.slots[at].is_asked
        {
            self.slots[at].is_asked = told();
        }
    }

    /// Who is waited for in place `at`, and since when.
    pub(crate) fn neighbour(&self, at: usize) -> Option<(IfaceId, IpAddr, u64)> {
        let slot = self.slots[..self.used].get(at)?;
        Some((slot.iface, slot.addr, slot.since_ns))
    }

    /// The oldest packet that waits for `addr`; with the last one the neighbour is forgotten.
    pub(crate) fn take(&mut self, iface: IfaceId, addr: IpAddr) -> Option<T> {
        let at = self.find(iface, addr)?;
        let packet = self.slots[at].packets.pop_front();
        if self.slots[at].packets.is_empty() {
            self.used -= 1;
            self.slots.swap(at, self.used);
        }
        packet
    }

    fn find(&self, iface: IfaceId, addr: IpAddr) -> Option<usize> {
        self.slots[..self.used]
            .iter()
            .position(|slot| slot.iface == iface && slot.addr == addr)
    }

    fn open(&mut self, iface: IfaceId, addr: IpAddr, now_ns: u64) -> Option<usize> {
        let at = self.used;
        let slot = self.slots.get_mut(at)?;
        slot.iface = iface;
        slot.addr = addr;
        slot.since_ns = now_ns;
        slot.is_asked = false;
        self.used += 1;
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IfaceId = IfaceId(0);

    fn addr(n: u32) -> IpAddr {
        IpAddr::from(n.to_be_bytes())
    }

    #[test]
    fn packets_come_back_in_order_and_the_oldest_goes_first() {
        let mut queues = WaitingQueues::new();
        let mut displaced = Vec::new();
        for n in 0..PACKETS_MAX + 3 {
            match queues.hold(HERE, addr(1), 0, n) {
                Held::Waits => {}
                Held::Displaced(n) => displaced.push(n),
                Held::Refused(_) => panic!("there is room"),
            }
        }
        assert_eq!(displaced, [0, 1, 2]);
        assert_eq!(queues.len(), PACKETS_MAX);
        assert_eq!(queues.take(HERE, addr(1)), Some(3));
        while queues.take(HERE, addr(1)).is_some() {}
        assert!(queues.is_empty());
    }

    #[test]
    fn neighbours_are_bounded_and_asked_for_once() {
        let mut queues = WaitingQueues::new();
        let most = NEIGHBOURS_MAX as u32;
        for n in 0..most {
            assert!(matches!(queues.hold(HERE, addr(n), 5, n), Held::Waits));
        }
        assert!(matches!(
            queues.hold(HERE, addr(most), 5, 0),
            Held::Refused(0)
        ));
        let mut asked = 0;
        for _ in 0..3 {
            queues.ask(HERE, addr(7), || {
                asked += 1;
                asked == 2
            });
        }
        assert_eq!(asked, 2, "told again until it worked");
        assert_eq!(queues.take(HERE, addr(7)), Some(7));
        assert!(matches!(queues.hold(HERE, addr(most), 5, 9), Held::Waits));
        assert_eq!(queues.neighbours(), NEIGHBOURS_MAX);
    }
}
