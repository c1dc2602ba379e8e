//! One file per `-m`: its options, help text, parser, and its saved and listed forms side by side.

pub(crate) mod icmp;
pub(crate) mod icmp6;
pub(crate) mod icmp_type;
pub(crate) mod kind;
pub(crate) mod tcp;
pub(crate) mod udp;

pub(crate) use kind::{MatchKind, MatchParser, missing_reason};
