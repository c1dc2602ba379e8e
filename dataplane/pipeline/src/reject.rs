//! What REJECT answers (`net/ipv4/netfilter/nf_reject_ipv4.c`, `net/ipv6/netfilter/nf_reject_ipv6.c`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use packet::{Buffer, Pool};
use rules::targets::reject::RejectWith;
use wire::{
    Header, Sum, TcpHeader, UdpHeader,
    checksum::{pseudo_v4, pseudo_v6},
    icmpv4::{self, unreachable as v4},
    icmpv6::{self, unreachable as v6},
    ipv4::Ipv4Fields,
    ipv6::Ipv6Fields,
    protocol,
};

use crate::{
    Observer,
    ip_option::{IpOptions, OPTIONS_MAX_BYTES, time_of_day_ms},
    packet_state::Packet,
    process::Flight,
};

/// Protocols whose integrity is not a 16-bit sum over all of the payload.
const GRE: u8 = 47;
const DCCP: u8 = 33;
const SCTP: u8 = 132;

/// What a reset takes over from the segment it answers.
pub(crate) struct Reset {
    /// Its type of service or traffic class.
    pub(crate) tos: u8,
    /// It echoes IPv4 options.
    pub(crate) echoes_options: bool,
}

impl Reset {
    /// Nothing: REJECT's (`nf_send_reset`).
    const BARE: Reset = Reset {
        tos: 0,
        echoes_options: false,
    };
}

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Answers the sender of a packet that a rule rejects.
    #[cold]
    pub(crate) fn reject(&mut self, packet: &Packet<P::Buf>, with: RejectWith) {
        let code = match with {
            RejectWith::TcpReset if checksum_ok(packet) => return self.reset(packet, &Reset::BARE),
            RejectWith::TcpReset => return,
            RejectWith::IcmpNetUnreachable => v4::NET,
            RejectWith::IcmpHostUnreachable => v4::HOST,
            RejectWith::IcmpProtoUnreachable => v4::PROTOCOL,
            RejectWith::IcmpPortUnreachable => v4::PORT,
            RejectWith::IcmpNetProhibited => v4::NET_PROHIBITED,
            RejectWith::IcmpHostProhibited => v4::HOST_PROHIBITED,
            RejectWith::IcmpAdminProhibited => v4::ADMIN_PROHIBITED,
            RejectWith::Icmp6NoRoute => v6::NO_ROUTE,
            RejectWith::Icmp6AdmProhibited => v6::ADMIN_PROHIBITED,
            RejectWith::Icmp6AddrUnreachable => v6::ADDRESS,
            RejectWith::Icmp6PortUnreachable => v6::PORT,
            RejectWith::Icmp6PolicyFail => v6::POLICY_FAIL,
            RejectWith::Icmp6RejectRoute => v6::REJECT_ROUTE,
        };
        let l4_is_there = packet.ip.fragment_offset == 0
            && (!packet.ip.is_v6() || !packet.ip.l4(packet.buf.bytes()).is_empty());
        if !l4_is_there || !checksum_ok(packet) {
            return;
        }
        if packet.ip.is_v6() {
            self.icmpv6_error(packet, icmpv6::UNREACHABLE, code, 0);
        } else {
            self.icmp_error(packet, icmpv4::UNREACHABLE, code, 0);
        }
    }

    /// Answers a TCP segment with a reset; a reset, a fragment and a group get none.
    #[cold]
    pub(crate) fn reset(&mut self, packet: &Packet<P::Buf>, with: &Reset) {
        let ip = &packet.ip;
        if ip.fragment_offset != 0 || ip.protocol != protocol::TCP || packet.destination.is_group()
        {
            return;
        }
        let l4 = ip.l4(packet.buf.bytes());
        let Ok((segment, _)) = TcpHeader::split(l4) else {
            return;
        };
        let Some(reset) = TcpHeader::reset(segment, l4.len()) else {
            return;
        };
        match (ip.dst, ip.src) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => self.reset_v4(packet, (src, dst), reset, with),
            (IpAddr::V6(src), IpAddr::V6(dst)) if !src.is_multicast() && !dst.is_unspecified() => {
                self.reset_v6(packet, (src, dst), reset, with);
            }
            _ => {}
        }
    }

    fn reset_v4(
        &mut self,
        packet: &Packet<P::Buf>,
        (src, dst): (Ipv4Addr, Ipv4Addr),
        reset: TcpHeader,
        with: &Reset,
    ) {
        let fields = Ipv4Fields {
            src,
            dst,
            protocol: protocol::TCP,
            ttl: self.pipe.settings.ip_default_ttl,
            tos: with.tos,
            id: 0,
            dont_fragment: true,
            payload_length: TcpHeader::LEN as u16,
        };
        let pseudo = pseudo_v4(src, dst, protocol::TCP, TcpHeader::LEN as u16);
        let mut room = [0; OPTIONS_MAX_BYTES];
        let (echoed, options) = if with.echoes_options {
            self.echo_options(packet, &mut room)
        } else {
            (IpOptions::NONE, &[][..])
        };
        let time_ms = time_of_day_ms(self.now_ns);
        // The local stack sums for itself; REJECT leaves the sum to the device.
        let zero = if with.echoes_options {
            ZERO_SUM
        } else {
            ZERO_SUM_OF_DEVICE
        };
        self.make_v4(&fields, (echoed, options), |header, payload| {
            echoed.build(header, src, time_ms);
            emit(reset, pseudo, zero, payload);
        });
    }

    fn reset_v6(
        &mut self,
        packet: &Packet<P::Buf>,
        (src, dst): (Ipv6Addr, Ipv6Addr),
        reset: TcpHeader,
        with: &Reset,
    ) {
        let fields = Ipv6Fields {
            src,
            dst,
            next_header: protocol::TCP,
            hop_limit: self.pipe.settings.ipv6_hop_limit,
            traffic_class: with.tos,
            flow_label: 0,
            payload_length: TcpHeader::LEN as u16,
        };
        let pseudo = pseudo_v6(src, dst, protocol::TCP, TcpHeader::LEN as u32);
        let link = self.link_of(packet);
        // Here it is the other way round: the local stack leaves the sum to the device.
        let zero = if with.echoes_options {
            ZERO_SUM_OF_DEVICE
        } else {
            ZERO_SUM
        };
        self.make_v6(&fields, link, |payload| {
            emit(reset, pseudo, zero, payload);
        });
    }
}

