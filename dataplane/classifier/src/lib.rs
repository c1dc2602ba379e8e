//! Which rule decides: what workers call at each hook.
//!
//! # Overview
//!
//! A [`Classifier`] holds every table of both families as flat arrays of rules: addresses and
//! masks as integers, interface names as 16 bytes under a mask, port ranges as first and span. A
//! walk reads a packet's header fields once into a key and compares the key with one rule after
//! another, in the order in which `rules::reference` would; that evaluator is the specification
//! and the oracle of this crate's property tests.
//!
//! # Life cycle
//!
//! Made from a ruleset off the data path, then immutable; dropped with its generation.
//!
//! # Concurrency
//!
//! Shared by all workers by reference. Counting and logging go to the caller's [`Effects`].
//!
//! # Limits
//!
//! A walk is linear in the rules it meets. It allocates nothing and its call stack is bounded by
//! `rules::resolved::JUMP_DEPTH_MAX`.

#![forbid(unsafe_code)]

mod address;
mod classifier;
mod key;
mod rule;
mod table;
mod transport;

pub use classifier::Classifier;
pub use rules::{
    CounterId, CounterKind, CounterOwner, Decider, Decision, Effects, Facts, ValidateError, Verdict,
};
