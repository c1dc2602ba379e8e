//! The neighbours' state machine: `net/core/neighbour.c`, with the learning rules of
//! `net/ipv4/arp.c` and `net/ipv6/ndisc.c`.
//!
//! ```text
//!            solicited      no answer to 3 multicast solicits
//!   (none) ────────────▶ Incomplete ──────────────▶ Failed ──▶ (packet) Incomplete
//!                           │ answer                   ▲
//!                           ▼                          │ no answer to 3 unicast ones
//!     ┌─────────────── Reachable ◀──────────────┐      │
//!     │ about 30 s          ▲      answer       │      │
//!     ▼                     │                   │      │
//!   Stale ──(packet)──▶ Delay ──── 5 s ────▶ Probe ────┘
//! ```
//!
//! Pure: an event and the time go in, orders for the workers come out. Entries are kept in address
//! order, so that equal inputs give equal orders.

use std::{collections::BTreeMap, net::IpAddr};

use crate::{IfaceId, MacAddr, Neighbour, Neighbours, StaticNeighbour};

mod entry;
mod learn;
mod params;

use entry::Entry;
pub use entry::NeighbourState;
pub use params::NeighbourParams;

/// What a worker saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourEvent {
    /// A packet waits for the MAC address of `addr`.
    Resolve {
        /// The interface that it would leave by.
        iface: IfaceId,
        /// Who is asked for.
        addr: IpAddr,
        /// The waiting packet's source, if it is an address of ours: the solicit speaks for it.
        source: Option<IpAddr>,
    },
    /// A packet went to a stale neighbour.
    Used {
        /// The interface that it left by.
        iface: IfaceId,
        /// The neighbour.
        addr: IpAddr,
    },
    /// An ARP or ND packet told a MAC address.
    Learn {
        /// The interface of arrival.
        iface: IfaceId,
        /// Whose address it is.
        addr: IpAddr,
        /// The MAC address.
        mac: MacAddr,
        /// What kind of packet told it.
        how: LearnKind,
    },
}

/// How a MAC address became known; it decides whether an entry is made and what is overridden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LearnKind {
    /// An ARP request for an address of ours.
    ArpRequest,
    /// An ARP reply, or a request that is not for us.
    ArpReply {
        /// It is a reply, and was sent to our MAC address.
        is_unicast_reply: bool,
        /// It is gratuitous: sender and target address are the same.
        is_gratuitous: bool,
    },
    /// A neighbour solicitation for an address of ours.
    Solicitation,
    /// A neighbour advertisement.
    Advertisement {
        /// The S flag.
        is_solicited: bool,
        /// The O flag.
        overrides: bool,
    },
}

/// What workers are to do. A solicit goes to one worker, an end of hope to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourAction {
    /// Send an ARP request or a neighbour solicitation.
    Solicit {
        /// The interface to send it by.
        iface: IfaceId,
        /// Who is asked for.
        addr: IpAddr,
        /// The address to speak for; `None`: chosen as for any packet.
        source: Option<IpAddr>,
        /// Sent to this MAC address; `None` is multicast (ARP: broadcast).
        unicast: Option<MacAddr>,
    },
    /// Nobody answered: held packets get host unreachable.
    Unreachable {
        /// The interface they would have left by.
        iface: IfaceId,
        /// Who did not answer.
        addr: IpAddr,
    },
}

/// All neighbours, known and asked for. One owner: the main thread.
#[derive(Debug)]
pub struct NeighbourTable {
    params: NeighbourParams,
    entries: BTreeMap<(IfaceId, IpAddr), Entry>,
    /// Reachable times are drawn from it.
    random: u64,
    reachable_ns: u64,
    reachable_drawn_ns: Option<u64>,
    last_gc_ns: u64,
    is_dirty: bool,
    overflows: u64,
}

impl NeighbourTable {
    /// An empty table; `seed` fixes the random reachable times.
    pub fn new(params: NeighbourParams, seed: u64) -> Self {
        Self {
            reachable_ns: params.base_reachable_ns,
            params,
            entries: BTreeMap::new(),
            random: seed,
            reachable_drawn_ns: None,
            last_gc_ns: 0,
            is_dirty: false,
            overflows: 0,
        }
    }

    /// Adds or replaces a neighbour that is never asked (`NUD_PERMANENT`).
    pub fn set_static(&mut self, neighbour: StaticNeighbour) {
        let key = (neighbour.iface, neighbour.addr);
        self.entries.insert(key, Entry::permanent(neighbour.mac));
        self.is_dirty = true;
    }

    /// Takes in what a worker saw.
    pub fn event(
        &mut self,
        event: NeighbourEvent,
        now_ns: u64,
        actions: &mut Vec<NeighbourAction>,
    ) {
        match event {
            NeighbourEvent::Resolve {
                iface,
                addr,
                source,
            } => {
                self.resolve((iface, addr), source, now_ns, actions);
            }
            NeighbourEvent::Used { iface, addr } => self.used((iface, addr), now_ns),
            NeighbourEvent::Learn {
                iface,
                addr,
                mac,
                how,
            } => {
                self.learn((iface, addr), mac, how, now_ns);
            }
        }
    }

    /// Does what has become due by `now_ns`.
    pub fn tick(&mut self, now_ns: u64, actions: &mut Vec<NeighbourAction>) {
        for (&(iface, addr), entry) in &mut self.entries {
            let was_usable = entry.usable();
            entry.expire(
                (iface, addr),
                now_ns,
                self.reachable_ns,
                &self.params,
                actions,
            );
            self.is_dirty |= was_usable != entry.usable();
        }
        self.collect_old(now_ns);
    }

