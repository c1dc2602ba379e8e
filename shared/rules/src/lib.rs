//! What a ruleset means, in netfilter's words.
//!
//! # Overview
//!
//! A [`Ruleset`] is the typed, canonical source form that the control plane keeps and the data
//! plane compiles: two families, five tables each, chains of [`Rule`]s. It holds nothing that an
//! operator did not say. [`edit`] has iptables' commands as methods of [`Table`]; [`support`]
//! says what is evaluated; [`validate()`] turns a ruleset that can be honoured to the letter into
//! a [`Resolved`]; [`mod@reference`] evaluates that, slowly: it is the specification, and the
//! Linux kernel is its oracle. `arbitrary` (a feature) generates rulesets and packets for tests.
//!
//! # Life cycle
//!
//! A ruleset is edited, given handles ([`Ruleset::assign_handles`]), validated, and numbered:
//! each rule and policy of the resolved form has a [`CounterId`], meaningful in it alone, and a
//! handle that names the same counter over generations.
//!
//! # Concurrency
//!
//! Values only; no threads, no I/O, no state.
//!
//! # Limits
//!
//! Jumps nest at most [`resolved::JUMP_DEPTH_MAX`] deep; Linux allows as many as there are
//! chains. Rules and DROP policies in the nat table are refused until connections are tracked.

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
