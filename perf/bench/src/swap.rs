//! Latency and loss while generations are swapped: the engine and its workers on memory ports, a
//! steady stream of packets, and a main thread that publishes one generation after another.

use std::{
    sync::Arc,
    thread::{self, available_parallelism},
    time::{Duration, Instant},
};

use crossbeam::channel::{self, Receiver};
use hdrhistogram::Histogram;
use netio::memory::HeapPool;
use packet::DropReason;
use pipeline::Settings;
use rules::Ruleset;
use weir_dataplane::{
    config::IdleBackoff,
    engine::{Engine, EngineConfig, WorkerPorts},
    threads::{Clock, SpawnError, Workers, leave_cores},
};

use crate::{
    firewall,
    paced_port::{Pace, Port, Sink, Source, Stage, histogram},
};

/// Buffers of a worker: more than its queues hold.
const POOL_PKTS: usize = 4096;
/// Bytes of a buffer behind its headroom.
const ROOM_BYTES: usize = 2048;
/// How long capacity is measured.
const CAPACITY: Duration = Duration::from_millis(400);
/// What caches and clocks need to settle.
const WARM_UP: Duration = Duration::from_millis(50);
/// What a worker needs to send what it has; and what others need of its core between two rounds,
/// so that a kernel that runs it at real-time priority does not take the core away in between.
const REST: Duration = Duration::from_millis(100);
/// The phase in which nothing is recorded.
const UNRECORDED: u64 = u64::MAX;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Plan {
    /// Generations to publish.
    #[arg(long, default_value_t = 1000)]
    pub(crate) swaps: u32,
    /// Rules in each.
    #[arg(long, default_value_t = 100)]
    pub(crate) rules: u32,
    /// Microseconds from one swap to the next.
    #[arg(long, default_value_t = 2000)]
    pub(crate) period_us: u64,
    /// How often a time with swaps and one without take turns.
    #[arg(long, default_value_t = 10)]
    pub(crate) rounds: u32,
    /// Packets per second and worker; half of what a worker can, if not given.
    #[arg(long)]
    pub(crate) rate: Option<u64>,
    /// Workers; one core is left for the thread that swaps.
    #[arg(long)]
    pub(crate) workers: Option<usize>,
}

/// What was measured.
pub(crate) struct Outcome {
    pub(crate) workers: usize,
    /// Packets per second that one worker can, and that it got.
    pub(crate) capacity_pps: u64,
    pub(crate) rate_pps: u64,
    /// Per packet, from due until sent.
    pub(crate) quiet_ns: Histogram<u64>,
    pub(crate) swapping_ns: Histogram<u64>,
    /// Packets that came in, and those of them that did not go out.
    pub(crate) given: u64,
    pub(crate) lost: u64,
    /// Per swap: from the rules to a generation, and from publishing it until every worker judges
    /// by it.
    pub(crate) compile_ns: Histogram<u64>,
    pub(crate) adoption_ns: Histogram<u64>,
}

/// Measures.
///
/// # Errors
/// A worker did not start.
pub(crate) fn run(plan: &Plan) -> Result<Outcome, SpawnError> {
    let cpus = available_parallelism().map_or(1, usize::from);
    let workers = plan.workers.unwrap_or((cpus - 1).clamp(1, 2)).max(1);
    let rulesets = [0, 1].map(|second| firewall::ruleset(plan.rules.max(1), second));
    let cores: Vec<usize> = (cpus.saturating_sub(workers)..cpus).collect();
    leave_cores(&cores);

    let flood = Bench::start(&cores, Pace::Flood, 0, &rulesets[0])?;
    flood.open();
    thread::sleep(WARM_UP);
    let (before, since) = (flood.taken(), Instant::now());
    thread::sleep(CAPACITY);
    let pps = (flood.taken() - before) as f64 / since.elapsed().as_secs_f64();
    let capacity_pps = (pps / workers as f64) as u64;
    drop(flood.end());

    let rate_pps = plan.rate.unwrap_or(capacity_pps / 2).max(1);
    let phases = 2 * plan.rounds as usize;
    let pace = Pace::EveryPs(1_000_000_000_000 / rate_pps);
    let mut bench = Bench::start(&cores, pace, phases, &rulesets[0])?;
    let swaps = plan.swaps.div_ceil(plan.rounds.max(1));
    let period = Duration::from_micros(plan.period_us);
    for round in 0..u64::from(plan.rounds) {
        bench.open();
        bench.idle(WARM_UP);
        bench.phase(2 * round);
        bench.idle(period * swaps);
        bench.phase(2 * round + 1);
        bench.swap(swaps, period, &rulesets);
        bench.phase(UNRECORDED);
        bench.close();
    }
    Ok(bench.outcome(capacity_pps, rate_pps))
}

/// An engine whose workers run.
struct Bench {
    clock: Clock,
    engine: Engine,
    threads: Workers,
    stages: Vec<Arc<Stage>>,
    results: Receiver<Vec<Histogram<u64>>>,
    number: u64,
    compile_ns: Histogram<u64>,
    adoption_ns: Histogram<u64>,
}

