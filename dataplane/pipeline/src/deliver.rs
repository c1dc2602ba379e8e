//! A packet for this host: handed to the host path, or answered as a kernel without sockets
//! answers (`ip_local_deliver`, `ip6_input_finish`).

use std::net::IpAddr;

use packet::{Buffer, DropReason, L4Checksum, Pool, l4_checksum, l4_checksum_ok};
use route::Iface;
use wire::{Header, TcpHeader, UdpHeader, icmpv4, icmpv6, protocol, tcp::TcpSegment};

use crate::{
    Observer,
    extension_header::{self, HeaderFault},
    packet_state::{Cast, Packet},
    pipeline::HostPath,
    process::Flight,
    reject::Reset,
};

const IGMP: u8 = 2;

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// IPv4 is reassembled before INPUT. The local stack does not, and drops fragments; a host
    /// behind the host path reassembles for itself.
    pub(crate) fn whole(&mut self, packet: &Packet<P::Buf>) -> Option<()> {
        let is_local = self.pipe.host == HostPath::LocalStack;
        if is_local && !packet.ip.is_v6() && packet.ip.is_fragment() {
            return self.drop(packet, DropReason::LocalFragment);
        }
        Some(())
    }

    /// Ends a packet that INPUT let pass.
    pub(crate) fn deliver(&mut self, iface: &Iface, mut packet: Packet<P::Buf>) -> Option<()> {
        if self.pipe.host == HostPath::Sink {
            // Neighbour discovery is the host's, but neighbours are learned here too.
            if packet.ip.is_v6() && packet.ip.protocol == protocol::ICMPV6 {
                self.overhear(iface, &packet);
            }
            self.hand_to_host(packet);
            return Some(());
        }
        let result = if packet.ip.is_v6() {
            self.deliver_v6(iface, &mut packet)
        } else {
            self.deliver_v4(&mut packet)
        };
        match result {
            Ok(()) => {
                self.delivered(packet.origin, packet.buf.bytes());
                Some(())
            }
            Err(reason) => self.drop(&packet, reason),
        }
    }

    /// Puts a packet in the host's queue.
    pub(crate) fn hand_to_host(&mut self, packet: Packet<P::Buf>) {
        let origin = packet.origin;
        if self.pipe.host_queue.room() == 0 {
            let _: Option<()> = self.drop(&packet, DropReason::HostQueueFull);
            return;
        }
        self.delivered(origin, packet.buf.bytes());
        let _ = self.pipe.host_queue.push(packet.buf);
    }

    fn deliver_v4(&mut self, packet: &mut Packet<P::Buf>) -> Result<(), DropReason> {
        match packet.ip.protocol {
            protocol::ICMP => self.icmp(packet),
            protocol::TCP => self.closed_tcp(packet),
            protocol::UDP => self.closed_udp(packet),
            IGMP => Err(DropReason::NoListener),
            _ => {
                let code = icmpv4::unreachable::PROTOCOL;
                self.icmp_error(packet, icmpv4::UNREACHABLE, code, 0);
                Err(DropReason::NoListener)
            }
        }
    }

    fn deliver_v6(&mut self, iface: &Iface, packet: &mut Packet<P::Buf>) -> Result<(), DropReason> {
        let ip = &packet.ip;
        if let IpAddr::V6(dst) = ip.dst
            && let Err(fault) = extension_header::check(ip.packet(packet.buf.bytes()), dst)
        {
            if let HeaderFault::Problem(code, at) = fault {
                self.icmpv6_error(packet, icmpv6::PARAMETER_PROBLEM, code, at);
            }
            return Err(DropReason::NoListener);
        }
        // A fragment header before a packet that is whole changes nothing (RFC 6946).
        if ip.fragment_offset != 0 || ip.more_fragments() {
            if let Some((code, at)) = fragment_problem(packet) {
                self.icmpv6_error(packet, icmpv6::PARAMETER_PROBLEM, code, at);
            }
            return Err(DropReason::LocalFragment);
        }
        match ip.protocol {
            protocol::ICMPV6 => self.icmpv6(iface, packet),
            protocol::TCP => self.closed_tcp(packet),
            protocol::UDP => self.closed_udp(packet),
            _ => Err(DropReason::NoListener),
        }
    }

    /// `tcp_v4_rcv`: nobody listens, so a valid segment for one address of ours gets a reset.
    fn closed_tcp(&mut self, packet: &Packet<P::Buf>) -> Result<(), DropReason> {
        let frame = packet.buf.bytes();
        if TcpSegment::new(packet.ip.l4(frame)).is_err() {
            return Err(DropReason::TransportMalformed);
        }
        if !l4_checksum_ok(frame, &packet.ip) {
            return Err(DropReason::TransportChecksum);
        }
        if packet.cast == Cast::Host && !packet.destination.is_group() {
            // `tcp_v4_send_reset`: the type of service without the two bits that belong to ECN.
            let with = Reset {
                tos: packet.ip.tos & !0b11,
                echoes_options: true,
            };
            self.reset(packet, &with);
        }
        Err(DropReason::NoListener)
    }

    /// `__udp4_lib_rcv`: nobody listens, so a valid datagram for one address of ours gets a port
    /// unreachable.
    fn closed_udp(&mut self, packet: &mut Packet<P::Buf>) -> Result<(), DropReason> {
        let frame = packet.buf.bytes();
        match UdpHeader::datagram(packet.ip.l4(frame)) {
            // What lies behind the datagram is neither summed nor quoted.
            Ok((header, _)) => packet.ip.end = packet.ip.l4 + header.length(),
            Err(_) => return Err(DropReason::TransportMalformed),
        }
        match l4_checksum(frame, &packet.ip) {
            L4Checksum::Wrong => return Err(DropReason::TransportChecksum),
            // IPv6 has no datagrams without checksum (RFC 8200 8.1).
            L4Checksum::Absent if packet.ip.is_v6() => return Err(DropReason::TransportChecksum),
            L4Checksum::Right | L4Checksum::Absent | L4Checksum::Unverifiable => {}
        }
        if packet.ip.is_v6() {
            let code = icmpv6::unreachable::PORT;
            self.icmpv6_error(packet, icmpv6::UNREACHABLE, code, 0);
        } else {
            self.icmp_error(packet, icmpv4::UNREACHABLE, icmpv4::unreachable::PORT, 0);
        }
        Err(DropReason::NoListener)
    }
}

/// What is wrong with an IPv6 fragment, for a parameter problem: its code and pointer
/// (`ipv6_frag_rcv`, `ip6_frag_queue`, `net/ipv6/reassembly.c`).
fn fragment_problem<B: Buffer>(packet: &Packet<B>) -> Option<(u8, u32)> {
    /// RFC 7112 5: the first fragment lacks the transport header.
    const INCOMPLETE_CHAIN: u8 = 3;
    const PAYLOAD_LENGTH_AT: u32 = 4;
    let ip = &packet.ip;
    let data_bytes = usize::from(ip.end - ip.l4);
    if ip.fragment_offset == 0 && ip.protocol_is_known() {
        let header_bytes = match ip.protocol {
            protocol::TCP => TcpHeader::LEN,
            protocol::UDP | protocol::ICMPV6 => UdpHeader::LEN,
            _ => 1,
        };
        if data_bytes < header_bytes {
            return Some((INCOMPLETE_CHAIN, 0));
        }
    }
    // All but the last come in units of 8 bytes.
    let is_odd = ip.more_fragments() && !data_bytes.is_multiple_of(8);
    is_odd.then_some((icmpv6::parameter_problem::HEADER_FIELD, PAYLOAD_LENGTH_AT))
}
