//! What a ruleset means, in netfilter's words.
//!
//! A [`Ruleset`] is the typed, canonical source form that the control plane keeps and the data
//! plane compiles: two families, five tables each, chains of [`Rule`]s. It holds nothing that an
//! operator did not say.

pub mod chain;
pub mod family;
pub mod hook;
pub mod matches;
pub mod rule;
pub mod ruleset;
pub mod table;
pub mod target;
pub mod targets;

pub use chain::{Chain, ChainName, ChainNameError, ChainPolicy, Policy};
pub use family::Family;
pub use hook::Hook;
pub use rule::{Counters, Negatable, Rule, RuleHandle};
pub use ruleset::{FamilyRules, Ruleset};
pub use table::{Table, TableName};
pub use target::Target;
