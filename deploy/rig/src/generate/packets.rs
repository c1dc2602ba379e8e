//! Packet scripts: single packets at the edges of everything, and dialogues whose later packets
//! belong to earlier ones.

use std::net::IpAddr;

use super::{
    dice::Dice,
    pool::{Pool, dice_interface},
};
use crate::{
    hex::Hex,
    packet::{Ip, Packet, Transport, pattern},
    topology::{INTERFACES, Interface},
};

/// A script of 4 to 16 packets.
pub fn script(dice: &mut Dice, pool: &Pool, v6: bool) -> Vec<Packet> {
    let mut script: Vec<Packet> = Vec::new();
    let length = dice.between(4, 16);
    while script.len() < length {
        match dice.below(10) {
            0 => dialogue(dice, pool, v6, &mut script),
            1 => fragments(dice, pool, v6, &mut script),
            2 => {
                if let Some(error) = error_about(dice, &script) {
                    script.push(error);
                }
            }
            _ => script.push(single(dice, pool, v6)),
        }
    }
    script
}

/// One packet, mostly well formed.
fn single(dice: &mut Dice, pool: &Pool, v6: bool) -> Packet {
    let (from, ip) = endpoints(dice, pool, v6);
    let carries = transport(dice, pool, &ip);
    let mut packet = Packet {
        after_ms: 0,
        iface: from.name.to_owned(),
        ip,
        carries,
        cut: None,
        padding: 0,
    };
    edge(dice, &mut packet);
    packet
}

/// Source, destination and the interface that the packet comes in by.
fn endpoints(dice: &mut Dice, pool: &Pool, v6: bool) -> (&'static Interface, Ip) {
    let from = dice_interface(dice);
    let to = if dice.chance(85) {
        INTERFACES
            .iter()
            .find(|i| i.name != from.name)
            .unwrap_or(from)
    } else {
        from
    };
    let to = if dice.chance(40) {
        dice_interface(dice)
    } else {
        to
    };
    let own = |i: &Interface| {
        if v6 {
            IpAddr::V6(i.v6)
        } else {
            IpAddr::V4(i.v4)
        }
    };
    let src = pool.address(dice, from, v6);
    let dst = if dice.chance(30) {
        own(dice_interface(dice))
    } else {
        pool.address(dice, to, v6)
    };
    let mut ip = Ip::new(src, dst);
    ip.ttl = *dice.pick(&[64, 64, 64, 64, 64, 255, 1, 2, 0, 3]);
    ip.tos = *dice.pick(&[0, 0, 0, 0x10, 0xb8, 0xff]);
    if !v6 {
        ip.id = u32::from(dice.u16());
        ip.df = dice.chance(50);
    }
    (from, ip)
}

fn size(dice: &mut Dice) -> usize {
    *dice.pick(&[
        0, 0, 0, 1, 7, 8, 64, 517, 1331, 1332, 1333, 1352, 1371, 1372, 1373, 1400, 1440,
    ])
}

fn transport(dice: &mut Dice, pool: &Pool, ip: &Ip) -> Transport {
    match dice.below(12) {
        0..=4 => tcp(dice, pool),
        5..=7 => Transport::Udp {
            sport: pool.port(dice),
            dport: pool.port(dice),
            payload: size(dice),
            checksum: match dice.below(20) {
                0 => Some(0),
                1 => Some(0xbad),
                _ => None,
            },
        },
        8..=10 => icmp(dice, ip.src.is_ipv6()),
        _ => {
            let len = dice.below(40);
            Transport::Raw {
                protocol: *dice.pick(&[47, 132, 50, 51, 2, 255, 59, 4, 6, 17, 1, 58]),
                bytes: Hex(dice.bytes(len)),
            }
        }
    }
}

fn tcp(dice: &mut Dice, pool: &Pool) -> Transport {
    let flags = [
        "S", "S", "SA", "A", "PA", "FA", "R", "RA", "", "FPU", "SF", "SEC", "FSRPAUEC",
    ];
    Transport::Tcp {
        sport: pool.port(dice),
        dport: pool.port(dice),
        flags: (*dice.pick(&flags)).to_owned(),
        seq: dice.u32(),
        ack: dice.u32(),
        window: dice.u16(),
        options: tcp_options(dice),
        payload: size(dice).min(1400),
        checksum: dice.chance(4).then_some(0xbad),
    }
}

fn icmp(dice: &mut Dice, v6: bool) -> Transport {
    let kinds: &[(u8, u8)] = if v6 {
        &[
            (128, 0),
            (128, 0),
            (129, 0),
            (1, 4),
            (3, 0),
            (2, 0),
            (128, 1),
            (200, 0),
        ]
    } else {
        &[
            (8, 0),
            (8, 0),
            (0, 0),
            (3, 1),
            (11, 0),
            (13, 0),
            (8, 1),
            (255, 0),
            (5, 1),
        ]
    };
    let &(kind, code) = dice.pick(kinds);
    let body = Hex(pattern(size(dice)).collect());
    let checksum = dice.chance(4).then_some(0xbad);
    Transport::Icmp {
        kind,
        code,
        rest: dice.u32(),
        body,
        checksum,
    }
}

