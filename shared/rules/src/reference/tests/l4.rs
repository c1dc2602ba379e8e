//! `tcp`, `udp`, `icmp`, `icmp6`.

use super::{SYN, tcp_facts};
use crate::{
    Family, Negatable,
    facts::Facts,
    matches::{
        Match,
        icmp::{IcmpMatch, IcmpType},
        tcp::{PortRange, TcpFlags, TcpMatch},
        udp::UdpMatch,
    },
    reference::{Fit, l4::fits},
};

fn tcp(tcp: TcpMatch, l4: &[u8]) -> Fit {
    fits(&Match::Tcp(tcp), &tcp_facts(l4))
}

fn range(first: u16, last: u16) -> PortRange {
    PortRange { first, last }
}

/// Whether the option holds plain, and with `!`.
fn both<T: Copy>(value: T, fit: impl Fn(Option<Negatable<T>>) -> Fit) -> (Fit, Fit) {
    let plain = fit(Some(Negatable::plain(value)));
    (plain, fit(Some(Negatable::negated(value))))
}

const HOLDS: (Fit, Fit) = (Fit::Yes, Fit::No);
const FAILS: (Fit, Fit) = (Fit::No, Fit::Yes);
const DROPS: (Fit, Fit) = (Fit::HotDrop, Fit::HotDrop);

fn destination(value: PortRange) -> (Fit, Fit) {
    both(value, |destination_port| {
        let options = TcpMatch {
            destination_port,
            ..TcpMatch::default()
        };
        tcp(options, &SYN)
    })
}

#[test]
fn tcp_ports_lie_in_their_range() {
    assert_eq!(destination(range(80, 80)), HOLDS);
    assert_eq!(destination(range(81, 90)), FAILS);
    assert_eq!(destination(range(0, 79)), FAILS);
    assert_eq!(destination(range(0, 80)), HOLDS);
    assert_eq!(destination(PortRange::ALL), HOLDS, "`!` of all never holds");
    let source = both(range(1000, 1000), |source_port| {
        let options = TcpMatch {
            source_port,
            ..TcpMatch::default()
        };
        tcp(options, &SYN)
    });
    assert_eq!(source, HOLDS);
}

#[test]
fn udp_ports_lie_in_their_range() {
    let datagram = [0, 53, 0x80, 0, 0, 8, 0, 0];
    let udp = |l4: &[u8], source_port, destination_port| {
        let options = UdpMatch {
            source_port,
            destination_port,
        };
        fits(&Match::Udp(options), &tcp_facts(l4))
    };
    let source = |value| both(value, |option| udp(&datagram, option, None));
    let destination = |value| both(value, |option| udp(&datagram, None, option));
    assert_eq!(source(range(53, 53)), HOLDS);
    assert_eq!(source(range(54, 60)), FAILS);
    assert_eq!(destination(range(32768, 65535)), HOLDS);
    assert_eq!(udp(&datagram[..7], None, None), Fit::HotDrop);
    assert_eq!(udp(&[], None, None), Fit::HotDrop);
}

#[test]
fn tcp_flags_are_compared_under_the_mask() {
    let flags = |set: u8, value| {
        let mut segment = SYN;
        segment[13] = set;
        both(value, |flags| {
            let options = TcpMatch {
                flags,
                ..TcpMatch::default()
            };
            tcp(options, &segment)
        })
    };
    let syn = TcpFlags {
        mask: 0x17,
        set: 0x02,
    };
    assert_eq!(flags(0x02, syn), HOLDS);
    assert_eq!(flags(0x12, syn), FAILS);
    assert_eq!(
        flags(0xca, syn),
        HOLDS,
        "PSH, ECE and CWR are outside the mask"
    );
    let null = TcpFlags { mask: 0x3f, set: 0 };
    assert_eq!(flags(0, null), HOLDS);
    assert_eq!(flags(0x29, null), FAILS);
    let nothing_asked = TcpFlags { mask: 0, set: 0 };
    assert_eq!(flags(0xff, nothing_asked), HOLDS);
}

/// A segment with these options and this data offset in words.
fn segment(options: &[u8], words: u8) -> Vec<u8> {
    let mut segment = SYN.to_vec();
    segment[12] = words << 4;
    segment.extend(options);
    segment
}

fn option(l4: &[u8], kind: u8) -> (Fit, Fit) {
    both(kind, |option| {
        let options = TcpMatch {
            option,
            ..TcpMatch::default()
        };
        tcp(options, l4)
    })
}

#[test]
fn tcp_options_are_found_by_walking() {
    let options = segment(&[2, 4, 5, 180, 1, 3, 3, 7], 7);
    assert_eq!(option(&options, 2), HOLDS);
    assert_eq!(option(&options, 3), HOLDS);
    assert_eq!(
        option(&options, 1),
        HOLDS,
        "no-operation has a kind as well"
    );
    assert_eq!(option(&options, 180), FAILS, "a value is no kind");
    assert_eq!(option(&SYN, 2), FAILS, "no options at all");
}

