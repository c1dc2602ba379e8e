//! What single keys and sections mean; how interfaces, routes and neighbours fit together is in
//! `network`.

use std::time::Duration;

use rules::Policy;
use toml::Spanned;

use super::{
    Config, DpdkConfig, HugePages, IdleBackoff, Sysctl,
    fault::Faults,
    network,
    raw::{RawConfig, RawDataplane, RawDpdk},
    value,
};

/// The one schema there is.
const SCHEMA_VERSION: i64 = 1;

/// Descriptors of a queue: what drivers take. DPDK asks for powers of two of most of them.
const QUEUE_SIZES: std::ops::RangeInclusive<i64> = 32..=32_768;

/// Most workers; the number travels as u16 and costs memory for each rule.
const WORKERS_MAX: usize = 256;

/// Notes every fault of `raw`; the result holds only if none was noted.
pub(super) fn check(
    raw: RawConfig,
    machine_cores: Option<&[usize]>,
    faults: &mut Faults<'_>,
) -> Option<Config> {
    let schema = *raw.schema_version.get_ref();
    if schema != SCHEMA_VERSION {
        let why = format!("schema {schema} is unknown: expected {SCHEMA_VERSION}");
        faults.note(&raw.schema_version.span(), why);
    }
    refuse_missing_features(&raw, faults);
    let cores = cores(&raw.dataplane, machine_cores, faults);
    host_path(&raw.dataplane, faults);
    let dataplane = &raw.dataplane;
    let policies = [("closed", Policy::Drop), ("open", Policy::Accept)];
    let interfaces = network::interfaces(&raw.interfaces, faults);
    let names: Vec<&str> = interfaces.iter().map(|iface| iface.name.as_str()).collect();
    let sysctl = Sysctl::check(&raw.sysctl, &names, faults);
    Some(Config {
        paths: raw.paths,
        cores,
        initial: value::choice(dataplane.initial.as_ref(), &policies, Policy::Drop, faults),
        rx_queue_size: queue_size(dataplane.rx_queue_size.as_ref(), faults),
        tx_queue_size: queue_size(dataplane.tx_queue_size.as_ref(), faults),
        mbufs: dataplane
            .mbufs
            .as_ref()
            .map(|mbufs| value::number(Some(mbufs), 0, 1024..=16 << 20, faults)),
        idle: idle(dataplane, faults),
        ruleset_memory_bytes: value::bytes(dataplane.ruleset_memory.as_ref(), 1 << 30, faults),
        dpdk: dpdk(&raw.dpdk, faults),
        routes: network::routes(&raw.routes, &interfaces, faults),
        neighbours: network::neighbours(&raw.neighbours, &interfaces, faults),
        interfaces,
        sysctl,
    })
}

/// A section that would do nothing is refused, so that nobody relies on it.
fn refuse_missing_features(raw: &RawConfig, faults: &mut Faults<'_>) {
    let sections = [
        (&raw.management, "the management override", "[management]"),
        (&raw.conntrack, "connection tracking", "[conntrack]"),
        (&raw.bridges, "bridging", "[bridges]"),
    ];
    for (section, feature, name) in sections {
        if let Some(section) = section {
            let why = format!("{feature} is not in this version: remove {name}");
            faults.note(&section.span(), why);
        }
    }
}

fn cores(
    raw: &RawDataplane,
    machine_cores: Option<&[usize]>,
    faults: &mut Faults<'_>,
) -> Vec<usize> {
    let Some(list) = &raw.cores else {
        // One worker on the highest CPU: CPU 0 serves most interrupts.
        let last = machine_cores.and_then(|cores| cores.iter().max());
        return vec![last.copied().unwrap_or(0)];
    };
    if list.get_ref().is_empty() || list.get_ref().len() > WORKERS_MAX {
        let why = format!(
            "{} workers: expected 1 to {WORKERS_MAX}",
            list.get_ref().len()
        );
        faults.note(&list.span(), why);
    }
    let mut cores = Vec::new();
    for entry in list.get_ref() {
        match core(entry, &cores, machine_cores) {
            Ok(core) => cores.push(core),
            Err(why) => faults.note(&entry.span(), why),
        }
    }
    cores
}

fn core(
    entry: &Spanned<i64>,
    before: &[usize],
    machine_cores: Option<&[usize]>,
) -> Result<usize, String> {
    let given = *entry.get_ref();
    let core = usize::try_from(given).map_err(|_| format!("core {given} cannot be"))?;
    if before.contains(&core) {
        return Err(format!(
            "core {core} stands twice: each worker needs its own"
        ));
    }
    match machine_cores {
        Some(cores) if !cores.contains(&core) => {
            let list: Vec<_> = cores.iter().map(usize::to_string).collect();
            let list = list.join(", ");
            Err(format!(
                "core {core} is not one this process may run on: expected one of {list}"
            ))
        }
        _ => Ok(core),
    }
}

fn host_path(raw: &RawDataplane, faults: &mut Faults<'_>) {
    match &raw.host_path {
        Some(path) if path.get_ref() == "tap" => faults.note(
            &path.span(),
            "\"tap\" is not in this version: \"none\" is supported (Weir itself answers ARP, \
             neighbour discovery and echo for its addresses)",
        ),
        path => value::choice(path.as_ref(), &[("none", ())], (), faults),
    }
}

fn queue_size(value: Option<&Spanned<i64>>, faults: &mut Faults<'_>) -> u16 {
    value::number(value, 1024, QUEUE_SIZES, faults)
}

fn idle(raw: &RawDataplane, faults: &mut Faults<'_>) -> IdleBackoff {
    let polls = raw.idle_pause_polls.as_ref();
    let sleep_us = value::number(raw.idle_sleep_us.as_ref(), 50u32, 0..=10_000, faults);
    IdleBackoff {
        pause_polls: value::number(polls, 1000, 0..=1_000_000_000, faults),
        sleep: Duration::from_micros(u64::from(sleep_us)),
    }
}

fn dpdk(raw: &RawDpdk, faults: &mut Faults<'_>) -> DpdkConfig {
    let choices = [
        ("auto", HugePages::Auto),
        ("require", HugePages::Require),
        ("never", HugePages::Never),
    ];
    DpdkConfig {
        args: raw.args.clone(),
        memory_mb: raw
            .memory_mb
            .as_ref()
            .map(|mb| value::number(Some(mb), 0, 64..=1 << 20, faults)),
        huge_pages: value::choice(raw.huge_pages.as_ref(), &choices, HugePages::Auto, faults),
    }
}
