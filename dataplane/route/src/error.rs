//! Why a network configuration was refused.

use std::net::IpAddr;

/// One fault of a [`crate::NetworkConfig`]; indices count from 0 in the order given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// More than 65,535 interfaces.
    #[error("{0} interfaces; at most 65535 are possible")]
    TooManyIfaces(usize),
    /// Two interfaces have one name, or one is called `lo`.
    #[error("two interfaces are called `{0}'")]
    DuplicateName(String),
    /// An MTU that IPv4 cannot use.
    #[error("interface `{iface}': mtu {mtu} is out of range; expected 576 to 65535")]
    BadMtu {
        /// The interface's name.
        iface: String,
        /// What was given.
        mtu: u32,
    },
    /// A prefix longer than the address.
    #[error("prefix length /{prefix_len} of {addr} is too long")]
    BadPrefixLen {
        /// The address.
        addr: IpAddr,
        /// What was given.
        prefix_len: u8,
    },
    /// An address that no interface can have.
    #[error("interface `{iface}': {addr} is no unicast address")]
    NotUnicast {
        /// The interface's name.
        iface: String,
        /// The address.
        addr: IpAddr,
    },
    /// One address stands twice.
    #[error("address {addr} is on `{first}' and on `{second}'")]
    DuplicateAddress {
        /// The address.
        addr: IpAddr,
        /// Who had it.
        first: String,
        /// Who wants it too.
        second: String,
    },
    /// Two interfaces claim overlapping prefixes.
    #[error("`{second}' ({second_addr}) overlaps the network of `{first}' ({first_addr})")]
    OverlappingPrefix {
        /// Who had it.
        first: String,
        /// Its address and prefix length.
        first_addr: String,
        /// Who overlaps it.
        second: String,
        /// Its address and prefix length.
        second_addr: String,
    },
    /// A route's destination has bits behind its prefix.
    #[error("route {index}: {to}/{prefix_len} has bits set behind the prefix")]
    HostBits {
        /// Which route.
        index: usize,
        /// The destination.
        to: IpAddr,
        /// Its prefix length.
        prefix_len: u8,
    },
    /// A route names neither a gateway nor an interface.
    #[error("route {index}: neither a gateway nor an interface is given")]
    NoNextHop {
        /// Which route.
        index: usize,
    },
    /// A gateway of the other family.
    #[error("route {index}: gateway {via} is of another family than the destination")]
    FamilyMismatch {
        /// Which route.
        index: usize,
        /// The gateway.
        via: IpAddr,
    },
    /// A gateway that is on no link.
    #[error("route {index}: gateway {via} is on no interface's network")]
    GatewayNotOnLink {
        /// Which route.
        index: usize,
        /// The gateway.
        via: IpAddr,
    },
    /// A gateway that is an address of ours.
    #[error("route {index}: gateway {via} is one of the own addresses")]
    GatewayIsLocal {
        /// Which route.
        index: usize,
        /// The gateway.
        via: IpAddr,
    },
    /// Two routes to one destination.
    #[error("route {index}: there is a route to {to}/{prefix_len} already")]
    DuplicateRoute {
        /// Which route.
        index: usize,
        /// The destination.
        to: IpAddr,
        /// Its prefix length.
        prefix_len: u8,
    },
    /// An interface number that no interface has.
    #[error("interface number {0} does not exist")]
    UnknownIface(u16),
    /// A static neighbour with an address that is no neighbour's.
    #[error("neighbour {addr}: {why}")]
    BadNeighbour {
        /// The neighbour's address.
        addr: IpAddr,
        /// What is wrong.
        why: &'static str,
    },
}
