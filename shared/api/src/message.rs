//! What the control plane asks and what the data plane answers. Every request has one reply, in
//! order; [`Reply::Error`] may stand for any of them.

use rules::{ChainName, Family, RuleHandle, TableName};
use serde::{Deserialize, Serialize};

use crate::{
    RulesetHash,
    status::{DropCount, HookEntry, InterfaceStatus, JournalEntry, Status},
};

/// The number of a generation. Numbers only grow; 0 is the initial policy that runs when there
/// is no ruleset yet.
pub type Generation = u64;

/// Most rule handles in one [`ZeroScope::Handles`], so that the message stays in bounds.
pub const ZERO_MAX_HANDLES: usize = 4096;

/// A question or an order of the control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Who is there: answered by [`Reply::Hello`].
    Hello {
        /// Name and version of the caller, for the log.
        program: String,
    },
    /// Validate and compile the ruleset blob that comes with the message, and keep it ready.
    /// Reserves `generation` and `generation + 1`.
    Prepare {
        /// The number it will have; at least [`Reply::Hello`]'s `next_generation`.
        generation: Generation,
        /// SHA-256 of the blob.
        hash: RulesetHash,
    },
    /// Publish what `Prepare` made ready.
    Commit {
        /// Its number.
        generation: Generation,
    },
    /// Throw away what `Prepare` made ready.
    Abort {
        /// Its number.
        generation: Generation,
    },
    /// The running ruleset: [`Reply::Running`] and a ruleset blob.
    Running,
    /// How the data plane is: [`Reply::Status`].
    Status,
    /// All counters of the running generation: [`Reply::Counters`] and a blob that holds a
    /// [`crate::CounterDump`].
    Counters,
    /// Set counters to zero; answers with what they were: [`Reply::Counters`] and a blob.
    Zero {
        /// Which.
        scope: ZeroScope,
    },
    /// Packets dropped by reason: [`Reply::Drops`].
    Drops,
    /// Interfaces and their counters: [`Reply::Interfaces`].
    Interfaces,
    /// What is registered on which hook: [`Reply::Hooks`].
    Hooks,
    /// Generations that ran: [`Reply::Journal`].
    Journal {
        /// Only entries with at least this number. The newest that fit one message come back.
        from: Generation,
    },
}

/// Which counters `Zero` sets to zero; names are of the running generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ZeroScope {
    /// Every rule and policy of one table.
    Table {
        /// Its family.
        family: Family,
        /// Its name.
        table: TableName,
    },
    /// Every rule and the policy of one chain.
    Chain {
        /// The chain's family.
        family: Family,
        /// The chain's table.
        table: TableName,
        /// The chain.
        chain: ChainName,
    },
    /// These rules and policies, at most [`ZERO_MAX_HANDLES`]. Unknown handles are skipped.
    Handles(Vec<RuleHandle>),
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{place}: {why}")]
pub struct Refusal {
    /// What is at fault: a rule (`ipv4 filter FORWARD rule 3`), a generation, a blob.
    pub place: String,
    /// What is wrong with it and what was expected.
    pub why: String,
}

/// The data plane's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Hello`.
    Hello {
        /// Name and version of the data plane.
        program: String,
        /// The generation that runs.
        running: Generation,
        /// Its content.
        hash: RulesetHash,
        /// The lowest number that `Prepare` takes.
        next_generation: Generation,
    },
    /// The ruleset is compiled and waits for `Commit`.
    Prepared {
        /// Its number.
        generation: Generation,
    },
    /// The generation is published.
    Adopted {
        /// Its number.
        generation: Generation,
        /// Workers that passed no quiescent point within 1 s. Empty: every worker judges by the
        /// new generation, and it is now the last good one.
        lagging: Vec<u16>,
    },
    /// What was prepared is gone.
    Aborted {
        /// Its number.
        generation: Generation,
    },
    /// To `Running`; the ruleset blob comes with the message.
    Running {
        /// The number.
        generation: Generation,
        /// SHA-256 of the blob.
        hash: RulesetHash,
    },
    /// To `Status`.
    Status(Box<Status>),
    /// To `Counters` and `Zero`; a blob with a [`crate::CounterDump`] comes with the message.
    Counters {
        /// The generation that the handles are of.
        generation: Generation,
    },
    /// To `Drops`: every reason, also those that stand at zero.
    Drops(Vec<DropCount>),
    /// To `Interfaces`, in the order of the configuration file.
    Interfaces(Vec<InterfaceStatus>),
    /// To `Hooks`: by family, hook and priority.
    Hooks(Vec<HookEntry>),
    /// To `Journal`, oldest first.
    Journal(Vec<JournalEntry>),
    /// The request was refused; nothing changed.
    Error(Refusal),
}
