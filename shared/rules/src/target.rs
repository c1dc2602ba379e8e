//! What a rule does with a packet that fits it.

use serde::{Deserialize, Serialize};

use crate::{
    ChainName,
    targets::{log::Log, reject::RejectWith},
};

/// A rule's target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// No `-j`: count and go on with the next rule.
    None,
    /// Leave the table; the packet goes on.
    Accept,
    /// Drop the packet in silence.
    Drop,
    /// Go back to the calling chain; in a built-in chain, take its policy.
    Return,
    /// `-j CHAIN`: walk the chain, come back behind this rule.
    Jump(ChainName),
    /// `-g CHAIN`: walk the chain, come back behind the rule that last jumped.
    Goto(ChainName),
    /// Drop the packet and answer its sender.
    Reject(RejectWith),
    /// Write a line to the log and go on with the next rule.
    Log(Log),
}

impl Target {
    /// The name as `-j` takes it and `rules::support` lists it; empty for [`Target::None`].
    pub fn name(&self) -> &str {
        match self {
            Target::None => "",
            Target::Accept => "ACCEPT",
            Target::Drop => "DROP",
            Target::Return => "RETURN",
            Target::Jump(chain) | Target::Goto(chain) => chain.as_str(),
            Target::Reject(_) => "REJECT",
            Target::Log(_) => "LOG",
        }
    }

    /// The chain that it jumps or goes to.
    pub fn chain(&self) -> Option<&ChainName> {
        match self {
            Target::Jump(chain) | Target::Goto(chain) => Some(chain),
            Target::None
            | Target::Accept
            | Target::Drop
            | Target::Return
            | Target::Reject(_)
            | Target::Log(_) => None,
        }
    }
}
