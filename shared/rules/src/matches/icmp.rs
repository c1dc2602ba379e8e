//! `-m icmp` and `-m icmp6`: `net/ipv4/netfilter/ip_tables.c` `icmp_match`, and its IPv6 twin.

use serde::{Deserialize, Serialize};

use crate::Negatable;

/// The type that stands for `any` in IPv4.
pub const ICMP_TYPE_ANY: u8 = 0xff;

/// A type and an inclusive range of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IcmpType {
    /// The type; 255 with all codes is `any` in IPv4.
    pub icmp_type: u8,
    /// First code.
    pub code_first: u8,
    /// Last code.
    pub code_last: u8,
}

/// The options of the match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IcmpMatch {
    /// `--icmp-type`, `--icmpv6-type`. `-m icmp` without it is `any`.
    pub icmp_type: Negatable<IcmpType>,
}