fn tcp_options(dice: &mut Dice) -> Hex {
    let options: &[&[u8]] = &[
        &[],
        &[],
        &[2, 4, 5, 0xb4],
        &[
            2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7,
        ],
        &[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        &[3, 3, 7, 0, 2, 4, 5, 0xb4],
        &[2, 40, 1, 1],
        &[254, 0, 0, 0],
        &[1, 1, 1, 254],
    ];
    Hex(dice.pick(options).to_vec())
}

/// Bends one thing in some packets.
fn edge(dice: &mut Dice, packet: &mut Packet) {
    let v6 = packet.ip.src.is_ipv6();
    match dice.below(40) {
        0 => packet.cut = Some(dice.below(80)),
        1 => packet.padding = dice.between(1, 46),
        2 if !v6 => packet.ip.checksum = Some(0xbad),
        3 => packet.ip.length = Some(*dice.pick(&[0, 19, 20, 21, 28, 40, 65535])),
        4 if !v6 => packet.ip.options = Hex(ip_options(dice)),
        5 if v6 => packet.ip.extensions = extensions(dice),
        6 if !is_own(packet.ip.dst) => {
            packet.ip.offset = *dice.pick(&[1, 2, 100, 0x1fff]);
            packet.ip.mf = dice.chance(50);
            packet.ip.id = dice.u32() | 1;
        }
        7 if !v6 => {
            let [_, b, c, d] = match packet.ip.src {
                IpAddr::V4(addr) => addr.octets(),
                IpAddr::V6(_) => [0; 4],
            };
            let first = *dice.pick(&[0, 127, 224, 240, 255]);
            packet.ip.src = IpAddr::from([first, b, c, d]);
        }
        8 if !v6 => {
            let odd: &[[u8; 4]] = &[
                [255, 255, 255, 255],
                [10, 0, 1, 255],
                [10, 0, 1, 0],
                [224, 0, 0, 1],
                [239, 1, 2, 3],
                [127, 0, 0, 1],
                [0, 0, 0, 0],
                [240, 0, 0, 1],
            ];
            packet.ip.dst = IpAddr::from(*dice.pick(odd));
        }
        _ => {}
    }
}

fn ip_options(dice: &mut Dice) -> Vec<u8> {
    let options: &[&[u8]] = &[
        &[1, 1, 1, 1],
        &[7, 7, 4, 0, 0, 0, 0, 0],
        &[7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[7, 7, 8, 1, 2, 3, 4, 0],
        &[68, 8, 5, 0, 0, 0, 0, 0],
        &[68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        &[131, 7, 4, 10, 0, 1, 3, 0],
        &[137, 7, 4, 10, 0, 1, 3, 0],
        &[148, 4, 0, 0],
        &[130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[7, 3, 4, 0],
        &[99, 0, 0, 0],
        &[99, 4, 1, 2],
        &[0, 1, 2, 3],
    ];
    dice.pick(options).to_vec()
}

fn extensions(dice: &mut Dice) -> Vec<(u8, Hex)> {
    let padding = Hex(vec![1, 4, 0, 0, 0, 0]);
    let some = |kind: u8| (kind, padding.clone());
    match dice.below(6) {
        0 => vec![some(0)],
        1 => vec![some(60)],
        2 => vec![some(0), some(60)],
        3 => vec![some(60), some(0)],
        4 => vec![(43, Hex(vec![0, 0, 0, 0, 0, 0]))],
        _ => vec![(0, Hex(vec![5, 2, 0, 0, 1, 0]))],
    }
}

/// A TCP handshake, data and the end, or a UDP question and its answer.
fn dialogue(dice: &mut Dice, pool: &Pool, v6: bool, script: &mut Vec<Packet>) {
    let (from, mut ip) = endpoints(dice, pool, v6);
    ip.ttl = 64;
    let back_iface = INTERFACES
        .iter()
        .find(|i| on_link(i, ip.dst))
        .unwrap_or(&INTERFACES[1]);
    let mut back = ip.clone();
    (back.src, back.dst) = (ip.dst, ip.src);
    let ports = (pool.port(dice), pool.port(dice));
    let steps = if dice.chance(60) {
        tcp_steps(dice, ports)
    } else {
        udp_steps(ports).to_vec()
    };
    for (forward, carries) in steps {
        let (iface, ip) = if forward {
            (from, ip.clone())
        } else {
            (back_iface, back.clone())
        };
        let iface = iface.name.to_owned();
        script.push(Packet {
            after_ms: 0,
            iface,
            ip,
            carries,
            cut: None,
            padding: 0,
        });
    }
}

/// Whether a step goes in the dialogue's first direction, and what it carries.
type Step = (bool, Transport);

fn tcp_steps(dice: &mut Dice, (client, server): (u16, u16)) -> Vec<Step> {
    let (a, b) = (dice.u32(), dice.u32());
    let step = |forward: bool, flags: &str, a_past: u32, b_past: u32, payload: usize| {
        let (a, b) = (a.wrapping_add(a_past), b.wrapping_add(b_past));
        let (sport, dport) = if forward {
            (client, server)
        } else {
            (server, client)
        };
        let (seq, ack) = if forward { (a, b) } else { (b, a) };
        let tcp = Transport::Tcp {
            sport,
            dport,
            flags: flags.to_owned(),
            seq,
            ack: if flags.contains('A') { ack } else { 0 },
            window: 0x7fff,
            options: Hex::default(),
            payload,
            checksum: None,
        };
        (forward, tcp)
    };
    vec![
        step(true, "S", 0, 0, 0),
        step(false, "SA", 1, 0, 0),
        step(true, "A", 1, 1, 0),
        step(true, "PA", 1, 1, 5),
        step(false, "FA", 6, 1, 0),
    ]
}

fn udp_steps((client, server): (u16, u16)) -> [Step; 2] {
    let udp = |sport, dport| Transport::Udp {
        sport,
        dport,
        payload: 12,
        checksum: None,
    };
    [(true, udp(client, server)), (false, udp(server, client))]
}

/// Whether a packet for the address ends at the router: its own addresses, broadcast, groups.
/// Fragments for the router itself need reassembly, which comes with connection tracking; until
/// then Weir drops and counts them.
fn is_own(addr: IpAddr) -> bool {
    let is_broadcast = |i: &Interface| {
        let [a, b, c, _] = i.v4.octets();
        addr == IpAddr::from([a, b, c, 255])
    };
    INTERFACES
        .iter()
        .any(|i| IpAddr::V4(i.v4) == addr || IpAddr::V6(i.v6) == addr)
        || INTERFACES.iter().any(is_broadcast)
        || addr.is_multicast()
        || addr == IpAddr::from([255; 4])
}

fn on_link(interface: &Interface, addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.octets()[..3] == interface.v4.octets()[..3],
        IpAddr::V6(addr) => addr.octets()[..8] == interface.v6.octets()[..8],
    }
}

/// A datagram in pieces, sometimes with one missing or out of order.
fn fragments(dice: &mut Dice, pool: &Pool, v6: bool, script: &mut Vec<Packet>) {
    let (from, mut ip) = endpoints(dice, pool, v6);
    if is_own(ip.dst) {
        return;
    }
    ip.df = false;
    ip.id = dice.u32() | 1;
    let whole = transport(dice, pool, &ip);
    let (protocol, bytes) = (whole.protocol(&ip), whole.encode(&ip));
    let piece = *dice.pick(&[8, 16, 24, 512, 1376]);
    let count = bytes.len().div_ceil(piece).min(4);
    for at in 0..count {
        if dice.chance(10) {
            continue;
        }
        let end = if at + 1 == count {
            bytes.len()
        } else {
            (at + 1) * piece
        };
        let mut ip = ip.clone();
        ip.offset = (at * piece / 8) as u16;
        ip.mf = at + 1 < count;
        script.push(Packet {
            after_ms: 0,
            iface: from.name.to_owned(),
            ip,
            carries: Transport::Raw {
                protocol,
                bytes: Hex(bytes[at * piece..end].to_vec()),
            },
            cut: None,
            padding: 0,
        });
    }
}

/// An ICMP error about an earlier packet, from where that went to.
fn error_about(dice: &mut Dice, script: &[Packet]) -> Option<Packet> {
    if script.is_empty() {
        return None;
    }
    let about = dice.pick(script);
    let mut quoted = about.ip.encode(
        about.carries.protocol(&about.ip),
        &about.carries.encode(&about.ip),
    );
    quoted.truncate(*dice.pick(&[28, 40, 48, 128, 548]));
    let interface = INTERFACES
        .iter()
        .find(|i| on_link(i, about.ip.dst))
        .unwrap_or(&INTERFACES[1]);
    let kinds: &[(u8, u8)] = if about.ip.src.is_ipv6() {
        &[(1, 4), (3, 0), (2, 0), (1, 0)]
    } else {
        &[(3, 3), (3, 1), (11, 0), (3, 4), (12, 0)]
    };
    let &(kind, code) = dice.pick(kinds);
    Some(Packet {
        after_ms: 0,
        iface: interface.name.to_owned(),
        ip: Ip::new(about.ip.dst, about.ip.src),
        carries: Transport::Icmp {
            kind,
            code,
            rest: 0,
            body: Hex(quoted),
            checksum: None,
        },
        cut: None,
        padding: 0,
    })
}
