//! The end of a packet's way out: neighbour, link header, fragments, transmit queue; or a wait
//! for the neighbour (`ip_finish_output2`, `neigh_resolve_output`).

use std::net::IpAddr;

use packet::{Buffer, DropReason, Pool, fragment_ipv4, fragment_ipv6, rewrite};
use route::{Iface, IfaceId, NeighbourAction, NeighbourEvent, Route, RouteKind};
use wire::{MacAddr, icmpv4, icmpv6};

use crate::{
    Observer, Origin, Outcome, neighbour_queue::Held, packet_state::Packet, process::Flight,
};

/// Waiting longer than any neighbour is asked for (3 s, `mcast_solicit` and `retrans_time`):
/// the order to give up was lost, or its ring was full.
const GIVE_UP_NS: u64 = 10_000_000_000;

/// A packet that waits, and the route that it takes then.
pub(crate) struct Waiting<B> {
    packet: Packet<B>,
    route: Route,
}

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Sends a packet by `out`, or lets it wait until the next hop's MAC address is known.
    pub(crate) fn transmit(
        &mut self,
        packet: Packet<P::Buf>,
        out: &Iface,
        route: &Route,
    ) -> Option<()> {
        let mac = match &packet.ip.dst {
            _ if route.kind == RouteKind::Broadcast => MacAddr::BROADCAST,
            IpAddr::V6(dst) if dst.is_multicast() => MacAddr::ipv6_multicast(*dst),
            dst => {
                let next_hop = route.next_hop(*dst);
                let Some(neighbour) = self.network.neighbours().lookup(out.id, next_hop) else {
                    return self.hold(packet, *route, next_hop);
                };
                if neighbour.tell_when_used {
                    self.tell(NeighbourEvent::Used {
                        iface: out.id,
                        addr: next_hop,
                    });
                }
                neighbour.mac
            }
        };
        self.emit(packet, out, mac)
    }

    /// Sends a packet to `mac` by `out`, cut to the MTU if it is longer.
    fn emit(&mut self, mut packet: Packet<P::Buf>, out: &Iface, mac: MacAddr) -> Option<()> {
        let Some(queue) = self.pipe.tx.get_mut(out.id.index()) else {
            return self.drop(&packet, DropReason::LinkDown);
        };
        if !queue.is_up() {
            return self.drop(&packet, DropReason::LinkDown);
        }
        rewrite::set_link_addresses(packet.buf.bytes_mut(), mac, out.mac);
        if u32::from(packet.ip.length()) > out.mtu {
            return self.emit_fragments(packet, out);
        }
        let bytes = packet.buf.bytes().len();
        let origin = packet.origin;
        if queue.push(packet.buf).is_err() {
            self.count_tx_full(out.id);
            self.drop_now(origin, DropReason::TxFull);
            return None;
        }
        self.count_transmitted(out.id, 1, bytes);
        self.sent(origin, out.id);
        Some(())
    }

    #[cold]
    fn emit_fragments(&mut self, packet: Packet<P::Buf>, out: &Iface) -> Option<()> {
        let ip = packet.ip;
        if !ip.is_v6() && ip.dont_fragment() {
            return self.drop(&packet, DropReason::MtuExceeded);
        }
        let id = self.pipe.random.next() as u32;
        let pipe = &mut *self.pipe;
        let queue = &mut pipe.tx[out.id.index()];
        let (mut bytes, mut pkts, mut is_full) = (0, 0, false);
        let push = |fragment: P::Buf| {
            let length = fragment.bytes().len();
            if queue.push(fragment).is_ok() {
                bytes += length;
                pkts += 1;
            } else {
                is_full = true;
            }
        };
        let mtu = out.mtu.min(u32::from(u16::MAX)) as u16;
        let frame = packet.buf.bytes();
        let result = if ip.is_v6() {
            fragment_ipv6(frame, &ip, mtu, id, &mut pipe.pool, push)
        } else {
            fragment_ipv4(frame, &ip, mtu, &mut pipe.pool, push)
        };
        self.count_transmitted(out.id, pkts, bytes);
        match result {
            Err(packet::FragmentError::PoolEmpty) => self.drop(&packet, DropReason::MbufExhausted),
            Err(_) => self.drop(&packet, DropReason::FragmentFailed),
            Ok(_) if is_full => {
                self.count_tx_full(out.id);
                self.drop(&packet, DropReason::TxFull)
            }
            Ok(_) => {
                self.sent(packet.origin, out.id);
                Some(())
            }
        }
    }

    /// Puts a frame that is no IP packet in the transmit queue. It counts as made here.
    pub(crate) fn emit_frame(&mut self, out: &Iface, buf: P::Buf) {
        let bytes = buf.bytes().len();
        let queue = self.pipe.tx.get_mut(out.id.index());
        match queue
            .filter(|queue| queue.is_up())
            .map(|queue| queue.push(buf))
        {
            Some(Ok(())) => {
                self.count_transmitted(out.id, 1, bytes);
                self.sent(Origin::Own, out.id);
            }
            Some(Err(_)) => {
                self.count_tx_full(out.id);
                self.drop_now(Origin::Own, DropReason::TxFull);
            }
            None => self.drop_now(Origin::Own, DropReason::LinkDown),
        }
    }

    fn count_transmitted(&self, iface: IfaceId, pkts: u64, bytes: usize) {
        if let Some(counters) = self.pipe.counters.ifaces.get(iface.index()) {
            counters.tx_pkts.add(pkts);
            counters.tx_bytes.add(bytes as u64);
        }
    }

    fn count_tx_full(&self, iface: IfaceId) {
        if let Some(counters) = self.pipe.counters.ifaces.get(iface.index()) {
            counters.tx_full.add(1);
        }
    }

    fn sent(&mut self, origin: Origin, iface: IfaceId) {
        match origin {
            Origin::Received(_) | Origin::Host => self.pipe.counters.forwarded.add(1),
            Origin::Own => self.pipe.counters.generated_sent.add(1),
        }
        self.observer.ended(origin, Outcome::Sent(iface));
    }

    /// Lets a packet wait for `next_hop`, and sees that the main thread asks for it.
    #[cold]
    fn hold(&mut self, packet: Packet<P::Buf>, route: Route, next_hop: IpAddr) -> Option<()> {
        let (origin, src) = (packet.origin, packet.ip.src);
        let waiting = Waiting { packet, route };
        match self
            .pipe
            .waiting
            .hold(route.iface, next_hop, self.now_ns, waiting)
        {
            Held::Waits => {}
            Held::Displaced(oldest) => {
                self.count_held(oldest.packet.origin, -1);
                let _: Option<()> = self.drop(&oldest.packet, DropReason::NeighbourQueueFull);
            }
            Held::Refused(refused) => {
                return self.drop(&refused.packet, DropReason::NeighbourQueueFull);
            }
        }
        self.count_held(origin, 1);
        self.observer.ended(origin, Outcome::Held(route.iface));
        let is_own = match origin {
            Origin::Own | Origin::Host => true,
            Origin::Received(_) => false,
        };
        let event = NeighbourEvent::Resolve {
            iface: route.iface,
            addr: next_hop,
            source: is_own.then_some(src),
        };
        let pipe = &mut *self.pipe;
        let (events, counters) = (&mut pipe.uplink.events, &pipe.counters);
        pipe.waiting.ask(route.iface, next_hop, || {
            let is_told = events.push(event).is_ok();
            counters.events_lost.add(u64::from(!is_told));
            is_told
        });
        None
    }

    /// Tells the main thread what was seen of a neighbour. A full ring loses it, counted: it will
    /// be seen again.
    pub(crate) fn tell(&mut self, event: NeighbourEvent) {
        if self.pipe.uplink.events.push(event).is_err() {
            self.pipe.counters.events_lost.add(1);
        }
    }

    fn count_held(&self, origin: Origin, change: i64) {
        let counters = &self.pipe.counters;
        // Counters wrap, so adding -1 as an unsigned number takes one away.
        match origin {
            Origin::Received(_) | Origin::Host => counters.held.add(change as u64),
            Origin::Own => counters.generated_held.add(change as u64),
        }
    }

    /// Sends what waits for neighbours that are known by now; gives up what waited too long.
    pub(crate) fn look_after_waiting(&mut self, is_new_network: bool) {
        let mut at = self.pipe.waiting.neighbours();
        while let Some(below) = at.checked_sub(1) {
            at = below;
            let Some((iface, addr, since_ns)) = self.pipe.waiting.neighbour(at) else {
                continue;
            };
            let is_late = self.now_ns.saturating_sub(since_ns) > GIVE_UP_NS;
            let known = self.network.neighbours().lookup(iface, addr).is_some();
            if is_new_network && known {
                self.release(iface, addr);
            } else if is_late {
                self.give_up(iface, addr);
            }
        }
    }

    fn release(&mut self, iface: IfaceId, addr: IpAddr) {
        let network = self.network;
        while let Some(Waiting { packet, route }) = self.pipe.waiting.take(iface, addr) {
            self.count_held(packet.origin, -1);
            if let Some(out) = network.iface(route.iface) {
                let _ = self.transmit(packet, out, &route);
            } else {
                let _: Option<()> = self.drop(&packet, DropReason::LinkDown);
            }
        }
    }

    /// Nobody answered: senders hear "host unreachable" (`arp_error_report`,
    /// `ndisc_error_report`).
    fn give_up(&mut self, iface: IfaceId, addr: IpAddr) {
        while let Some(Waiting { packet, .. }) = self.pipe.waiting.take(iface, addr) {
            self.count_held(packet.origin, -1);
            if packet.ip.is_v6() {
                let code = icmpv6::unreachable::ADDRESS;
                self.icmpv6_error(&packet, icmpv6::UNREACHABLE, code, 0);
            } else {
                self.icmp_error(&packet, icmpv4::UNREACHABLE, icmpv4::unreachable::HOST, 0);
            }
            let _: Option<()> = self.drop(&packet, DropReason::NeighbourFailed);
            self.send_own();
        }
    }

    /// Does what the main thread wants done.
    pub(crate) fn carry_out(&mut self, order: NeighbourAction) {
        match order {
            NeighbourAction::Solicit {
                iface,
                addr,
                source,
                unicast,
            } => {
                let network = self.network;
                let Some(out) = network.iface(iface) else {
                    return;
                };
                match addr {
                    IpAddr::V4(addr) => self.solicit_v4(out, addr, source, unicast),
                    IpAddr::V6(addr) => self.solicit_v6(out, addr, source, unicast),
                }
                self.send_own();
            }
            NeighbourAction::Unreachable { iface, addr } => self.give_up(iface, addr),
        }
    }
}
