//! Packets between the wire and the rules.

pub mod buffer;

pub use buffer::{BURST_MAX_PKTS, Buffer, Burst, NoRoom, Pool};
