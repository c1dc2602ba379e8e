//! Chains: ordered rules; a built-in chain has a policy.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Counters, Hook, Rule, RuleHandle};

/// Longest chain name in bytes: `XT_FUNCTION_MAXNAMELEN` (29) less the closing zero, as iptables 1.8 checks it.
pub const CHAIN_NAME_MAX_BYTES: usize = 28;

/// Why a chain name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainNameError {
    /// Empty, or longer than [`CHAIN_NAME_MAX_BYTES`].
    #[error("chain name `{0}' too long (must be under {max} chars)", max = CHAIN_NAME_MAX_BYTES + 1)]
    Length(String),
    /// Starts with `-` or `!`, or contains white space.
    #[error("chain name `{0}' may not start with `-' or `!' nor contain white space")]
    Character(String),
}

/// The name of a chain, checked once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainName(String);

impl ChainName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChainName {
    type Err = ChainNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.is_empty() || name.len() > CHAIN_NAME_MAX_BYTES {
            return Err(ChainNameError::Length(name.to_owned()));
        }
        if name.starts_with(['-', '!']) || name.contains(char::is_whitespace) {
            return Err(ChainNameError::Character(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for ChainName {
    type Error = ChainNameError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<ChainName> for String {
    fn from(name: ChainName) -> Self {
        name.0
    }
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a built-in chain decides when no rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Let the packet go on.
    Accept,
    /// Drop it.
    Drop,
}

/// A built-in chain's policy and its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainPolicy {
    /// The verdict.
    pub verdict: Policy,
    /// Identity of the counters over generations, as a rule has it.
    pub handle: RuleHandle,
    /// What the operator set the counters to; the data plane counts on from there.
    pub counters: Counters,
}

impl ChainPolicy {
    /// ACCEPT, nothing counted, identity not yet assigned.
    pub const ACCEPT: ChainPolicy = ChainPolicy {
        verdict: Policy::Accept,
        handle: RuleHandle(0),
        counters: Counters {
            packets: 0,
            bytes: 0,
        },
    };
}

/// An ordered list of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Its name, unique in the table.
    pub name: ChainName,
    /// Present exactly for built-in chains.
    pub policy: Option<ChainPolicy>,
    /// The rules, first to last.
    pub rules: Vec<Rule>,
}

impl Chain {
    /// An empty built-in chain with policy ACCEPT.
    pub fn builtin(hook: Hook) -> Self {
        Self {
            name: ChainName(hook.chain_name().to_owned()),
            policy: Some(ChainPolicy::ACCEPT),
            rules: Vec::new(),
        }
    }

    /// An empty user-defined chain.
    pub fn user_defined(name: ChainName) -> Self {
        Self {
            name,
            policy: None,
            rules: Vec::new(),
        }
    }
}