/// A checksum of zero as the kernel writes it where it sums for itself.
const ZERO_SUM: [u8; 2] = [0, 0];
/// A checksum of zero where the sum is left to the device: the other form of the same value
/// (`CSUM_MANGLED_0`).
const ZERO_SUM_OF_DEVICE: [u8; 2] = [0xff, 0xff];

/// Writes the reset; a checksum of zero is written as `zero`.
fn emit(mut reset: TcpHeader, pseudo: Sum, zero: [u8; 2], payload: &mut [u8]) {
    reset.fill_checksum(pseudo, &[]);
    let _ = reset.emit(payload);
    if let Some(sum @ &mut [0, 0]) = payload.get_mut(16..18) {
        sum.copy_from_slice(&zero);
    }
}

/// `nf_reject_verify_csum` and `nf_ip_checksum`: a packet with a wrong checksum is not answered,
/// since its addresses may be wrong as well. The sum is taken over what is there, so a first
/// fragment's is wrong, and so is that of an unknown protocol with other contents. For IPv4 the
/// kernel sums the IP header too, whose own checksum is stale where options were changed on
/// receipt.
fn checksum_ok<B: Buffer>(packet: &Packet<B>) -> bool {
    let ip = &packet.ip;
    let l4 = ip.l4(packet.buf.bytes());
    let is_exempt = match ip.protocol {
        protocol::UDP => UdpHeader::split(l4).is_ok_and(|(header, _)| header.checksum() == 0),
        GRE | protocol::AH | protocol::ESP | SCTP | protocol::UDP_LITE | DCCP => true,
        _ => false,
    };
    if is_exempt {
        return true;
    }
    let has_pseudo_header = matches!(ip.protocol, protocol::TCP | protocol::UDP);
    let sum = match (ip.src, ip.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let pseudo = if has_pseudo_header {
                pseudo_v4(src, dst, ip.protocol, l4.len() as u16)
            } else {
                Sum::ZERO
            };
            pseudo.bytes(ip.packet(packet.buf.bytes()))
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            pseudo_v6(src, dst, ip.protocol, l4.len() as u32).bytes(l4)
        }
        _ => return false,
    };
    sum.is_right()
}
