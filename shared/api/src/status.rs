//! What the data plane tells of itself. These types also go to the operator as JSON, so their
//! field names are the ones that are printed.

use rules::{Counters, Family, Hook, Policy, RuleHandle, TableName};
use serde::{Deserialize, Serialize};

use crate::{Generation, RulesetHash};

/// Where the running ruleset came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesetSource {
    /// There was no last good ruleset, or it could not be read: `initial` of weir.toml.
    Initial {
        /// What the built-in chains of the filter table decide.
        policy: Policy,
        /// Why there was nothing better.
        why: String,
    },
    /// The last good ruleset, read from disk at start.
    LastGood,
    /// Committed by a control plane since this process started.
    Committed,
}

/// How the data plane is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Name and version.
    pub program: String,
    /// Process id.
    pub pid: u32,
    /// When it started, milliseconds since 1970.
    pub started_unix_ms: u64,
    /// Milliseconds since then, by a clock that nobody sets.
    pub uptime_ms: u64,
    /// The generation that runs.
    pub generation: Generation,
    /// Its content.
    pub hash: RulesetHash,
    /// Where it came from.
    pub source: RulesetSource,
    /// The lowest number that `Prepare` takes.
    pub next_generation: Generation,
    /// Rules and policies in it.
    pub counters: u64,
    /// Pages behind the packet buffers, as the back end tells: huge pages, or none.
    pub memory: String,
    /// Who answers for the host's addresses: `none` is Weir itself.
    pub host_path: String,
    /// What the operator should know and nothing else tells: a last good ruleset that could not
    /// be written, for example.
    pub warnings: Vec<String>,
    /// One entry per worker, by number.
    pub workers: Vec<WorkerStatus>,
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerStatus {
    /// Its number, from 0.
    pub worker: u16,
    /// The CPU it is pinned to.
    pub core: u16,
    /// It has not yet left the generation before the running one.
    pub is_lagging: bool,
    /// Microseconds between publishing the running generation and learning that this worker
    /// judges by it; `None` while it lags.
    pub adoption_us: Option<u64>,
    /// Packets received.
    pub rx_pkts: u64,
    /// Packets sent.
    pub tx_pkts: u64,
    /// Polls that found packets.
    pub busy_polls: u64,
    /// Polls that found none.
    pub idle_polls: u64,
    /// Times it slept because there was nothing to do.
    pub sleeps: u64,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceStatus {
    /// The operator's name for it.
    pub name: String,
    /// The device, as weir.toml has it.
    pub device: String,
    /// `02:00:00:00:00:01`.
    pub mac: String,
    /// Bytes, without the Ethernet header.
    pub mtu: u16,
    /// `192.0.2.1/24`, in the order of weir.toml.
    pub addresses: Vec<String>,
    /// Whether the link is up.
    pub is_up: bool,
    /// What keeps the kernel's own stack off the device; empty if nothing has to.
    pub guard: String,
    /// Packets received by the workers.
    pub rx_pkts: u64,
    /// Bytes received, from the Ethernet header on.
    pub rx_bytes: u64,
    /// Packets handed to the device.
    pub tx_pkts: u64,
    /// Bytes handed to the device, from the Ethernet header on.
    pub tx_bytes: u64,
    /// Packets dropped because the device's send queue stayed full.
    pub tx_full: u64,
    /// Packets that the device lost for want of a free descriptor (`imissed`).
    pub rx_missed: u64,
    /// Receive errors that the device counts.
    pub rx_errors: u64,
    /// Send errors that the device counts.
    pub tx_errors: u64,
    /// Times the device found no free mbuf (`rx_nombuf`).
    pub rx_no_mbuf: u64,
}

/// Packets dropped for one reason, summed over workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropCount {
    /// The reason; the counter's name is `drop_` and this.
    pub reason: String,
    /// How many.
    pub packets: u64,
}

/// One step on one hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookEntry {
    /// The address family.
    pub family: Family,
    /// The hook.
    pub hook: Hook,
    /// Lowest first.
    pub priority: i32,
    /// What runs there: `filter`, `conntrack`.
    pub step: String,
    /// The table, if the step is one.
    pub table: Option<TableName>,
    /// Rules in the chains that can be reached from here.
    pub rules: u64,
}

/// How a generation ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every worker judges by it.
    Adopted,
    /// The data plane went back to it by itself.
    RolledBack,
}

/// One line of the data plane's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// The generation.
    pub generation: Generation,
    /// Its content.
    pub hash: RulesetHash,
    /// What became of it.
    pub outcome: Outcome,
    /// Milliseconds since 1970.
    pub when_unix_ms: u64,
}

/// One counter, summed over workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterValue {
    /// The rule or policy.
    pub handle: RuleHandle,
    /// What it counted.
    pub counters: Counters,
}

/// Counters of one generation, read at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterDump {
    /// The generation.
    pub generation: Generation,
    /// One entry per rule and policy, in no particular order.
    pub values: Vec<CounterValue>,
}
