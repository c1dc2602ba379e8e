//! weir.toml: what was typed (`raw`) becomes what it means ([`Config`], always valid), or a
//! [`ConfigError`] that names every fault by file, line and key.

mod check;
mod fault;
mod load;
mod model;
mod network;
mod raw;
mod sysctl;
mod value;

pub use fault::{ConfigError, Fault};
pub use load::LoadError;
pub use model::{
    Config, DpdkConfig, HugePages, IdleBackoff, Interface, StaticNeighbour, StaticRoute,
};
pub use sysctl::Sysctl;

#[cfg(test)]
mod tests;
