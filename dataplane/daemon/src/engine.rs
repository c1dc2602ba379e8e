//! The main thread's side of forwarding: what is published to workers, who has adopted it, and
//! the counters. Knows no socket, no DPDK and no clock, so tests and benchmarks run it on memory
//! ports.

use std::{sync::Arc, time::Duration};

use netio::NetIo;
use packet::{Burst, Pool};
use pipeline::{Generation, HostPath, Pipeline, PipelineConfig, Settings, Uplink, WorkerCounters};
use route::{IfaceId, NeighbourTable, Network};
use sync::{Domain, Published, Publisher, Retired};

use crate::{
    config::IdleBackoff,
    ledger::Ledger,
    main_half::{LogLine, MainHalf, Order, WorkerRings},
    worker::{Queue, Worker, WorkerLoad},
};

/// Neighbour events from one worker that may wait for the main thread.
const EVENT_RING: usize = 4096;
/// Log records from one worker that may wait.
const LOG_RING: usize = 1024;
/// Orders to one worker that may wait; more stay with the main thread.
const ORDER_RING: usize = 1024;
/// Packets that wait for one interface's queue, per worker.
const TX_QUEUE_PKTS: usize = 1024;

/// What an engine is made of, besides pools and ports.
#[derive(Debug)]
pub struct EngineConfig {
    /// Tunables of the pipeline.
    pub settings: Settings,
    /// The neighbour table, with its static entries.
    pub neighbours: NeighbourTable,
    /// What idle workers do.
    pub idle: IdleBackoff,
    /// Fixes every random choice of the pipeline.
    pub seed: u64,
}

/// A worker's pool, and its port of each interface in their order.
pub struct WorkerPorts<P, N> {
    /// Where new packets come from.
    pub pool: P,
    /// By interface number.
    pub ports: Vec<N>,
}

/// How far a published generation has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// Its number.
    pub generation: u64,
    /// By worker: time from publishing until it was seen to judge by it; `None` while it is not.
    pub workers: Vec<Option<Duration>>,
}

impl Adoption {
    /// The workers that may still judge by an older generation.
    pub fn lagging(&self) -> impl Iterator<Item = usize> {
        let workers = self.workers.iter().enumerate();
        workers
            .filter(|(_, passed)| passed.is_none())
            .map(|(worker, _)| worker)
    }

    /// Whether every worker judges by the generation.
    pub fn is_complete(&self) -> bool {
        self.lagging().next().is_none()
    }
}

/// What the main thread reads of one worker.
#[derive(Clone, Debug)]
pub struct WorkerView {
    /// Packets and drops.
    pub counters: Arc<WorkerCounters>,
    /// Polls and sleeps.
    pub load: Arc<WorkerLoad>,
}

/// The main thread's side. One owner.
pub struct Engine {
    generations: Publisher<Arc<Generation>>,
    networks: Publisher<Network>,
    retired_generations: Vec<(u64, Retired<Arc<Generation>>)>,
    retired_networks: Vec<Retired<Network>>,
    ledger: Ledger,
    main_half: MainHalf,
    adoption: Adoption,
    published_ns: u64,
    workers: Vec<WorkerView>,
}

impl Engine {
    /// An engine and its workers, one for each of `ports`. Workers move to their threads.
    pub fn new<P: Pool, N: NetIo<Buf = P::Buf>>(
        mut config: EngineConfig,
        network: Network,
        first: Generation,
        ports: Vec<WorkerPorts<P, N>>,
    ) -> (Self, Vec<Worker<P, N>>) {
        let ledger = Ledger::new(Arc::new(first));
        let first = Arc::clone(ledger.current());
        let adoption = Adoption {
            generation: first.number(),
            workers: vec![Some(Duration::ZERO); ports.len()],
        };
        let network = network.with_neighbours(config.neighbours.snapshot());
        let domain = Domain::new(ports.len());
        let ifaces = network.ifaces().len();
        let (generations, generation) = sync::channel(&domain, Box::new(first));
        let (networks, network) = sync::channel(&domain, Box::new(network));
        let shared = Shared {
            config: &config,
            domain,
            ifaces,
            generation,
            network,
        };
        let (mut workers, mut views, mut rings) = (Vec::new(), Vec::new(), Vec::new());
        for (number, ports) in ports.into_iter().enumerate() {
            let (worker, view, ring) = shared.worker(number, ports);
            workers.push(worker);
            views.push(view);
            rings.push(ring);
        }
        let engine = Self {
            generations,
            networks,
            retired_generations: Vec::new(),
            retired_networks: Vec::new(),
            ledger,
            main_half: MainHalf::new(config.neighbours, rings),
            adoption,
            published_ns: 0,
            workers: views,
        };
        (engine, workers)
    }

