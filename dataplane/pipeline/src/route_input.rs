//! From the wire to the routing decision: the link header, ARP set aside, martians, `rp_filter`,
//! IPv4 options (`net/ipv4/route.c` `ip_route_input_slow`, `net/ipv4/ip_input.c`
//! `ip_rcv_finish_core`, `net/ipv6/route.c` `ip6_route_input`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use packet::{Buffer, DropReason, Ip, Network as Carried, Parsed, Pool, option_problem, parse};
use route::{Iface, RouteKind, RpFilter};
use wire::{MacAddr, icmpv4, icmpv6};

use crate::{
    Observer, Origin,
    ip_option::{IpOptions, OptionContext, time_of_day_ms},
    packet_state::{Cast, Destination, Packet},
    pipeline::HostPath,
    process::{Flight, Way},
};

impl<'a, P: Pool, O: Observer> Flight<'a, P, O> {
    /// What happens before PREROUTING: frames that are not for this station, ARP, malformed
    /// packets. Padding behind an IP packet is cut off.
    pub(crate) fn link_layer(
        &mut self,
        iface: &Iface,
        mut buf: P::Buf,
        parsed: &Result<Parsed, DropReason>,
    ) -> Option<Packet<P::Buf>> {
        let origin = Origin::Received(iface.id);
        let untagged;
        let parsed = match parsed {
            Ok(tagged) if tagged.link.vlan_tags > 0 => {
                match without_priority_tags(&mut buf, tagged) {
                    Ok(parsed) => untagged = parsed,
                    Err(reason) => {
                        self.drop_now(origin, reason);
                        return None;
                    }
                }
                &untagged
            }
            Ok(parsed) => parsed,
            Err(reason) => {
                self.refuse(iface, &buf, *reason);
                return None;
            }
        };
        let dst = parsed.link.dst;
        let cast = if dst.is_multicast() {
            Cast::Group
        } else {
            Cast::Host
        };
        if cast == Cast::Host && dst != iface.mac {
            self.drop_now(origin, DropReason::OtherHost);
            return None;
        }
        match &parsed.network {
            Carried::Arp(at) => {
                self.arp(iface, &buf, usize::from(*at), cast);
                None
            }
            Carried::Ip(ip) => {
                buf.truncate(usize::from(ip.end));
                Some(Packet::new(buf, *ip, origin, cast))
            }
        }
    }

    /// Drops a frame that could not be parsed. IPv6 answers some option faults all the same.
    #[cold]
    fn refuse(&mut self, iface: &Iface, buf: &P::Buf, reason: DropReason) {
        const ETHERNET_BYTES: usize = 14;
        let origin = Origin::Received(iface.id);
        let is_option = matches!(
            reason,
            DropReason::Ipv6OptionUnknown | DropReason::Ipv6HopByHop
        );
        let frame = buf.bytes();
        if is_option
            && let Some(packet) = frame.get(ETHERNET_BYTES..)
            && frame.get(..6) == Some(&iface.mac.0[..])
            && let Some(problem) = option_problem(packet)
        {
            self.parameter_problem_unparsed(iface, packet, problem);
        }
        self.drop_now(origin, reason);
    }

