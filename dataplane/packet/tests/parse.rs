//! What `parse` says of packets made here is what they were made of, it reads nothing but the
//! packet, and what rewriting changes it says again.

#![allow(
    clippy::unwrap_used,
    reason = "a panic fails the test, in its helpers too"
)]

mod support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use packet::{
    DropReason, Ip, L4Checksum, Network, l4_checksum, l4_checksum_ok, option_problem, parse,
    parse_ip, rewrite,
};
use proptest::prelude::*;
use support::{ethernet, fill_transport_checksum, ipv4, ipv6, pseudo_sum_v4, pseudo_sum_v6};
use wire::ipv4::Ipv4Fields;
use wire::{ArpPacket, EtherType, Header, MacAddr, VlanTag, protocol};

/// The IP packet in a frame that `parse` takes.
fn ip_of(frame: &[u8]) -> Ip {
    match parse(frame).map(|parsed| parsed.network) {
        Ok(Network::Ip(ip)) => ip,
        other => panic!("{other:?}"),
    }
}

/// A frame of `packet` behind up to two VLAN tags.
fn frame_of(ether_type: EtherType, tags: &[u16], packet: &[u8]) -> Vec<u8> {
    let outer = match tags.len() {
        0 => ether_type,
        1 => EtherType::VLAN,
        _ => EtherType::QINQ,
    };
    let mut frame = ethernet(outer);
    for (place, control) in tags.iter().enumerate() {
        let next = if place + 1 == tags.len() {
            ether_type
        } else {
            EtherType::VLAN
        };
        let mut tag = [0; VlanTag::LEN];
        VlanTag::new(*control, next).emit(&mut tag).unwrap();
        frame.extend(tag);
    }
    frame.extend(packet);
    frame
}

prop_compose! {
    fn fields()(
        src: [u8; 4],
        dst: [u8; 4],
        protocol in prop_oneof![Just(1_u8), Just(6), Just(17), any::<u8>()],
        ttl: u8,
        tos: u8,
        id: u16,
        dont_fragment: bool,
    ) -> Ipv4Fields {
        let (src, dst) = (src.into(), dst.into());
        Ipv4Fields { src, dst, protocol, ttl, tos, id, dont_fragment, payload_length: 0 }
    }
}

/// Not refused before PREROUTING: 2000::/8.
fn unicast(addr: u128) -> Ipv6Addr {
    (addr >> 8 | 0x20 << 120).into()
}

/// A chain of extension headers with nothing wrong: the first's number, and its bytes.
fn extension_headers() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let kind = prop_oneof![
        Just(protocol::ROUTING),
        Just(protocol::AH),
        Just(protocol::DESTINATION_OPTIONS)
    ];
    prop::collection::vec((kind, 0_u8..4), 0..=8).prop_map(|chain| {
        let header = |(kind, units): (u8, u8)| match kind {
            protocol::AH => (
                kind,
                [&[0, units][..], &vec![0; usize::from(units) * 4 + 6]].concat(),
            ),
            _ => (
                kind,
                [&[0, units][..], &vec![0; usize::from(units) * 8 + 6]].concat(),
            ),
        };
        chain.into_iter().map(header).collect()
    })
}

/// The chain's bytes with each header announcing the next, the last `protocol`.
fn linked(chain: &[(u8, Vec<u8>)], protocol: u8) -> (u8, Vec<u8>) {
    let kinds = chain.iter().map(|(kind, _)| *kind).chain([protocol]);
    let kinds: Vec<u8> = kinds.collect();
    let mut bytes = Vec::new();
    for ((_, header), next) in chain.iter().zip(&kinds[1..]) {
        bytes.push(*next);
        bytes.extend(&header[1..]);
    }
    (kinds[0], bytes)
}