impl Bench {
    fn start(
        cores: &[usize],
        pace: Pace,
        phases: usize,
        ruleset: &Ruleset,
    ) -> Result<Self, SpawnError> {
        let clock = Clock::start();
        let (sender, results) = channel::unbounded();
        let mut stages = Vec::new();
        let mut ports = Vec::new();
        for _ in cores {
            let stage = Arc::new(Stage::default());
            stage.phase.set(UNRECORDED);
            let pool = HeapPool::new(POOL_PKTS, ROOM_BYTES);
            let source = Source {
                pool: pool.clone(),
                clock,
                stage: Arc::clone(&stage),
                frames: firewall::frames(),
                pace,
                number: 0,
                schedule: None,
            };
            let sink = Sink::new(clock, Arc::clone(&stage), phases, sender.clone());
            ports.push(WorkerPorts {
                pool,
                ports: vec![Port::Source(source), Port::Sink(sink)],
            });
            stages.push(stage);
        }
        let (network, neighbours) = firewall::network();
        let config = EngineConfig {
            settings: Settings::default(),
            neighbours,
            idle: IdleBackoff {
                pause_polls: 1000,
                sleep: Duration::from_micros(50),
            },
            seed: 1,
        };
        let first = firewall::generation(1, ruleset, cores.len());
        let (engine, workers) = Engine::new(config, network, first, ports);
        let threads = Workers::start(workers, cores, clock, || Ok(()))?;
        Ok(Self {
            clock,
            engine,
            threads,
            stages,
            results,
            number: 1,
            compile_ns: histogram(),
            adoption_ns: histogram(),
        })
    }

    /// Packets come.
    fn open(&self) {
        for stage in &self.stages {
            stage.is_open.raise();
        }
    }

    /// No packet comes any more; what is on its way arrives.
    fn close(&self) {
        for stage in &self.stages {
            stage.is_open.lower();
        }
        thread::sleep(REST);
    }

    fn phase(&self, number: u64) {
        for stage in &self.stages {
            stage.phase.set(number);
        }
    }

    fn taken(&self) -> u64 {
        self.stages.iter().map(|stage| stage.taken.get()).sum()
    }

    /// What the main thread does when nobody wants anything.
    fn idle(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.engine.step(self.clock.now_ns(), &mut Vec::new());
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Publishes `swaps` generations, one every `period`, of both rulesets in turn.
    fn swap(&mut self, swaps: u32, period: Duration, rulesets: &[Ruleset; 2]) {
        for _ in 0..swaps {
            let started = Instant::now();
            self.number += 1;
            let ruleset = &rulesets[(self.number % 2) as usize];
            let next = firewall::generation(self.number, ruleset, self.stages.len());
            let compiled = started.elapsed().as_nanos() as u64;
            self.compile_ns.saturating_record(compiled);
            self.engine.publish(next, self.clock.now_ns());
            while !self.engine.adoption().is_complete() {
                std::hint::spin_loop();
                self.engine.step(self.clock.now_ns(), &mut Vec::new());
            }
            for passed in self.engine.adoption().workers.iter().flatten() {
                self.adoption_ns.saturating_record(passed.as_nanos() as u64);
            }
            thread::sleep(period.saturating_sub(started.elapsed()));
        }
    }

    /// Workers stop. Returns the latencies of each, by phase.
    fn end(self) -> Vec<Vec<Histogram<u64>>> {
        self.close();
        self.threads.stop();
        self.results.try_iter().collect()
    }

    fn outcome(self, capacity_pps: u64, rate_pps: u64) -> Outcome {
        let (mut quiet_ns, mut swapping_ns) = (histogram(), histogram());
        let stages = self.stages.clone();
        let workers = self.engine.workers().to_vec();
        let (compile_ns, adoption_ns) = (self.compile_ns.clone(), self.adoption_ns.clone());
        for (phase, latency) in self
            .end()
            .into_iter()
            .flat_map(|of| of.into_iter().enumerate())
        {
            let sum = if phase % 2 == 0 {
                &mut quiet_ns
            } else {
                &mut swapping_ns
            };
            *sum += latency;
        }
        for (worker, view) in workers.iter().enumerate() {
            for reason in DropReason::ALL {
                let dropped = view.counters.drops.get(reason);
                if dropped > 0 {
                    eprintln!("worker {worker} dropped {dropped}: {}", reason.name());
                }
            }
        }
        let given: u64 = stages.iter().map(|stage| stage.given.get()).sum();
        let taken: u64 = stages.iter().map(|stage| stage.taken.get()).sum();
        Outcome {
            workers: stages.len(),
            capacity_pps,
            rate_pps,
            quiet_ns,
            swapping_ns,
            given,
            lost: given - taken,
            compile_ns,
            adoption_ns,
        }
    }
}
