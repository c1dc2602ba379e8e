//! What an ARP or ND packet changes: `__neigh_update`, called as `arp_process`, `ndisc_recv_ns` and
//! `ndisc_recv_na` call it.

use std::net::IpAddr;

use super::{LearnKind, NeighbourState, NeighbourTable, entry::Entry};
use crate::{IfaceId, MacAddr};

/// What the packet proves, and what it may replace.
struct Update {
    /// The state it asks for: `Reachable` or `Stale`.
    state: NeighbourState,
    /// `NEIGH_UPDATE_F_OVERRIDE`: it may replace another MAC address.
    overrides: bool,
    /// `NEIGH_UPDATE_F_WEAK_OVERRIDE`: if it may not, it still makes a reachable entry doubtful.
    makes_doubtful: bool,
    /// An entry is made if there is none.
    creates: bool,
}

impl NeighbourTable {
    pub(super) fn learn(
        &mut self,
        key: (IfaceId, IpAddr),
        mac: MacAddr,
        how: LearnKind,
        now_ns: u64,
    ) {
        let updated_ns = self.entries.get(&key).map(|entry| entry.updated_ns);
        let update = self.judge(how, updated_ns, now_ns);
        if updated_ns.is_none() {
            if !update.creates || !self.make_room(key.1, now_ns) {
                return;
            }
            self.entries.insert(key, Entry::new(now_ns));
        }
        self.draw_reachable(now_ns);
        if let Some(entry) = self.entries.get_mut(&key) {
            let before = entry.usable();
            entry.update(
                mac,
                &update,
                now_ns,
                self.reachable_ns,
                self.params.base_reachable_ns,
            );
            self.is_dirty |= before != entry.usable();
        }
    }

    fn judge(&self, how: LearnKind, updated_ns: Option<u64>, now_ns: u64) -> Update {
        match how {
            LearnKind::ArpRequest => Update {
                state: NeighbourState::Stale,
                overrides: true,
                makes_doubtful: false,
                creates: true,
            },
            LearnKind::ArpReply {
                is_unicast_reply,
                is_gratuitous,
            } => {
                // If several answers come back to back, the first one counts.
                let is_locked = updated_ns.is_some_and(|updated| {
                    now_ns <= updated.saturating_add(self.params.locktime_ns)
                });
                Update {
                    state: if is_unicast_reply {
                        NeighbourState::Reachable
                    } else {
                        NeighbourState::Stale
                    },
                    overrides: !is_locked || is_gratuitous,
                    makes_doubtful: false,
                    creates: self.params.arp_accept,
                }
            }
            LearnKind::Solicitation => Update {
                state: NeighbourState::Stale,
                overrides: true,
                makes_doubtful: true,
                creates: true,
            },
            LearnKind::Advertisement {
                is_solicited,
                overrides,
            } => Update {
                state: if is_solicited {
                    NeighbourState::Reachable
                } else {
                    NeighbourState::Stale
                },
                overrides,
                makes_doubtful: true,
                creates: false,
            },
        }
    }
}

impl Entry {
    /// `__neigh_update` with a MAC address.
    fn update(
        &mut self,
        mac: MacAddr,
        update: &Update,
        now_ns: u64,
        reachable_ns: u64,
        base_reachable_ns: u64,
    ) {
        let old = self.state;
        if old == NeighbourState::Permanent {
            return;
        }
        let is_reachable = update.state == NeighbourState::Reachable;
        if is_reachable {
            self.confirmed_ns = now_ns;
        }
        let mut state = update.state;
        let mut is_other_mac = self.mac != Some(mac) || !old.is_valid();
        if old.is_valid() {
            if is_other_mac && !update.overrides {
                if !(update.makes_doubtful && old == NeighbourState::Reachable) {
                    return;
                }
                is_other_mac = false;
                state = NeighbourState::Stale;
            } else if !is_other_mac && state == NeighbourState::Stale {
                state = old;
            }
        }
        if state != old {
            self.enter(state, now_ns);
            if state == NeighbourState::Reachable {
                self.timer_ns = Some(now_ns + reachable_ns);
            }
        }
        if is_other_mac {
            self.mac = Some(mac);
            self.updated_ns = now_ns;
            if state != NeighbourState::Reachable {
                self.confirmed_ns = now_ns.saturating_sub(2 * base_reachable_ns);
            }
        }
    }
}