proptest! {
    #[test]
    fn ipv4_is_what_it_was_made_of(
        fields in fields(),
        options in prop::collection::vec(any::<u8>(), 0..=40),
        payload: Vec<u8>,
        tags in prop::collection::vec(any::<u16>(), 0..=2),
        padding: Vec<u8>,
    ) {
        let packet = ipv4(&fields, &options, &payload);
        let mut frame = frame_of(EtherType::IPV4, &tags, &packet);
        frame.extend(&padding);
        let parsed = parse(&frame).unwrap();
        prop_assert_eq!(parsed.link.vlan(), &tags[..]);
        prop_assert_eq!(parsed.link.dst, MacAddr([2, 0, 0, 0, 0, 1]));
        prop_assert_eq!(parsed.link.src, MacAddr([2, 0, 0, 0, 0, 2]));
        let ip = ip_of(&frame);
        prop_assert_eq!((ip.src, ip.dst), (IpAddr::V4(fields.src), IpAddr::V4(fields.dst)));
        prop_assert_eq!((ip.protocol, ip.ttl, ip.tos), (fields.protocol, fields.ttl, fields.tos));
        prop_assert_eq!(usize::from(ip.length()), packet.len());
        prop_assert_eq!(ip.dont_fragment(), fields.dont_fragment);
        prop_assert!(!ip.is_v6() && !ip.is_fragment() && !ip.more_fragments());
        prop_assert!(ip.protocol_is_known());
        prop_assert_eq!(ip.has_ipv4_options(), !options.is_empty());
        prop_assert_eq!(ip.packet(&frame), &packet[..]);
        prop_assert_eq!(ip.l4(&frame), &payload[..]);
    }

    #[test]
    fn ipv6_is_what_it_was_made_of(
        addrs: (u128, u128),
        chain in extension_headers(),
        protocol in prop_oneof![Just(6_u8), Just(17), Just(50), Just(58), Just(59), Just(135)],
        payload: Vec<u8>,
        tags in prop::collection::vec(any::<u16>(), 0..=2),
        padding: Vec<u8>,
    ) {
        let (src, dst) = (unicast(addrs.0), unicast(addrs.1));
        let (first, headers) = linked(&chain, protocol);
        let packet = ipv6(src, dst, first, &[&headers[..], &payload].concat());
        let mut frame = frame_of(EtherType::IPV6, &tags, &packet);
        frame.extend(&padding);
        let ip = ip_of(&frame);
        prop_assert_eq!((ip.src, ip.dst), (IpAddr::V6(src), IpAddr::V6(dst)));
        prop_assert_eq!((ip.protocol, ip.ttl), (protocol, 64));
        prop_assert!(ip.is_v6() && ip.dont_fragment() && ip.protocol_is_known());
        prop_assert_eq!(ip.packet(&frame), &packet[..]);
        prop_assert_eq!(ip.l4(&frame), &payload[..]);
    }

    /// What lies behind the packet has no say in anything.
    #[test]
    fn nothing_but_the_packet_is_read(
        mut frame in frames(),
        behind: Vec<u8>,
    ) {
        let Ok(parsed) = parse(&frame) else { return Ok(()) };
        let Network::Ip(ip) = parsed.network else { return Ok(()) };
        // A payload length of zero before hop-by-hop options takes the whole frame.
        let takes_all = ip.is_v6() && frame[usize::from(ip.l3) + 4..][..3] == [0, 0, 0];
        if !takes_all {
            let found = (parse(&frame), l4_checksum(&frame, &ip));
            frame.truncate(ip.end.into());
            prop_assert_eq!((parse(&frame), l4_checksum(&frame, &ip)), found);
            frame.extend(behind);
            prop_assert_eq!((parse(&frame), l4_checksum(&frame, &ip)), found);
        }
    }

    #[test]
    fn any_frame_is_parsed_without_panic(frame in frames(), shorter: prop::sample::Index) {
        let _ = parse_ip(&frame);
        let _ = option_problem(&frame);
        if let Ok(Network::Ip(ip)) = parse(&frame).map(|parsed| parsed.network) {
            prop_assert!(ip.l3 < ip.l4 && ip.l4 <= ip.end && usize::from(ip.end) <= frame.len());
            prop_assert_eq!(ip.packet(&frame).len(), usize::from(ip.length()));
            let _ = option_problem(ip.packet(&frame));
            // A frame that shrank since is no reason to panic.
            let shorter = &frame[..shorter.index(frame.len())];
            l4_checksum(shorter, &ip);
            let mut shorter = shorter.to_vec();
            rewrite::decrement_ttl(&mut shorter, &mut ip.clone());
        }
    }

    #[test]
    fn a_hop_less_is_still_right(fields in fields(), payload: Vec<u8>) {
        let mut frame = ethernet(EtherType::IPV4);
        frame.extend(ipv4(&fields, &[], &payload));
        let mut ip = ip_of(&frame);
        rewrite::decrement_ttl(&mut frame, &mut ip);
        rewrite::set_link_addresses(&mut frame, MacAddr([6; 6]), MacAddr([8; 6]));
        prop_assert_eq!(ip_of(&frame), ip);
        let ttl = fields.ttl.saturating_sub(1);
        let mut expected = [[6_u8; 6], [8; 6]].concat();
        expected.extend([8, 0]);
        expected.extend(ipv4(&Ipv4Fields { ttl, ..fields }, &[], &payload));
        prop_assert_eq!(frame, expected);
    }

    #[test]
    fn a_wrong_bit_is_found(
        addrs: (u32, u32, u128, u128),
        protocol in prop_oneof![Just(6_u8), Just(17), Just(1)],
        mut l4 in prop::collection::vec(any::<u8>(), 20..200),
        is_v6: bool,
        bit: prop::sample::Index,
    ) {
        let protocol = if is_v6 && protocol == 1 { 58 } else { protocol };
        let mut frame = if is_v6 {
            let (src, dst) = (unicast(addrs.2), unicast(addrs.3));
            let sum = pseudo_sum_v6(src, dst, protocol, l4.len());
            fill_transport_checksum(&mut l4, protocol, sum);
            [ethernet(EtherType::IPV6), ipv6(src, dst, protocol, &l4)].concat()
        } else {
            let (src, dst): (Ipv4Addr, Ipv4Addr) = (addrs.0.into(), addrs.1.into());
            let sum = pseudo_sum_v4(src, dst, protocol, l4.len());
            fill_transport_checksum(&mut l4, protocol, sum);
            let fields = Ipv4Fields {
                src, dst, protocol, ttl: 64, tos: 0, id: 0, dont_fragment: true, payload_length: 0,
            };
            [ethernet(EtherType::IPV4), ipv4(&fields, &[], &l4)].concat()
        };
        let ip = ip_of(&frame);
        prop_assert_eq!(l4_checksum(&frame, &ip), L4Checksum::Right);
        let bit = bit.index(l4.len() * 8);
        frame[usize::from(ip.l4) + bit / 8] ^= 1 << (bit % 8);
        let absent = protocol == 17 && ip.l4(&frame)[6..8] == [0, 0];
        prop_assert_eq!(l4_checksum_ok(&frame, &ip), absent);
    }
}

