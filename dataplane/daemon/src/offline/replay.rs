//! The stepping of a replay: workers, main half and clock in one thread.

use std::{net::IpAddr, sync::Arc};

use netio::memory::HeapPool;
use packet::{Burst, DropReason, Network as Layer3, parse};
use pipeline::{
    Generation, HostPath, Pipeline, PipelineConfig, Uplink, WorkerCounters,
    observer::{Outcome, Walk},
};
use route::{IfaceId, LearnKind, MacAddr, NeighbourAction, NeighbourEvent, Network, NetworkError};
use rules::Ruleset;
use sync::Consumer;

use super::{macs, trace::Trace};
use crate::{
    compile::Compiled,
    config::Config,
    ledger::Ledger,
    main_half::{LogLine, MainHalf, Order, WorkerRings},
    network,
};

/// Buffers: as many as may wait for neighbours (8,192), and those on their way.
const BUFFERS: usize = 9_216;
/// Bytes of a buffer: the longest frame that a capture holds of an IP packet, VLAN tags included.
const BUFFER_BYTES: usize = 65_536 + 64;
/// Places in the rings between the halves, which are emptied after each packet.
const RING: usize = 16_384;
/// Frames that may leave by one interface in one step.
const TX_QUEUE_PKTS: usize = 16_384;
/// MTU where weir.toml does not say.
const MTU_BYTES: u16 = 1500;

/// Where a packet comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It arrives on an interface.
    Iface(IfaceId),
    /// The host sends it.
    Host,
}

/// What a replay is made of.
#[derive(Clone, Copy, Debug)]
pub struct ReplayConfig {
    /// Workers that take turns.
    pub workers: usize,
    /// Fixes every random choice.
    pub seed: u64,
    /// Answer for unknown neighbours.
    pub resolve_neighbours: bool,
}

/// A frame that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// By which interface.
    pub iface: IfaceId,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What came of one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Happening {
    /// When, by the replay's clock.
    pub at_ns: u64,
    /// What left, by interface and in the order of leaving.
    pub out: Vec<Frame>,
    /// What was handed to the host.
    pub delivered: Vec<Vec<u8>>,
    /// What LOG rules said.
    pub log: Vec<LogLine>,
    /// How packets that had waited for a neighbour ended.
    pub released: Vec<Outcome>,
}

impl Happening {
    /// Whether anything came of it that anybody could see.
    pub fn is_nothing(&self) -> bool {
        self.out.is_empty()
            && self.delivered.is_empty()
            && self.log.is_empty()
            && self.released.is_empty()
    }
}

/// What became of one packet.
#[derive(Clone, Debug)]
pub struct Judged {
    /// How it ended.
    pub outcome: Outcome,
    /// The walk of a table that decided; `None` if it got to none.
    pub deciding: Option<Walk>,
    /// What came of it.
    pub happening: Happening,
}

/// Where all packets went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Packets that came in.
    pub received: u64,
    /// Those that left.
    pub forwarded: u64,
    /// Those for this host.
    pub delivered: u64,
    /// Those that still wait for a neighbour.
    pub held: u64,
    /// Those dropped, by reason, without zeros.
    pub dropped: Vec<(DropReason, u64)>,
}

struct ReplayWorker {
    pipeline: Pipeline<HeapPool>,
    orders: Consumer<Order>,
}

/// A replay between two packets.
pub struct Replay {
    config: Config,
    ledger: Ledger,
    network: Network,
    macs: Vec<[u8; 6]>,
    main_half: MainHalf,
    workers: Vec<ReplayWorker>,
    counters: Vec<Arc<WorkerCounters>>,
    pool: HeapPool,
    now_ns: u64,
    resolve_neighbours: bool,
    generation: u64,
    lines: Vec<LogLine>,
    /// Packets that no buffer could be had for.
    without_buffer: u64,
}

impl Replay {
    /// A replay of `config` with `compiled` rules; `macs` by interface number.
    ///
    /// # Errors
    /// Interfaces and routes do not fit together.
    pub fn new(
        config: &Config,
        compiled: Compiled,
        macs: Vec<[u8; 6]>,
        replay: ReplayConfig,
    ) -> Result<Self, NetworkError> {
        let network = build_network(config, &macs)?;
        let mut neighbours = network::neighbours(config, replay.seed);
        let network = network.with_neighbours(neighbours.snapshot());
        let pool = HeapPool::on_demand(BUFFERS, BUFFER_BYTES);
        let (mut workers, mut counters, mut rings) = (Vec::new(), Vec::new(), Vec::new());
        for worker in 0..replay.workers {
            let (events_up, events) = sync::ring(RING);
            let (logs_up, logs) = sync::ring(RING);
            let (orders_down, orders) = sync::ring(RING);
            let pipeline_config = PipelineConfig {
                worker,
                workers: replay.workers,
                seed: replay.seed,
                ifaces: config.interfaces.len(),
                tx_queue_pkts: TX_QUEUE_PKTS,
                settings: config.sysctl.settings.clone(),
                host: HostPath::LocalStack,
            };
            let uplink = Uplink {
                events: events_up,
                logs: logs_up,
            };
            let pipeline = Pipeline::new(pipeline_config, pool.clone(), uplink);
            counters.push(pipeline.counters());
            rings.push(WorkerRings {
                events,
                logs,
                orders: orders_down,
            });
            workers.push(ReplayWorker { pipeline, orders });
        }
        let first = Generation::new(1, compiled.classifier, replay.workers);
        Ok(Self {
            config: config.clone(),
            ledger: Ledger::new(Arc::new(first)),
            network,
            macs,
            main_half: MainHalf::new(neighbours, rings),
            workers,
            counters,
            pool,
            now_ns: 0,
            resolve_neighbours: replay.resolve_neighbours,
            generation: 1,
            lines: Vec::new(),
            without_buffer: 0,
        })
    }

