//! Capture files that scripts make: what the demo shows where it cannot open ports, and what
//! benchmarks replay for ever.

mod client_day;
mod flows;
mod frame;
mod write;

pub(crate) use write::{What, run};
