//! ICMPv6 errors (`net/ipv6/icmp.c` `icmp6_send`).

use std::net::{IpAddr, Ipv6Addr};

use packet::{Buffer, OptionProblem, Pool};
use route::{Iface, IfaceId, RouteKind};
use wire::{
    Header, Ipv6Header,
    checksum::pseudo_v6,
    icmpv6::{ECHO_REPLY, ERROR_MAX_BYTES, Icmpv6Header, PACKET_TOO_BIG, PARAMETER_PROBLEM},
    ipv6::Ipv6Fields,
    protocol,
};

use crate::{
    Observer, Origin,
    packet_state::{Cast, Destination, Packet},
    process::Flight,
};

/// What an error is about.
struct About<'a> {
    /// From the IPv6 header on.
    packet: &'a [u8],
    src: Ipv6Addr,
    dst: Ipv6Addr,
    is_to_group: bool,
    /// Its destination is an address of ours.
    is_to_us: bool,
    /// Where it came from.
    link: IfaceId,
}

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Tells the sender of `about` of an error; `rest` is the header's last four bytes.
    #[cold]
    pub(crate) fn icmpv6_error(
        &mut self,
        about: &Packet<P::Buf>,
        icmp_type: u8,
        code: u8,
        rest: u32,
    ) {
        let (IpAddr::V6(src), IpAddr::V6(dst)) = (about.ip.src, about.ip.dst) else {
            return;
        };
        if is_error(about) {
            return;
        }
        let is_to_us = matches!(about.destination, Destination::Local | Destination::Anycast);
        let about = About {
            packet: about.ip.packet(about.buf.bytes()),
            src,
            dst,
            is_to_group: about.cast != Cast::Host || dst.is_multicast(),
            is_to_us,
            link: self.link_of(about),
        };
        self.icmpv6_error_about(&about, Icmpv6Header::new(icmp_type, code, rest));
    }

    /// Answers a packet whose hop-by-hop options were refused before it was parsed.
    pub(crate) fn parameter_problem_unparsed(
        &mut self,
        iface: &Iface,
        packet: &[u8],
        problem: OptionProblem,
    ) {
        let Ok((header, _)) = Ipv6Header::split(packet) else {
            return;
        };
        let end = (Ipv6Header::LEN + usize::from(header.payload_length())).min(packet.len());
        let dst = header.destination();
        let route = self.network.route_v6(dst, iface.id);
        let about = About {
            packet: &packet[..end],
            src: header.source(),
            dst,
            is_to_group: dst.is_multicast(),
            is_to_us: route.is_some_and(|route| route.kind != RouteKind::Unicast),
            link: iface.id,
        };
        let error = Icmpv6Header::new(PARAMETER_PROBLEM, problem.code, problem.pointer);
        self.icmpv6_error_about(&about, error);
    }

    fn icmpv6_error_about(&mut self, about: &About<'_>, error: Icmpv6Header) {
        // The exceptions of RFC 4443 2.4 (e.3): path MTU discovery works for groups too.
        let is_for_groups = error.icmp_type() == PACKET_TOO_BIG
            || (error.icmp_type() == PARAMETER_PROBLEM && error.code() == 2);
        if about.is_to_group && !is_for_groups {
            return;
        }
        let to = about.src;
        if to.is_unspecified() || to.is_multicast() {
            return;
        }
        let Some(route) = self.network.route_v6(to, about.link) else {
            return;
        };
        let source = if about.is_to_us && !about.is_to_group {
            Some(about.dst)
        } else {
            self.network.source_v6(about.link, to)
        };
        let Some(source) = source else {
            return;
        };
        if !self.may_send_v6(to, error.icmp_type(), route.prefix_len) {
            self.pipe.counters.icmp_limited.add(1);
            return;
        }
        let most = ERROR_MAX_BYTES - Ipv6Header::LEN - Icmpv6Header::LEN;
        let quoted = &about.packet[..about.packet.len().min(most)];
        self.send_icmpv6((source, to), about.link, 0, error, quoted);
    }

    /// `icmpv6_mask_allow`, `icmpv6_global_allow`, `icmpv6_xrlim_allow`: the wider the prefix
    /// toward the destination, the more it gets.
    pub(crate) fn may_send_v6(&mut self, to: Ipv6Addr, icmp_type: u8, prefix_len: u8) -> bool {
        let settings = &self.pipe.settings;
        let word = settings.icmpv6_ratemask[usize::from(icmp_type) / 64];
        let is_limited = word >> (icmp_type % 64) & 1 == 1;
        if icmp_type & 0x80 != 0 || icmp_type == PACKET_TOO_BIG || !is_limited {
            return true;
        }
        let narrower = u32::from(128 - prefix_len.min(128)) >> 5;
        let interval_ms = settings.icmpv6_ratelimit_ms >> narrower;
        self.pipe
            .icmp_limit
            .allow(to.into(), interval_ms, self.now_ns)
    }

    /// Makes an ICMPv6 message of a header and its data.
    pub(crate) fn send_icmpv6(
        &mut self,
        (src, dst): (Ipv6Addr, Ipv6Addr),
        link: IfaceId,
        traffic_class: u8,
        message: Icmpv6Header,
        data: &[u8],
    ) {
        let length = Icmpv6Header::LEN + data.len();
        let fields = Ipv6Fields {
            src,
            dst,
            next_header: protocol::ICMPV6,
            hop_limit: self.pipe.settings.ipv6_hop_limit,
            traffic_class,
            flow_label: 0,
            payload_length: length as u16,
        };
        self.make_v6(&fields, link, |payload| {
            if let Ok(behind) = message.emit(payload) {
                behind.copy_from_slice(data);
            }
            let pseudo = pseudo_v6(src, dst, protocol::ICMPV6, length as u32);
            if let Ok((message, behind)) = Icmpv6Header::split_mut(payload) {
                message.fill_checksum(pseudo, behind);
            }
        });
    }
}

/// `is_ineligible`: an ICMPv6 error, or an ICMPv6 message without its type.
fn is_error<B: Buffer>(about: &Packet<B>) -> bool {
    let ip = &about.ip;
    if ip.protocol != protocol::ICMPV6 || ip.fragment_offset != 0 || !ip.protocol_is_known() {
        return false;
    }
    // The kernel makes one ICMPv6 message at a time (`icmpv6_xmit_lock`): none about its own echo
    // reply. Neighbour discovery takes another way out.
    match ip.l4(about.buf.bytes()).first() {
        Some(&ECHO_REPLY) if about.origin == Origin::Own => true,
        Some(icmp_type) => icmp_type & 0x80 == 0,
        // A first fragment may end before the type (RFC 8200 4.5).
        None => !ip.is_fragment(),
    }
}
