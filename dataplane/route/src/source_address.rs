//! The source address of a packet that is made here.
//!
//! IPv4 follows `inet_select_addr` (`net/ipv4/devinet.c`), IPv6 the rules of RFC 6724 section 5
//! that can differ between static addresses (`net/ipv6/addrconf.c` `ipv6_dev_get_saddr`).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{Iface, IfaceId};

/// An address of `iface` in whose network `toward` lies; else its first; else the first address of
/// any interface.
pub(crate) fn select_v4(ifaces: &[Iface], iface: IfaceId, toward: Ipv4Addr) -> Option<Ipv4Addr> {
    let own = ifaces.get(iface.index())?;
    own.addrs_v4()
        .find(|(_, prefix)| prefix.contains(toward.into()))
        .or_else(|| own.addrs_v4().next())
        .or_else(|| ifaces.iter().find_map(|other| other.addrs_v4().next()))
        .map(|(addr, _)| addr)
}

/// The best of all addresses. To a link-local or multicast destination only those of `iface`
/// count.
pub(crate) fn select_v6(
    ifaces: &[Iface],
    iface: IfaceId,
    destination: Ipv6Addr,
) -> Option<Ipv6Addr> {
    let needs_own = destination.is_multicast() || destination.is_unicast_link_local();
    let mut best: Option<((bool, Scope, bool, u32), Ipv6Addr)> = None;
    for other in ifaces {
        let is_out = other.id == iface;
        if needs_own && !is_out {
            continue;
        }
        for (addr, prefix) in other.addrs_v6() {
            if !is_out && addr.is_unicast_link_local() {
                continue;
            }
            // Rule 8 compares within the source's own prefix length.
            let common = (addr.to_bits() ^ destination.to_bits()).leading_zeros();
            let common = common.min(u32::from(prefix.prefix_len));
            let fit = fit(scope(addr), scope(destination));
            let score = (addr == destination, fit, is_out, common);
            if best.is_none_or(|(top, _)| score > top) {
                best = Some((score, addr));
            }
        }
    }
    best.map(|(_, addr)| addr)
}

/// Rule 2 of RFC 6724: the smallest scope that reaches the destination, else the largest below.
type Scope = (bool, i8);

fn fit(source: u8, destination: u8) -> Scope {
    let reaches = source >= destination;
    let rank = if reaches {
        -(source as i8)
    } else {
        source as i8
    };
    (reaches, rank)
}

/// The scope as multicast addresses number it (RFC 4291 2.7): 2 link, 5 site, 14 global.
fn scope(addr: Ipv6Addr) -> u8 {
    if addr.is_multicast() {
        addr.octets()[1] & 0x0f
    } else if addr.is_unicast_link_local() {
        2
    } else {
        14
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IfaceAddr, RpFilter};

    fn iface(id: u16, addrs: &[(&str, u8)]) -> Iface {
        Iface {
            id: IfaceId(id),
            name: "x".into(),
            mac: crate::MacAddr::ZERO,
            mtu: 1500,
            addrs: addrs
                .iter()
                .map(|&(addr, prefix_len)| IfaceAddr {
                    addr: addr.parse().unwrap(),
                    prefix_len,
                })
                .collect(),
            rp_filter: RpFilter::Off,
        }
    }

    #[test]
    fn v4_prefers_the_address_on_the_same_network() {
        let ifaces = [
            iface(0, &[("10.0.1.1", 24), ("10.0.2.1", 24)]),
            iface(1, &[("fe80::1", 64)]),
        ];
        let select = |id, toward: &str| {
            select_v4(&ifaces, IfaceId(id), toward.parse().unwrap()).map(|a| a.to_string())
        };
        assert_eq!(select(0, "10.0.2.9").as_deref(), Some("10.0.2.1"));
        assert_eq!(select(0, "192.0.2.1").as_deref(), Some("10.0.1.1"));
        assert_eq!(select(1, "192.0.2.1").as_deref(), Some("10.0.1.1"));
    }

    #[test]
    fn v6_follows_scope_then_interface_then_prefix() {
        let ifaces = [
            iface(0, &[("2001:db8:1::1", 64), ("fe80::1", 64)]),
            iface(
                1,
                &[
                    ("2001:db8:2::1", 64),
                    ("2001:db8:3::1", 64),
                    ("fe80::2", 64),
                ],
            ),
            iface(2, &[("fe80::3", 64)]),
        ];
        let select = |id, to: &str| {
            select_v6(&ifaces, IfaceId(id), to.parse().unwrap()).map(|a| a.to_string())
        };
        assert_eq!(select(1, "2001:db8:3::9").as_deref(), Some("2001:db8:3::1"));
        assert_eq!(select(0, "2001:db8:3::9").as_deref(), Some("2001:db8:1::1"));
        assert_eq!(select(1, "fe80::9").as_deref(), Some("fe80::2"));
        assert_eq!(select(1, "ff02::1").as_deref(), Some("fe80::2"));
        assert_eq!(select(2, "2001:db8:2::9").as_deref(), Some("2001:db8:2::1"));
    }
}
