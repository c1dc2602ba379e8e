//! What the tests share: a router between `lan` (10.0.1.0/24) and `wan` (198.51.100.0/24) with
//! static neighbours, rules from text, frames.

#![allow(dead_code)]

use std::path::Path;

use classifier::Classifier;
use netio::memory::{HeapBuf, HeapPool, MemoryPort, link};
use pipeline::Generation;
use route::{NeighbourTable, Network};
use rules::{Family, Ruleset};
use syntax::{Invocation, Names, Program, Stamp};
use weir_dataplane::{
    config::Config,
    engine::{Engine, EngineConfig, WorkerPorts},
    network,
    worker::Worker,
};

/// The configuration.
pub const WEIR_TOML: &str = r#"schema_version = 1
[dataplane]
cores = [0]
idle_pause_polls = 100
idle_sleep_us = 20
[interfaces.lan]
device = "net_null0"
addresses = ["10.0.1.1/24", "2001:db8:1::1/64"]
mac = "02:ff:00:00:00:01"
[interfaces.wan]
device = "net_null1"
addresses = ["198.51.100.1/24", "2001:db8:2::1/64"]
mac = "02:ff:00:00:00:02"
[[neighbours]]
address = "198.51.100.20"
mac = "02:00:c6:33:64:14"
interface = "wan"
[[neighbours]]
address = "10.0.1.10"
mac = "02:00:0a:00:01:0a"
interface = "lan"
[sysctl]
"net.ipv4.icmp_ratelimit" = 0
"net.ipv4.icmp_msgs_per_sec" = 1000000
"net.ipv4.icmp_msgs_burst" = 1000000
"#;

/// The parsed configuration.
pub fn config() -> Config {
    Config::parse(WEIR_TOML, Path::new("weir.toml"), None).unwrap()
}

/// The network and its neighbour table.
pub fn network_of(config: &Config) -> (Network, NeighbourTable) {
    let macs: Vec<_> = config
        .interfaces
        .iter()
        .map(|iface| iface.mac.unwrap())
        .collect();
    let network = network::network(config, &macs, &[1500, 1500]).unwrap();
    (network, network::neighbours(config, 1))
}

/// IPv4 rules from iptables-restore's text, with handles from `next` on.
pub fn ruleset(text: &str, next: &mut u64) -> Ruleset {
    let call = Invocation {
        program: Program::Restore,
        family: Family::Ipv4,
        args: &[],
        stdin: text,
        stamp: Stamp {
            version: "0",
            unix_time_s: 0,
        },
    };
    let outcome = syntax::run(&call, &Ruleset::new(), &Names::from_text("", ""));
    assert_eq!(outcome.exit_code, 0, "{}", outcome.stderr);
    let mut ruleset = outcome.ruleset.unwrap_or_default();
    ruleset.assign_handles(next);
    ruleset
}

/// A generation of `ruleset`.
pub fn generation(number: u64, ruleset: &Ruleset, workers: usize) -> Generation {
    Generation::new(number, Classifier::new(ruleset).unwrap(), workers)
}

/// The far ends of one worker's ports: lan, wan.
pub struct Ends {
    pub lan: MemoryPort,
    pub wan: MemoryPort,
}

/// An engine with `workers` workers on memory ports, and the ports' far ends.
pub fn engine(
    workers: usize,
    first: Generation,
    pool: &HeapPool,
) -> (Engine, Vec<Worker<HeapPool, MemoryPort>>, Vec<Ends>) {
    let config = config();
    let (network, neighbours) = network_of(&config);
    let (mut ports, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..workers {
        let (near_lan, lan) = link::<HeapBuf>(512);
        let (near_wan, wan) = link::<HeapBuf>(512);
        ports.push(WorkerPorts {
            pool: pool.clone(),
            ports: vec![near_lan, near_wan],
        });
        ends.push(Ends { lan, wan });
    }
    let engine_config = EngineConfig {
        settings: config.sysctl.settings.clone(),
        neighbours,
        idle: config.idle,
        seed: 1,
    };
    let (engine, workers) = Engine::new(engine_config, network, first, ports);
    (engine, workers, ends)
}

/// An IPv4 frame from `lan`'s host to `wan`'s with the given protocol and transport bytes.
pub fn frame_v4(ttl: u8, protocol: u8, destination: [u8; 4], l4: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x02, 0xff, 0, 0, 0, 1, 0x02, 0, 0x0a, 0, 1, 0x0a, 0x08, 0];
    let total = u16::try_from(20 + l4.len()).unwrap().to_be_bytes();
    let mut header = vec![
        0x45, 0, total[0], total[1], 0, 7, 0, 0, ttl, protocol, 0, 0, 10, 0, 1, 10,
    ];
    header.extend(destination);
    let sum = wire::checksum::checksum(&header).to_be_bytes();
    header[10..12].copy_from_slice(&sum);
    frame.extend(header);
    frame.extend(l4);
    frame
}

/// A UDP datagram without checksum.
pub fn udp(source_port: u16, destination_port: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let mut l4 = Vec::new();
    for field in [source_port, destination_port, length, 0] {
        l4.extend(field.to_be_bytes());
    }
    l4.extend(payload);
    l4
}

/// Where the host behind `wan` is.
pub const SERVER: [u8; 4] = [198, 51, 100, 20];
