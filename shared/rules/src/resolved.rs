//! A ruleset that `validate` has accepted: jumps are indices, every rule and policy has a
//! counter, and no walk can loop.

use crate::{
    ChainName, Counters, Family, Hook, Policy, RuleHandle, TableName,
    matches::{Match, ip::IpMatch},
    targets::{log::Log, reject::RejectWith},
    verdict::CounterId,
};

/// Deepest nesting of `-j`. The kernel's stack holds one entry per user-defined chain; a fixed
/// bound lets a walk keep its stack without allocation.
pub const JUMP_DEPTH_MAX: usize = 1024;

/// Index of a chain within its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainIndex(pub u32);

impl ChainIndex {
    /// As an index into [`ResolvedTable::chains`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// [`crate::Target`] with chains by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolvedTarget {
    /// Count and go on.
    None,
    /// Leave the table; the packet goes on.
    Accept,
    /// Drop.
    Drop,
    /// Back to the caller; in a built-in chain, its policy.
    Return,
    /// Walk the chain, come back behind this rule.
    Jump(ChainIndex),
    /// Walk the chain, come back behind the rule that last jumped.
    Goto(ChainIndex),
    /// Drop and answer.
    Reject(RejectWith),
    /// Write a line and go on.
    Log(Log),
}

impl ResolvedTarget {
    /// The name as `rules::support` lists it; empty for jumps and for rules without a target.
    pub const fn name(&self) -> &'static str {
        match self {
            ResolvedTarget::None | ResolvedTarget::Jump(_) | ResolvedTarget::Goto(_) => "",
            ResolvedTarget::Accept => "ACCEPT",
            ResolvedTarget::Drop => "DROP",
            ResolvedTarget::Return => "RETURN",
            ResolvedTarget::Reject(_) => "REJECT",
            ResolvedTarget::Log(_) => "LOG",
        }
    }
}

/// A rule with its counter.
#[derive(Clone, Debug)]
pub struct ResolvedRule {
    /// What it counts in.
    pub counter: CounterId,
    /// `-s -d -i -o -p -f`.
    pub ip: IpMatch,
    /// The other matches, in order.
    pub matches: Vec<Match>,
    /// What to do.
    pub target: ResolvedTarget,
}

/// A chain.
#[derive(Clone, Debug)]
pub struct ResolvedChain {
    /// Its name.
    pub name: ChainName,
    /// Built-in chains: the verdict at the end, and what it counts in.
    pub policy: Option<(Policy, CounterId)>,
    /// The rules in order.
    pub rules: Vec<ResolvedRule>,
}

/// A table of one family.
#[derive(Clone, Debug)]
pub struct ResolvedTable {
    /// The family.
    pub family: Family,
    /// The table.
    pub name: TableName,
    /// Built-in chains first, in [`TableName::hooks`] order.
    pub chains: Vec<ResolvedChain>,
    /// Deepest nesting of `-j` that a walk can reach, at most [`JUMP_DEPTH_MAX`].
    pub jump_depth: usize,
}

impl ResolvedTable {
    /// Index of the built-in chain on `hook`.
    pub fn builtin(&self, hook: Hook) -> Option<ChainIndex> {
        let at = self.name.hooks().iter().position(|&h| h == hook)?;
        u32::try_from(at).ok().map(ChainIndex)
    }
}

/// Whether a counter is a rule's or a policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterKind {
    /// Of the rule with this number, from 1.
    Rule(u32),
    /// Of the chain's policy.
    Policy,
}

/// Whose a counter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterOwner {
    /// The family.
    pub family: Family,
    /// The table.
    pub table: TableName,
    /// The chain.
    pub chain: ChainName,
    /// Rule or policy.
    pub kind: CounterKind,
    /// Identity over generations; 0 if none was assigned.
    pub handle: RuleHandle,
    /// Where counting starts if the handle is new.
    pub initial: Counters,
}

/// The whole ruleset. Made by [`crate::validate::validate`] only.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub(crate) tables: Vec<ResolvedTable>,
    pub(crate) counters: Vec<CounterOwner>,
}

impl Resolved {
    /// All tables: IPv4 then IPv6, each in [`TableName::ALL`] order.
    pub fn tables(&self) -> &[ResolvedTable] {
        &self.tables
    }

    /// The table `name` of `family`.
    pub fn table(&self, family: Family, name: TableName) -> Option<&ResolvedTable> {
        self.tables
            .iter()
            .find(|table| table.family == family && table.name == name)
    }

    /// Whose each counter is; [`CounterId`] is the index.
    pub fn counters(&self) -> &[CounterOwner] {
        &self.counters
    }
}