    /// Workers that take turns.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Goes over to other rules between two packets.
    pub fn publish(&mut self, compiled: Compiled) {
        let before = self.generation;
        self.generation += 1;
        let next = Generation::new(self.generation, compiled.classifier, self.workers.len());
        self.ledger.publish(Arc::new(next));
        self.ledger.retire(before);
    }

    /// Gives an interface another MAC address.
    ///
    /// # Errors
    /// As [`Replay::new`].
    pub fn set_mac(&mut self, iface: IfaceId, mac: [u8; 6]) -> Result<(), NetworkError> {
        if let Some(known) = self.macs.get_mut(iface.index()) {
            *known = mac;
        }
        let neighbours = self.network.neighbours().clone();
        self.network = build_network(&self.config, &self.macs)?.with_neighbours(neighbours);
        Ok(())
    }

    /// Lets time pass up to `now_ns`; returns what came of timers, in their order. A time before
    /// the clock's changes nothing.
    pub fn advance(&mut self, now_ns: u64) -> Vec<Happening> {
        let mut happenings = Vec::new();
        while let Some(timer_ns) = self
            .main_half
            .next_timer_ns()
            .filter(|&timer| timer <= now_ns)
        {
            let before = self.main_half.next_timer_ns();
            self.now_ns = self.now_ns.max(timer_ns);
            let happening = self.settle();
            if !happening.is_nothing() {
                happenings.push(happening);
            }
            if self.main_half.next_timer_ns() == before {
                break;
            }
        }
        self.now_ns = self.now_ns.max(now_ns);
        happenings
    }

    /// Judges one packet, at the time that the clock stands at. One that is longer than any IP
    /// packet, or that finds all buffers waiting for neighbours, is dropped as live for want of
    /// an mbuf.
    pub fn receive(&mut self, arrival: Arrival, frame: &[u8]) -> Judged {
        let at = self.worker_of(frame);
        let (Some(buf), Some(worker)) = (self.pool.frame(frame), self.workers.get_mut(at)) else {
            return self.turn_away();
        };
        let mut burst = Burst::new();
        burst.push(buf);
        let mut trace = Trace::default();
        let generation = Arc::clone(self.ledger.current());
        let (network, now_ns) = (&self.network, self.now_ns);
        match arrival {
            Arrival::Iface(iface) => worker.pipeline.process_observed(
                &generation,
                network,
                now_ns,
                iface,
                &mut burst,
                &mut trace,
            ),
            Arrival::Host => worker.pipeline.process_host_observed(
                &generation,
                network,
                now_ns,
                &mut burst,
                &mut trace,
            ),
        }
        // A packet that displaces an older one from a neighbour's queue ends after it.
        let outcome = trace
            .outcomes
            .pop()
            .expect("the pipeline ends every packet's way");
        let mut happening = Happening {
            at_ns: self.now_ns,
            delivered: trace.delivered,
            released: trace.outcomes,
            ..Happening::default()
        };
        self.collect(&mut happening.out);
        let after = self.settle();
        happening.out.extend(after.out);
        happening.delivered.extend(after.delivered);
        happening.log.extend(after.log);
        happening.released.extend(after.released);
        let outcome = settled(outcome, &mut happening.released);
        Judged {
            outcome,
            deciding: trace.deciding,
            happening,
        }
    }

    /// Accounts for a packet that no buffer could be had for.
    fn turn_away(&mut self) -> Judged {
        self.without_buffer += 1;
        Judged {
            outcome: Outcome::Dropped(DropReason::MbufExhausted),
            deciding: None,
            happening: Happening {
                at_ns: self.now_ns,
                ..Happening::default()
            },
        }
    }

