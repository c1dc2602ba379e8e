//! What the control plane's HTTP interface says, as JSON: requests, reports and problem documents.
//!
//! The control plane serves these on `{run}/control.sock`; `weir` and `curl --unix-socket` read
//! them. What the data plane tells of itself passes as it stands ([`crate::status`]).

use serde::{Deserialize, Serialize};

use rules::{Family, RuleHandle, TableName};

use crate::{DropCount, Generation, HookEntry, InterfaceStatus, RulesetHash, Status};

/// `POST`: an [`IptablesRequest`] in, an [`IptablesReply`] out.
pub const IPTABLES_PATH: &str = "/v1/iptables";
/// `GET`: a [`StatusReport`].
pub const STATUS_PATH: &str = "/v1/status";
/// `GET`: a [`CountersReport`].
pub const COUNTERS_PATH: &str = "/v1/counters";
/// `GET`: a [`DropsReport`].
pub const DROPS_PATH: &str = "/v1/drops";
/// `GET`: a [`HooksReport`].
pub const HOOKS_PATH: &str = "/v1/hooks";

/// The media type of a [`Problem`], RFC 9457 section 3.
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// Largest request body in bytes: a restore file of about a million rules.
pub const BODY_MAX_BYTES: usize = 256 << 20;

/// Exit code of an applet that had no resources: here, no control plane or no data plane.
/// `RESOURCE_PROBLEM` of iptables' `xtables.h`.
pub const EXIT_RESOURCE: u8 = 4;

/// Which of the applets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Program {
    /// `iptables`, `ip6tables`.
    Iptables,
    /// `iptables-save`, `ip6tables-save`.
    Save,
    /// `iptables-restore`, `ip6tables-restore`.
    Restore,
}

/// One run of an applet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IptablesRequest {
    /// Which applet.
    pub program: Program,
    /// `ipv4` for the `iptables` names, `ipv6` for the `ip6tables` names.
    pub family: Family,
    /// The arguments, without the program's name.
    pub args: Vec<String>,
    /// What stands on standard input; only restore reads it.
    #[serde(default)]
    pub stdin: String,
}

/// What the applet prints and how it exits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IptablesReply {
    /// 0 done, 1 not found or failed, 2 usage, 3 version or table, 4 resource.
    pub exit_code: u8,
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
}

/// Why a request was not served: a problem document, RFC 9457. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem, in few words: the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time and what to do.
    pub detail: String,
}

/// A generation by number and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationId {
    /// The number.
    pub number: Generation,
    /// The ruleset's hash.
    pub hash: RulesetHash,
}

/// `weir status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReport {
    /// The process that answers.
    pub control_plane: ControlPlaneStatus,
    /// The process that forwards.
    pub data_plane: DataPlaneState,
}

/// What the control plane says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlPlaneStatus {
    /// Name and version.
    pub program: String,
    /// Process id.
    pub pid: u32,
    /// Milliseconds since it started.
    pub uptime_ms: u64,
    /// What it keeps; `None` while it has neither a store nor a data plane to learn from.
    pub generation: Option<GenerationId>,
    /// Rules kept for IPv4, all tables.
    pub rules_ipv4: usize,
    /// Rules kept for IPv6, all tables.
    pub rules_ipv6: usize,
}

/// Whether the data plane runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum DataPlaneState {
    /// It answers.
    Running {
        /// How it is.
        status: Box<Status>,
        /// Its interfaces, in the order of the configuration file.
        interfaces: Vec<InterfaceStatus>,
    },
    /// It does not.
    Down {
        /// Milliseconds since 1970 when it was found so.
        since_unix_ms: u64,
        /// What the last try to reach it said.
        why: String,
    },
}

/// `weir counters`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountersReport {
    /// Which generation counted.
    pub generation: GenerationId,
    /// Every rule and every policy, in the order in which they are listed.
    pub counters: Vec<CounterLine>,
}

/// The counters of one rule or one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterLine {
    /// The family.
    pub family: Family,
    /// The table.
    pub table: TableName,
    /// The chain.
    pub chain: String,
    /// The rule's number in the chain, from 1; `None` for the chain's policy.
    pub rule: Option<u32>,
    /// Identity over generations.
    pub handle: RuleHandle,
    /// Packets.
    pub packets: u64,
    /// Bytes, IP total length.
    pub bytes: u64,
    /// What `iptables -S` prints behind `-A CHAIN`; for a policy, `-P CHAIN` and its verdict.
    pub text: String,
}

/// `weir drops`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropsReport {
    /// Every reason, with or without drops.
    pub drops: Vec<DropCount>,
}

/// `weir hooks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HooksReport {
    /// What is registered: by family, hook and priority.
    pub hooks: Vec<HookEntry>,
}
