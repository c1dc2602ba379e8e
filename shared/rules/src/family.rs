//! The two address families that netfilter keeps separate rulesets for.

use serde::{Deserialize, Serialize};

/// Which of the two rulesets a rule lives in: `iptables` or `ip6tables`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4, `iptables`.
    Ipv4,
    /// IPv6, `ip6tables`.
    Ipv6,
}

impl Family {
    /// Both families, IPv4 first.
    pub const ALL: [Family; 2] = [Family::Ipv4, Family::Ipv6];

    /// Width of an address in bits: 32 or 128.
    pub const fn address_bits(self) -> u8 {
        match self {
            Family::Ipv4 => 32,
            Family::Ipv6 => 128,
        }
    }
}
