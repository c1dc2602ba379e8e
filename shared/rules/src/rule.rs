//! One rule: matches and a target.

use serde::{Deserialize, Serialize};

use crate::{Target, matches::Match, matches::ip::IpMatch};

/// Packets and bytes; bytes count from the IP header on, as the kernel counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Packets.
    pub packets: u64,
    /// Bytes, IP total length.
    pub bytes: u64,
}

/// Identity of a rule over generations; counters and limit state follow it. Never reused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct RuleHandle(pub u64);

/// A value that a `!` before the option turns round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Negatable<T> {
    /// `!` was given.
    pub negated: bool,
    /// The value.
    pub value: T,
}

impl<T> Negatable<T> {
    /// The value as it stands, without `!`.
    pub const fn plain(value: T) -> Self {
        Self {
            negated: false,
            value,
        }
    }

    /// The value behind a `!`.
    pub const fn negated(value: T) -> Self {
        Self {
            negated: true,
            value,
        }
    }

    /// Whether the match holds, given whether the value fits the packet.
    pub const fn holds(&self, fits: bool) -> bool {
        fits != self.negated
    }
}

/// Matches, all of which must hold, in the order in which they are tried, and a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Identity over generations. 0 until the control plane assigns it.
    pub handle: RuleHandle,
    /// What the operator set the counters to; the data plane counts on from there.
    pub counters: Counters,
    /// `-s -d -i -o -p -f`, tried first.
    pub ip: IpMatch,
    /// The loaded matches (`-m`), in the order of loading.
    pub matches: Vec<Match>,
    /// What to do; [`Target::None`] only counts.
    pub target: Target,
}

impl Rule {
    /// Whether both have the same matches and target: what `-D` and `-C` compare. Handles and
    /// counters do not count.
    pub fn says_same(&self, other: &Rule) -> bool {
        self.ip == other.ip && self.matches == other.matches && self.target == other.target
    }
}
