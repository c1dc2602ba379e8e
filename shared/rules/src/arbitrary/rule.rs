//! One rule: matches that fit its protocol, and a target that its table allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::{option, prelude::*, sample::select};

use super::{ICMP_TYPES, IFACES, PORTS, PROTOCOLS, TCP_OPTIONS, packet};
use crate::{
    ChainName, Counters, Family, Negatable, Rule, RuleHandle, TableName, Target,
    matches::{
        Match,
        icmp::{IcmpMatch, IcmpType},
        ip::{AddrMask, IfaceMatch, IpMatch},
        tcp::{PortRange, TcpFlags, TcpMatch},
        udp::UdpMatch,
    },
    targets::{log::Log, reject::RejectWith},
};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// A rule of `family` and `table` that may jump to the chains in `below`.
pub fn rule(
    family: Family,
    table: TableName,
    below: Vec<ChainName>,
) -> impl Strategy<Value = Rule> {
    protocol_and_matches(family).prop_flat_map(move |(protocol, matches)| {
        let is_tcp = protocol == Some(Negatable::plain(TCP));
        (
            ip(family),
            target(family, table, is_tcp, below.clone()),
            counters(),
        )
            .prop_map(move |(ip, target, counters)| Rule {
                handle: RuleHandle::default(),
                counters,
                ip: IpMatch { protocol, ..ip },
                matches: matches.clone(),
                target,
            })
    })
}

/// Start values of counters.
pub(super) fn counters() -> impl Strategy<Value = Counters> {
    prop_oneof![
        3 => Just(Counters::default()),
        1 => (0..1_000_000_u64, 0..1_000_000_000_u64)
            .prop_map(|(packets, bytes)| Counters { packets, bytes }),
    ]
}

fn negatable<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Negatable<T>> {
    let negated = prop::bool::weighted(0.25);
    (negated, value).prop_map(|(negated, value)| Negatable { negated, value })
}

/// `Some` in `percent` of 100 cases.
fn sometimes<T: Clone + std::fmt::Debug>(
    percent: u32,
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    option::weighted(f64::from(percent) / 100.0, value)
}

fn ip(family: Family) -> impl Strategy<Value = IpMatch> {
    let fragment = match family {
        Family::Ipv4 => sometimes(8, negatable(Just(()))).boxed(),
        Family::Ipv6 => Just(None).boxed(),
    };
    (
        sometimes(25, negatable(addr_mask(family))),
        sometimes(25, negatable(addr_mask(family))),
        sometimes(20, negatable(iface())),
        sometimes(20, negatable(iface())),
        fragment,
    )
        .prop_map(
            |(source, destination, in_iface, out_iface, fragment)| IpMatch {
                source,
                destination,
                in_iface,
                out_iface,
                protocol: None,
                fragment,
            },
        )
}

fn addr_mask(family: Family) -> BoxedStrategy<AddrMask> {
    match family {
        Family::Ipv4 => {
            // The last is no prefix.
            let masks = vec![u32::MAX, u32::MAX << 8, u32::MAX << 24, 0, 0xff00_00ff];
            (select(&packet::ADDRS_V4[..]), select(masks))
                .prop_map(|(addr, mask)| AddrMask {
                    addr: IpAddr::V4(Ipv4Addr::from_bits(addr.to_bits() & mask)),
                    mask: IpAddr::V4(Ipv4Addr::from_bits(mask)),
                })
                .boxed()
        }
        Family::Ipv6 => {
            let masks = vec![u128::MAX, u128::MAX << 64, u128::MAX << 96, 0, 0xffff];
            (select(&packet::ADDRS_V6[..]), select(masks))
                .prop_map(|(addr, mask)| AddrMask {
                    addr: IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() & mask)),
                    mask: IpAddr::V6(Ipv6Addr::from_bits(mask)),
                })
                .boxed()
        }
    }
}

fn iface() -> impl Strategy<Value = IfaceMatch> {
    let exact = select(&IFACES[..]).prop_map(|name| IfaceMatch {
        name: name.to_owned(),
        is_prefix: false,
    });
    let prefix = select(vec!["", "l", "lan", "wan", "wan.", "dmz"]).prop_map(|name| IfaceMatch {
        name: name.to_owned(),
        is_prefix: true,
    });
    prop_oneof![exact, prefix]
}

type ProtocolAndMatches = (Option<Negatable<u8>>, Vec<Match>);