    /// Decides where a received packet goes, and compiles its IPv4 options.
    pub(crate) fn route_input(
        &mut self,
        iface: &Iface,
        packet: &mut Packet<P::Buf>,
    ) -> Option<Way<'a>> {
        let decision = match (packet.ip.src, packet.ip.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => self.decide_v4(iface, src, dst),
            (IpAddr::V6(_), IpAddr::V6(dst)) => self.decide_v6(iface, dst),
            // `parse` gives both addresses of one family.
            _ => Err(DropReason::MartianSource),
        };
        let way = match decision {
            Ok((destination, way)) => {
                packet.destination = destination;
                Some(way)
            }
            Err(DropReason::NoRoute) => None,
            Err(reason) => return self.drop(packet, reason),
        };
        self.input_options(iface, packet, way.as_ref())?;
        if way.is_none() {
            self.no_route(packet);
        }
        way
    }

    /// `ip_route_input_slow` and, for groups, `ip_route_input_mc`.
    fn decide_v4(
        &self,
        iface: &Iface,
        src: Ipv4Addr,
        dst: Ipv4Addr,
    ) -> Result<(Destination, Way<'a>), DropReason> {
        if dst.is_multicast() {
            return self.decide_multicast_v4(iface, src, dst);
        }
        if src.is_multicast() || src.is_broadcast() {
            return Err(DropReason::MartianSource);
        }
        if dst.is_broadcast() || (src.is_unspecified() && dst.is_unspecified()) {
            return self.broadcast(iface, src);
        }
        if src.is_unspecified() {
            return Err(DropReason::MartianSource);
        }
        if dst.is_unspecified() || dst.is_loopback() {
            return Err(DropReason::MartianDestination);
        }
        if src.is_loopback() {
            return Err(DropReason::MartianSource);
        }
        let route = self.network.fib().lookup_v4(dst);
        let route = route.ok_or(DropReason::NoRoute)?;
        if route.kind == RouteKind::Broadcast {
            return self.broadcast(iface, src);
        }
        self.validate_source(iface, src)?;
        Ok(match route.kind {
            RouteKind::Local => (Destination::Local, Way::Here),
            RouteKind::Unicast | RouteKind::Anycast | RouteKind::Broadcast => {
                (Destination::Elsewhere, Way::On(route))
            }
        })
    }

    fn broadcast(
        &self,
        iface: &Iface,
        src: Ipv4Addr,
    ) -> Result<(Destination, Way<'a>), DropReason> {
        if !src.is_unspecified() {
            self.validate_source(iface, src)?;
        }
        Ok((Destination::Broadcast, Way::Here))
    }

    fn decide_multicast_v4(
        &self,
        iface: &Iface,
        src: Ipv4Addr,
        dst: Ipv4Addr,
    ) -> Result<(Destination, Way<'a>), DropReason> {
        // Every interface is in the group of all systems, and in no other (`ip_mc_up`).
        const ALL_SYSTEMS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
        if dst != ALL_SYSTEMS {
            return Err(DropReason::MulticastNotJoined);
        }
        if src.is_multicast() || src.is_broadcast() || src.is_loopback() {
            return Err(DropReason::MartianSource);
        }
        if !src.is_unspecified() {
            self.validate_source(iface, src)?;
        }
        Ok((Destination::Multicast, Way::Here))
    }

    /// `fib_validate_source`: with `rp_filter` off only an own address is refused.
    fn validate_source(&self, iface: &Iface, src: Ipv4Addr) -> Result<(), DropReason> {
        let route = self.network.fib().lookup_v4(src);
        match (iface.rp_filter, route) {
            (_, Some(route)) if route.kind == RouteKind::Local => Err(DropReason::MartianSource),
            (RpFilter::Off, _) => Ok(()),
            (RpFilter::Strict | RpFilter::Loose, None) => Err(DropReason::RpFilter),
            (RpFilter::Strict | RpFilter::Loose, Some(route))
                if route.kind != RouteKind::Unicast =>
            {
                Err(DropReason::MartianSource)
            }
            (RpFilter::Strict, Some(route)) if route.iface != iface.id => Err(DropReason::RpFilter),
            (RpFilter::Strict | RpFilter::Loose, Some(_)) => Ok(()),
        }
    }

    fn decide_v6(
        &self,
        iface: &Iface,
        dst: Ipv6Addr,
    ) -> Result<(Destination, Way<'a>), DropReason> {
        if dst.is_multicast() {
            return if iface.is_group_member_v6(dst) {
                Ok((Destination::Multicast, Way::Here))
            } else {
                Err(DropReason::MulticastNotJoined)
            };
        }
        if dst.is_unicast_link_local() {
            let route = self.network.link_route(iface.id);
            let route = route.ok_or(DropReason::NoRoute)?;
            return Ok(if iface.has_addr(dst.into()) {
                (Destination::Local, Way::Here)
            } else {
                (Destination::Elsewhere, Way::On(route))
            });
        }
        let route = self.network.fib().lookup_v6(dst);
        let route = route.ok_or(DropReason::NoRoute)?;
        Ok(match route.kind {
            RouteKind::Local => (Destination::Local, Way::Here),
            RouteKind::Anycast => (Destination::Anycast, Way::Here),
            RouteKind::Unicast | RouteKind::Broadcast => (Destination::Elsewhere, Way::On(route)),
        })
    }

    /// `ip_rcv_options`: options are compiled once the route is known; a source route is refused
    /// (`accept_source_route` 0).
    fn input_options(
        &mut self,
        iface: &Iface,
        packet: &mut Packet<P::Buf>,
        way: Option<&Way<'_>>,
    ) -> Option<()> {
        // The host behind a host path compiles its packets' options itself.
        let is_hosts = matches!(way, Some(Way::Here)) && self.pipe.host == HostPath::Sink;
        if !packet.ip.has_ipv4_options() || is_hosts {
            return Some(());
        }
        let (IpAddr::V4(src), IpAddr::V4(dst)) = (packet.ip.src, packet.ip.dst) else {
            return Some(());
        };
        let network = self.network;
        let is_local = packet.destination == Destination::Local;
        let context = OptionContext {
            own_addr: || {
                let toward = network.route_v4(src).and_then(|route| route.source);
                match toward {
                    _ if is_local => dst,
                    Some(IpAddr::V4(own)) => own,
                    _ => network
                        .source_v4(iface.id, src)
                        .unwrap_or(Ipv4Addr::UNSPECIFIED),
                }
            },
            is_elsewhere: |addr| self.is_elsewhere(addr),
            time_ms: time_of_day_ms(self.now_ns),
        };
        let Ip { l3, l4, .. } = packet.ip;
        let header = packet
            .buf
            .bytes_mut()
            .get_mut(usize::from(l3)..usize::from(l4))?;
        let (options, result) = IpOptions::compile(header, &context);
        packet.options = options;
        if let Err(pointer) = result {
            let pointer = u32::from(pointer) << 24;
            self.icmp_error(packet, icmpv4::PARAMETER_PROBLEM, 0, pointer);
            return self.drop(packet, DropReason::Ipv4Options);
        }
        if options.source_route != 0 {
            return self.drop(packet, DropReason::SourceRoute);
        }
        Some(())
    }

    /// Whether an address is a host's that is not this one (`inet_addr_type` `RTN_UNICAST`).
    pub(crate) fn is_elsewhere(&self, addr: Ipv4Addr) -> bool {
        let kind = self.network.route_v4(addr).map(|route| route.kind);
        !(addr.is_unspecified()
            || addr.is_broadcast()
            || addr.is_multicast()
            || matches!(kind, Some(RouteKind::Local | RouteKind::Broadcast)))
    }

    /// `ip_error`, `ip6_pkt_discard`: the sender hears that there is no way.
    #[cold]
    fn no_route(&mut self, packet: &Packet<P::Buf>) {
        if packet.ip.is_v6() {
            let code = icmpv6::unreachable::NO_ROUTE;
            self.icmpv6_error(packet, icmpv6::UNREACHABLE, code, 0);
        } else if self.pipe.icmp_limit.allow_route_error(
            packet.ip.src,
            &self.pipe.settings,
            self.now_ns,
        ) {
            self.icmp_error(packet, icmpv4::UNREACHABLE, icmpv4::unreachable::NET, 0);
        }
        self.drop_now(packet.origin, DropReason::NoRoute);
    }
}

/// Takes tags that carry a priority and no VLAN out of a frame, as a receiver does (IEEE 802.1Q
/// 6.9); a VLAN that no interface is configured for is refused.
#[cold]
fn without_priority_tags<B: Buffer>(buf: &mut B, parsed: &Parsed) -> Result<Parsed, DropReason> {
    const ADDRESSES_BYTES: usize = 2 * size_of::<MacAddr>();
    const TAG_BYTES: usize = 4;
    if parsed
        .link
        .vlan()
        .iter()
        .any(|control| control & 0x0fff != 0)
    {
        return Err(DropReason::VlanUnknown);
    }
    let tags = TAG_BYTES * parsed.link.vlan().len();
    buf.bytes_mut().copy_within(..ADDRESSES_BYTES, tags);
    buf.trim_front(tags);
    parse(buf.bytes())
}
