//! ARP: answers for own addresses, and what is learned from it (`net/ipv4/arp.c` `arp_process`,
//! `arp_ignore` 0, `arp_announce` 0).

use std::net::{IpAddr, Ipv4Addr};

use packet::{Buffer, DropReason, Pool};
use route::{Iface, LearnKind, NeighbourEvent};
use wire::{ArpOperation, ArpPacket, EtherType, EthernetHeader, Header, MacAddr};

use crate::{Observer, Origin, packet_state::Cast, pipeline::HostPath, process::Flight};

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Takes an ARP packet that starts `at` bytes into the frame.
    #[cold]
    pub(crate) fn arp(&mut self, iface: &Iface, buf: &P::Buf, at: usize, cast: Cast) {
        let origin = Origin::Received(iface.id);
        let Some(Ok(&arp)) = buf.bytes().get(at..).map(ArpPacket::new) else {
            self.drop_now(origin, DropReason::ArpMalformed);
            return;
        };
        let is_known = matches!(arp.operation(), ArpOperation::Request | ArpOperation::Reply);
        let target = arp.target_ip();
        if !is_known || target.is_multicast() || target.is_loopback() {
            self.drop_now(origin, DropReason::NeighbourInvalid);
            return;
        }
        // With a host path the host answers; neighbours are still learned here.
        if self.pipe.host == HostPath::LocalStack {
            self.answer_arp(iface, &arp);
        }
        self.learn_from_arp(iface, &arp, cast);
        self.delivered(origin, buf.bytes());
    }

    fn is_request_for_us(&self, arp: &ArpPacket) -> bool {
        arp.operation() == ArpOperation::Request && self.network.is_local_v4(arp.target_ip())
    }

    /// Any own address is answered for on any interface. A sender without an address is probing
    /// for duplicates (RFC 5227) and is answered; one with an own address is a martian.
    fn answer_arp(&mut self, iface: &Iface, arp: &ArpPacket) {
        if !self.is_request_for_us(arp) || self.is_bad_sender(arp.sender_ip()) {
            return;
        }
        let reply = ArpPacket::reply(
            iface.mac,
            arp.target_ip(),
            arp.sender_mac(),
            arp.sender_ip(),
        );
        self.send_arp(iface, arp.sender_mac(), &reply);
    }

    /// What `ip_route_input` refuses as the source of a packet.
    fn is_bad_sender(&self, sender: Ipv4Addr) -> bool {
        sender.is_multicast()
            || sender.is_broadcast()
            || sender.is_loopback()
            || self.network.is_local_v4(sender)
    }

    fn learn_from_arp(&mut self, iface: &Iface, arp: &ArpPacket, cast: Cast) {
        let sender = arp.sender_ip();
        if sender.is_unspecified() || !arp.sender_mac().is_unicast() || self.is_bad_sender(sender) {
            return;
        }
        let how = if self.is_request_for_us(arp) {
            LearnKind::ArpRequest
        } else {
            let is_reply = arp.operation() == ArpOperation::Reply;
            LearnKind::ArpReply {
                is_unicast_reply: is_reply && cast == Cast::Host,
                // A gratuitous reply must also name its sender as its target.
                is_gratuitous: arp.is_gratuitous()
                    && (!is_reply || arp.target_mac() == arp.sender_mac()),
            }
        };
        let addr = IpAddr::V4(sender);
        self.tell(NeighbourEvent::Learn {
            iface: iface.id,
            addr,
            mac: arp.sender_mac(),
            how,
        });
    }

    /// Asks who has `target`: everybody, or the station that had it.
    pub(crate) fn solicit_v4(
        &mut self,
        out: &Iface,
        target: Ipv4Addr,
        source: Option<IpAddr>,
        unicast: Option<MacAddr>,
    ) {
        let source = match source {
            Some(IpAddr::V4(source)) if self.network.is_local_v4(source) => Some(source),
            _ => self.network.source_v4(out.id, target),
        };
        let Some(source) = source else {
            return;
        };
        let request = ArpPacket::request(out.mac, source, target);
        self.send_arp(out, unicast.unwrap_or(MacAddr::BROADCAST), &request);
    }

    fn send_arp(&mut self, out: &Iface, to: MacAddr, arp: &ArpPacket) {
        let Some(mut buf) = self.blank(EtherType::ARP, ArpPacket::LEN) else {
            return;
        };
        let frame = buf.bytes_mut();
        let _ = arp.emit(&mut frame[EthernetHeader::LEN..]);
        packet::rewrite::set_link_addresses(frame, to, out.mac);
        self.emit_frame(out, buf);
    }
}
