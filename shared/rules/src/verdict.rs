//! What a walk of one table on one hook decides, and which rule or policy decided it.

use serde::{Deserialize, Serialize};

use crate::targets::reject::RejectWith;

/// Index of a counter, dense over a whole ruleset: one per rule and one per policy. The same
/// ruleset always numbers its counters alike; another generation may number them otherwise, so
/// nothing but the generation that gave it may interpret it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CounterId(pub u32);

impl CounterId {
    /// The id as an index into a slab of counters.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What happens to the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It goes on to the next table or step.
    Accept,
    /// It is dropped in silence.
    Drop,
    /// It is dropped and its sender gets this answer.
    Reject(RejectWith),
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decider {
    /// A rule's target.
    Rule(CounterId),
    /// A built-in chain's policy, reached by its end or by RETURN.
    Policy(CounterId),
    /// A match of this rule refused to look at a malformed packet (the kernel's `hotdrop`).
    /// The rule's counters were not touched.
    HotDrop(CounterId),
}

impl Decider {
    /// The counter of the rule or policy concerned.
    pub const fn counter(self) -> CounterId {
        match self {
            Decider::Rule(id) | Decider::Policy(id) | Decider::HotDrop(id) => id,
        }
    }
}

/// The outcome of one walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    /// What happens to the packet.
    pub verdict: Verdict,
    /// Who said so.
    pub by: Decider,
}
