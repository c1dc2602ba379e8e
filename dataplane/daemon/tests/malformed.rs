//! Malformed packets through the replay path: none panics, none is lost from the books.
//!
//! The million is `cargo test --profile quick -p weir-dataplane --test malformed -- --ignored`;
//! without it a part of the same run.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use pipeline::observer::Outcome;
use route::IfaceId;
use support::{SERVER, config, frame_v4, ruleset, udp};
use weir_dataplane::{
    compile::Compiled,
    offline::{Arrival, Replay, ReplayConfig},
};

const RULES: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                     -A FORWARD -p tcp --tcp-flags SYN,FIN SYN,FIN -j LOG --log-tcp-options \
                     --log-ip-options\n\
                     -A FORWARD -p udp --dport 3 -j REJECT\n\
                     -A FORWARD -p tcp --dport 7 -j REJECT --reject-with tcp-reset\n\
                     -A FORWARD -p icmp --icmp-type echo-request -j DROP\n\
                     -A FORWARD -j ACCEPT\nCOMMIT\n";

/// splitmix64: equal seeds give equal packets.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Whole packets of every kind, to be damaged.
fn whole() -> Vec<Vec<u8>> {
    let syn = [
        0x10, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 3, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5, 0xb4,
    ];
    let echo = [8, 0, 0xf7, 0xfd, 0, 1, 0, 1];
    let mut frames = vec![
        frame_v4(64, 17, SERVER, &udp(9, 3, b"payload")),
        frame_v4(64, 17, SERVER, &udp(9, 53, &[7; 1990])),
        frame_v4(64, 6, SERVER, &syn),
        frame_v4(64, 1, SERVER, &echo),
        frame_v4(64, 1, [10, 0, 1, 1], &echo),
        frame_v4(1, 17, SERVER, &udp(9, 53, b"x")),
    ];
    // IPv4 with options: record route, router alert.
    let mut options = frame_v4(64, 17, SERVER, &udp(9, 53, b"options"));
    options.splice(34..34, [7, 7, 4, 0, 0, 0, 0, 0x94, 4, 0, 0, 0]);
    options[14] = 0x48;
    options[17] += 12;
    options[24..26].fill(0);
    let sum = wire::checksum::checksum(&options[14..46]).to_be_bytes();
    options[24..26].copy_from_slice(&sum);
    frames.push(options);
    frames.extend(whole_v6());
    let mut arp = vec![0xff; 6];
    arp.extend([0x02, 0, 0x0a, 0, 1, 0x0a, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    arp.extend([
        0x02, 0, 0x0a, 0, 1, 0x0a, 10, 0, 1, 10, 0, 0, 0, 0, 0, 0, 10, 0, 1, 1,
    ]);
    frames.push(arp);
    // The same behind a VLAN tag.
    let mut tagged = frames[0].clone();
    tagged.splice(12..12, [0x81, 0, 0, 20]);
    frames.push(tagged);
    frames
}

/// IPv6: UDP, hop-by-hop and fragment headers before it, a neighbour solicitation.
fn whole_v6() -> Vec<Vec<u8>> {
    let source = "2001:db8:1::a"
        .parse::<std::net::Ipv6Addr>()
        .unwrap()
        .octets();
    let packet = |next: u8, destination: &str, payload: &[u8]| {
        let mut frame = vec![0x02, 0xff, 0, 0, 0, 1, 0x02, 6, 0, 0, 0, 0x0a, 0x86, 0xdd];
        let length = (payload.len() as u16).to_be_bytes();
        frame.extend([0x60, 0, 0, 0, length[0], length[1], next, 255]);
        frame.extend(source);
        frame.extend(destination.parse::<std::net::Ipv6Addr>().unwrap().octets());
        frame.extend(payload);
        frame
    };
    let datagram = udp(9, 53, b"x");
    let server = "2001:db8:2::14";
    let behind = |header: &[u8]| [header, &datagram[..]].concat();
    let mut solicit = vec![135, 0, 0, 0, 0, 0, 0, 0];
    solicit.extend(
        "2001:db8:1::1"
            .parse::<std::net::Ipv6Addr>()
            .unwrap()
            .octets(),
    );
    solicit.extend([1, 1, 0x02, 6, 0, 0, 0, 0x0a]);
    vec![
        packet(17, server, &datagram),
        packet(0, server, &behind(&[17, 0, 5, 2, 0, 0, 1, 0])),
        packet(44, server, &behind(&[17, 0, 0, 1, 0, 0, 0, 9])),
        packet(43, server, &behind(&[17, 0, 0, 0, 0, 0, 0, 0])),
        packet(58, "ff02::1:ff00:1", &solicit),
    ]
}

/// A packet with a part cut off, bits flipped, or nothing but noise.
fn damaged(random: &mut Random, whole: &[Vec<u8>]) -> Vec<u8> {
    let mut frame = whole[random.below(whole.len())].clone();
    match random.below(10) {
        0 | 1 => frame.truncate(random.below(frame.len())),
        2 => {
            frame = (0..random.below(200))
                .map(|_| random.next() as u8)
                .collect()
        }
        3 => {
            // Noise behind a link header that is for us.
            frame.truncate(14);
            frame.extend((0..random.below(120)).map(|_| random.next() as u8));
        }
        4 => {
            frame.extend((0..random.below(40)).map(|_| random.next() as u8));
        }
        5 | 6 => {
            flip(random, &mut frame, 14..34);
            repair_ipv4_checksum(&mut frame);
        }
        _ => flip(random, &mut frame, 0..80),
    }
    frame
}

/// Flips a few bits in `part` of a frame.
fn flip(random: &mut Random, frame: &mut [u8], part: std::ops::Range<usize>) {
    for _ in 0..=random.below(6) {
        let at = part.start + random.below(part.end.min(frame.len()) - part.start);
        frame[at] ^= 1 << random.below(8);
    }
}

/// Lets damage pass the IPv4 header checksum, so that it reaches what lies behind.
fn repair_ipv4_checksum(frame: &mut [u8]) {
    let header_len = usize::from(frame[14] & 15) * 4;
    if let Some(header) = frame
        .get_mut(14..14 + header_len)
        .filter(|header| header.len() >= 20)
    {
        header[10..12].fill(0);
        let sum = wire::checksum::checksum(header).to_be_bytes();
        header[10..12].copy_from_slice(&sum);
    }
}

fn run(packets: u64) {
    let rules = ruleset(RULES, &mut 1);
    let config = config();
    let compiled = Compiled::new(&rules, Vec::new(), 2, 1 << 30).unwrap();
    let macs = config
        .interfaces
        .iter()
        .map(|iface| iface.mac.unwrap())
        .collect();
    let replay_config = ReplayConfig {
        workers: 2,
        seed: 1,
        resolve_neighbours: false,
    };
    let mut replay = Replay::new(&config, compiled, macs, replay_config).unwrap();
    let (mut random, whole) = (Random(42), whole());
    let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
    for number in 0..packets {
        let frame = damaged(&mut random, &whole);
        replay.advance(1_000_000_000 + number * 50_000);
        let judged = replay.receive(Arrival::Iface(IfaceId(0)), &frame);
        let outcome = match judged.outcome {
            Outcome::Sent(_) => "forwarded",
            Outcome::Delivered => "delivered",
            Outcome::Held(_) => "held",
            Outcome::Dropped(reason) => reason.name(),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    let totals = replay.totals();
    let dropped: u64 = totals.dropped.iter().map(|(_, pkts)| pkts).sum();
    assert_eq!(totals.received, packets);
    assert_eq!(
        totals.forwarded + totals.delivered + dropped + totals.held,
        packets,
        "{totals:?}"
    );
    assert_eq!(outcomes.values().sum::<u64>(), packets);
    // The damage reached every layer, or the test shows little.
    for reason in [
        "forwarded",
        "delivered",
        "ethernet_short",
        "ethertype_unknown",
        "other_host",
        "arp_malformed",
        "ipv4_short",
        "ipv4_version",
        "ipv4_header_length",
        "ipv4_checksum",
        "ipv4_truncated",
        "ipv6_short",
        "ipv6_truncated",
        "martian_source",
        "no_route",
        "reject",
        "rule",
    ] {
        assert!(
            outcomes.contains_key(reason),
            "no packet was {reason}: {outcomes:?}"
        );
    }
}

#[test]
fn malformed_packets_are_all_accounted_for() {
    run(50_000);
}

#[test]
#[ignore = "a million packets: for optimised builds"]
fn a_million_malformed_packets_are_all_accounted_for() {
    run(1_000_000);
}
