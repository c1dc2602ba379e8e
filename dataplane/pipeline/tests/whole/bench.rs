//! A worker and the main thread's half of its network, stepped by hand.

use std::net::IpAddr;

use classifier::Classifier;
use netio::memory::{HeapBuf, HeapPool};
use packet::{Buffer, Burst};
use pipeline::{
    Generation, HostPath, LogRecord, Observer, Order, Origin, Outcome, Pipeline, PipelineConfig,
    Settings, Uplink, Walk, WorkerCounters, format_line,
};
use route::{
    IfaceId, NeighbourEvent, NeighbourParams, NeighbourTable, Network, NetworkConfig,
    StaticNeighbour,
};
use rules::{Family, Ruleset};
use sync::{Consumer, ring};
use syntax::{Invocation, Names, Program, Stamp};

/// What happened to packets, in order.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) outcomes: Vec<(Origin, Outcome)>,
    pub(crate) walks: Vec<Walk>,
    pub(crate) delivered: Vec<Vec<u8>>,
}

impl Observer for Seen {
    fn walked(&mut self, _origin: Origin, walk: Walk) {
        self.walks.push(walk);
    }

    fn ended(&mut self, origin: Origin, outcome: Outcome) {
        self.outcomes.push((origin, outcome));
    }

    fn delivered(&mut self, frame: &[u8]) {
        self.delivered.push(frame.to_vec());
    }
}

/// What a bench is made of.
pub(crate) struct Setup {
    pub(crate) network: NetworkConfig,
    pub(crate) neighbours: Vec<StaticNeighbour>,
    pub(crate) settings: Settings,
    pub(crate) rules4: String,
    pub(crate) rules6: String,
    pub(crate) host: HostPath,
}

/// One worker, stepped by hand.
pub(crate) struct Bench {
    pub(crate) pipe: Pipeline<HeapPool>,
    pub(crate) generation: Generation,
    pub(crate) network: Network,
    pub(crate) table: NeighbourTable,
    pub(crate) pool: HeapPool,
    pub(crate) now_ns: u64,
    pub(crate) seen: Seen,
    events: Consumer<NeighbourEvent>,
    logs: Consumer<LogRecord>,
}

impl Bench {
    pub(crate) fn new(setup: &Setup) -> Self {
        let base = Network::new(&setup.network).expect("the network holds");
        let mut table = NeighbourTable::new(NeighbourParams::default(), 1);
        for &neighbour in &setup.neighbours {
            table.set_static(neighbour);
        }
        let network = base.with_neighbours(table.snapshot());
        let pool = HeapPool::new(4096, 9216);
        let (event_in, events) = ring(1024);
        let (log_in, logs) = ring(64);
        let config = PipelineConfig {
            worker: 0,
            workers: 1,
            seed: 1,
            ifaces: network.ifaces().len(),
            tx_queue_pkts: 256,
            settings: setup.settings.clone(),
            host: setup.host,
        };
        let uplink = Uplink {
            events: event_in,
            logs: log_in,
        };
        Self {
            pipe: Pipeline::new(config, pool.clone(), uplink),
            generation: generation(&setup.rules4, &setup.rules6),
            network,
            table,
            pool,
            now_ns: 1_700_000_000_000_000_000,
            seen: Seen::default(),
            events,
            logs,
        }
    }

    /// A buffer that holds `frame`.
    pub(crate) fn buf(&mut self, frame: &[u8]) -> HeapBuf {
        self.pool.frame(frame).expect("the pool has room")
    }

    /// A burst of one frame by `iface`.
    pub(crate) fn receive(&mut self, iface: IfaceId, frame: &[u8]) {
        let mut burst = Burst::new();
        burst.push(self.buf(frame));
        self.pipe.process_observed(
            &self.generation,
            &self.network,
            self.now_ns,
            iface,
            &mut burst,
            &mut self.seen,
        );
        assert!(burst.is_empty(), "every packet is taken");
        self.check();
    }

