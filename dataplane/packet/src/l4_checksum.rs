//! The transport's checksum, verified where somebody asks: connection tracking calls a packet
//! with a wrong one INVALID, and the local stack does not consume it. Nothing else drops it.
//!
//! What is summed is what netfilter sums (`nf_ip_checksum`, `nf_ip6_checksum` in
//! `net/netfilter/utils.c`): everything behind the IP header, whatever a UDP length says.

use std::net::IpAddr;

use wire::Sum;
use wire::checksum::{pseudo_v4, pseudo_v6};
use wire::protocol::{ICMP, ICMPV6, TCP, UDP};

use crate::{Ip, Version};

/// What verifying found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum L4Checksum {
    /// It is right.
    Right,
    /// It is wrong.
    Wrong,
    /// UDP without a checksum: the field is zero.
    Absent,
    /// None to verify: a part of a packet, another protocol, or a header that is cut off.
    Unverifiable,
}

/// Verifies the checksum of TCP, UDP, ICMP or ICMPv6. `frame` is the one that `ip` was parsed
/// from.
pub fn l4_checksum(frame: &[u8], ip: &Ip) -> L4Checksum {
    if ip.is_partial() || !ip.protocol_is_known() {
        return L4Checksum::Unverifiable;
    }
    let l4 = ip.l4(frame);
    let (field_at, header_length, has_pseudo_header) = match (ip.protocol, ip.version()) {
        (TCP, _) => (16, 20, true),
        (UDP, _) => (6, 8, true),
        (ICMP, Version::V4) => (2, 8, false),
        (ICMPV6, Version::V6) => (2, 8, true),
        _ => return L4Checksum::Unverifiable,
    };
    if l4.len() < header_length {
        return L4Checksum::Unverifiable;
    }
    if ip.protocol == UDP && l4[field_at..field_at + 2] == [0, 0] {
        return L4Checksum::Absent;
    }
    let start = match (has_pseudo_header, ip.src, ip.dst) {
        (true, IpAddr::V4(src), IpAddr::V4(dst)) => {
            pseudo_v4(src, dst, ip.protocol, l4.len() as u16)
        }
        (true, IpAddr::V6(src), IpAddr::V6(dst)) => {
            pseudo_v6(src, dst, ip.protocol, l4.len() as u32)
        }
        _ => Sum::ZERO,
    };
    if start.bytes(l4).is_right() {
        L4Checksum::Right
    } else {
        L4Checksum::Wrong
    }
}

/// Whether the packet's transport checksum does not speak against it: right, absent, or none to
/// verify.
#[inline]
pub fn l4_checksum_ok(frame: &[u8], ip: &Ip) -> bool {
    l4_checksum(frame, ip) != L4Checksum::Wrong
}
