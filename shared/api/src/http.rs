//! What the control plane's HTTP interface says, as JSON: requests, reports and problem documents.
//!
//! The control plane serves these on `{run}/control.sock`; `weir` and `curl --unix-socket` read
//! them. The types are apart from the messages between the planes, so that those can change
//! without breaking an operator's scripts. Times are Unix seconds, durations seconds.

use serde::{Deserialize, Serialize};

use rules::{Family, TableName};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationId {
    /// The number; it never goes back.
    pub number: u64,
    /// SHA-256 of the ruleset, in hexadecimal.
    pub hash: String,
}

/// `weir status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    /// The process that answers.
    pub control_plane: ControlPlaneStatus,
    /// The process that forwards.
    pub data_plane: DataPlaneState,
}

/// What the control plane says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlPlaneStatus {
    /// Process id.
    pub pid: u32,
    /// Release of the software.
    pub version: String,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// What it keeps; `None` while it has neither a store nor a data plane to learn from.
    pub generation: Option<GenerationId>,
    /// Rules kept for IPv4, all tables.
    pub rules_ipv4: usize,
    /// Rules kept for IPv6, all tables.
    pub rules_ipv6: usize,
}

/// Whether the data plane runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum DataPlaneState {
    /// It answers.
    Running(Box<DataPlaneStatus>),
    /// It does not.
    Down {
        /// Unix time since when.
        since: u64,
        /// What the last try to reach it said.
        why: String,
    },
}

/// What the data plane says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataPlaneStatus {
    /// Process id.
    pub pid: u32,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// What its workers run.
    pub generation: GenerationId,
    /// Where packet memory comes from: huge pages or not, and how much.
    pub memory: String,
    /// One entry a worker.
    pub workers: Vec<WorkerStatus>,
    /// One entry an interface, in the order of the configuration.
    pub interfaces: Vec<InterfaceStatus>,
}

/// A worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerStatus {
    /// Its number, from 0.
    pub worker: u16,
    /// The CPU it is pinned to.
    pub core: u32,
    /// Whether it has passed a quiescent point since the running generation was published.
    pub adopted: bool,
    /// Rounds of its loop since it started.
    pub polls: u64,
    /// Part of its rounds that found a packet, 0 to 1.
    pub busy_share: f64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterfaceStatus {
    /// The operator's name for it.
    pub name: String,
    /// The DPDK device.
    pub device: String,
    /// Its MAC address, `02:00:00:00:00:01`.
    pub mac: String,
    /// Whether the link is up.
    pub is_up: bool,
    /// Largest IP packet in bytes.
    pub mtu: u32,
    /// Its addresses, `192.0.2.1/24`.
    pub addresses: Vec<String>,
    /// Packets received.
    pub rx_packets: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets that the device lost because its receive queue was full.
    pub rx_missed: u64,
    /// Packets that found the transmit queue full and were dropped.
    pub tx_full: u64,
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
    pub handle: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes, IP total length.
    pub bytes: u64,
    /// The rule as `iptables -S` prints it.
    pub text: String,
}

/// `weir drops`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropsReport {
    /// Every reason, with or without drops.
    pub drops: Vec<DropLine>,
}

/// Packets dropped for one reason since the data plane started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropLine {
    /// The reason, as in the counter `drop_<reason>`.
    pub reason: String,
    /// Packets.
    pub packets: u64,
}

/// `weir hooks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HooksReport {
    /// What is registered, in the order in which a packet meets it.
    pub hooks: Vec<HookLine>,
}

/// One step on one hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookLine {
    /// The family.
    pub family: Family,
    /// The hook's name, as the built-in chain on it is called.
    pub hook: String,
    /// Its priority; lower runs first.
    pub priority: i32,
    /// What runs, as `chain ip filter FORWARD`.
    pub step: String,
    /// Rules in the chain; `None` where the step is no chain.
    pub rules: Option<u32>,
}
