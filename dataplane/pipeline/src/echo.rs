//! ICMP and ICMPv6 messages for this host: echo and timestamp are answered, neighbour discovery
//! is passed on, all else has nobody to hear it (`net/ipv4/icmp.c` `icmp_rcv`, `net/ipv6/icmp.c`
//! `icmpv6_rcv`).

use std::net::IpAddr;

use packet::{Buffer, DropReason, Pool, l4_checksum_ok};
use route::Iface;
use wire::{
    Header,
    icmpv4::{self, Icmpv4Header},
    icmpv6::{self, Icmpv6Header},
    ipv4::Ipv4Fields,
    protocol,
};

use crate::{
    Observer,
    icmp_error::emit,
    ip_option::{OPTIONS_MAX_BYTES, time_of_day_ms},
    packet_state::{Destination, Packet},
    process::Flight,
};

/// Timestamp reply.
const TIMESTAMP_REPLY: u8 = 14;

/// The three times of a timestamp message, 4 bytes each.
const TIMES_BYTES: usize = 12;

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Takes an ICMP message for this host.
    #[cold]
    pub(crate) fn icmp(&mut self, packet: &Packet<P::Buf>) -> Result<(), DropReason> {
        let frame = packet.buf.bytes();
        let (message, data) =
            Icmpv4Header::split(packet.ip.l4(frame)).map_err(|_| DropReason::TransportMalformed)?;
        if !l4_checksum_ok(frame, &packet.ip) {
            return Err(DropReason::TransportChecksum);
        }
        let settings = &self.pipe.settings;
        // RFC 1122 3.2.2.6: a host may ignore echo to a group, and does so by default.
        let is_ignored = packet.destination.is_group() && settings.icmp_echo_ignore_broadcasts;
        match message.icmp_type() {
            icmpv4::ECHO_REQUEST if is_ignored || settings.icmp_echo_ignore_all => {
                Err(DropReason::NoListener)
            }
            icmpv4::ECHO_REQUEST => {
                let reply = Icmpv4Header::new(icmpv4::ECHO_REPLY, message.code(), message.rest());
                self.answer_icmp(packet, reply, data);
                Ok(())
            }
            icmpv4::TIMESTAMP_REQUEST if is_ignored => Err(DropReason::NoListener),
            icmpv4::TIMESTAMP_REQUEST => self.answer_timestamp(packet, message, data),
            _ => Err(DropReason::NoListener),
        }
    }

    /// The time of arrival and of departure, both now (RFC 792).
    fn answer_timestamp(
        &mut self,
        packet: &Packet<P::Buf>,
        message: &Icmpv4Header,
        data: &[u8],
    ) -> Result<(), DropReason> {
        let mut times = [0; TIMES_BYTES];
        let originate = data.get(..4).ok_or(DropReason::TransportMalformed)?;
        let now = time_of_day_ms(self.now_ns).to_be_bytes();
        times[..4].copy_from_slice(originate);
        times[4..8].copy_from_slice(&now);
        times[8..].copy_from_slice(&now);
        let reply = Icmpv4Header::new(TIMESTAMP_REPLY, 0, message.rest());
        self.answer_icmp(packet, reply, &times);
        Ok(())
    }

    /// `icmp_reply`: back to the sender, from the address that was asked.
    fn answer_icmp(&mut self, packet: &Packet<P::Buf>, reply: Icmpv4Header, data: &[u8]) {
        let (IpAddr::V4(to), IpAddr::V4(asked)) = (packet.ip.src, packet.ip.dst) else {
            return;
        };
        let source = match self.network.route_v4(to).and_then(|route| route.source) {
            _ if packet.destination == Destination::Local => asked,
            Some(IpAddr::V4(source)) => source,
            _ => return,
        };
        if !self.may_send(to, reply.icmp_type(), reply.code()) {
            self.pipe.counters.icmp_limited.add(1);
            return;
        }
        let mut room = [0; OPTIONS_MAX_BYTES];
        let (echoed, options) = self.echo_options(packet, &mut room);
        let fields = Ipv4Fields {
            src: source,
            dst: to,
            protocol: protocol::ICMP,
            ttl: self.pipe.settings.ip_default_ttl,
            tos: packet.ip.tos,
            id: self.draw_id(),
            dont_fragment: false,
            payload_length: (Icmpv4Header::LEN + data.len()) as u16,
        };
        let time_ms = time_of_day_ms(self.now_ns);
        self.make_v4(&fields, (echoed, options), |header, payload| {
            echoed.build(header, source, time_ms);
            emit(reply, payload, data);
        });
    }

    /// Takes an ICMPv6 message for this host.
    #[cold]
    pub(crate) fn icmpv6(
        &mut self,
        iface: &Iface,
        packet: &Packet<P::Buf>,
    ) -> Result<(), DropReason> {
        let frame = packet.buf.bytes();
        let (message, data) =
            Icmpv6Header::split(packet.ip.l4(frame)).map_err(|_| DropReason::TransportMalformed)?;
        if message.is_neighbour_discovery() {
            return self.neighbour_discovery(iface, packet);
        }
        if !l4_checksum_ok(frame, &packet.ip) {
            return Err(DropReason::TransportChecksum);
        }
        if message.icmp_type() != icmpv6::ECHO_REQUEST {
            return Err(DropReason::NoListener);
        }
        let settings = &self.pipe.settings;
        let is_ignored = settings.icmpv6_echo_ignore_all
            || match packet.destination {
                Destination::Multicast => settings.icmpv6_echo_ignore_multicast,
                Destination::Anycast => settings.icmpv6_echo_ignore_anycast,
                _ => false,
            };
        if is_ignored {
            return Err(DropReason::NoListener);
        }
        let reply = Icmpv6Header::new(icmpv6::ECHO_REPLY, message.code(), message.rest());
        self.answer_icmpv6(iface, packet, reply, data);
        Ok(())
    }

    /// `icmpv6_echo_reply`: back to the sender, from the address that was asked if it may be a
    /// source.
    fn answer_icmpv6(
        &mut self,
        iface: &Iface,
        packet: &Packet<P::Buf>,
        reply: Icmpv6Header,
        data: &[u8],
    ) {
        let (IpAddr::V6(to), IpAddr::V6(asked)) = (packet.ip.src, packet.ip.dst) else {
            return;
        };
        let out = self
            .network
            .route_v6(to, iface.id)
            .map_or(iface.id, |route| route.iface);
        let source = match packet.destination {
            Destination::Local => Some(asked),
            _ => self.network.source_v6(out, to),
        };
        if let Some(source) = source {
            self.send_icmpv6((source, to), iface.id, packet.ip.tos, reply, data);
        }
    }
}
