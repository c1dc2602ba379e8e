//! Which rule decides: what workers call at each hook.
//!
//! A [`Classifier`] is immutable and shared by all workers; it is made off the data path, and a
//! walk allocates nothing.

#![forbid(unsafe_code)]

mod classifier;

pub use classifier::Classifier;
pub use rules::{
    CounterId, CounterKind, CounterOwner, Decider, Decision, Effects, Facts, ValidateError, Verdict,
};
