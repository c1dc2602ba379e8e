//! Interfaces as forwarding sees them: a number, a name, a MAC address, an MTU, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wire::ipv6::solicited_node;

pub use wire::MacAddr;

/// An interface's place in the configuration, counted from 0. Dense: it indexes arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IfaceId(pub u16);

impl IfaceId {
    /// The host's way to itself, `lo`; the configuration never has it.
    pub const LOOPBACK: IfaceId = IfaceId(u16::MAX);

    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How the source of a packet is checked against the routes (`net.ipv4.conf.*.rp_filter`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RpFilter {
    /// 0: not checked.
    #[default]
    Off,
    /// 1: the route back must leave by the interface of arrival (RFC 3704 strict).
    Strict,
    /// 2: there must be a route back (RFC 3704 loose).
    Loose,
}

/// An address of an interface and the prefix that is on its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IfaceAddr {
    /// The interface's own address.
    pub addr: IpAddr,
    /// Length of the on-link prefix in bits.
    pub prefix_len: u8,
}

impl IfaceAddr {
    /// Whether `other` lies in the on-link prefix.
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.addr, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = mask_v4(self.prefix_len);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = mask_v6(self.prefix_len);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }

    /// The directed broadcast address; prefixes longer than 30 bits have none (RFC 3021), and
    /// the lowest address is an ordinary one, as Linux has it since 5.14.
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        match self.addr {
            IpAddr::V4(own) if self.prefix_len <= 30 => Some(Ipv4Addr::from_bits(
                own.to_bits() | !mask_v4(self.prefix_len),
            )),
            _ => None,
        }
    }
}

/// The network mask of an IPv4 prefix, in host order.
pub(crate) fn mask_v4(prefix_len: u8) -> u32 {
    u32::MAX
        .checked_shl(32 - u32::from(prefix_len.min(32)))
        .unwrap_or(0)
}

/// The network mask of an IPv6 prefix, in host order.
pub(crate) fn mask_v6(prefix_len: u8) -> u128 {
    u128::MAX
        .checked_shl(128 - u32::from(prefix_len.min(128)))
        .unwrap_or(0)
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iface {
    /// Its number.
    pub id: IfaceId,
    /// The name that `-i` and `-o` match.
    pub name: Box<str>,
    /// Its Ethernet address.
    pub mac: MacAddr,
    /// Longest IP packet that leaves by it, in bytes.
    pub mtu: u32,
    /// Its addresses in the order of configuration, the derived link-local one last.
    pub addrs: Vec<IfaceAddr>,
    /// How sources of IPv4 packets that arrive here are checked.
    pub rp_filter: RpFilter,
}

impl Iface {
    /// The IPv4 addresses.
    pub fn addrs_v4(&self) -> impl Iterator<Item = (Ipv4Addr, &IfaceAddr)> {
        self.addrs.iter().filter_map(|own| match own.addr {
            IpAddr::V4(addr) => Some((addr, own)),
            IpAddr::V6(_) => None,
        })
    }

    /// The IPv6 addresses.
    pub fn addrs_v6(&self) -> impl Iterator<Item = (Ipv6Addr, &IfaceAddr)> {
        self.addrs.iter().filter_map(|own| match own.addr {
            IpAddr::V6(addr) => Some((addr, own)),
            IpAddr::V4(_) => None,
        })
    }

    /// Whether `addr` is this interface's own.
    pub fn has_addr(&self, addr: IpAddr) -> bool {
        self.addrs.iter().any(|own| own.addr == addr)
    }

    /// The first IPv6 link-local address.
    pub fn link_local(&self) -> Option<Ipv6Addr> {
        self.addrs_v6()
            .map(|(addr, _)| addr)
            .find(Ipv6Addr::is_unicast_link_local)
    }

    /// Whether the interface listens to the IPv6 multicast group: all nodes, all routers, or the
    /// solicited-node group of one of its addresses (RFC 4291 2.8).
    pub fn is_group_member_v6(&self, group: Ipv6Addr) -> bool {
        const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
        const SITE_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 2);
        self.addrs_v6().next().is_some()
            && (group == ALL_NODES
                || group == ALL_ROUTERS
                || group == SITE_ROUTERS
                || self.addrs_v6().any(|(own, _)| solicited_node(own) == group))
    }
}

/// The link-local address made from a MAC address (RFC 4291 appendix A, modified EUI-64).
pub fn eui64_link_local(mac: MacAddr) -> Ipv6Addr {
    let MacAddr([a, b, c, d, e, f]) = mac;
    Ipv6Addr::from([
        0xfe,
        0x80,
        0,
        0,
        0,
        0,
        0,
        0,
        a ^ 2,
        b,
        c,
        0xff,
        0xfe,
        d,
        e,
        f,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcast_is_the_highest_address_of_prefixes_up_to_30() {
        let of = |text: &str, prefix_len| {
            IfaceAddr {
                addr: text.parse().unwrap(),
                prefix_len,
            }
            .broadcast()
        };
        assert_eq!(of("10.0.1.7", 24), Some(Ipv4Addr::new(10, 0, 1, 255)));
        assert_eq!(of("10.0.1.1", 30), Some(Ipv4Addr::new(10, 0, 1, 3)));
        assert_eq!(of("10.0.1.1", 31), None);
        assert_eq!(of("2001:db8::1", 64), None);
    }

    #[test]
    fn link_local_and_solicited_node_follow_rfc_4291() {
        let own = eui64_link_local(MacAddr([0x02, 0xff, 0, 0, 0, 1]));
        assert_eq!(own.to_string(), "fe80::ff:ff:fe00:1");
        assert_eq!(solicited_node(own).to_string(), "ff02::1:ff00:1");
    }
}
