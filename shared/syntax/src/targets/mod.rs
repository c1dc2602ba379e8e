//! One file per `-j`: its options, help text, parser, and its saved and listed forms side by side.

pub(crate) mod kind;
pub(crate) mod log;
pub(crate) mod reject;

pub(crate) use kind::{TargetKind, TargetParser, is_target_name, missing_reason};
