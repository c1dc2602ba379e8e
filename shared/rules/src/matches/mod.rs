//! One match per file: its options. Whether they hold for a packet is decided in `reference`.

pub mod icmp;
pub mod ip;
mod loaded;
pub mod tcp;
pub mod udp;

pub use loaded::Match;
