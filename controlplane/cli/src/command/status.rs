//! `weir status`: who runs which generation, workers, interfaces.

use std::process::ExitCode;

use api::{
    InterfaceStatus, RulesetSource, Status, WorkerStatus,
    http::{ControlPlaneStatus, DataPlaneState, GenerationId, STATUS_PATH, StatusReport},
};
use rules::Policy;

use crate::{
    args::Form,
    client::Client,
    error::CliError,
    format::{self, Table, duration_ms, number, word},
};

/// Digits of a hash that tell generations apart at a glance.
const HASH_DIGITS: usize = 12;

/// Prints the status. Exits 1 if the data plane is down.
pub(crate) fn run(client: &Client, wanted: Form) -> Result<ExitCode, CliError> {
    let report: StatusReport = client.get(STATUS_PATH)?;
    if wanted.json {
        format::print_json(&report)?;
    } else {
        format::print(&render(&report))?;
    }
    Ok(match report.data_plane {
        DataPlaneState::Running { .. } => ExitCode::SUCCESS,
        DataPlaneState::Down { .. } => ExitCode::FAILURE,
    })
}

fn render(report: &StatusReport) -> String {
    match &report.data_plane {
        DataPlaneState::Running { status, interfaces } => {
            let mut text = data_plane(status);
            text += &control_plane(&report.control_plane, Some(status));
            text += &workers(&status.workers);
            text += &self::interfaces(interfaces);
            text
        }
        DataPlaneState::Down { why, .. } => {
            format!("data plane     DOWN: {why}\n") + &control_plane(&report.control_plane, None)
        }
    }
}

fn data_plane(status: &Status) -> String {
    let lagging = status
        .workers
        .iter()
        .filter(|worker| worker.is_lagging)
        .count();
    let adopted = match lagging {
        0 => "adopted by every worker".to_owned(),
        _ => format!(
            "NOT YET ADOPTED by {lagging} of {} workers",
            status.workers.len()
        ),
    };
    let source = match &status.source {
        RulesetSource::Initial { policy, why } => {
            let policy = match policy {
                Policy::Accept => "ACCEPT",
                Policy::Drop => "DROP",
            };
            format!("initial policy {policy}: {why}")
        }
        RulesetSource::LastGood => "last good ruleset, loaded at start".to_owned(),
        RulesetSource::Committed => "committed".to_owned(),
    };
    let warnings: String = status
        .warnings
        .iter()
        .map(|warning| format!("WARNING        {warning}\n"))
        .collect();
    let up = duration_ms(status.uptime_ms);
    format!(
        "data plane     running: {}, pid {}, up {up}\n\
         generation     {} ({}), {adopted}; {source}\n\
         packet memory  {}\n{warnings}",
        status.program,
        status.pid,
        status.generation,
        short(&status.hash.to_string()),
        status.memory,
    )
}

fn control_plane(control: &ControlPlaneStatus, running: Option<&Status>) -> String {
    let keeps = match (control.generation, running) {
        (None, _) => "keeps no ruleset".to_owned(),
        (Some(GenerationId { number, hash }), running) => {
            let differs = running.is_some_and(|running| running.hash != hash);
            let warning = if differs { ", NOT what runs" } else { "" };
            let (ipv4, ipv6) = (control.rules_ipv4, control.rules_ipv6);
            format!("keeps generation {number}{warning}: {ipv4} IPv4 rules, {ipv6} IPv6 rules")
        }
    };
    let up = duration_ms(control.uptime_ms);
    format!(
        "control plane  {}, pid {}, up {up}; {keeps}\n",
        control.program, control.pid
    )
}

fn workers(workers: &[WorkerStatus]) -> String {
    let mut table = Table::new([
        number("worker"),
        number("core"),
        word("adopted"),
        number("polls"),
        number("busy"),
        number("sleeps"),
        number("rx packets"),
        number("tx packets"),
    ]);
    for worker in workers {
        let polls = worker.busy_polls.saturating_add(worker.idle_polls);
        table.row([
            worker.worker.to_string(),
            worker.core.to_string(),
            adoption(worker),
            polls.to_string(),
            percent(worker.busy_polls, polls),
            worker.sleeps.to_string(),
            worker.rx_pkts.to_string(),
            worker.tx_pkts.to_string(),
        ]);
    }
    format!("\n{}", table.render())
}

fn interfaces(interfaces: &[InterfaceStatus]) -> String {
    let mut addresses = Table::new([
        word("interface"),
        word("link"),
        word("mac"),
        number("mtu"),
        word("addresses"),
        word("device"),
    ]);
    let mut counters = Table::new([
        word("interface"),
        number("rx packets"),
        number("rx bytes"),
        number("tx packets"),
        number("tx bytes"),
        number("rx missed"),
        number("tx full"),
        number("rx errors"),
        number("tx errors"),
        number("no mbuf"),
    ]);
    for interface in interfaces {
        addresses.row([
            interface.name.clone(),
            if interface.is_up { "up" } else { "DOWN" }.to_owned(),
            interface.mac.clone(),
            interface.mtu.to_string(),
            interface.addresses.join(" "),
            interface.device.clone(),
        ]);
        counters.row([
            interface.name.clone(),
            interface.rx_pkts.to_string(),
            interface.rx_bytes.to_string(),
            interface.tx_pkts.to_string(),
            interface.tx_bytes.to_string(),
            interface.rx_missed.to_string(),
            interface.tx_full.to_string(),
            interface.rx_errors.to_string(),
            interface.tx_errors.to_string(),
            interface.rx_no_mbuf.to_string(),
        ]);
    }
    format!("\n{}\n{}", addresses.render(), counters.render())
}

