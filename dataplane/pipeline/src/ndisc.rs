//! Neighbour discovery: answers for own addresses, and what is learned from it (RFC 4861;
//! `net/ipv6/ndisc.c` `ndisc_recv_ns`, `ndisc_recv_na`). Solicitations have passed INPUT when they
//! come here; advertisements leave through OUTPUT.

use std::net::{IpAddr, Ipv6Addr};

use packet::{Buffer, DropReason, Pool, l4_checksum_ok};
use route::{Iface, LearnKind, NeighbourEvent, RouteKind};
use wire::{
    Header, MacAddr,
    checksum::pseudo_v6,
    icmpv6,
    ipv6::{Ipv6Fields, solicited_node},
    ndp::{
        AdvertFlags, LinkAddressOption, NdpOptions, NeighbourMessage, SOURCE_LINK_ADDRESS,
        TARGET_LINK_ADDRESS,
    },
    protocol,
};

use crate::{Observer, packet_state::Packet, process::Flight};

/// A router between would have lowered it (RFC 4861 7.1).
const HOP_LIMIT: u8 = 255;

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Takes a neighbour discovery message for this host.
    ///
    /// # Errors
    /// Why it is not valid, or not wanted.
    #[cold]
    pub(crate) fn neighbour_discovery(
        &mut self,
        iface: &Iface,
        packet: &Packet<P::Buf>,
    ) -> Result<(), DropReason> {
        let frame = packet.buf.bytes();
        let (IpAddr::V6(src), IpAddr::V6(dst)) = (packet.ip.src, packet.ip.dst) else {
            return Err(DropReason::NeighbourInvalid);
        };
        if packet.ip.ttl != HOP_LIMIT || packet.ip.is_fragment() {
            return Err(DropReason::NeighbourInvalid);
        }
        if !l4_checksum_ok(frame, &packet.ip) {
            return Err(DropReason::TransportChecksum);
        }
        let (message, options) = NeighbourMessage::split(packet.ip.l4(frame))
            .map_err(|_| DropReason::TransportMalformed)?;
        if message.code() != 0 || message.target().is_multicast() {
            return Err(DropReason::NeighbourInvalid);
        }
        let option = |kind| {
            NdpOptions::new(options)
                .link_address(kind)
                .map_err(|_| DropReason::NeighbourInvalid)
        };
        match message.icmp_type() {
            icmpv6::NEIGHBOUR_SOLICIT => {
                let mac = option(SOURCE_LINK_ADDRESS)?;
                self.solicited(iface, (src, dst), message.target(), mac)
            }
            icmpv6::NEIGHBOUR_ADVERT => {
                let mac = option(TARGET_LINK_ADDRESS)?;
                self.advertised(iface, dst, message, mac)
            }
            // Routers ignore solicitations here (no advertisements are configured),
            // advertisements and redirects.
            _ => Err(DropReason::NoListener),
        }
    }

    fn solicited(
        &mut self,
        iface: &Iface,
        (src, dst): (Ipv6Addr, Ipv6Addr),
        target: Ipv6Addr,
        mac: Option<MacAddr>,
    ) -> Result<(), DropReason> {
        // The sender is about to take the address and asks who has it (RFC 4862 5.4.3).
        let is_probe = src.is_unspecified();
        if is_probe && (dst != solicited_node(target) || mac.is_some()) {
            return Err(DropReason::NeighbourInvalid);
        }
        let is_own = iface.has_addr(target.into());
        let kind = self
            .network
            .route_v6(target, iface.id)
            .map(|route| (route.kind, route.iface));
        if !is_own && kind != Some((RouteKind::Anycast, iface.id)) {
            return Err(DropReason::NoListener);
        }
        if is_probe {
            let flags = AdvertFlags {
                router: true,
                solicited: false,
                overrides: is_own,
            };
            self.advertise(iface, ALL_NODES, target, flags, true);
            return Ok(());
        }
        let is_multicast = dst.is_multicast();
        if let Some(mac) = mac {
            let how = LearnKind::Solicitation;
            self.tell(NeighbourEvent::Learn {
                iface: iface.id,
                addr: src.into(),
                mac,
                how,
            });
        } else if is_multicast
            && self
                .network
                .neighbours()
                .lookup(iface.id, src.into())
                .is_none()
        {
            // Nobody could be answered without another solicitation.
            return Err(DropReason::NeighbourInvalid);
        }
        let flags = AdvertFlags {
            router: true,
            solicited: true,
            overrides: is_own && is_multicast,
        };
        self.advertise(iface, src, target, flags, is_multicast);
        Ok(())
    }

    fn advertised(
        &mut self,
        iface: &Iface,
        dst: Ipv6Addr,
        message: &NeighbourMessage,
        mac: Option<MacAddr>,
    ) -> Result<(), DropReason> {
        let flags = message.advert_flags();
        let target = IpAddr::V6(message.target());
        if dst.is_multicast() && flags.solicited {
            return Err(DropReason::NeighbourInvalid);
        }
        // Somebody else claims an own address; the kernel says so in its log and goes on.
        if iface.has_addr(target) {
            return Err(DropReason::NeighbourInvalid);
        }
        let known = self.network.neighbours().lookup(iface.id, target);
        let Some(mac) = mac.or(known.map(|neighbour| neighbour.mac)) else {
            return Err(DropReason::NeighbourInvalid);
        };
        let how = LearnKind::Advertisement {
            is_solicited: flags.solicited,
            overrides: flags.overrides,
        };
        self.tell(NeighbourEvent::Learn {
            iface: iface.id,
            addr: target,
            mac,
            how,
        });
        Ok(())
    }

    fn advertise(
        &mut self,
        iface: &Iface,
        to: Ipv6Addr,
        target: Ipv6Addr,
        flags: AdvertFlags,
        has_option: bool,
    ) {
        // An anycast address is never a source.
        let src = if iface.has_addr(target.into()) {
            Some(target)
        } else {
            self.network.source_v6(iface.id, to)
        };
        let Some(src) = src else {
            return;
        };
        let option = LinkAddressOption::new(TARGET_LINK_ADDRESS, iface.mac);
        let message = NeighbourMessage::advert(target, flags);
        self.send_message(iface, (src, to), message, has_option.then_some(option));
    }

    /// Asks who has `target`: its solicited-node group, or the station that had it.
    pub(crate) fn solicit_v6(
        &mut self,
        out: &Iface,
        target: Ipv6Addr,
        source: Option<IpAddr>,
        unicast: Option<MacAddr>,
    ) {
        let source = match source {
            Some(IpAddr::V6(source)) if out.has_addr(source.into()) => Some(source),
            _ => out.link_local(),
        };
        let Some(src) = source else {
            return;
        };
        // A unicast solicit finds the MAC address in the neighbours: the entry is being probed.
        let to = if unicast.is_some() {
            target
        } else {
            solicited_node(target)
        };
        let option = LinkAddressOption::new(SOURCE_LINK_ADDRESS, out.mac);
        self.send_message(
            out,
            (src, to),
            NeighbourMessage::solicit(target),
            Some(option),
        );
    }

    fn send_message(
        &mut self,
        iface: &Iface,
        (src, dst): (Ipv6Addr, Ipv6Addr),
        message: NeighbourMessage,
        option: Option<LinkAddressOption>,
    ) {
        let option_bytes = option.map_or(0, |_| LinkAddressOption::LEN);
        let length = NeighbourMessage::LEN + option_bytes;
        let fields = Ipv6Fields {
            src,
            dst,
            next_header: protocol::ICMPV6,
            hop_limit: HOP_LIMIT,
            traffic_class: 0,
            flow_label: 0,
            payload_length: length as u16,
        };
        self.make_v6(&fields, iface.id, |payload| {
            let Ok(behind) = message.emit(payload) else {
                return;
            };
            if let Some(option) = option {
                let _ = option.emit(behind);
            }
            let pseudo = pseudo_v6(src, dst, protocol::ICMPV6, length as u32);
            if let Ok((message, behind)) = NeighbourMessage::split_mut(payload) {
                message.fill_checksum(pseudo, behind);
            }
        });
    }
}

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Learns from a message that the host answers.
    #[cold]
    pub(crate) fn overhear(&mut self, iface: &Iface, packet: &Packet<P::Buf>) {
        let frame = packet.buf.bytes();
        let Ok((message, options)) = NeighbourMessage::split(packet.ip.l4(frame)) else {
            return;
        };
        let is_valid = packet.ip.ttl == HOP_LIMIT && l4_checksum_ok(frame, &packet.ip);
        if !is_valid || message.code() != 0 {
            return;
        }
        let (kind, addr, how) = match message.icmp_type() {
            icmpv6::NEIGHBOUR_SOLICIT => {
                (SOURCE_LINK_ADDRESS, packet.ip.src, LearnKind::Solicitation)
            }
            icmpv6::NEIGHBOUR_ADVERT => {
                let flags = message.advert_flags();
                let how = LearnKind::Advertisement {
                    is_solicited: flags.solicited,
                    overrides: flags.overrides,
                };
                (TARGET_LINK_ADDRESS, IpAddr::V6(message.target()), how)
            }
            _ => return,
        };
        if let Ok(Some(mac)) = NdpOptions::new(options).link_address(kind)
            && !addr.is_unspecified()
        {
            self.tell(NeighbourEvent::Learn {
                iface: iface.id,
                addr,
                mac,
                how,
            });
        }
    }
}
