//! weir-dataplane: workers, control socket, offline replay.
//!
//! # Overview
//! A worker ([`worker`]) polls its queue of each interface, judges what came and sends what may
//! go; it is one thread on one core. The main thread ([`plane`]) owns everything else: the control
//! socket ([`control`]), the compiler's thread ([`background`]), what is published to workers and
//! their counters ([`engine`], [`ledger`]), neighbours and log lines ([`main_half`]). [`live`] puts
//! DPDK ports under it; [`offline`] steps the same halves over capture files.
//!
//! # Life cycle
//! Configuration, state and rules come first ([`config`], [`state`], [`boot`]), then devices, then
//! workers: no packet flows without rules. A stop goes the other way round.
//!
//! # Concurrency
//! Workers write their counters and the rings to the main thread, nothing else that is shared.
//! The main thread publishes generations and networks by `sync::publish` and gets the old ones
//! back once every worker has passed a quiescent point.
//!
//! # Limits
//! At most 256 workers. Neighbour events wait at most a millisecond for the main thread.

#![forbid(unsafe_code)]

pub mod args;
pub mod background;
pub mod boot;
pub mod compile;
pub mod config;
pub mod control;
pub mod engine;
pub mod ledger;
#[cfg(feature = "dpdk")]
pub mod live;
pub mod log;
pub mod main_half;
pub mod network;
pub mod offline;
pub mod plane;
pub mod program;
pub mod state;
pub mod threads;
pub mod worker;