    /// Both halves take turns until neither has anything left to do.
    fn settle(&mut self) -> Happening {
        let mut happening = Happening {
            at_ns: self.now_ns,
            ..Happening::default()
        };
        let mut trace = Trace::default();
        let generation = Arc::clone(self.ledger.current());
        loop {
            let next = self
                .main_half
                .step(self.now_ns, &self.network, &mut self.lines);
            let mut is_busy = next.is_some();
            if let Some(network) = next {
                self.network = network;
            }
            for worker in &mut self.workers {
                while let Some(order) = worker.orders.pop() {
                    is_busy = true;
                    match order {
                        Order::Neighbour(NeighbourAction::Solicit { iface, addr, .. })
                            if self.resolve_neighbours =>
                        {
                            self.main_half.learn(answer_for(iface, addr), self.now_ns);
                        }
                        Order::Neighbour(action) => worker.pipeline.order_observed(
                            &generation,
                            &self.network,
                            self.now_ns,
                            action,
                            &mut trace,
                        ),
                        Order::Link { iface, is_up } => worker.pipeline.set_link(iface, is_up),
                    }
                }
                let (network, now_ns) = (&self.network, self.now_ns);
                worker
                    .pipeline
                    .poll_observed(&generation, network, now_ns, &mut trace);
            }
            self.collect(&mut happening.out);
            if !is_busy {
                break;
            }
        }
        happening.log.append(&mut self.lines);
        happening.delivered = trace.delivered;
        happening.released = trace.outcomes;
        happening
    }

    /// Takes what is ready to leave, interface by interface.
    fn collect(&mut self, out: &mut Vec<Frame>) {
        let ifaces = self.network.ifaces().iter().map(|iface| iface.id);
        let mut burst = Burst::new();
        for iface in ifaces {
            for worker in &mut self.workers {
                while let Some(queue) = worker.pipeline.tx(iface).filter(|queue| !queue.is_empty())
                {
                    queue.fill(&mut burst);
                    out.extend(burst.drain(..).map(|buf| {
                        let bytes = packet::Buffer::bytes(&buf).to_vec();
                        Frame { iface, bytes }
                    }));
                }
            }
        }
    }

    /// The worker whose turn a frame is: by its source address, so that what a worker keeps for
    /// one sender (rate limits, waiting packets) is in one place for any number of workers.
    fn worker_of(&self, frame: &[u8]) -> usize {
        let Ok(parsed) = parse(frame) else { return 0 };
        let Layer3::Ip(ip) = parsed.network else {
            return 0;
        };
        let bits = match ip.src {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        // A prime just over 2^31 spreads neighbouring addresses.
        let hash = (bits % 2_147_483_659) as usize;
        hash % self.workers.len().max(1)
    }

    /// Where all packets went so far.
    pub fn totals(&self) -> Totals {
        let sum = |count: fn(&WorkerCounters) -> u64| self.counters.iter().map(|c| count(c)).sum();
        let dropped = DropReason::ALL.iter().map(|&reason| {
            let in_pipeline: u64 = self
                .counters
                .iter()
                .map(|counters| counters.drops.get(reason))
                .sum();
            let before_it = match reason {
                DropReason::MbufExhausted => self.without_buffer,
                _ => 0,
            };
            (reason, in_pipeline + before_it)
        });
        Totals {
            received: sum(|counters| counters.received.get()) + self.without_buffer,
            forwarded: sum(|counters| counters.forwarded.get()),
            delivered: sum(|counters| counters.delivered.get()),
            held: sum(|counters| counters.held.get()),
            dropped: dropped
                .filter(|&(_, pkts): &(DropReason, u64)| pkts > 0)
                .collect(),
        }
    }

    /// The running rules.
    pub fn generation(&self) -> &Generation {
        self.ledger.current()
    }

    /// `ruleset`, which must be the running one, with what its rules counted.
    pub fn counted(&self, ruleset: &Ruleset) -> Ruleset {
        super::counters::fill(ruleset, &self.ledger.values(|_| true))
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The clock.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }
}

/// A packet that waited for a neighbour and left in the same step was not held. Nothing that had
/// waited before can leave in that step: it would have left when its neighbour became known.
fn settled(outcome: Outcome, released: &mut Vec<Outcome>) -> Outcome {
    let Outcome::Held(iface) = outcome else {
        return outcome;
    };
    match released
        .iter()
        .position(|&released| released == Outcome::Sent(iface))
    {
        Some(at) => released.remove(at),
        None => outcome,
    }
}

fn build_network(config: &Config, macs: &[[u8; 6]]) -> Result<Network, NetworkError> {
    let mtus = config
        .interfaces
        .iter()
        .map(|iface| iface.mtu.unwrap_or(MTU_BYTES));
    network::network(config, macs, &mtus.collect::<Vec<_>>())
}

/// What a neighbour would have answered.
fn answer_for(iface: IfaceId, addr: IpAddr) -> NeighbourEvent {
    let how = match addr {
        IpAddr::V4(_) => LearnKind::ArpReply {
            is_unicast_reply: true,
            is_gratuitous: false,
        },
        IpAddr::V6(_) => LearnKind::Advertisement {
            is_solicited: true,
            overrides: true,
        },
    };
    NeighbourEvent::Learn {
        iface,
        addr,
        mac: MacAddr(macs::of_neighbour(addr)),
        how,
    }
}
