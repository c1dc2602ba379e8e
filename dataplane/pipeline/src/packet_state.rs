//! One packet on its way, and what the steps know of it.

use packet::Ip;

use crate::{ip_option::IpOptions, observer::Origin};

/// Whom the frame that brought a packet was for (`skb->pkt_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cast {
    /// This station alone (`PACKET_HOST`).
    Host,
    /// Every station of a group, or of the link.
    Group,
}

/// What routing said of the destination (`rt->rt_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Not routed yet.
    Unknown,
    /// One address of ours.
    Local,
    /// An anycast address of ours.
    Anycast,
    /// Everybody on a link of ours.
    Broadcast,
    /// A group that is joined here.
    Multicast,
    /// Another host.
    Elsewhere,
}

impl Destination {
    /// One of our own addresses.
    pub(crate) const fn is_here(self) -> bool {
        matches!(self, Destination::Local | Destination::Anycast)
    }

    /// `RTCF_BROADCAST | RTCF_MULTICAST`: nobody answers such a packet with an error.
    pub(crate) const fn is_group(self) -> bool {
        matches!(self, Destination::Broadcast | Destination::Multicast)
    }
}

/// A packet and what is known of it. Offsets of `ip` count from the start of the frame.
pub(crate) struct Packet<B> {
    pub(crate) buf: B,
    pub(crate) ip: Ip,
    pub(crate) origin: Origin,
    pub(crate) cast: Cast,
    pub(crate) destination: Destination,
    /// Its IPv4 options, once they are compiled.
    pub(crate) options: IpOptions,
}
