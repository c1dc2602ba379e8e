//! `-s -d -i -o -p -f`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{SYN, tcp_facts};
use crate::{
    Family, Negatable,
    facts::Facts,
    matches::ip::{AddrMask, IfaceMatch, IpMatch},
    reference::{Fit, ip::fits},
};

fn facts() -> Facts<'static> {
    tcp_facts(&SYN)
}

fn facts_v6() -> Facts<'static> {
    Facts {
        family: Family::Ipv6,
        src: IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
        dst: IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2)),
        ..facts()
    }
}

/// Whether the option holds plain, and with `!`.
fn both<T: Copy>(
    facts: &Facts<'_>,
    value: T,
    with: impl Fn(Option<Negatable<T>>) -> IpMatch,
) -> (Fit, Fit) {
    let plain = with(Some(Negatable::plain(value)));
    let negated = with(Some(Negatable::negated(value)));
    (fits(&plain, facts), fits(&negated, facts))
}

const HOLDS: (Fit, Fit) = (Fit::Yes, Fit::No);
const FAILS: (Fit, Fit) = (Fit::No, Fit::Yes);

#[test]
fn nothing_asked_fits_everything() {
    assert_eq!(fits(&IpMatch::default(), &facts()), Fit::Yes);
    assert_eq!(fits(&IpMatch::default(), &facts_v6()), Fit::Yes);
}

#[test]
fn addresses_are_compared_under_the_mask() {
    let v4 = |addr: [u8; 4], mask: [u8; 4]| AddrMask {
        addr: IpAddr::V4(Ipv4Addr::from_octets(addr)),
        mask: IpAddr::V4(Ipv4Addr::from_octets(mask)),
    };
    let source = |value| {
        both(&facts(), value, |source| IpMatch {
            source,
            ..IpMatch::default()
        })
    };
    let destination = |value| {
        both(&facts(), value, |destination| IpMatch {
            destination,
            ..IpMatch::default()
        })
    };
    assert_eq!(source(v4([10, 0, 0, 1], [255; 4])), HOLDS);
    assert_eq!(source(v4([10, 0, 0, 2], [255; 4])), FAILS);
    assert_eq!(source(v4([10, 0, 0, 0], [255, 0, 0, 0])), HOLDS);
    assert_eq!(source(v4([0; 4], [0; 4])), HOLDS);
    assert_eq!(source(v4([10, 0, 0, 1], [255, 0, 0, 255])), HOLDS);
    assert_eq!(destination(v4([10, 0, 0, 1], [255, 0, 0, 255])), FAILS);
    assert_eq!(destination(v4([10, 0, 0, 2], [255; 4])), HOLDS);
    let last_word = AddrMask {
        addr: IpAddr::V6(Ipv6Addr::from_bits(2)),
        mask: IpAddr::V6(Ipv6Addr::from_bits(0xffff)),
    };
    let destination = both(&facts_v6(), last_word, |destination| IpMatch {
        destination,
        ..IpMatch::default()
    });
    assert_eq!(destination, HOLDS);
}

fn iface(name: &str, is_prefix: bool, facts: &Facts<'_>) -> (Fit, Fit) {
    let value = |negated| {
        Some(Negatable {
            negated,
            value: IfaceMatch {
                name: name.to_owned(),
                is_prefix,
            },
        })
    };
    let with = |in_iface| IpMatch {
        in_iface,
        ..IpMatch::default()
    };
    let fit = |negated| fits(&with(value(negated)), facts);
    (fit(false), fit(true))
}

#[test]
fn interfaces_fit_by_name_or_prefix() {
    assert_eq!(iface("lan", false, &facts()), HOLDS);
    assert_eq!(iface("la", false, &facts()), FAILS);
    assert_eq!(iface("lan0", false, &facts()), FAILS);
    assert_eq!(iface("la", true, &facts()), HOLDS);
    assert_eq!(iface("lan", true, &facts()), HOLDS);
    assert_eq!(iface("lan0", true, &facts()), FAILS);
    assert_eq!(iface("", true, &facts()), HOLDS);
}

#[test]
fn a_missing_interface_is_an_empty_name() {
    let output = Facts {
        in_iface: "",
        ..facts()
    };
    assert_eq!(iface("lan", false, &output), FAILS);
    assert_eq!(iface("l", true, &output), FAILS);
    assert_eq!(iface("", true, &output), HOLDS);
}

fn protocol(facts: &Facts<'_>, value: u8) -> (Fit, Fit) {
    both(facts, value, |protocol| IpMatch {
        protocol,
        ..IpMatch::default()
    })
}

#[test]
fn the_protocol_is_compared() {
    for facts in [facts(), facts_v6()] {
        assert_eq!(protocol(&facts, 6), HOLDS);
        assert_eq!(protocol(&facts, 17), FAILS);
        assert_eq!(protocol(&facts, 0).0, Fit::Yes, "0 is all");
    }
}

#[test]
fn an_ipv4_fragment_keeps_its_protocol() {
    let fragment = Facts {
        fragment_offset: 185,
        l4: &[],
        ..facts()
    };
    assert_eq!(protocol(&fragment, 6), HOLDS);
}

#[test]
fn a_protocol_that_cannot_be_found_drops_where_it_is_asked_for() {
    let cut = Facts {
        protocol: None,
        l4: &[],
        ..facts_v6()
    };
    let dropped = (Fit::HotDrop, Fit::HotDrop);
    assert_eq!(protocol(&cut, 6), dropped);
    assert_eq!(protocol(&cut, 0), dropped, "-p all looks for it as well");
    assert_eq!(fits(&IpMatch::default(), &cut), Fit::Yes);
}

#[test]
fn what_stands_before_the_protocol_is_tried_before_it() {
    let cut = Facts {
        protocol: None,
        l4: &[],
        ..facts_v6()
    };
    let elsewhere = IpMatch {
        in_iface: Some(Negatable::plain(IfaceMatch {
            name: "dmz".to_owned(),
            is_prefix: false,
        })),
        protocol: Some(Negatable::plain(6)),
        ..IpMatch::default()
    };
    assert_eq!(
        fits(&elsewhere, &cut),
        Fit::No,
        "no one looks for the protocol"
    );
}

#[test]
fn fragments_are_those_but_the_first() {
    let asks = |offset, more_fragments| {
        let facts = Facts {
            fragment_offset: offset,
            more_fragments,
            ..facts()
        };
        both(&facts, (), |fragment| IpMatch {
            fragment,
            ..IpMatch::default()
        })
    };
    assert_eq!(asks(0, false), FAILS, "a whole packet");
    assert_eq!(asks(0, true), FAILS, "a head");
    assert_eq!(asks(185, true), HOLDS);
    assert_eq!(asks(370, false), HOLDS);
}
