//! One command per file: asks the control plane, prints a table or JSON.

pub(crate) mod counters;
pub(crate) mod drops;
pub(crate) mod hooks;
pub(crate) mod replay;
pub(crate) mod status;
