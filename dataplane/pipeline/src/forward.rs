//! A packet for another host: what a router checks before the FORWARD hook, and does behind it
//! (`net/ipv4/ip_forward.c` `ip_forward`, `net/ipv6/ip6_output.c` `ip6_forward`).

use std::net::{IpAddr, Ipv4Addr};

use packet::{Buffer, DropReason, Pool, rewrite};
use route::{Iface, Route};
use wire::{icmpv4, icmpv6};

use crate::{
    Observer,
    packet_state::{Cast, Packet},
    process::Flight,
};

/// The least MTU of IPv6 (RFC 8200 5).
const IPV6_MTU_MIN: u32 = 1280;

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// TTL, then MTU, then the decrement, so that FORWARD rules see the lowered TTL.
    pub(crate) fn forward(
        &mut self,
        packet: &mut Packet<P::Buf>,
        out: &Iface,
        route: &Route,
    ) -> Option<()> {
        if packet.cast != Cast::Host {
            return self.drop(packet, DropReason::ForwardNotUnicast);
        }
        if packet.ip.is_v6() {
            self.forward_v6(packet, out, route)?;
        } else {
            self.forward_v4(packet, out)?;
        }
        rewrite::decrement_ttl(packet.buf.bytes_mut(), &mut packet.ip);
        Some(())
    }

    fn forward_v4(&mut self, packet: &Packet<P::Buf>, out: &Iface) -> Option<()> {
        if packet.ip.ttl <= 1 {
            self.icmp_error(packet, icmpv4::TIME_EXCEEDED, icmpv4::TTL_EXCEEDED, 0);
            return self.drop(packet, DropReason::TtlExceeded);
        }
        if packet.ip.dont_fragment() && u32::from(packet.ip.length()) > out.mtu {
            let code = icmpv4::unreachable::FRAGMENTATION_NEEDED;
            self.icmp_error(packet, icmpv4::UNREACHABLE, code, out.mtu);
            return self.drop(packet, DropReason::MtuExceeded);
        }
        Some(())
    }

    fn forward_v6(&mut self, packet: &Packet<P::Buf>, out: &Iface, route: &Route) -> Option<()> {
        if packet.ip.ttl <= 1 {
            let code = icmpv6::HOP_LIMIT_EXCEEDED;
            self.icmpv6_error(packet, icmpv6::TIME_EXCEEDED, code, 0);
            return self.drop(packet, DropReason::TtlExceeded);
        }
        // Back to its own link the kernel redirects instead, and does not look at the source.
        if packet.origin.iface() != Some(route.iface)
            && let IpAddr::V6(src) = packet.ip.src
        {
            if src.is_unspecified() {
                return self.drop(packet, DropReason::MartianSource);
            }
            if src.is_unicast_link_local() {
                let code = icmpv6::unreachable::BEYOND_SCOPE;
                self.icmpv6_error(packet, icmpv6::UNREACHABLE, code, 0);
                return self.drop(packet, DropReason::ForwardScope);
            }
        }
        let mtu = out.mtu.max(IPV6_MTU_MIN);
        if u32::from(packet.ip.length()) > mtu {
            self.icmpv6_error(packet, icmpv6::PACKET_TOO_BIG, 0, mtu);
            return self.drop(packet, DropReason::MtuExceeded);
        }
        Some(())
    }

    /// `ip_forward_options`: IPv4 options that asked for it record the out interface's address.
    pub(crate) fn forward_options(&mut self, packet: &mut Packet<P::Buf>, route: &Route) {
        if packet.options.is_empty() {
            return;
        }
        let source = match route.source {
            Some(IpAddr::V4(source)) => source,
            _ => Ipv4Addr::UNSPECIFIED,
        };
        let (l3, l4) = (usize::from(packet.ip.l3), usize::from(packet.ip.l4));
        if let Some(header) = packet.buf.bytes_mut().get_mut(l3..l4) {
            packet.options.forward(header, source);
        }
    }
}
