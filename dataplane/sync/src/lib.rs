//! All atomics of the project. The standard library's normally, loom's under `cfg(loom)`, so
//! that the tests under `tests/loom_*.rs` run every interleaving of the same code.
//!
//! # Overview
//!
//! - [`publish`]: one writer hands a value to all workers by swapping a pointer; the old value
//!   comes back to the writer once every worker has passed a quiescent point (QSBR).
//! - [`spsc`]: a bounded ring between exactly two threads.
//! - [`counter`]: counters with one writer and any readers; flags and gauges for daemons.
//!
//! # Life cycle
//!
//! The main thread makes one [`Domain`] for its workers and one channel per published value.
//! Each worker takes its [`Reader`] once, loads what it needs at the start of a burst and calls
//! [`Reader::quiescent`] at its end. A worker that sleeps parks its reader, so that nobody waits
//! for it.
//!
//! # Concurrency
//!
//! Workers never wait, lock or allocate here. The publisher waits for workers on its own time:
//! [`Retired::pending`] names those that hold it up; the caller owns the clock.
//!
//! # Limits
//!
//! Generation and epoch numbers are 64 bits wide and never wrap.

#![deny(unsafe_code)]

pub mod counter;
mod primitive;
pub mod publish;
pub mod spsc;

pub use counter::{Counter, Flag, Gauge};
pub use publish::{Domain, Published, Publisher, Reader, Retired, channel};
pub use spsc::{Consumer, Producer, ring};
