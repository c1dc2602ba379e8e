//! One neighbour and what time does to it (`neigh_timer_handler`).

use std::net::IpAddr;

use super::{Neighbour, NeighbourAction, NeighbourParams};
use crate::{IfaceId, MacAddr};

/// The kernel's `NUD_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourState {
    /// Just made, nothing known.
    None,
    /// Asked for by multicast, no answer yet.
    Incomplete,
    /// An answer came not long ago.
    Reachable,
    /// The MAC address is known, not confirmed.
    Stale,
    /// Stale and in use: it will be probed.
    Delay,
    /// Asked for by unicast.
    Probe,
    /// Nobody answered.
    Failed,
    /// Configured.
    Permanent,
}

impl NeighbourState {
    /// `NUD_VALID`: the MAC address may be used.
    pub const fn is_valid(self) -> bool {
        match self {
            NeighbourState::Reachable
            | NeighbourState::Stale
            | NeighbourState::Delay
            | NeighbourState::Probe
            | NeighbourState::Permanent => true,
            NeighbourState::None | NeighbourState::Incomplete | NeighbourState::Failed => false,
        }
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) state: NeighbourState,
    pub(super) mac: Option<MacAddr>,
    /// Solicits sent in this state.
    probes: u32,
    /// When it is looked at next.
    pub(super) timer_ns: Option<u64>,
    /// The last proof that the neighbour is there.
    pub(super) confirmed_ns: u64,
    /// The last change of state or MAC address.
    pub(super) updated_ns: u64,
    /// The last packet that needed the entry confirmed.
    pub(super) used_ns: u64,
    /// The address of ours that solicits speak for.
    pub(super) source: Option<IpAddr>,
}

impl Entry {
    pub(super) fn new(now_ns: u64) -> Self {
        Self {
            state: NeighbourState::None,
            mac: None,
            probes: 0,
            timer_ns: None,
            confirmed_ns: now_ns,
            updated_ns: now_ns,
            used_ns: now_ns,
            source: None,
        }
    }

    pub(super) fn permanent(mac: MacAddr) -> Self {
        Self {
            state: NeighbourState::Permanent,
            mac: Some(mac),
            ..Self::new(0)
        }
    }

    /// What workers may use.
    pub(super) fn usable(&self) -> Option<Neighbour> {
        let mac = self.mac.filter(|_| self.state.is_valid())?;
        Some(Neighbour {
            mac,
            tell_when_used: self.state == NeighbourState::Stale,
        })
    }

    /// No timer runs and nobody configured it: garbage collection may take it.
    pub(super) fn is_idle(&self) -> bool {
        self.timer_ns.is_none() && self.state != NeighbourState::Permanent
    }

    /// Enters `state`; the timer is the caller's.
    pub(super) fn enter(&mut self, state: NeighbourState, now_ns: u64) {
        self.state = state;
        self.updated_ns = now_ns;
        self.timer_ns = None;
    }

    pub(super) fn start_asking(
        &mut self,
        key: (IfaceId, IpAddr),
        now_ns: u64,
        params: &NeighbourParams,
        actions: &mut Vec<NeighbourAction>,
    ) {
        self.enter(NeighbourState::Incomplete, now_ns);
        self.used_ns = now_ns;
        self.mac = None;
        self.probes = 0;
        self.solicit(key, now_ns, params, actions);
    }

    pub(super) fn start_delay(&mut self, now_ns: u64, params: &NeighbourParams) {
        self.enter(NeighbourState::Delay, now_ns);
        self.used_ns = now_ns;
        self.timer_ns = Some(now_ns + params.delay_probe_ns);
    }

    fn solicit(
        &mut self,
        (iface, addr): (IfaceId, IpAddr),
        now_ns: u64,
        params: &NeighbourParams,
        actions: &mut Vec<NeighbourAction>,
    ) {
        self.probes += 1;
        self.timer_ns = Some(now_ns + params.retrans_ns);
        let unicast = self.mac.filter(|_| self.state == NeighbourState::Probe);
        actions.push(NeighbourAction::Solicit {
            iface,
            addr,
            source: self.source,
            unicast,
        });
    }

    /// `neigh_timer_handler`.
    pub(super) fn expire(
        &mut self,
        key: (IfaceId, IpAddr),
        now_ns: u64,
        reachable_ns: u64,
        params: &NeighbourParams,
        actions: &mut Vec<NeighbourAction>,
    ) {
        if self.timer_ns.is_none_or(|due| due > now_ns) {
            return;
        }
        match self.state {
            NeighbourState::Reachable => {
                if now_ns <= self.confirmed_ns + reachable_ns {
                    self.timer_ns = Some(self.confirmed_ns + reachable_ns + 1);
                } else if now_ns <= self.used_ns + params.delay_probe_ns {
                    self.enter(NeighbourState::Delay, now_ns);
                    self.timer_ns = Some(now_ns + params.delay_probe_ns);
                } else {
                    self.enter(NeighbourState::Stale, now_ns);
                }
            }
            NeighbourState::Delay => {
                if now_ns <= self.confirmed_ns + params.delay_probe_ns {
                    self.enter(NeighbourState::Reachable, now_ns);
                    self.timer_ns = Some(self.confirmed_ns + reachable_ns);
                } else {
                    self.enter(NeighbourState::Probe, now_ns);
                    self.probes = 0;
                    self.ask_again(key, now_ns, params.ucast_solicit, params, actions);
                }
            }
            NeighbourState::Probe => {
                self.ask_again(key, now_ns, params.ucast_solicit, params, actions);
            }
            NeighbourState::Incomplete => {
                self.ask_again(key, now_ns, params.mcast_solicit, params, actions);
            }
            // These have no timer.
            NeighbourState::None
            | NeighbourState::Stale
            | NeighbourState::Failed
            | NeighbourState::Permanent => self.timer_ns = None,
        }
    }

    fn ask_again(
        &mut self,
        key: (IfaceId, IpAddr),
        now_ns: u64,
        most: u32,
        params: &NeighbourParams,
        actions: &mut Vec<NeighbourAction>,
    ) {
        if self.probes < most {
            self.solicit(key, now_ns, params, actions);
        } else {
            self.enter(NeighbourState::Failed, now_ns);
            actions.push(NeighbourAction::Unreachable {
                iface: key.0,
                addr: key.1,
            });
        }
    }
}
