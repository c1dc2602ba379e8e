//! A port that gives packets at a steady pace, and one that measures how long they took.
//!
//! Packets are due at fixed times, whether the worker is there or not. Each carries the time at
//! which it was due, and its latency counts from there until it is sent: what piles up while a
//! worker is held up is late by as much, and shows.

use std::sync::Arc;

use crossbeam::channel::Sender;
use hdrhistogram::Histogram;
use netio::{
    NetIo,
    memory::{HeapBuf, HeapPool},
};
use packet::{Buffer, Burst, Pool};
use sync::{Counter, Flag, Gauge};
use weir_dataplane::threads::Clock;

use crate::firewall::STAMP_AT;

/// Nanoseconds that a histogram tells apart from more; longer ones are recorded as this.
const LONGEST_NS: u64 = 60_000_000_000;
/// Digits that it keeps: 0.1 %.
const DIGITS: u8 = 3;

/// What goes on outside of the worker, for both of its ports.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// Packets given to the worker; written by its source.
    pub(crate) given: Counter,
    /// Packets sent by the worker; written by its sink.
    pub(crate) taken: Counter,
    /// Into which histogram latencies go; none if there is none of that number.
    pub(crate) phase: Gauge,
    /// Packets are due while it is up; the schedule starts anew when it is raised.
    pub(crate) is_open: Flag,
}

/// When packets are due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As soon as the worker asks.
    Flood,
    /// One every so many picoseconds.
    EveryPs(u64),
}

/// A worker's port.
pub(crate) enum Port {
    Source(Source),
    Sink(Sink),
}

/// Gives packets.
pub(crate) struct Source {
    pub(crate) pool: HeapPool,
    pub(crate) clock: Clock,
    pub(crate) stage: Arc<Stage>,
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) pace: Pace,
    /// Packets given.
    pub(crate) number: u64,
    /// The packet that the schedule started with, and when it was due.
    pub(crate) schedule: Option<(u64, u64)>,
}

impl Source {
    /// When the next packet is due; `now_ns` if that is any time.
    fn due_ns(&mut self, now_ns: u64) -> u64 {
        match self.pace {
            Pace::Flood => now_ns,
            Pace::EveryPs(interval_ps) => {
                let (first, started_ns) = *self.schedule.get_or_insert((self.number, now_ns));
                started_ns + (self.number - first) * interval_ps / 1000
            }
        }
    }

    fn rx_burst(&mut self, rx: &mut Burst<HeapBuf>) -> usize {
        let before = rx.len();
        if !self.stage.is_open.is_raised() {
            self.schedule = None;
            return 0;
        }
        let now_ns = self.clock.now_ns();
        while !rx.is_full() {
            let due_ns = self.due_ns(now_ns);
            if due_ns > now_ns {
                break;
            }
            let Some(mut buf) = self.pool.alloc() else {
                break;
            };
            let frame = &self.frames[self.number as usize % self.frames.len()];
            if buf.append(frame.len()).is_err() {
                break;
            }
            buf.bytes_mut().copy_from_slice(frame);
            buf.bytes_mut()[STAMP_AT..][..8].copy_from_slice(&due_ns.to_be_bytes());
            rx.push(buf);
            self.number += 1;
        }
        let given = rx.len() - before;
        self.stage.given.add(given as u64);
        given
    }
}

/// Takes packets and measures.
pub(crate) struct Sink {
    clock: Clock,
    stage: Arc<Stage>,
    latency_ns: Vec<Histogram<u64>>,
    results: Sender<Vec<Histogram<u64>>>,
}

impl Sink {
    /// A sink with a histogram for each of `phases`; they go to `results` when the port is dropped.
    pub(crate) fn new(
        clock: Clock,
        stage: Arc<Stage>,
        phases: usize,
        results: Sender<Vec<Histogram<u64>>>,
    ) -> Self {
        Self {
            clock,
            stage,
            latency_ns: (0..phases).map(|_| histogram()).collect(),
            results,
        }
    }

    fn tx_burst(&mut self, tx: &mut Burst<HeapBuf>) -> usize {
        let now_ns = self.clock.now_ns();
        let histogram = self.latency_ns.get_mut(self.stage.phase.get() as usize);
        if let Some(histogram) = histogram {
            for buf in tx.iter() {
                let stamp = buf.bytes().get(STAMP_AT..).and_then(|at| at.first_chunk());
                let due_ns = stamp.map_or(0, |stamp| u64::from_be_bytes(*stamp));
                histogram.saturating_record(now_ns.saturating_sub(due_ns));
            }
        }
        let taken = tx.len();
        tx.clear();
        self.stage.taken.add(taken as u64);
        taken
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Nobody listens after a start that failed.
        let _ = self.results.send(std::mem::take(&mut self.latency_ns));
    }
}

/// An empty histogram of nanoseconds.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).expect("the bounds are in order")
}

impl NetIo for Port {
    type Buf = HeapBuf;

    fn rx_burst(&mut self, rx: &mut Burst<HeapBuf>) -> usize {
        match self {
            Port::Source(source) => source.rx_burst(rx),
            Port::Sink(_) => 0,
        }
    }

    fn tx_burst(&mut self, tx: &mut Burst<HeapBuf>) -> usize {
        match self {
            // Nothing is routed back; were it, it would be missing at the sink.
            Port::Source(_) => {
                let taken = tx.len();
                tx.clear();
                taken
            }
            Port::Sink(sink) => sink.tx_burst(tx),
        }
    }
}
