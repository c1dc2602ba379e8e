//! What a ruleset means, in netfilter's words.
//!
//! A [`Ruleset`] is the typed, canonical source form that the control plane keeps and the data
//! plane compiles: two families, five tables each, chains of [`Rule`]s. It holds nothing that an
//! operator did not say.

#![forbid(unsafe_code)]

#[cfg(any(test, feature = "arbitrary"))]
pub mod arbitrary;
pub mod chain;
pub mod edit;
pub mod facts;
pub mod family;
pub mod hook;
pub mod matches;
pub mod reference;
pub mod resolved;
pub mod rule;
pub mod ruleset;
pub mod support;
pub mod table;
pub mod target;
pub mod targets;
#[cfg(test)]
mod testing;
pub mod validate;
pub mod verdict;

pub use chain::{Chain, ChainName, ChainNameError, ChainPolicy, Policy};
pub use edit::EditError;
pub use facts::{Effects, Facts};
pub use family::Family;
pub use hook::Hook;
pub use resolved::{CounterKind, CounterOwner, Resolved};
pub use rule::{Counters, Negatable, Rule, RuleHandle};
pub use ruleset::{FamilyRules, Ruleset};
pub use table::{Table, TableName};
pub use target::Target;
pub use validate::{Problem, ValidateError, validate};
pub use verdict::{CounterId, Decider, Decision, Verdict};
