//! Rulesets and packets for property tests, fuzzers' seeds and rigs.
//!
//! Addresses, ports and interfaces come from small sets, so that rules and packets meet often.
//! Every generated ruleset passes `validate`, and together they use every match and target that
//! `support` lists as evaluated; every generated packet has right checksums where it is whole.

mod frame;
mod packet;
mod rule;
mod ruleset;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

pub use packet::{Packet, packet, packet_of};
pub use rule::{log, rule};
pub use ruleset::{filter_ruleset, ruleset};

/// Interface names that rules ask for and packets carry: one is a prefix of another.
pub const IFACES: [&str; 4] = ["lan", "lan0", "wan", "wan.100"];

/// Ports that rules ask for and packets carry.
pub(crate) const PORTS: [u16; 8] = [0, 22, 53, 80, 443, 1024, 32768, 65535];

/// ICMP types that rules ask for and packets carry, with codes from 0 to 4.
pub(crate) const ICMP_TYPES: [u8; 6] = [0, 3, 8, 128, 135, 255];

/// TCP option kinds that rules ask for and packets carry.
pub(crate) const TCP_OPTIONS: [u8; 5] = [1, 2, 3, 8, 253];

/// Transport protocols: ICMP, TCP, UDP, GRE, ESP, ICMPv6.
pub(crate) const PROTOCOLS: [u8; 6] = [1, 6, 17, 47, 50, 58];

/// One value of `strategy`, the same for the same seed.
///
/// # Panics
/// If the strategy rejects too many values; those here reject none.
pub fn sample<S: Strategy>(strategy: &S, seed: u64) -> S::Value {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    match strategy.new_tree(&mut runner) {
        Ok(tree) => tree.current(),
        Err(reason) => panic!("no value: {reason}"),
    }
}

#[cfg(test)]
mod tests;