    /// When [`NeighbourTable::tick`] has something to do next, if ever.
    pub fn next_timer_ns(&self) -> Option<u64> {
        self.entries
            .values()
            .filter_map(|entry| entry.timer_ns)
            .min()
    }

    /// Whether the snapshot differs from the last one taken.
    pub fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// All neighbours with a MAC address that may be used.
    pub fn snapshot(&mut self) -> Neighbours {
        self.is_dirty = false;
        self.entries
            .iter()
            .filter_map(|(&key, entry)| Some((key, entry.usable()?)))
            .collect()
    }

    /// Every entry with its state and MAC address, in address order.
    pub fn entries(
        &self,
    ) -> impl Iterator<Item = (IfaceId, IpAddr, NeighbourState, Option<MacAddr>)> {
        self.entries
            .iter()
            .map(|(&(iface, addr), entry)| (iface, addr, entry.state, entry.mac))
    }

    /// How often an entry could not be made because the table was full.
    pub fn overflows(&self) -> u64 {
        self.overflows
    }

    /// `__neigh_event_send` for an entry without a MAC address.
    fn resolve(
        &mut self,
        key: (IfaceId, IpAddr),
        source: Option<IpAddr>,
        now_ns: u64,
        actions: &mut Vec<NeighbourAction>,
    ) {
        if !self.entries.contains_key(&key) && !self.make_room(key.1, now_ns) {
            // Nobody will ever ask: whoever waits is told at once.
            actions.push(NeighbourAction::Unreachable {
                iface: key.0,
                addr: key.1,
            });
            return;
        }
        let entry = self
            .entries
            .entry(key)
            .or_insert_with(|| Entry::new(now_ns));
        match entry.state {
            NeighbourState::None | NeighbourState::Failed => {
                entry.source = source;
                entry.start_asking(key, now_ns, &self.params, actions);
            }
            NeighbourState::Stale => entry.start_delay(now_ns, &self.params),
            NeighbourState::Incomplete
            | NeighbourState::Reachable
            | NeighbourState::Delay
            | NeighbourState::Probe
            | NeighbourState::Permanent => {}
        }
    }

    fn used(&mut self, key: (IfaceId, IpAddr), now_ns: u64) {
        if let Some(entry) = self.entries.get_mut(&key)
            && entry.state == NeighbourState::Stale
        {
            entry.start_delay(now_ns, &self.params);
            self.is_dirty = true;
        }
    }

    /// Draws a reachable time between half and one and a half of the base, anew every 300 s
    /// (`neigh_rand_reach_time`, RFC 4861 6.3.2).
    fn draw_reachable(&mut self, now_ns: u64) {
        const REDRAW_NS: u64 = 300_000_000_000;
        let is_fresh = |drawn: u64| now_ns.saturating_sub(drawn) < REDRAW_NS;
        if self.reachable_drawn_ns.is_some_and(is_fresh) {
            return;
        }
        self.reachable_drawn_ns = Some(now_ns);
        // SplitMix64 (Steele, Lea and Flood 2014): one addition and a mix a number.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let base = self.params.base_reachable_ns;
        self.reachable_ns = base / 2 + mixed % base.max(1);
    }

    /// Entries of one family; the limits are per family, as ARP and ND have a table each.
    fn family_len(&self, addr: IpAddr) -> usize {
        self.entries
            .iter()
            .filter(|((_, other), entry)| {
                other.is_ipv4() == addr.is_ipv4() && entry.state != NeighbourState::Permanent
            })
            .count()
    }

    /// `neigh_alloc`: above `gc_thresh2` (every 5 s) or `gc_thresh3` old entries go first.
    fn make_room(&mut self, addr: IpAddr, now_ns: u64) -> bool {
        const FLUSH_NS: u64 = 5_000_000_000;
        let len = self.family_len(addr);
        let is_due = now_ns.saturating_sub(self.last_gc_ns) > FLUSH_NS;
        if len < self.params.gc_thresh2 || (len < self.params.gc_thresh3 && !is_due) {
            return true;
        }
        self.last_gc_ns = now_ns;
        let mut surplus = len - self.params.gc_thresh2.min(len);
        let before = now_ns.saturating_sub(FLUSH_NS);
        self.entries.retain(|(_, other), entry| {
            let goes = surplus > 0
                && other.is_ipv4() == addr.is_ipv4()
                && (entry.state == NeighbourState::Failed
                    || (entry.is_idle() && entry.updated_ns < before));
            surplus -= usize::from(goes);
            !goes
        });
        self.is_dirty = true;
        let has_room = self.family_len(addr) < self.params.gc_thresh3;
        self.overflows += u64::from(!has_room);
        has_room
    }

    /// `neigh_periodic_work`: above `gc_thresh1`, entries unused for `gc_stale_time` go, and
    /// failed ones at once.
    fn collect_old(&mut self, now_ns: u64) {
        let [v4, v6] = [IpAddr::from([0; 4]), IpAddr::from([0; 16])].map(|a| self.family_len(a));
        let thresh = self.params.gc_thresh1;
        if v4 < thresh && v6 < thresh {
            return;
        }
        let before = now_ns.saturating_sub(self.params.gc_stale_ns);
        let len = self.entries.len();
        self.entries.retain(|(_, addr), entry| {
            let is_crowded = if addr.is_ipv4() {
                v4 >= thresh
            } else {
                v6 >= thresh
            };
            !(is_crowded
                && (entry.state == NeighbourState::Failed
                    || (entry.is_idle() && entry.used_ns < before)))
        });
        self.is_dirty |= len != self.entries.len();
    }
}

#[cfg(test)]
mod tests;
