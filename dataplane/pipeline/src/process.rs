//! The life of a burst. Packet flow and inspection are in strict order, netfilter's: the whole
//! policy of the data path reads in [`Flight::packet`]. A step that ends a packet's way has
//! accounted for it and returns `None`.

use arrayvec::ArrayVec;
use packet::{BURST_MAX_PKTS, Buffer, Burst, DropReason, Parsed, Pool, parse};
use route::{Iface, IfaceId, Network, Route};
use rules::Hook;

use crate::{
    Generation, Observer, Origin, Outcome, Pipeline,
    draft::Draft,
    hooks::Link,
    ip_option::IpOptions,
    packet_state::{Cast, Destination, Packet},
};

/// A burst on its way: the worker's pipeline, and what is borrowed for as long as it flies.
pub(crate) struct Flight<'a, P: Pool, O: Observer> {
    pub(crate) pipe: &'a mut Pipeline<P>,
    pub(crate) generation: &'a Generation,
    pub(crate) network: &'a Network,
    pub(crate) now_ns: u64,
    pub(crate) observer: &'a mut O,
}

/// Where routing sends a packet.
pub(crate) enum Way<'a> {
    /// To this host.
    Here,
    /// To another host.
    On(&'a Route),
}

impl<'a, P: Pool, O: Observer> Flight<'a, P, O> {
    /// Takes a burst that came in by `iface`.
    pub(crate) fn receive(&mut self, iface: IfaceId, burst: &mut Burst<P::Buf>) {
        let network = self.network;
        let Some(iface) = network.iface(iface) else {
            // The worker polls an interface that this snapshot does not have.
            for _ in burst.drain(..) {
                self.pipe.counters.received.add(1);
                self.drop_now(Origin::Received(iface), DropReason::LinkDown);
            }
            return;
        };
        self.count_received(iface, burst);
        // All are parsed before the first is judged: read back at once, what the parser has just
        // written in small pieces would stall each packet.
        let parsed: ArrayVec<_, BURST_MAX_PKTS> =
            burst.iter().map(|buf| parse(buf.bytes())).collect();
        for (buf, parsed) in burst.drain(..).zip(&parsed) {
            self.observer.starts(Origin::Received(iface.id));
            let _ = self.packet(iface, buf, parsed);
            self.send_own();
        }
    }

    /// The life of one packet that came in by `iface`.
    fn packet(
        &mut self,
        iface: &'a Iface,
        buf: P::Buf,
        parsed: &Result<Parsed, DropReason>,
    ) -> Option<()> {
        let mut packet = self.link_layer(iface, buf, parsed)?;
        let arrival = Link::In(iface);
        self.hook(Hook::Prerouting, &packet, arrival)?;
        match self.route_input(iface, &mut packet)? {
            Way::Here => {
                self.whole(&packet)?;
                self.hook(Hook::Input, &packet, arrival)?;
                self.deliver(iface, packet)
            }
            Way::On(route) => {
                let out = self.network.iface(route.iface)?;
                self.forward(&mut packet, out, route)?;
                self.hook(Hook::Forward, &packet, Link::Through(iface, out))?;
                self.forward_options(&mut packet, route);
                self.hook(Hook::Postrouting, &packet, Link::Out(out))?;
                self.transmit(packet, out, route)
            }
        }
    }

    /// Takes a burst of packets that the host sends.
    pub(crate) fn receive_from_host(&mut self, burst: &mut Burst<P::Buf>) {
        for buf in burst.drain(..) {
            self.pipe.counters.received.add(1);
            self.observer.starts(Origin::Host);
            let draft = Draft {
                buf,
                link: None,
                options: IpOptions::NONE,
            };
            let _ = self.packet_out(Origin::Host, draft);
            self.send_own();
        }
    }

    /// The life of one packet that starts here: the host's, or one that was made here.
    pub(crate) fn packet_out(&mut self, origin: Origin, draft: Draft<P::Buf>) -> Option<()> {
        let (packet, route) = self.route_output(origin, draft)?;
        if packet.destination.is_here() {
            return self.packet_to_itself(packet);
        }
        let out = self.network.iface(route.iface)?;
        self.hook(Hook::Output, &packet, Link::Out(out))?;
        self.hook(Hook::Postrouting, &packet, Link::Out(out))?;
        self.transmit(packet, out, &route)
    }

    /// The rest of the life of a packet from this host to itself: out by `lo` and in again.
    #[cold]
    fn packet_to_itself(&mut self, packet: Packet<P::Buf>) -> Option<()> {
        let lo = self.network.loopback();
        self.hook(Hook::Output, &packet, Link::Out(lo))?;
        self.hook(Hook::Postrouting, &packet, Link::Out(lo))?;
        self.hook(Hook::Prerouting, &packet, Link::In(lo))?;
        self.whole(&packet)?;
        self.hook(Hook::Input, &packet, Link::In(lo))?;
        self.deliver(lo, packet)
    }

    /// Sends the packets that were made while another one was on its way. A packet that is made
    /// while these are sent (an answer to a rejected answer) is sent too, at most 64 of them.
    pub(crate) fn send_own(&mut self) {
        const MOST: usize = 64;
        for _ in 0..MOST {
            let Some(draft) = self.pipe.own.pop_front() else {
                return;
            };
            let _ = self.packet_out(Origin::Own, draft);
        }
        while self.pipe.own.pop_front().is_some() {
            self.drop_now(Origin::Own, DropReason::TxFull);
        }
    }

    fn count_received(&mut self, iface: &Iface, burst: &Burst<P::Buf>) {
        let bytes: usize = burst.iter().map(|buf| buf.bytes().len()).sum();
        let counters = &self.pipe.counters;
        counters.received.add(burst.len() as u64);
        if let Some(of_iface) = counters.ifaces.get(iface.id.index()) {
            of_iface.rx_pkts.add(burst.len() as u64);
            of_iface.rx_bytes.add(bytes as u64);
        }
    }

    /// Ends the way of `packet`: its reason is counted. The buffer goes back when its owner, who
    /// gets `None`, lets go of it.
    pub(crate) fn drop<T>(&mut self, packet: &Packet<P::Buf>, reason: DropReason) -> Option<T> {
        self.drop_now(packet.origin, reason);
        None
    }

    /// Counts a drop; the buffer is the caller's to let go.
    pub(crate) fn drop_now(&mut self, origin: Origin, reason: DropReason) {
        let counters = &self.pipe.counters;
        match origin {
            Origin::Received(_) | Origin::Host => counters.drops.count(reason),
            Origin::Own => counters.generated_drops.count(reason),
        }
        self.observer.ended(origin, Outcome::Dropped(reason));
    }

    /// Counts a packet that ended at this host; its buffer is the caller's to let go.
    pub(crate) fn delivered(&mut self, origin: Origin, frame: &[u8]) {
        let counters = &self.pipe.counters;
        match origin {
            Origin::Received(_) | Origin::Host => counters.delivered.add(1),
            Origin::Own => counters.generated_sent.add(1),
        }
        self.observer.delivered(frame);
        self.observer.ended(origin, Outcome::Delivered);
    }
}

impl<B> Packet<B> {
    /// A packet that nobody has routed yet.
    pub(crate) fn new(buf: B, ip: packet::Ip, origin: Origin, cast: Cast) -> Self {
        Self {
            buf,
            ip,
            origin,
            cast,
            destination: Destination::Unknown,
            options: IpOptions::NONE,
        }
    }
}
