//! A packet for this host: handed to the host path, or answered as a kernel without sockets
//! answers (`ip_local_deliver`, `ip6_input_finish`).

use packet::{Buffer, DropReason, L4Checksum, Pool, l4_checksum, l4_checksum_ok};
use route::Iface;
use wire::{
    Header, Ipv6Header, UdpHeader, icmpv4, icmpv6,
    ipv6_ext::{ExtensionHeader, FragmentHeader, is_extension},
    protocol,
    tcp::TcpSegment,
};

use crate::{
    Observer,
    packet_state::{Cast, Packet},
    pipeline::HostPath,
    process::Flight,
};

const IGMP: u8 = 2;

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// IPv4 is reassembled before INPUT. The local stack does not, and drops fragments; a host
    /// behind the host path reassembles for itself.
    pub(crate) fn whole(&mut self, packet: Packet<P::Buf>) -> Option<Packet<P::Buf>> {
        let is_local = self.pipe.host == HostPath::LocalStack;
        if is_local && !packet.ip.is_v6() && packet.ip.is_fragment() {
            return self.drop(packet, DropReason::LocalFragment);
        }
        Some(packet)
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
            Err(reason) => self.drop(packet, reason),
        }
    }

    /// Puts a packet in the host's queue.
    pub(crate) fn hand_to_host(&mut self, packet: Packet<P::Buf>) {
        let origin = packet.origin;
        if self.pipe.host_queue.room() == 0 {
            let _: Option<()> = self.drop(packet, DropReason::HostQueueFull);
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
        if !ip.protocol_is_known() {
            return Err(DropReason::TransportMalformed);
        }
        // A fragment header before a packet that is whole changes nothing (RFC 6946).
        if ip.fragment_offset != 0 || ip.more_fragments() {
            return Err(DropReason::LocalFragment);
        }
        match ip.protocol {
            protocol::ICMPV6 => self.icmpv6(iface, packet),
            protocol::TCP => self.closed_tcp(packet),
            protocol::UDP => self.closed_udp(packet),
            protocol::NO_NEXT_HEADER => Err(DropReason::NoListener),
            _ => {
                let code = icmpv6::parameter_problem::NEXT_HEADER;
                let at = next_header_at(ip.packet(packet.buf.bytes()));
                self.icmpv6_error(packet, icmpv6::PARAMETER_PROBLEM, code, at);
                Err(DropReason::NoListener)
            }
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
            // The type of service goes back without the two bits that belong to ECN.
            self.reset(packet, packet.ip.tos & !0b11);
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

/// Where the next-header field stands that announces what follows the extension headers, in bytes
/// from the IPv6 header: what a parameter problem points at.
fn next_header_at(packet: &[u8]) -> u32 {
    const FIELD: usize = 6;
    let Ok((header, payload)) = Ipv6Header::split(packet) else {
        return FIELD as u32;
    };
    let (mut next_header, mut field, mut at) = (header.next_header(), FIELD, 0);
    while is_extension(next_header) {
        let Some(Ok((extension, _))) = payload.get(at..).map(ExtensionHeader::split) else {
            break;
        };
        field = Ipv6Header::LEN + at;
        at += match next_header {
            protocol::FRAGMENT => FragmentHeader::LEN,
            protocol::AH => extension.auth_length(),
            _ => extension.options_length(),
        };
        next_header = extension.next_header();
    }
    field as u32
}
