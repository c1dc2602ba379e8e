//! Out interface and next hop.
//!
//! # Overview
//! A [`Network`] is an immutable snapshot of all that forwarding reads: interfaces with their
//! addresses, the forwarding table ([`Fib`]) and the neighbours that are known. Workers borrow it
//! for a burst. The [`NeighbourTable`] is the state machine behind the neighbours; it decides when
//! to solicit, when an entry is stale and when an address is unreachable, and yields a new set of
//! [`Neighbours`] for the next snapshot.
//!
//! # Life cycle
//! The main thread builds a [`Network`] from a [`NetworkConfig`] once, and derives a new one with
//! [`Network::with_neighbours`] whenever the table says that it changed. Interfaces and routes are
//! shared between snapshots.
//!
//! # Concurrency
//! Nothing here locks or waits. The table has one owner, the main thread; snapshots are read-only.
//!
//! # Limits
//! One routing table, no policy routing, no multipath. Multicast is delivered, never forwarded.
#![forbid(unsafe_code)]

pub mod error;
pub mod fib;
pub mod iface;
pub mod lpm;
pub mod neighbour;
pub mod neighbour_table;
pub mod network;
pub mod source_address;

pub use error::NetworkError;
pub use fib::{Fib, Route, RouteKind};
pub use iface::{Iface, IfaceAddr, IfaceId, MacAddr, RpFilter};
pub use neighbour::{Neighbour, Neighbours};
pub use neighbour_table::{
    LearnKind, NeighbourAction, NeighbourEvent, NeighbourParams, NeighbourState, NeighbourTable,
};
pub use network::{IfaceConfig, Network, NetworkConfig, RouteConfig, StaticNeighbour};
