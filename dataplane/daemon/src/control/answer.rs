//! Answers to questions: nothing here changes how packets are judged; `Zero` changes counters.

use api::{
    Blob, CounterDump, DropCount, HookEntry, InterfaceStatus, Refusal, Reply, RulesetHash,
    RulesetSource, Status, WorkerStatus, ZeroScope, message::ZERO_MAX_HANDLES,
};
use packet::DropReason;

use crate::engine::{Engine, WorkerView};

/// What the back end knows of one interface's device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceStatus {
    /// The device, as weir.toml has it.
    pub device: String,
    /// The link is up.
    pub is_up: bool,
    /// What keeps the kernel's own stack off it.
    pub guard: String,
    /// Packets lost for want of a free descriptor.
    pub rx_missed: u64,
    /// Receive errors.
    pub rx_errors: u64,
    /// Send errors.
    pub tx_errors: u64,
    /// Times no free mbuf was found.
    pub rx_no_mbuf: u64,
}

/// What the engine does not know of itself.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Name and version.
    pub program: String,
    /// When it started, milliseconds since 1970.
    pub started_unix_ms: u64,
    /// Where the running ruleset came from.
    pub source: RulesetSource,
    /// Its content's name.
    pub hash: RulesetHash,
    /// Its content.
    pub blob: Vec<u8>,
    /// What is registered on which hook.
    pub hooks: Vec<HookEntry>,
    /// Pages behind the packet buffers.
    pub memory: String,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// The CPU of each worker.
    pub cores: Vec<usize>,
}

/// `Status`.
pub fn status(engine: &Engine, facts: &Facts, uptime_ms: u64, next_generation: u64) -> Status {
    let ledger = engine.ledger();
    Status {
        program: facts.program.clone(),
        pid: std::process::id(),
        started_unix_ms: facts.started_unix_ms,
        uptime_ms,
        generation: ledger.current().number(),
        hash: facts.hash,
        source: facts.source.clone(),
        next_generation,
        counters: ledger.current().classifier().counter_len() as u64,
        memory: facts.memory.clone(),
        host_path: "none".to_owned(),
        warnings: facts.warnings.clone(),
        workers: workers(engine, facts),
    }
}

fn workers(engine: &Engine, facts: &Facts) -> Vec<WorkerStatus> {
    let adoption = &engine.adoption().workers;
    let status = |(number, view): (usize, &WorkerView)| {
        let sum = |count: fn(&pipeline::counters::IfaceCounters) -> u64| {
            view.counters.ifaces.iter().map(count).sum()
        };
        let passed = adoption.get(number).copied().flatten();
        WorkerStatus {
            worker: u16::try_from(number).unwrap_or(u16::MAX),
            core: facts
                .cores
                .get(number)
                .map_or(0, |&core| u16::try_from(core).unwrap_or(u16::MAX)),
            is_lagging: passed.is_none(),
            adoption_us: passed.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            rx_pkts: sum(|iface| iface.rx_pkts.get()),
            tx_pkts: sum(|iface| iface.tx_pkts.get()),
            busy_polls: view.load.busy_polls.get(),
            idle_polls: view.load.idle_polls.get(),
            sleeps: view.load.sleeps.get(),
        }
    };
    engine.workers().iter().enumerate().map(status).collect()
}

/// `Drops`: every reason, received packets and those made here together.
pub fn drops(engine: &Engine) -> Vec<DropCount> {
    let dropped = |reason: DropReason| {
        let of = |view: &WorkerView| {
            view.counters.drops.get(reason) + view.counters.generated_drops.get(reason)
        };
        engine.workers().iter().map(of).sum()
    };
    DropReason::ALL
        .iter()
        .map(|&reason| DropCount {
            reason: reason.name().to_owned(),
            packets: dropped(reason),
        })
        .collect()
}

/// `Interfaces`; `devices` by interface number.
pub fn interfaces(engine: &Engine, devices: &[DeviceStatus]) -> Vec<InterfaceStatus> {
    let ifaces = engine.network().ifaces().iter().zip(devices).enumerate();
    ifaces
        .map(|(number, (iface, device))| {
            let sum = |count: fn(&pipeline::counters::IfaceCounters) -> u64| {
                let views = engine.workers().iter();
                views
                    .filter_map(|view| view.counters.ifaces.get(number))
                    .map(count)
                    .sum()
            };
            InterfaceStatus {
                name: iface.name.to_string(),
                device: device.device.clone(),
                mac: iface.mac.to_string(),
                mtu: u16::try_from(iface.mtu).unwrap_or(u16::MAX),
                addresses: iface
                    .addrs
                    .iter()
                    .map(|own| format!("{}/{}", own.addr, own.prefix_len))
                    .collect(),
                is_up: device.is_up,
                guard: device.guard.clone(),
                rx_pkts: sum(|iface| iface.rx_pkts.get()),
                rx_bytes: sum(|iface| iface.rx_bytes.get()),
                tx_pkts: sum(|iface| iface.tx_pkts.get()),
                tx_bytes: sum(|iface| iface.tx_bytes.get()),
                tx_full: sum(|iface| iface.tx_full.get()),
                rx_missed: device.rx_missed,
                rx_errors: device.rx_errors,
                tx_errors: device.tx_errors,
                rx_no_mbuf: device.rx_no_mbuf,
            }
        })
        .collect()
}

/// `Counters` and `Zero`.
pub fn dump(generation: u64, values: Vec<api::CounterValue>) -> (Reply, Option<Blob>) {
    match Blob::of(&CounterDump { generation, values }) {
        Ok((blob, _)) => (Reply::Counters { generation }, Some(blob)),
        Err(error) => (error_reply("counters", error.to_string()), None),
    }
}

/// `Zero`: sets what `scope` names to zero.
pub fn zero(engine: &mut Engine, scope: &ZeroScope) -> Result<Vec<api::CounterValue>, Refusal> {
    let refuse = |place: String, why: &str| {
        Err(Refusal {
            place,
            why: why.to_owned(),
        })
    };
    let ledger = engine.ledger_mut();
    match scope {
        ZeroScope::Table { family, table } => {
            Ok(ledger.zero(|owner| (owner.family, owner.table) == (*family, *table)))
        }
        ZeroScope::Chain {
            family,
            table,
            chain,
        } => {
            // A chain without rules or policy has no counters; whether it is there at all is
            // known to the control plane, which holds the ruleset.
            Ok(ledger.zero(|owner| {
                (owner.family, owner.table, &owner.chain) == (*family, *table, chain)
            }))
        }
        ZeroScope::Handles(handles) if handles.len() > ZERO_MAX_HANDLES => {
            let place = format!("{} handles", handles.len());
            refuse(place, "too many in one message: expected at most 4096")
        }
        ZeroScope::Handles(handles) => {
            let wanted: std::collections::HashSet<_> = handles.iter().collect();
            Ok(ledger.zero(|owner| wanted.contains(&owner.handle)))
        }
    }
}

/// A refusal as a reply.
pub fn error_reply(place: &str, why: String) -> Reply {
    Reply::Error(Refusal {
        place: place.to_owned(),
        why,
    })
}