/// Frames from nonsense to nearly right: whole packets with some bytes changed and cut.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![
        Just(EtherType::IPV4),
        Just(EtherType::IPV6),
        Just(EtherType::ARP),
        any::<u16>().prop_map(EtherType)
    ];
    let nonsense = (kind, prop::collection::vec(any::<u8>(), 0..120))
        .prop_map(|(kind, bytes)| [ethernet(kind), bytes].concat());
    let byte = prop_oneof![Just(0_u8), Just(43), Just(44), Just(60), any::<u8>()];
    let payload = prop::collection::vec(byte.clone(), 0..80);
    let nearly = (
        fields(),
        any::<(u128, u128)>(),
        byte,
        payload,
        prop::collection::vec(any::<u8>(), 0..=12),
        any::<bool>(),
    )
        .prop_map(|(fields, addrs, next, payload, options, is_v6)| {
            if is_v6 {
                let packet = ipv6(unicast(addrs.0), unicast(addrs.1), next, &payload);
                [ethernet(EtherType::IPV6), packet].concat()
            } else {
                [ethernet(EtherType::IPV4), ipv4(&fields, &options, &payload)].concat()
            }
        });
    let changes = prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..3);
    let cut = prop::option::of(any::<prop::sample::Index>());
    let changed = (nearly, changes, cut).prop_map(|(mut frame, changes, cut)| {
        for (at, value) in changes {
            let at = at.index(frame.len());
            frame[at] = value;
        }
        if let Some(cut) = cut {
            frame.truncate(cut.index(frame.len()));
        }
        frame
    });
    prop_oneof![nonsense, changed]
}