    /// A packet that the host sends.
    pub(crate) fn send_from_host(&mut self, frame: &[u8]) {
        let mut burst = Burst::new();
        burst.push(self.buf(frame));
        self.pipe.process_host_observed(
            &self.generation,
            &self.network,
            self.now_ns,
            &mut burst,
            &mut self.seen,
        );
        self.check();
    }

    /// The main thread's turn: takes in what the worker saw, lets timers expire, gives orders,
    /// publishes neighbours.
    pub(crate) fn main_turn(&mut self) {
        let mut orders: Vec<Order> = Vec::new();
        while let Some(event) = self.events.pop() {
            self.table.event(event, self.now_ns, &mut orders);
        }
        self.table.tick(self.now_ns, &mut orders);
        if self.table.is_dirty() {
            self.network = self.network.with_neighbours(self.table.snapshot());
        }
        for order in orders {
            self.pipe.order_observed(
                &self.generation,
                &self.network,
                self.now_ns,
                order,
                &mut self.seen,
            );
        }
        self.pipe
            .poll_observed(&self.generation, &self.network, self.now_ns, &mut self.seen);
        self.check();
    }

    /// The frames that left since the last call, by interface in the order of their numbers.
    pub(crate) fn sent(&mut self) -> Vec<(IfaceId, Vec<u8>)> {
        let mut frames = Vec::new();
        for number in 0..self.network.ifaces().len() {
            let iface = IfaceId(number as u16);
            let queue = self.pipe.tx(iface).expect("the interface exists");
            while !queue.is_empty() {
                let mut burst = Burst::new();
                queue.fill(&mut burst);
                frames.extend(burst.iter().map(|buf| (iface, buf.bytes().to_vec())));
            }
        }
        frames
    }

    /// The log lines since the last call.
    pub(crate) fn log_lines(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.logs.pop())
            .map(|record| format_line(&record, &self.network))
            .collect()
    }

    /// Neighbour events that the main thread has not taken in.
    pub(crate) fn take_events(&mut self) -> Vec<NeighbourEvent> {
        std::iter::from_fn(|| self.events.pop()).collect()
    }

    /// Nothing was lost.
    pub(crate) fn check(&self) {
        let counters: &WorkerCounters = &self.pipe.counters();
        assert_eq!(counters.balance(), Ok(()));
        let held = counters.held.get() + counters.generated_held.get();
        assert_eq!(held as usize, self.pipe.waiting_pkts());
    }

    /// How the packets that came in ended since the last call.
    pub(crate) fn ends(&mut self) -> Vec<Outcome> {
        let seen = std::mem::take(&mut self.seen.outcomes);
        seen.into_iter()
            .filter(|(origin, _)| *origin != Origin::Own)
            .map(|(_, end)| end)
            .collect()
    }
}

/// A generation of iptables-restore texts.
pub(crate) fn generation(rules4: &str, rules6: &str) -> Generation {
    let mut ruleset = Ruleset::new();
    let names = Names::from_text("", "");
    for (family, text) in [(Family::Ipv4, rules4), (Family::Ipv6, rules6)] {
        if text.is_empty() {
            continue;
        }
        let call = Invocation {
            program: Program::Restore,
            family,
            args: &[],
            stdin: text,
            stamp: Stamp {
                version: "0",
                unix_time_s: 0,
            },
        };
        let outcome = syntax::run(&call, &ruleset, &names);
        assert_eq!(outcome.exit_code, 0, "{}{text}", outcome.stderr);
        ruleset = outcome.ruleset.expect("a restore makes a ruleset");
    }
    Generation::new(
        1,
        Classifier::new(&ruleset).expect("the rules are valid"),
        1,
    )
}

/// The address that `text` spells.
pub(crate) fn addr(text: &str) -> IpAddr {
    text.parse().expect("an address")
}
