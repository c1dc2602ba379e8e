//! The neighbours of a snapshot: who has which MAC address.

use std::net::IpAddr;

use hashbrown::HashMap;

use crate::{IfaceId, MacAddr};

/// What a worker needs to know of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its MAC address.
    pub mac: MacAddr,
    /// The entry is stale: it may be used, but the main thread wants to hear of it
    /// ([`crate::NeighbourEvent::Used`]), so that it checks whether the neighbour is still there.
    pub tell_when_used: bool,
}

/// All neighbours with a known MAC address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    map: HashMap<(IfaceId, IpAddr), Neighbour>,
}

impl Neighbours {
    /// The neighbour `addr` behind `iface`.
    pub fn lookup(&self, iface: IfaceId, addr: IpAddr) -> Option<&Neighbour> {
        self.map.get(&(iface, addr))
    }

    /// Neighbours known.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

impl FromIterator<((IfaceId, IpAddr), Neighbour)> for Neighbours {
    fn from_iter<I: IntoIterator<Item = ((IfaceId, IpAddr), Neighbour)>>(entries: I) -> Self {
        Self {
            map: entries.into_iter().collect(),
        }
    }
}
