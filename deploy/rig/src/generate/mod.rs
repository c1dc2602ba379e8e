//! Cases out of a seed: the same seed and number give the same case.

mod dice;
mod packets;
mod pool;
mod rules;

pub use area::{Area, case, case_around};

mod area;
