//! One version of the ruleset, as workers walk it, with the counters of its rules.

use classifier::{Classifier, CounterId};
use rules::Counters;
use sync::Counter;

/// What one worker counted at one rule or policy.
#[derive(Debug, Default)]
pub(crate) struct RuleCounter {
    pub(crate) pkts: Counter,
    pub(crate) bytes: Counter,
}

/// A ruleset that runs: immutable but for its counters, shared by all workers.
///
/// Each worker has its own counters (one writer), so that no cache line is fought over; a reader
/// sums them up.
#[derive(Debug)]
pub struct Generation {
    number: u64,
    classifier: Classifier,
    slabs: Box<[Box<[RuleCounter]>]>,
}

impl Generation {
    /// A generation for `workers` workers, nothing counted yet.
    pub fn new(number: u64, classifier: Classifier, workers: usize) -> Self {
        let slab = |_| {
            (0..classifier.counter_len())
                .map(|_| RuleCounter::default())
                .collect()
        };
        Self {
            number,
            slabs: (0..workers).map(slab).collect(),
            classifier,
        }
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The rules.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// What all workers counted at a rule or policy of this generation.
    pub fn counters(&self, id: CounterId) -> Counters {
        let mut sum = Counters::default();
        for counter in self.slabs.iter().filter_map(|slab| slab.get(id.index())) {
            sum.packets = sum.packets.wrapping_add(counter.pkts.get());
            sum.bytes = sum.bytes.wrapping_add(counter.bytes.get());
        }
        sum
    }

    /// The counters that `worker` writes; none for a worker this generation was not made for.
    pub(crate) fn slab(&self, worker: usize) -> &[RuleCounter] {
        self.slabs.get(worker).map_or(&[], |slab| slab)
    }
}