#[test]
fn the_walk_over_tcp_options_is_the_kernels() {
    // End-of-list does not end the walk.
    assert_eq!(option(&segment(&[0, 8, 0, 0], 6), 8), HOLDS);
    // A length of 0 counts as 1: the walk goes into the value.
    assert_eq!(option(&segment(&[3, 0, 8, 0], 6), 8), HOLDS);
    // A length of 1 does not skip its own byte.
    assert_eq!(option(&segment(&[3, 1, 1, 0], 6), 1), HOLDS);
    // A length beyond the end ends the walk without a drop.
    assert_eq!(option(&segment(&[3, 40, 8, 0], 6), 8), FAILS);
    // So does a kind in the last byte.
    assert_eq!(option(&segment(&[1, 1, 1, 3], 6), 8), FAILS);
    // Bytes behind the data offset are payload.
    assert_eq!(option(&segment(&[1, 1, 1, 1, 8, 2], 6), 8), FAILS);
}

#[test]
fn a_lying_data_offset_drops_only_where_options_are_asked_for() {
    let too_small = segment(&[], 4);
    assert_eq!(option(&too_small, 2), DROPS);
    assert_eq!(tcp(TcpMatch::default(), &too_small), Fit::Yes);
    let too_large = segment(&[1, 1, 1], 6);
    assert_eq!(option(&too_large, 1), DROPS, "not looked at byte by byte");
    assert_eq!(tcp(TcpMatch::default(), &too_large), Fit::Yes);
}

#[test]
fn ports_are_tried_before_options() {
    let options = TcpMatch {
        source_port: Some(Negatable::plain(range(1, 1))),
        option: Some(Negatable::plain(2)),
        ..TcpMatch::default()
    };
    assert_eq!(tcp(options, &segment(&[], 4)), Fit::No);
}

#[test]
fn a_cut_transport_header_drops() {
    for kept in 0..SYN.len() {
        assert_eq!(tcp(TcpMatch::default(), &SYN[..kept]), Fit::HotDrop);
    }
    assert_eq!(tcp(TcpMatch::default(), &SYN), Fit::Yes);
}

fn icmp(is_v6: bool, l4: &[u8], (icmp_type, code_first, code_last): (u8, u8, u8)) -> (Fit, Fit) {
    let value = IcmpType {
        icmp_type,
        code_first,
        code_last,
    };
    let name = if is_v6 { Match::Icmp6 } else { Match::Icmp };
    let negatable = |negated| IcmpMatch {
        icmp_type: Negatable { negated, value },
    };
    let fit = |negated| fits(&name(negatable(negated)), &tcp_facts(l4));
    (fit(false), fit(true))
}

#[test]
fn icmp_types_and_codes_are_compared() {
    let unreachable = [3, 1, 0, 0, 0, 0, 0, 0];
    for is_v6 in [false, true] {
        assert_eq!(icmp(is_v6, &unreachable, (3, 0, 255)), HOLDS);
        assert_eq!(icmp(is_v6, &unreachable, (3, 1, 1)), HOLDS);
        assert_eq!(icmp(is_v6, &unreachable, (3, 2, 4)), FAILS);
        assert_eq!(icmp(is_v6, &unreachable, (4, 0, 255)), FAILS);
        assert_eq!(icmp(is_v6, &unreachable[..7], (3, 0, 255)), DROPS);
    }
}

#[test]
fn type_255_is_any_in_ipv4_only() {
    let echo = [8, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(icmp(false, &echo, (255, 0, 255)), HOLDS);
    assert_eq!(icmp(false, &echo, (255, 9, 9)), HOLDS, "whatever the code");
    assert_eq!(icmp(true, &echo, (255, 0, 255)), FAILS);
    assert_eq!(
        icmp(false, &echo[..4], (255, 0, 255)),
        DROPS,
        "`any` looks as well"
    );
}

#[test]
fn no_match_holds_beyond_the_first_fragment() {
    let any = IcmpType {
        icmp_type: 255,
        code_first: 0,
        code_last: 255,
    };
    let negated_icmp = IcmpMatch {
        icmp_type: Negatable::negated(any),
    };
    let negated_ports = UdpMatch {
        source_port: Some(Negatable::negated(range(1, 1))),
        destination_port: None,
    };
    let all = [
        Match::Tcp(TcpMatch::default()),
        Match::Udp(UdpMatch::default()),
        Match::Udp(negated_ports),
        Match::Icmp(negated_icmp),
        Match::Icmp6(negated_icmp),
    ];
    for m in all {
        let fragment = Facts {
            fragment_offset: 2,
            ..tcp_facts(&[])
        };
        assert_eq!(fits(&m, &fragment), Fit::No, "{m:?}");
    }
}

#[test]
fn a_tcp_fragment_at_8_bytes_drops_in_ipv4() {
    let at_8_bytes = |family| Facts {
        family,
        fragment_offset: 1,
        ..tcp_facts(&[])
    };
    let tcp = Match::Tcp(TcpMatch::default());
    let udp = Match::Udp(UdpMatch::default());
    assert_eq!(fits(&tcp, &at_8_bytes(Family::Ipv4)), Fit::HotDrop);
    assert_eq!(fits(&udp, &at_8_bytes(Family::Ipv4)), Fit::No);
    assert_eq!(fits(&tcp, &at_8_bytes(Family::Ipv6)), Fit::No);
}

#[test]
fn the_first_fragment_is_a_normal_packet() {
    let head = Facts {
        more_fragments: true,
        ..tcp_facts(&SYN)
    };
    assert_eq!(fits(&Match::Tcp(TcpMatch::default()), &head), Fit::Yes);
}
