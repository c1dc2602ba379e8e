//! `-s -d -i -o -p -f`: `ip_tables.c` `ip_packet_match`, `ip6_tables.c` `ip6_packet_match`.

use std::net::IpAddr;

use super::Fit;
use crate::{
    Family,
    facts::Facts,
    matches::ip::{AddrMask, IpMatch},
};

pub(super) fn fits(ip: &IpMatch, facts: &Facts<'_>) -> Fit {
    let addresses = [(&ip.source, facts.src), (&ip.destination, facts.dst)];
    for (option, addr) in addresses {
        if let Some(option) = option
            && !option.holds(is_under(&option.value, addr))
        {
            return Fit::No;
        }
    }
    let ifaces = [
        (&ip.in_iface, facts.in_iface),
        (&ip.out_iface, facts.out_iface),
    ];
    for (option, iface) in ifaces {
        if let Some(option) = option
            && !option.holds(option.value.fits(iface))
        {
            return Fit::No;
        }
    }
    match protocol_fits(ip, facts) {
        Fit::Yes => {}
        other => return other,
    }
    match &ip.fragment {
        Some(option) => option.holds(facts.fragment_offset != 0).into(),
        None => Fit::Yes,
    }
}

fn is_under(option: &AddrMask, addr: IpAddr) -> bool {
    match (addr, option.mask, option.addr) {
        (IpAddr::V4(addr), IpAddr::V4(mask), IpAddr::V4(value)) => {
            addr.to_bits() & mask.to_bits() == value.to_bits()
        }
        (IpAddr::V6(addr), IpAddr::V6(mask), IpAddr::V6(value)) => {
            addr.to_bits() & mask.to_bits() == value.to_bits()
        }
        _ => false,
    }
}

fn protocol_fits(ip: &IpMatch, facts: &Facts<'_>) -> Fit {
    let Some(option) = &ip.protocol else {
        return Fit::Yes;
    };
    // `-p all` as a number: the IPv4 kernel does not look.
    if option.value == 0 && facts.family == Family::Ipv4 {
        return Fit::Yes;
    }
    let Some(protocol) = facts.protocol else {
        return Fit::HotDrop;
    };
    // IPv6: `-p all` looks for the last header, and drops where there is none.
    if option.value == 0 {
        return Fit::Yes;
    }
    option.holds(protocol == option.value).into()
}