#[test]
fn fragments_show_what_they_are() {
    let fields = Ipv4Fields {
        src: [10, 0, 0, 1].into(),
        dst: [10, 0, 0, 2].into(),
        protocol: protocol::TCP,
        ttl: 64,
        tos: 0,
        id: 1,
        dont_fragment: false,
        payload_length: 0,
    };
    let mut packet = ipv4(&fields, &[], &[0; 24]);
    let (header, _) = wire::Ipv4Header::split_mut(&mut packet).unwrap();
    header.set_fragment(185, true);
    wire::ipv4::fill_header_checksum(&mut packet).unwrap();
    let ip = parse_ip(&packet).unwrap();
    assert!(ip.is_fragment() && ip.is_partial() && ip.more_fragments());
    assert_eq!((ip.fragment_offset, ip.protocol), (185, protocol::TCP));
    assert!(ip.l4(&packet).is_empty());
    assert_eq!(l4_checksum(&packet, &ip), L4Checksum::Unverifiable);

    // IPv6 alone with a fragment header: a fragment, though the only one (RFC 6946), and whole.
    let mut payload = vec![protocol::ICMPV6, 0, 0, 0, 0, 0, 0, 9];
    let mut echo = [128, 0, 0, 0, 0, 0, 0, 1];
    let sum = pseudo_sum_v6(unicast(1), unicast(2), protocol::ICMPV6, echo.len());
    fill_transport_checksum(&mut echo, protocol::ICMPV6, sum);
    payload.extend(echo);
    let mut packet = ipv6(unicast(1), unicast(2), protocol::FRAGMENT, &payload);
    let ip = parse_ip(&packet).unwrap();
    assert!(ip.is_fragment() && !ip.is_partial() && !ip.more_fragments());
    assert_eq!((ip.protocol, ip.l4(&packet).len()), (protocol::ICMPV6, 8));
    assert_eq!(l4_checksum(&packet, &ip), L4Checksum::Right);
    packet[55] ^= 1;
    assert_eq!(l4_checksum(&packet, &ip), L4Checksum::Wrong);
}

#[test]
fn a_chain_that_is_cut_off_goes_on_without_a_protocol() {
    let packet = ipv6(
        unicast(1),
        unicast(2),
        protocol::ROUTING,
        &[protocol::TCP, 0],
    );
    let ip = parse_ip(&packet).unwrap();
    assert!(!ip.protocol_is_known());
    assert!(ip.l4(&packet).is_empty());
    assert_eq!(l4_checksum(&packet, &ip), L4Checksum::Unverifiable);
}

#[test]
fn more_headers_and_tags_than_are_followed_are_refused() {
    let header = [protocol::DESTINATION_OPTIONS, 0, 1, 4, 0, 0, 0, 0];
    let chain = header.repeat(17);
    let packet = ipv6(
        unicast(1),
        unicast(2),
        protocol::DESTINATION_OPTIONS,
        &chain,
    );
    assert_eq!(parse_ip(&packet), Err(DropReason::Ipv6ExtensionHeaders));

    let mut frame = ethernet(EtherType::VLAN);
    for _ in 0..3 {
        frame.extend([0, 1, 0x81, 0]);
    }
    assert_eq!(parse(&frame), Err(DropReason::VlanDepth));
    assert_eq!(parse(&frame[..16]), Err(DropReason::EthernetShort));
}

#[test]
fn arp_is_checked_here() {
    let mut frame = ethernet(EtherType::ARP);
    let at = frame.len();
    frame.resize(at + ArpPacket::LEN, 0);
    let request = ArpPacket::request(MacAddr([2; 6]), [10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    request.emit(&mut frame[at..]).unwrap();
    assert_eq!(
        parse(&frame).map(|parsed| parsed.network),
        Ok(Network::Arp(14))
    );
    assert_eq!(parse(&frame[..41]), Err(DropReason::ArpMalformed));
    frame[at + 4] = 8;
    assert_eq!(parse(&frame), Err(DropReason::ArpMalformed));
}

#[test]
fn other_frames_are_not_ours() {
    assert_eq!(parse(&[]), Err(DropReason::EthernetShort));
    assert_eq!(parse(&[0; 13]), Err(DropReason::EthernetShort));
    // An 802.3 length, LLDP, MPLS.
    for kind in [100, 0x88cc, 0x8847] {
        assert_eq!(
            parse(&ethernet(EtherType(kind))),
            Err(DropReason::EtherTypeUnknown)
        );
    }
}
