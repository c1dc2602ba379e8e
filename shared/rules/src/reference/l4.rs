//! `tcp`, `udp`, `icmp`, `icmp6`: `net/netfilter/xt_tcpudp.c`, `icmp_match` and `icmp6_match`.
//!
//! None holds on a fragment but the first, negated or not. A transport header that is cut short
//! drops the packet: "we've been asked to examine this packet, and we can't".

use super::Fit;
use crate::{
    Family, Negatable,
    facts::Facts,
    matches::{
        Match,
        icmp::{ICMP_TYPE_ANY, IcmpMatch},
        tcp::{PortRange, TcpMatch},
        udp::UdpMatch,
    },
};

/// Bytes of a TCP header without options.
const TCP_HEADER_BYTES: usize = 20;
/// Bytes of a UDP header.
const UDP_HEADER_BYTES: usize = 8;
/// `sizeof(struct icmphdr)` and of `struct icmp6hdr`: more than type and code must be there.
const ICMP_HEADER_BYTES: usize = 8;

pub(super) fn fits(m: &Match, facts: &Facts<'_>) -> Fit {
    if facts.fragment_offset != 0 {
        return beyond_first_fragment(m, facts);
    }
    match m {
        Match::Tcp(tcp) => tcp_fits(tcp, facts.l4),
        Match::Udp(udp) => udp_fits(udp, facts.l4),
        Match::Icmp(icmp) => icmp_fits(icmp, facts.l4, true),
        Match::Icmp6(icmp) => icmp_fits(icmp, facts.l4, false),
    }
}

/// A fragment 8 bytes into a TCP segment could overwrite the flags that were judged in the first.
/// The IPv6 kernel compares the offset in bytes, so it never takes this branch.
fn beyond_first_fragment(m: &Match, facts: &Facts<'_>) -> Fit {
    let overwrites_flags = facts.family == Family::Ipv4 && facts.fragment_offset == 1;
    match m {
        Match::Tcp(_) if overwrites_flags => Fit::HotDrop,
        Match::Tcp(_) | Match::Udp(_) | Match::Icmp(_) | Match::Icmp6(_) => Fit::No,
    }
}

fn port_fits(option: Option<Negatable<PortRange>>, port: u16) -> bool {
    option.is_none_or(|option| option.holds(option.value.contains(port)))
}

fn tcp_fits(tcp: &TcpMatch, l4: &[u8]) -> Fit {
    let Some((header, rest)) = l4.split_first_chunk::<TCP_HEADER_BYTES>() else {
        return Fit::HotDrop;
    };
    let source = u16::from_be_bytes([header[0], header[1]]);
    let destination = u16::from_be_bytes([header[2], header[3]]);
    if !port_fits(tcp.source_port, source) || !port_fits(tcp.destination_port, destination) {
        return Fit::No;
    }
    let flags = header[13];
    if let Some(option) = tcp.flags
        && !option.holds(flags & option.value.mask == option.value.set)
    {
        return Fit::No;
    }
    let Some(option) = tcp.option else {
        return Fit::Yes;
    };
    let header_bytes = usize::from(header[12] >> 4) * 4;
    let Some(option_bytes) = header_bytes.checked_sub(TCP_HEADER_BYTES) else {
        return Fit::HotDrop;
    };
    match rest.get(..option_bytes) {
        Some(options) => option.holds(has_tcp_option(options, option.value)).into(),
        None => Fit::HotDrop,
    }
}

/// Walks TCP options as the kernel does: kinds 0 and 1 are one byte and do not end the list; a
/// length of 0 counts as 1; any other length is believed.
pub fn has_tcp_option(options: &[u8], wanted: u8) -> bool {
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        if kind == wanted {
            return true;
        }
        at += match (kind, options.get(at + 1)) {
            (0 | 1, _) | (_, None | Some(0)) => 1,
            (_, Some(&length)) => usize::from(length),
        };
    }
    false
}

fn udp_fits(udp: &UdpMatch, l4: &[u8]) -> Fit {
    let Some(header) = l4.first_chunk::<UDP_HEADER_BYTES>() else {
        return Fit::HotDrop;
    };
    let source = u16::from_be_bytes([header[0], header[1]]);
    let destination = u16::from_be_bytes([header[2], header[3]]);
    Fit::from(port_fits(udp.source_port, source) && port_fits(udp.destination_port, destination))
}

fn icmp_fits(icmp: &IcmpMatch, l4: &[u8], has_any: bool) -> Fit {
    let Some(header) = l4.first_chunk::<ICMP_HEADER_BYTES>() else {
        return Fit::HotDrop;
    };
    let [icmp_type, code, ..] = *header;
    let wanted = icmp.icmp_type.value;
    let is_any = has_any && wanted.icmp_type == ICMP_TYPE_ANY;
    let is_same =
        icmp_type == wanted.icmp_type && (wanted.code_first..=wanted.code_last).contains(&code);
    icmp.icmp_type.holds(is_any || is_same).into()
}
