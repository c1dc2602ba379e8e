//! One target per file: its options. What they do is in `reference` and the pipeline.

pub mod log;
pub mod reject;
