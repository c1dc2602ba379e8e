//! The forwarding table: destination → what to do, out interface, gateway, preferred source.
//!
//! It merges Linux's tables `local` and `main`: own addresses and broadcast addresses are entries
//! like any other and win because they are the longest. Link-local IPv6 destinations are not in
//! it, since they mean nothing without an interface; [`crate::Network`] decides about them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    IfaceId,
    lpm::{Lpm, Prefix},
};

/// What happens to a packet for a destination (`RTN_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKind {
    /// An address of ours (`RTN_LOCAL`).
    Local,
    /// The broadcast address of a network of ours (`RTN_BROADCAST`).
    Broadcast,
    /// A subnet-router anycast address of ours (`RTN_ANYCAST`): delivered, never a source.
    Anycast,
    /// Behind an interface (`RTN_UNICAST`).
    Unicast,
}

/// The answer of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// What to do.
    pub kind: RouteKind,
    /// Out interface; for own addresses, the interface that has the address.
    pub iface: IfaceId,
    /// Next hop; `None` is on link: the destination itself.
    pub gateway: Option<IpAddr>,
    /// Length of the prefix that was found, in bits.
    pub prefix_len: u8,
    /// The address that a packet made here takes as its source on this route, if the interface
    /// has one of the family (`fib_result_prefsrc`).
    pub source: Option<IpAddr>,
}

impl Route {
    /// Who is asked for its MAC address when a packet for `destination` takes this route.
    pub fn next_hop(&self, destination: IpAddr) -> IpAddr {
        self.gateway.unwrap_or(destination)
    }
}

/// An entry before the table is built.
pub(crate) struct FibEntry {
    pub(crate) to: IpAddr,
    pub(crate) prefix_len: u8,
    pub(crate) route: Route,
}

/// The table, both families.
pub struct Fib {
    v4: Lpm<4, Route>,
    v6: Lpm<16, Route>,
}

impl Fib {
    pub(crate) fn new(entries: Vec<FibEntry>) -> Self {
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        for FibEntry {
            to,
            prefix_len: len,
            route,
        } in entries
        {
            match to {
                IpAddr::V4(to) => v4.push((
                    Prefix {
                        bits: to.octets(),
                        len,
                    },
                    route,
                )),
                IpAddr::V6(to) => v6.push((
                    Prefix {
                        bits: to.octets(),
                        len,
                    },
                    route,
                )),
            }
        }
        Self {
            v4: Lpm::new(v4),
            v6: Lpm::new(v6),
        }
    }

    /// The route of the longest prefix that covers an IPv4 destination.
    pub fn lookup_v4(&self, destination: Ipv4Addr) -> Option<&Route> {
        self.v4.lookup(destination.octets())
    }

    /// The route of the longest prefix that covers an IPv6 destination of global scope.
    pub fn lookup_v6(&self, destination: Ipv6Addr) -> Option<&Route> {
        self.v6.lookup(destination.octets())
    }

    /// Entries in the table, both families, own and broadcast addresses included.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for Fib {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fib")
            .field("v4", &self.v4.len())
            .field("v6", &self.v6.len())
            .finish()
    }
}
