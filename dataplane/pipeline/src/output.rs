//! A packet that starts here: where it goes (`ip_route_output_key`, `ip6_route_output`).

use std::net::IpAddr;

use packet::{Buffer, DropReason, Network as Carried, Pool, parse};
use route::{IfaceId, Route, RouteKind};

use crate::{
    Observer, Origin,
    draft::Draft,
    packet_state::{Cast, Destination, Packet},
    process::Flight,
};

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Parses a packet that starts here and routes it. A packet for a link-local destination or a
    /// group leaves by the draft's link; without one, by the interface that has its source.
    pub(crate) fn route_output(
        &mut self,
        origin: Origin,
        Draft { buf, link, options }: Draft<P::Buf>,
    ) -> Option<(Packet<P::Buf>, Route)> {
        let ip = match parse(buf.bytes()).map(|parsed| parsed.network) {
            Ok(Carried::Ip(ip)) => ip,
            Ok(Carried::Arp(_)) => {
                self.drop_now(origin, DropReason::EtherTypeUnknown);
                return None;
            }
            Err(reason) => {
                self.drop_now(origin, reason);
                return None;
            }
        };
        let mut packet = Packet::new(buf, ip, origin, Cast::Host);
        packet.buf.truncate(usize::from(ip.end));
        packet.options = options;
        let route = match ip.dst {
            IpAddr::V4(dst) => self.network.route_v4(dst),
            IpAddr::V6(dst) if dst.is_multicast() || dst.is_unicast_link_local() => {
                let link = link.or_else(|| self.iface_with(ip.src));
                link.map(|iface| Route {
                    kind: RouteKind::Unicast,
                    iface,
                    gateway: None,
                    prefix_len: 64,
                    source: None,
                })
            }
            IpAddr::V6(dst) => self.network.route_v6(dst, link.unwrap_or(IfaceId(0))),
        };
        let Some(route) = route else {
            return self.drop(&packet, DropReason::NoRoute);
        };
        packet.destination = match route.kind {
            RouteKind::Unicast => Destination::Elsewhere,
            RouteKind::Local => Destination::Local,
            RouteKind::Anycast => Destination::Anycast,
            RouteKind::Broadcast => Destination::Broadcast,
        };
        Some((packet, route))
    }

    /// The interface that has an address.
    pub(crate) fn iface_with(&self, addr: IpAddr) -> Option<IfaceId> {
        let ifaces = self.network.ifaces();
        ifaces
            .iter()
            .find(|iface| iface.has_addr(addr))
            .map(|iface| iface.id)
    }

    /// The link on which the sender of a packet is answered: where it came from, else the one that
    /// has its source address, else the one that leads there.
    pub(crate) fn link_of(&self, packet: &Packet<P::Buf>) -> IfaceId {
        let first = IfaceId(0);
        let toward = || match packet.ip.src {
            IpAddr::V4(src) => self.network.route_v4(src),
            IpAddr::V6(src) => self.network.route_v6(src, first),
        };
        let origin = packet.origin.iface();
        origin
            .or_else(|| self.iface_with(packet.ip.src))
            .or_else(|| toward().map(|route| route.iface))
            .unwrap_or(first)
    }
}
