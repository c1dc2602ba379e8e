//! Packets between the wire and the rules.
//!
//! A [`Buffer`] owns one frame. [`parse()`] looks at its headers once and leaves a [`Parsed`], from
//! which routing, rules and answers read; [`l4_checksum()`] verifies the transport's checksum for
//! those who ask. [`rewrite`] changes a frame in place as a router does, [`fragment`] cuts a packet
//! to an MTU. A packet that goes nowhere has a [`DropReason`].
#![forbid(unsafe_code)]

pub mod buffer;
pub mod drop_reason;
pub mod fragment;
pub mod hop_by_hop;
pub mod l4_checksum;
pub mod parse;
pub mod rewrite;

pub use buffer::{BURST_MAX_PKTS, Buffer, Burst, NoRoom, Pool};
pub use drop_reason::DropReason;
pub use fragment::{FragmentError, fragment_ipv4, fragment_ipv6};
pub use hop_by_hop::{OptionProblem, option_problem};
pub use l4_checksum::{L4Checksum, l4_checksum, l4_checksum_ok};
pub use parse::{Ip, Link, Network, Parsed, Version, parse, parse_ip};
