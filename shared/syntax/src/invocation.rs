//! One call of an applet, and what comes of it.

use rules::{ChainName, Family, RuleHandle, Ruleset, TableName};

/// The programs that the applets stand for; the family says which twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// `iptables`, `ip6tables`.
    Iptables,
    /// `iptables-save`, `ip6tables-save`.
    Save,
    /// `iptables-restore`, `ip6tables-restore`.
    Restore,
}

impl Program {
    /// The name that messages carry.
    pub const fn name(self, family: Family) -> &'static str {
        match (self, family) {
            (Program::Iptables, Family::Ipv4) => "iptables",
            (Program::Iptables, Family::Ipv6) => "ip6tables",
            (Program::Save, Family::Ipv4) => "iptables-save",
            (Program::Save, Family::Ipv6) => "ip6tables-save",
            (Program::Restore, Family::Ipv4) => "iptables-restore",
            (Program::Restore, Family::Ipv6) => "ip6tables-restore",
        }
    }
}

/// What the comment lines of a saved ruleset say besides its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// Weir's version, `0.1.0`.
    pub version: &'a str,
    /// Seconds since 1970-01-01 UTC.
    pub unix_time_s: u64,
}

/// One call of an applet.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// Which program.
    pub program: Program,
    /// Its family.
    pub family: Family,
    /// The arguments, without the program's own name. `iptables-restore FILE` and
    /// `iptables-save -f FILE` touch files: the caller reads or writes them and takes these
    /// arguments away.
    pub args: &'a [String],
    /// Standard input; only `iptables-restore` reads it.
    pub stdin: &'a str,
    /// For the comment lines of `iptables-save`, and `-V`.
    pub stamp: Stamp<'a>,
}

/// Counters that `-Z` sets to zero: one chain's with its policy's, or one rule's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroTarget {
    /// The family.
    pub family: Family,
    /// The table.
    pub table: TableName,
    /// The chain.
    pub chain: ChainName,
    /// The rule's number from 1, or `None` for the whole chain and its policy.
    pub rule: Option<u32>,
    /// The handles of the counters meant. Rules that the same call added are not among them: they
    /// start with the counters they carry.
    pub handles: Vec<RuleHandle>,
}

/// What a call prints and changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// 0 done; 1 not found or refused; 2 wrong usage; 3 unknown table; 4 a resource is short.
    pub exit_code: u8,
    /// The whole new ruleset, when the call changes anything but counters. Rules that stay keep
    /// their handles, new ones have handle 0.
    pub ruleset: Option<Ruleset>,
    /// Counters to set to zero, after the ruleset is adopted where there is one.
    pub zero: Vec<ZeroTarget>,
}
