//! A packet at a hook: the tables that stand there, in the order of their priorities.

use std::net::IpAddr;

use classifier::{CounterId, Decider, Effects, Facts, Verdict};
use packet::{Buffer, DropReason, Ip, Pool};
use route::{Iface, IfaceId};
use rules::{Family, Hook, TableName, targets::log::Log};
use sync::Producer;

use crate::{
    LogRecord, Observer, WorkerCounters, generation::RuleCounter, observer::Walk,
    packet_state::Packet, process::Flight,
};

/// The interfaces that rules on a hook see.
#[derive(Clone, Copy)]
pub(crate) enum Link<'a> {
    /// PREROUTING, INPUT.
    In(&'a Iface),
    /// OUTPUT, POSTROUTING.
    Out(&'a Iface),
    /// FORWARD.
    Through(&'a Iface, &'a Iface),
}

impl<'a> Link<'a> {
    fn input(self) -> Option<&'a Iface> {
        match self {
            Link::In(iface) | Link::Through(iface, _) => Some(iface),
            Link::Out(_) => None,
        }
    }

    fn output(self) -> Option<&'a Iface> {
        match self {
            Link::Out(iface) | Link::Through(_, iface) => Some(iface),
            Link::In(_) => None,
        }
    }
}

/// The tables on `hook` in the order in which a packet meets them (`NF_IP_PRI_*`). Those that
/// `rules::support` does not list as evaluated are empty by `validate` and stand in comments.
const fn tables(hook: Hook) -> &'static [TableName] {
    match hook {
        // (defragment), raw, (conntrack), mangle, nat.
        Hook::Prerouting => &[],
        // mangle, filter, security, nat, (helpers, confirm).
        Hook::Input => &[TableName::Filter],
        // mangle, filter, security.
        Hook::Forward => &[TableName::Filter],
        // (defragment), raw, (conntrack), mangle, nat, (route again), filter, security.
        Hook::Output => &[TableName::Filter],
        // mangle, nat, (helpers, confirm).
        Hook::Postrouting => &[],
    }
}

impl<P: Pool, O: Observer> Flight<'_, P, O> {
    /// Asks the tables on `hook`. `None` ends the packet's way; it is accounted for.
    pub(crate) fn hook(
        &mut self,
        hook: Hook,
        packet: &Packet<P::Buf>,
        link: Link<'_>,
    ) -> Option<()> {
        for &table in tables(hook) {
            let facts = facts(packet, link);
            let mut effects = RuleEffects {
                counters: self.generation.slab(self.pipe.worker),
                log: LogSink {
                    ring: &mut self.pipe.uplink.logs,
                    worker: &self.pipe.counters,
                    hook,
                    link,
                    frame: packet.buf.bytes(),
                    ip: &packet.ip,
                    has_link_header: link.input().is_some(),
                    now_ns: self.now_ns,
                },
            };
            let family = facts.family;
            let Some(decision) =
                self.generation
                    .classifier()
                    .walk(table, hook, &facts, &mut effects)
            else {
                continue;
            };
            self.observer.walked(
                packet.origin,
                Walk {
                    family,
                    table,
                    hook,
                    decision,
                },
            );
            match decision.verdict {
                Verdict::Accept => {}
                Verdict::Drop => {
                    return self.drop(
                        packet,
                        match decision.by {
                            Decider::Rule(_) => DropReason::Rule,
                            Decider::Policy(_) => DropReason::Policy,
                            Decider::HotDrop(_) => DropReason::Hotdrop,
                        },
                    );
                }
                Verdict::Reject(with) => {
                    self.reject(packet, with);
                    return self.drop(packet, DropReason::Reject);
                }
            }
        }
        Some(())
    }
}

/// What rules may ask about the packet.
fn facts<'a, B: Buffer>(packet: &'a Packet<B>, link: Link<'a>) -> Facts<'a> {
    let ip: &Ip = &packet.ip;
    let frame = packet.buf.bytes();
    Facts {
        family: family_of(ip),
        in_iface: link.input().map_or("", |iface| &iface.name),
        out_iface: link.output().map_or("", |iface| &iface.name),
        src: ip.src,
        dst: ip.dst,
        protocol: ip.protocol_is_known().then_some(ip.protocol),
        fragment_offset: ip.fragment_offset,
        more_fragments: ip.more_fragments(),
        packet: ip.packet(frame),
        l4: ip.l4(frame),
        length: u32::from(ip.length()),
    }
}

/// Which ruleset is asked.
pub(crate) const fn family_of(ip: &Ip) -> Family {
    match ip.dst {
        IpAddr::V4(_) => Family::Ipv4,
        IpAddr::V6(_) => Family::Ipv6,
    }
}

/// Counts at rules, and hands log records to the main thread.
struct RuleEffects<'a> {
    counters: &'a [RuleCounter],
    log: LogSink<'a>,
}

/// Where LOG writes, and the packet that it writes about.
struct LogSink<'a> {
    ring: &'a mut Producer<LogRecord>,
    worker: &'a WorkerCounters,
    hook: Hook,
    link: Link<'a>,
    frame: &'a [u8],
    ip: &'a Ip,
    has_link_header: bool,
    now_ns: u64,
}

impl Effects for RuleEffects<'_> {
    fn count(&mut self, id: CounterId, bytes: u32) {
        if let Some(counter) = self.counters.get(id.index()) {
            counter.pkts.add(1);
            counter.bytes.add(u64::from(bytes));
        }
    }

    #[cold]
    fn log(&mut self, log: &Log, _by: CounterId) {
        let LogSink {
            hook,
            link,
            frame,
            ip,
            now_ns,
            ..
        } = self.log;
        let id = |iface: Option<&Iface>| iface.map(|iface| iface.id);
        let ifaces: [Option<IfaceId>; 2] = [id(link.input()), id(link.output())];
        let link_header = if self.log.has_link_header {
            &frame[..usize::from(ip.l3).min(frame.len())]
        } else {
            &[]
        };
        let record = LogRecord::new(log, hook, ifaces, link_header, ip.packet(frame), now_ns);
        if self.log.ring.push(record).is_err() {
            self.log.worker.logs_lost.add(1);
        }
    }
}
