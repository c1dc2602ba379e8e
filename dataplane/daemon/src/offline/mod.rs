//! `weir replay`: the production pipeline on capture files, without a NIC.
//!
//! Timestamps drive the clock, neighbour timers included; the same input and seed give the same
//! bytes. Workers take turns in one thread: a packet goes to the worker that its source address
//! picks, so the verdicts do not depend on how many there are.
//!
//! What a replay does not know, it says: a neighbour that neither weir.toml nor ARP or neighbour
//! discovery in the capture told is asked for, as live, and packets for it wait; with
//! `--resolve-neighbours` each is answered for with a made-up MAC address.

mod captures;
mod counters;
mod error;
mod input;
mod interactive;
mod macs;
mod replay;
mod report;
mod rules_file;
mod run;
mod schedule;
mod trace;

pub use error::OfflineError;
pub use replay::{Arrival, Frame, Happening, Judged, Replay, ReplayConfig, Totals};
pub use run::run;
