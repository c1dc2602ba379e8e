//! Counters over generations. Workers count into slabs of their generation; here stands what each
//! rule or policy had before, by its handle.
//!
//! value(handle) = carried(handle) + slabs of the running generation + slabs of generations that
//! some worker may still count into. Zeroing subtracts from `carried`, so no worker is disturbed
//! and no count is lost: what is returned and what is counted later add up.
//!
//! All sums wrap at 2^64, as the kernel's.

use std::{collections::HashMap, sync::Arc};

use api::CounterValue;
use pipeline::Generation;
use rules::{CounterId, CounterOwner, Counters, RuleHandle};

/// What each rule and policy of the running generation has counted. One owner, the main thread.
#[derive(Debug)]
pub struct Ledger {
    carried: HashMap<RuleHandle, Counters>,
    current: Arc<Generation>,
    /// Replaced, and not yet left by every worker.
    retiring: Vec<Arc<Generation>>,
}

impl Ledger {
    /// Starts with `first`; its rules start at their initial counters.
    pub fn new(first: Arc<Generation>) -> Self {
        let carried = owners(&first)
            .map(|(_, owner)| (owner.handle, owner.initial))
            .collect();
        Self {
            carried,
            current: first,
            retiring: Vec::new(),
        }
    }

    /// The running generation.
    pub fn current(&self) -> &Arc<Generation> {
        &self.current
    }

    /// `next` was published. Handles it shares with the generation before go on counting, new
    /// ones start at their initial counters, others are forgotten.
    pub fn publish(&mut self, next: Arc<Generation>) {
        let carried = owners(&next)
            .map(|(_, owner)| {
                let carried = self.carried.get(&owner.handle).copied();
                (owner.handle, carried.unwrap_or(owner.initial))
            })
            .collect();
        self.carried = carried;
        let before = std::mem::replace(&mut self.current, next);
        self.retiring.push(before);
    }

    /// No worker counts into generation `number` any more.
    pub fn retire(&mut self, number: u64) {
        let Some(at) = self.retiring.iter().position(|old| old.number() == number) else {
            return;
        };
        let old = self.retiring.remove(at);
        for (id, owner) in owners(&old) {
            if let Some(carried) = self.carried.get_mut(&owner.handle) {
                *carried = sum(*carried, old.counters(id));
            }
        }
    }

    /// The counters of those rules and policies that `wanted` picks.
    pub fn values(&self, mut wanted: impl FnMut(&CounterOwner) -> bool) -> Vec<CounterValue> {
        let mut retiring: HashMap<RuleHandle, Counters> = HashMap::new();
        for old in &self.retiring {
            for (id, owner) in owners(old) {
                let counted = retiring.entry(owner.handle).or_default();
                *counted = sum(*counted, old.counters(id));
            }
        }
        owners(&self.current)
            .filter(|(_, owner)| wanted(owner))
            .map(|(id, owner)| {
                let carried = self.carried.get(&owner.handle).copied().unwrap_or_default();
                let before = retiring.get(&owner.handle).copied().unwrap_or_default();
                let counters = sum(sum(carried, before), self.current.counters(id));
                CounterValue {
                    handle: owner.handle,
                    counters,
                }
            })
            .collect()
    }

    /// Sets the counters that `wanted` picks to zero; returns what they were.
    pub fn zero(&mut self, wanted: impl FnMut(&CounterOwner) -> bool) -> Vec<CounterValue> {
        let values = self.values(wanted);
        for value in &values {
            if let Some(carried) = self.carried.get_mut(&value.handle) {
                *carried = Counters {
                    packets: carried.packets.wrapping_sub(value.counters.packets),
                    bytes: carried.bytes.wrapping_sub(value.counters.bytes),
                };
            }
        }
        values
    }
}

fn owners(generation: &Generation) -> impl Iterator<Item = (CounterId, &CounterOwner)> {
    (0..).map(CounterId).zip(generation.classifier().counters())
}

fn sum(one: Counters, other: Counters) -> Counters {
    Counters {
        packets: one.packets.wrapping_add(other.packets),
        bytes: one.bytes.wrapping_add(other.bytes),
    }
}