/// How long the worker took to judge by the running generation.
fn adoption(worker: &WorkerStatus) -> String {
    match worker.adoption_us {
        _ if worker.is_lagging => "NO".to_owned(),
        Some(microseconds) => format!("in {microseconds} us"),
        None => "yes".to_owned(),
    }
}

/// `part` of `whole` in percent with one decimal; `-` of nothing.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn short(hash: &str) -> &str {
    hash.get(..HASH_DIGITS).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use api::RulesetHash;

    use super::*;

    fn control() -> ControlPlaneStatus {
        ControlPlaneStatus {
            program: "weir-controlplane 0.1.0".to_owned(),
            pid: 20,
            uptime_ms: 61_000,
            generation: Some(GenerationId {
                number: 7,
                hash: RulesetHash::of(b"7"),
            }),
            rules_ipv4: 12,
            rules_ipv6: 3,
        }
    }

    fn worker(worker: u16, is_lagging: bool) -> WorkerStatus {
        WorkerStatus {
            worker,
            core: worker + 1,
            is_lagging,
            adoption_us: Some(40).filter(|_| !is_lagging),
            rx_pkts: 100,
            tx_pkts: 90,
            busy_polls: 1,
            idle_polls: 3,
            sleeps: 2,
        }
    }

    fn running(workers: Vec<WorkerStatus>) -> Status {
        Status {
            program: "weir-dataplane 0.1.0".to_owned(),
            pid: 10,
            started_unix_ms: 0,
            uptime_ms: 7_260_000,
            generation: 7,
            hash: RulesetHash::of(b"7"),
            source: RulesetSource::Committed,
            next_generation: 9,
            counters: 18,
            memory: "2 MiB huge pages, 64 MiB".to_owned(),
            host_path: "none".to_owned(),
            warnings: Vec::new(),
            workers,
        }
    }

    fn wan() -> InterfaceStatus {
        InterfaceStatus {
            name: "wan".to_owned(),
            device: "net_af_packet0,iface=veth-wan".to_owned(),
            mac: "02:00:00:00:00:01".to_owned(),
            mtu: 1500,
            addresses: vec!["203.0.113.1/24".to_owned(), "2001:db8::1/64".to_owned()],
            is_up: true,
            guard: String::new(),
            rx_pkts: 100,
            rx_bytes: 6400,
            tx_pkts: 90,
            tx_bytes: 5400,
            rx_missed: 0,
            tx_full: 0,
            rx_errors: 0,
            tx_errors: 0,
            rx_no_mbuf: 0,
        }
    }

    #[test]
    fn a_healthy_pair_of_planes() {
        let report = StatusReport {
            control_plane: control(),
            data_plane: DataPlaneState::Running {
                status: Box::new(running(vec![worker(0, false)])),
                interfaces: vec![wan()],
            },
        };
        let hash = RulesetHash::of(b"7").to_string();
        let expected = format!(
            "data plane     running: weir-dataplane 0.1.0, pid 10, up 2 h 1 min\n\
             generation     7 ({}), adopted by every worker; committed\n\
             packet memory  2 MiB huge pages, 64 MiB\n\
             control plane  weir-controlplane 0.1.0, pid 20, up 1 min 1 s; \
             keeps generation 7: 12 IPv4 rules, 3 IPv6 rules\n\
             \n\
             worker  core  adopted   polls    busy  sleeps  rx packets  tx packets\n\
             \x20    0     1  in 40 us      4  25.0 %       2         100          90\n\
             \n\
             interface  link  mac                 mtu  addresses                      device\n\
             wan        up    02:00:00:00:00:01  1500  203.0.113.1/24 2001:db8::1/64  \
             net_af_packet0,iface=veth-wan\n\
             \n\
             interface  rx packets  rx bytes  tx packets  tx bytes  rx missed  tx full  \
             rx errors  tx errors  no mbuf\n\
             wan               100      6400          90      5400          0        0  \
             \x20       0          0        0\n",
            &hash[..12]
        );
        assert_eq!(render(&report), expected);
    }

    #[test]
    fn what_is_wrong_stands_out() {
        let mut status = running(vec![worker(0, false), worker(1, true)]);
        status.hash = RulesetHash::of(b"other");
        status
            .warnings
            .push("the last good ruleset could not be written".to_owned());
        let report = StatusReport {
            control_plane: control(),
            data_plane: DataPlaneState::Running {
                status: Box::new(status),
                interfaces: vec![],
            },
        };
        let text = render(&report);
        assert!(text.contains("NOT YET ADOPTED by 1 of 2 workers"), "{text}");
        assert!(
            text.contains("\nWARNING        the last good ruleset could not"),
            "{text}"
        );
        assert!(text.contains("keeps generation 7, NOT what runs"), "{text}");
    }

    #[test]
    fn a_data_plane_that_is_down_is_said_first() {
        let report = StatusReport {
            control_plane: control(),
            data_plane: DataPlaneState::Down {
                since_unix_ms: 0,
                why: "nobody listens".to_owned(),
            },
        };
        assert!(render(&report).starts_with("data plane     DOWN: nobody listens\n"));
    }
}