    /// Does all there is to do at `now_ns`: neighbours, log lines, orders, what workers have let
    /// go of. Adds to `lines`.
    pub fn step(&mut self, now_ns: u64, lines: &mut Vec<LogLine>) {
        let next = self.main_half.step(now_ns, self.networks.current(), lines);
        if let Some(network) = next {
            self.retired_networks
                .push(self.networks.publish(Box::new(network)));
        }
        let retired = std::mem::take(&mut self.retired_networks);
        self.retired_networks = retired
            .into_iter()
            .filter_map(|old| old.reclaim().err())
            .collect();
        self.observe_adoption(now_ns);
    }

    /// Makes `next` the generation that workers judge by.
    pub fn publish(&mut self, next: Generation, now_ns: u64) {
        let (before, number) = (self.ledger.current().number(), next.number());
        let next = Arc::new(next);
        self.ledger.publish(Arc::clone(&next));
        let retired = self.generations.publish(Box::new(next));
        self.retired_generations.push((before, retired));
        self.published_ns = now_ns;
        self.adoption = Adoption {
            generation: number,
            workers: vec![None; self.workers.len()],
        };
        self.observe_adoption(now_ns);
    }

    fn observe_adoption(&mut self, now_ns: u64) {
        // Whoever has left the newest retired generation has left all older ones.
        let pending: Vec<usize> = match self.retired_generations.last() {
            Some((_, newest)) => newest.pending().collect(),
            None => Vec::new(),
        };
        let passed = Duration::from_nanos(now_ns.saturating_sub(self.published_ns));
        for (worker, time) in self.adoption.workers.iter_mut().enumerate() {
            if time.is_none() && !pending.contains(&worker) {
                *time = Some(passed);
            }
        }
        for (number, old) in std::mem::take(&mut self.retired_generations) {
            match old.reclaim() {
                Ok(_) => self.ledger.retire(number),
                Err(old) => self.retired_generations.push((number, old)),
            }
        }
    }

    /// How far the running generation has come.
    pub fn adoption(&self) -> &Adoption {
        &self.adoption
    }

    /// The counters of rules and policies.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The counters of rules and policies, to zero them.
    pub fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// What is known of each worker.
    pub fn workers(&self) -> &[WorkerView] {
        &self.workers
    }

    /// The network that workers forward by.
    pub fn network(&self) -> &Network {
        self.networks.current()
    }

    /// Tells every worker that a link changed.
    pub fn set_link(&mut self, iface: IfaceId, is_up: bool) {
        self.main_half.order_all(Order::Link { iface, is_up });
    }
}

/// What all workers are made with.
struct Shared<'a> {
    config: &'a EngineConfig,
    domain: Domain,
    ifaces: usize,
    generation: Published<Arc<Generation>>,
    network: Published<Network>,
}

impl Shared<'_> {
    /// Worker `number`, what the main thread reads of it, and the rings between them.
    fn worker<P: Pool, N: NetIo<Buf = P::Buf>>(
        &self,
        number: usize,
        WorkerPorts { pool, ports }: WorkerPorts<P, N>,
    ) -> (Worker<P, N>, WorkerView, WorkerRings) {
        let (events_up, events) = sync::ring(EVENT_RING);
        let (logs_up, logs) = sync::ring(LOG_RING);
        let (orders, orders_down) = sync::ring(ORDER_RING);
        let pipeline_config = PipelineConfig {
            worker: number,
            workers: self.domain.workers(),
            seed: self.config.seed,
            ifaces: self.ifaces,
            tx_queue_pkts: TX_QUEUE_PKTS,
            settings: self.config.settings.clone(),
            host: HostPath::LocalStack,
        };
        let uplink = Uplink {
            events: events_up,
            logs: logs_up,
        };
        let pipeline = Pipeline::new(pipeline_config, pool, uplink);
        let view = WorkerView {
            counters: pipeline.counters(),
            load: Arc::new(WorkerLoad::default()),
        };
        let queue = |(iface, port)| Queue {
            iface,
            port,
            tx: Burst::new(),
        };
        let reader = self.domain.reader(number);
        let worker = Worker {
            queues: (0..).map(IfaceId).zip(ports).map(queue).collect(),
            pipeline,
            reader: reader.expect("the domain has a slot for each worker"),
            generation: self.generation.clone(),
            network: self.network.clone(),
            orders: orders_down,
            load: Arc::clone(&view.load),
            idle: self.config.idle,
            empty_polls: 0,
            rx: Burst::new(),
        };
        let rings = WorkerRings {
            events,
            logs,
            orders,
        };
        (worker, view, rings)
    }
}