fn protocol_and_matches(family: Family) -> impl Strategy<Value = ProtocolAndMatches> {
    let with = |protocol: u8, one: BoxedStrategy<Match>| {
        // Mostly one match; a rule may also load it twice, or not at all.
        prop::collection::vec(one, 0..=2)
            .prop_map(move |matches| (Some(Negatable::plain(protocol)), matches))
    };
    let (icmp, icmp_name): (u8, fn(IcmpMatch) -> Match) = match family {
        Family::Ipv4 => (1, Match::Icmp),
        Family::Ipv6 => (58, Match::Icmp6),
    };
    prop_oneof![
        4 => Just((None, Vec::new())),
        4 => with(TCP, tcp().prop_map(Match::Tcp).boxed()),
        3 => with(UDP, udp().prop_map(Match::Udp).boxed()),
        2 => with(icmp, icmp_match().prop_map(icmp_name).boxed()),
        2 => negatable(select(&PROTOCOLS[..])).prop_map(|p| (Some(p), Vec::new())),
        1 => Just((Some(Negatable::plain(0)), Vec::new())),
    ]
}

fn ports() -> impl Strategy<Value = Negatable<PortRange>> {
    let bound = || select(&PORTS[..]);
    negatable(prop_oneof![
        bound().prop_map(|port| PortRange {
            first: port,
            last: port
        }),
        (bound(), bound()).prop_map(|(a, b)| PortRange {
            first: a.min(b),
            last: a.max(b)
        }),
    ])
}

fn tcp() -> impl Strategy<Value = TcpMatch> {
    let flags = (0..64_u8, 0..64_u8, any::<bool>()).prop_map(|(mask, set, is_syn)| {
        if is_syn {
            // --syn: SYN,RST,ACK,FIN SYN.
            TcpFlags {
                mask: 0x17,
                set: 0x02,
            }
        } else {
            TcpFlags {
                mask,
                set: set & mask,
            }
        }
    });
    (
        sometimes(30, ports()),
        sometimes(40, ports()),
        sometimes(25, negatable(flags)),
        sometimes(15, negatable(select(&TCP_OPTIONS[..]))),
    )
        .prop_map(|(source_port, destination_port, flags, option)| TcpMatch {
            source_port,
            destination_port,
            flags,
            option,
        })
}

fn udp() -> impl Strategy<Value = UdpMatch> {
    (sometimes(30, ports()), sometimes(50, ports())).prop_map(|(source_port, destination_port)| {
        UdpMatch {
            source_port,
            destination_port,
        }
    })
}

fn icmp_match() -> impl Strategy<Value = IcmpMatch> {
    let codes = prop_oneof![
        Just((0, 255)),
        (0..5_u8).prop_map(|code| (code, code)),
        (0..3_u8, 2..5_u8).prop_map(|(first, last)| (first.min(last), last)),
    ];
    negatable((select(&ICMP_TYPES[..]), codes)).prop_map(|of| IcmpMatch {
        icmp_type: Negatable {
            negated: of.negated,
            value: IcmpType {
                icmp_type: of.value.0,
                code_first: of.value.1.0,
                code_last: of.value.1.1,
            },
        },
    })
}

/// The options of LOG, with a prefix that fits the kernel's buffer.
pub fn log() -> impl Strategy<Value = Log> {
    let prefix = select(vec![
        "",
        "drop: ",
        "a \"quoted\" \\ one ",
        "29 bytes: 0123456789012345678",
    ]);
    (0..8_u8, prefix, any::<[bool; 5]>()).prop_map(|(level, prefix, options)| {
        let [tcp_sequence, tcp_options, ip_options, uid, mac_decode] = options;
        Log {
            level,
            prefix: prefix.to_owned(),
            tcp_sequence,
            tcp_options,
            ip_options,
            uid,
            mac_decode,
        }
    })
}

fn target(
    family: Family,
    table: TableName,
    is_tcp: bool,
    below: Vec<ChainName>,
) -> impl Strategy<Value = Target> {
    let mut choices = vec![
        (2, Just(Target::None).boxed()),
        (2, Just(Target::Accept).boxed()),
        (2, Just(Target::Drop).boxed()),
        (2, Just(Target::Return).boxed()),
        (2, log().prop_map(Target::Log).boxed()),
    ];
    if table == TableName::Filter {
        let allowed = move |with: &RejectWith| {
            with.family().is_none_or(|only| only == family)
                && (is_tcp || *with != RejectWith::TcpReset)
        };
        let with: Vec<_> = RejectWith::ALL.into_iter().filter(allowed).collect();
        choices.push((2, select(with).prop_map(Target::Reject).boxed()));
    }
    if !below.is_empty() {
        choices.push((6, select(below.clone()).prop_map(Target::Jump).boxed()));
        choices.push((3, select(below).prop_map(Target::Goto).boxed()));
    }
    proptest::strategy::Union::new_weighted(choices)
}
