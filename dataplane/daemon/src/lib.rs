//! weir-dataplane: workers, control socket, offline replay.

#![forbid(unsafe_code)]

pub mod config;
pub mod state;
