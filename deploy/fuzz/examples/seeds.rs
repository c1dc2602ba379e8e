//! Writes the seeds that are bytes, not text: `cargo run --example seeds`, after a change to the
//! messages' types. Frames are taken from those that the kernel was asked about.

use std::fs;
use std::path::PathBuf;

use api::{CounterDump, CounterValue, Reply, Request, RulesetHash, ZeroScope, codec};
use rules::matches::Match;
use rules::matches::ip::IpMatch;
use rules::matches::tcp::{PortRange, TcpFlags, TcpMatch};
use rules::targets::{log::Log, reject::RejectWith};
use rules::{Counters, Family, Negatable, Policy, Rule, RuleHandle, Ruleset, TableName, Target};
use serde::Serialize;

/// Bytes of the schema number, which the target puts in front itself.
const SCHEMA_BYTES: usize = 4;

/// One frame in so many becomes a seed.
const FRAMES_STEP: usize = 23;

fn main() {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let frames = here.join("../../dataplane/packet/tests/kernel_verdicts.txt");
    let frames = fs::read_to_string(frames).expect("the recorded frames");
    let frames = frames.lines().filter(|line| !line.starts_with('#'));
    for (place, line) in frames.step_by(FRAMES_STEP).enumerate() {
        let hex = line.rsplit(' ').next().expect("a frame");
        write("parse", &format!("frame-{place:02}"), &bytes_of(hex));
    }
    write_messages();
    write(
        "control_message",
        "ruleset-empty",
        &encoded(&Ruleset::new()),
    );
    write("control_message", "ruleset", &encoded(&ruleset()));
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    fs::create_dir_all(&folder).expect("the folder of seeds");
    fs::write(folder.join(name), bytes).expect("a seed");
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    codec::encode(value)
        .expect("it encodes")
        .split_off(SCHEMA_BYTES)
}

fn write_messages() {
    let hash = RulesetHash::of(b"seed");
    let requests = [
        Request::Hello {
            program: "weir-controlplane 0.1.0".to_owned(),
        },
        Request::Prepare {
            generation: 7,
            hash,
        },
        Request::Commit { generation: 7 },
        Request::Zero {
            scope: ZeroScope::Handles(vec![RuleHandle(1), RuleHandle(300)]),
        },
        Request::Zero {
            scope: ZeroScope::Table {
                family: Family::Ipv6,
                table: TableName::Filter,
            },
        },
        Request::Journal { from: 1 },
    ];
    for (place, request) in requests.iter().enumerate() {
        write(
            "control_message",
            &format!("request-{place}"),
            &encoded(request),
        );
    }
    let replies = [
        Reply::Hello {
            program: "weir-dataplane 0.1.0".to_owned(),
            running: 6,
            hash,
            next_generation: 7,
        },
        Reply::Adopted {
            generation: 7,
            lagging: vec![0, 3],
        },
    ];
    for (place, reply) in replies.iter().enumerate() {
        write(
            "control_message",
            &format!("reply-{place}"),
            &encoded(reply),
        );
    }
    let value = CounterValue {
        handle: RuleHandle(9),
        counters: Counters {
            packets: 3,
            bytes: 4_000_000_000,
        },
    };
    let counters = CounterDump {
        generation: 7,
        values: vec![value],
    };
    write("control_message", "counters", &encoded(&counters));
}

/// A rule of each kind of match and target.
fn ruleset() -> Ruleset {
    let mut ruleset = Ruleset::new();
    let filter = ruleset
        .table_mut(Family::Ipv4, TableName::Filter)
        .expect("every ruleset has it");
    let tcp = Match::Tcp(TcpMatch {
        destination_port: Some(Negatable::plain(PortRange {
            first: 22,
            last: 80,
        })),
        flags: Some(Negatable::negated(TcpFlags {
            mask: 0x17,
            set: 0x02,
        })),
        ..TcpMatch::default()
    });
    let targets = [
        Target::Log(Log::default()),
        Target::Reject(RejectWith::TcpReset),
        Target::Accept,
    ];
    let forward = filter
        .chains
        .iter_mut()
        .find(|chain| chain.name.as_str() == "FORWARD")
        .expect("a built-in chain");
    for target in targets {
        forward.rules.push(Rule {
            handle: RuleHandle::default(),
            counters: Counters::default(),
            ip: IpMatch {
                protocol: Some(Negatable::plain(wire::protocol::TCP)),
                ..IpMatch::default()
            },
            matches: vec![tcp.clone()],
            target,
        });
    }
    if let Some(policy) = &mut forward.policy {
        policy.verdict = Policy::Drop;
    }
    ruleset.assign_handles(&mut 1);
    ruleset
}
