//! Writes the seeds that are bytes, not text: `cargo run --example seeds`, after a change to the
//! messages' types. Frames are taken from those that the kernel was asked about.

use std::fs;
use std::net::Ipv6Addr;
use std::path::PathBuf;

use api::{CounterDump, CounterValue, Reply, Request, RulesetHash, ZeroScope, codec};
use rules::matches::Match;
use rules::matches::ip::IpMatch;
use rules::matches::tcp::{PortRange, TcpFlags, TcpMatch};
use rules::targets::{log::Log, reject::RejectWith};
use rules::{Counters, Family, Negatable, Policy, Rule, RuleHandle, Ruleset, TableName, Target};
use serde::Serialize;
use wire::ipv4::Ipv4Fields;
use wire::ipv6::Ipv6Fields;
use wire::{Header, Ipv4Header, Ipv6Header};

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
    write_arrivals();
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

/// Frames in order, each behind flags and its length: see `fuzz::arrivals`.
fn write_arrivals() {
    const RIGHT: u8 = 0x02 | 0x04;
    const WAN: u8 = 0x01;
    const STRETCHED: u8 = 0x10;
    const LATER: u8 = 0xc0;
    let echo = [8, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4];
    let tcp = |port: u8| {
        [
            4, 0, 0, port, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 4, 0, 0, 0, 0, 0,
        ]
    };
    let udp = |port: u16| {
        let mut datagram = [4, 0, 0, 0, 0, 12, 0, 0, 1, 2, 3, 4];
        datagram[2..4].copy_from_slice(&port.to_be_bytes());
        datagram
    };
    let outside = [8, 8, 8, 8];
    let arp = |operation: u8, sender: [u8; 4], target: [u8; 4]| {
        let fixed = [0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, 9];
        ethernet(0x0806, &[&fixed[..], &sender, &[0; 6], &target].concat())
    };
    let gateway = arp(2, [10, 0, 2, 254], [10, 0, 2, 1]);
    let ways = [
        (
            "arp",
            vec![
                (0, arp(1, [10, 0, 1, 9], [10, 0, 1, 1])),
                (WAN, gateway.clone()),
            ],
        ),
        ("echo", vec![(RIGHT, v4(1, 64, [10, 0, 1, 1], &echo))]),
        (
            "forward",
            vec![
                (RIGHT, v4(17, 64, outside, &udp(53))),
                (RIGHT | WAN, gateway),
                (RIGHT, v4(6, 64, outside, &tcp(80))),
                (RIGHT, v4(6, 64, outside, &tcp(81))),
                (RIGHT | LATER, v4(17, 64, outside, &udp(1_500))),
            ],
        ),
        (
            "unanswered",
            vec![
                (RIGHT, v4(17, 64, outside, &udp(53))),
                (LATER, vec![]),
                (LATER, vec![]),
            ],
        ),
        ("expired", vec![(RIGHT, v4(17, 1, outside, &udp(53)))]),
        (
            "long",
            vec![(RIGHT | STRETCHED, v4(17, 64, outside, &udp(53)))],
        ),
        (
            "closed",
            vec![
                (RIGHT, v4(6, 64, [10, 0, 1, 1], &tcp(22))),
                (RIGHT, v4(6, 64, [10, 0, 1, 1], &tcp(23))),
                (RIGHT, v4(17, 64, [10, 0, 1, 1], &udp(9))),
                (RIGHT, v4(99, 64, [10, 0, 1, 1], &[])),
            ],
        ),
        ("host", vec![(RIGHT | 0x08, v4(17, 64, outside, &udp(53)))]),
        (
            "ipv6",
            vec![
                (
                    RIGHT,
                    v6(
                        58,
                        255,
                        "fd00:1::1",
                        &[
                            &[135, 0, 0, 0, 0, 0, 0, 0][..],
                            &addr6("fd00:1::1"),
                            &[1, 1, 2, 0, 0, 0, 0, 9],
                        ]
                        .concat(),
                    ),
                ),
                (
                    RIGHT,
                    v6(58, 64, "fd00:1::1", &[128, 0, 0, 0, 0, 1, 0, 1, 1, 2]),
                ),
                (RIGHT, v6(17, 64, "2001:db8::1", &udp(53))),
                (RIGHT, v6(17, 1, "2001:db8::1", &udp(53))),
                (RIGHT | STRETCHED, v6(17, 64, "2001:db8::1", &udp(53))),
                (RIGHT, v6(0, 64, "fd00:1::1", &[17, 0, 0x9e, 2, 0, 0, 0, 0])),
                (RIGHT, v6(99, 64, "fd00:1::1", &[])),
            ],
        ),
    ];
    for (name, frames) in ways {
        let arrivals = frames
            .into_iter()
            .flat_map(|(flags, frame)| [vec![flags, frame.len() as u8], frame].concat());
        write("pipeline", name, &arrivals.collect::<Vec<_>>());
    }
}

/// A frame from a station at lan; the flags put the receiver's address in.
fn ethernet(ether_type: u16, packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9];
    frame.extend(ether_type.to_be_bytes());
    frame.extend(packet);
    frame
}

fn v4(protocol: u8, ttl: u8, dst: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let header = Ipv4Header::new(&Ipv4Fields {
        src: [10, 0, 1, 9].into(),
        dst: dst.into(),
        protocol,
        ttl,
        tos: 0,
        id: 1,
        dont_fragment: false,
        payload_length: payload.len() as u16,
    });
    let mut packet = vec![0; Ipv4Header::LEN];
    header.emit(&mut packet).expect("room");
    packet.extend(payload);
    ethernet(0x0800, &packet)
}

fn v6(next_header: u8, hop_limit: u8, dst: &str, payload: &[u8]) -> Vec<u8> {
    let header = Ipv6Header::new(&Ipv6Fields {
        src: addr6("fd00:1::9").into(),
        dst: addr6(dst).into(),
        next_header,
        hop_limit,
        traffic_class: 0,
        flow_label: 0,
        payload_length: payload.len() as u16,
    });
    let mut packet = vec![0; Ipv6Header::LEN];
    header.emit(&mut packet).expect("room");
    packet.extend(payload);
    ethernet(0x86dd, &packet)
}

fn addr6(text: &str) -> [u8; 16] {
    let addr: Ipv6Addr = text.parse().expect("an address");
    addr.octets()
}
