//! What one call of `iptables` (or one line of a restore) asks for.

use rules::{
    Counters, Negatable, Rule, RuleHandle, Target,
    matches::{
        Match,
        ip::{AddrMask, IpMatch},
    },
};

use crate::list::Layout;

/// One command on one table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Command {
    /// The table's name as it was typed.
    pub table: String,
    /// `-v`
    pub is_verbose: bool,
    /// What to do.
    pub action: Action,
}

/// What to do. Numbers of rules count from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Nothing: a line of the other family.
    Ignored,
    /// `-A`
    Append(String, RuleSpec),
    /// `-I`
    Insert(String, u32, RuleSpec),
    /// `-R`
    Replace(String, u32, RuleSpec),
    /// `-D` by specification.
    Delete(String, RuleSpec),
    /// `-D` by number.
    DeleteNumber(String, u32),
    /// `-C`
    Check(String, RuleSpec),
    /// `-L`, `-S`, with what `-Z` zeroes afterwards.
    List(Listing, Option<Zeroing>),
    /// `-Z` alone.
    Zero(Zeroing),
    /// `-F`
    Flush(Option<String>),
    /// `-N`
    NewChain(String),
    /// `-X`
    DeleteChain(Option<String>),
    /// `-E`
    RenameChain {
        /// The chain.
        from: String,
        /// Its new name.
        to: String,
    },
    /// `-P`
    SetPolicy {
        /// The chain.
        chain: String,
        /// The policy as it was typed.
        policy: String,
        /// `-c`
        counters: Option<Counters>,
    },
}

/// What to print.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listing {
    /// One chain, or all.
    pub chain: Option<String>,
    /// One rule, or all.
    pub number: Option<u32>,
    /// `-L`; `None` for `-S`.
    pub layout: Option<Layout>,
}

/// What to zero.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zeroing {
    /// One chain, or all.
    pub chain: Option<String>,
    /// One rule of it, or all and the policy.
    pub number: Option<u32>,
}

/// A rule as it was typed: lists of addresses make several, and what `-j` names may be a chain.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RuleSpec {
    /// Sources; `None` is everything.
    pub sources: Vec<Option<Negatable<AddrMask>>>,
    /// Destinations; `None` is everything.
    pub destinations: Vec<Option<Negatable<AddrMask>>>,
    /// The other options that every rule has.
    pub ip: IpMatch,
    /// The loaded matches.
    pub matches: Vec<Match>,
    /// What `-j` or `-g` says.
    pub jump: Jump,
    /// `-c`, or zero.
    pub counters: Counters,
}

/// What `-j` or `-g` says, before the table's chains are looked at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Jump {
    /// Neither was given.
    None,
    /// `-j` with the name of a target; a chain of that name would go before it.
    Target(String, Target),
    /// `-j` with another name.
    Chain(String),
    /// `-g`
    Goto(String),
}

impl RuleSpec {
    /// The rules, sources varying slowest, each with `target`.
    pub(crate) fn rules(&self, target: &Target) -> Vec<Rule> {
        let pairs = self.sources.iter().flat_map(|&source| {
            let destinations = self.destinations.iter();
            destinations.map(move |&destination| (source, destination))
        });
        pairs
            .map(|(source, destination)| Rule {
                handle: RuleHandle::default(),
                counters: self.counters,
                ip: IpMatch {
                    source,
                    destination,
                    ..self.ip.clone()
                },
                matches: self.matches.clone(),
                target: target.clone(),
            })
            .collect()
    }
}
