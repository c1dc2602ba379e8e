//! Fragments: those that Linux makes (`kernel_fragments.txt`, written by `kernel_fragments.py`),
//! and that put together again they are the packet.

#![allow(
    clippy::unwrap_used,
    reason = "a panic fails the test, in its helpers too"
)]

mod support;

use packet::{Buffer, FragmentError, Ip, Network, fragment_ipv4, fragment_ipv6, parse, parse_ip};
use proptest::prelude::*;
use support::{HeapPool, ethernet, ipv4, ipv6};
use wire::ipv4::Ipv4Fields;
use wire::ipv4_option::Ipv4Options;
use wire::ipv6_ext::FragmentHeader;
use wire::{EtherType, Header, Ipv4Packet, Ipv6Packet, protocol};

/// A packet of the file: its header, and how many bytes follow.
struct Described {
    header: Vec<u8>,
    data: usize,
}

impl Described {
    fn read(text: &str) -> Self {
        let (hex, data) = text.split_once(':').unwrap();
        let header = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        Self {
            header: header.collect(),
            data: data.parse().unwrap(),
        }
    }
}

fn kernel_cases() -> impl Iterator<Item = (u16, Described, Vec<Described>)> {
    let lines = include_str!("kernel_fragments.txt").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| {
        let mut words = line.split(' ');
        let mtu = words.next().unwrap().parse().unwrap();
        let whole = Described::read(words.next().unwrap());
        (mtu, whole, words.map(Described::read).collect())
    })
}

/// Data in which no two places look alike.
fn distinct_bytes(length: usize) -> Vec<u8> {
    (0..length as u32)
        .flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_be_bytes())
        .take(length)
        .collect()
}

/// Cuts a packet without link header, as the caller of `fragment_ipv4` or `fragment_ipv6` does.
fn cut(packet: &[u8], mtu: u16, id: u32) -> Result<Vec<Vec<u8>>, FragmentError> {
    let ip = parse_ip(packet).unwrap();
    let mut pool = HeapPool::endless();
    let mut fragments = Vec::new();
    let out = |fragment: support::HeapBuffer| fragments.push(fragment.bytes().to_vec());
    let count = if ip.is_v6() {
        fragment_ipv6(packet, &ip, mtu, id, &mut pool, out)?
    } else {
        fragment_ipv4(packet, &ip, mtu, &mut pool, out)?
    };
    assert_eq!(count, fragments.len());
    Ok(fragments)
}

#[test]
fn ipv4_is_cut_as_linux_cuts_it() {
    let mut compared = 0;
    for (mtu, whole, expected) in kernel_cases().filter(|case| !case.1.header.is_empty()) {
        let data = distinct_bytes(whole.data);
        let mut packet = [&whole.header[..], &data].concat();
        let mut ip = parse_ip(&packet).unwrap();
        packet::rewrite::decrement_ttl(&mut packet, &mut ip);
        let fragments = cut(&packet, mtu, 0).unwrap();
        assert_eq!(fragments.len(), expected.len());
        let mut rest = &data[..];
        for (fragment, expected) in fragments.iter().zip(&expected) {
            let (piece, behind) = rest.split_at(expected.data);
            assert_eq!(
                fragment,
                &[&expected.header[..], piece].concat(),
                "MTU {mtu}"
            );
            rest = behind;
        }
        assert!(rest.is_empty());
        compared += 1;
    }
    assert!(compared > 400, "only {compared} packets");
}

#[test]
fn ipv6_is_cut_as_linux_cuts_it() {
    let mut compared = 0;
    for (mtu, whole, expected) in kernel_cases().filter(|case| case.1.header.is_empty()) {
        let data = distinct_bytes(whole.data);
        let first = &expected[0].header;
        let (fragment_header, _) = FragmentHeader::split(&first[40..]).unwrap();
        let mut packet = first[..40].to_vec();
        packet[4..6].copy_from_slice(&(whole.data as u16).to_be_bytes());
        packet[6] = protocol::ICMPV6;
        packet.extend(&data);
        let fragments = cut(&packet, mtu, fragment_header.id()).unwrap();
        assert_eq!(fragments.len(), expected.len());
        let mut rest = &data[..];
        for (fragment, expected) in fragments.iter().zip(&expected) {
            let (piece, behind) = rest.split_at(expected.data);
            assert_eq!(
                fragment,
                &[&expected.header[..], piece].concat(),
                "MTU {mtu}"
            );
            rest = behind;
        }
        compared += 1;
    }
    assert!(compared > 20, "only {compared} packets");
}

prop_compose! {
    fn fields()(
        src: [u8; 4],
        dst: [u8; 4],
        protocol: u8,
        ttl: u8,
        tos: u8,
        id: u16,
        dont_fragment: bool,
    ) -> Ipv4Fields {
        let (src, dst) = (src.into(), dst.into());
        Ipv4Fields { src, dst, protocol, ttl, tos, id, dont_fragment, payload_length: 0 }
    }
}

/// The payload that IPv4 fragments carry, put where their offsets say.
fn reassemble_v4(fragments: &[Vec<u8>], mtu: usize) -> Vec<u8> {
    let mut whole = Vec::new();
    for (place, fragment) in fragments.iter().enumerate() {
        let view = Ipv4Packet::new(fragment).unwrap();
        let is_last = place + 1 == fragments.len();
        assert!(fragment.len() <= mtu && view.checksum_is_right());
        assert_eq!(
            usize::from(view.header().fragment_offset()) * 8,
            whole.len()
        );
        assert_eq!(view.header().more_fragments(), !is_last);
        assert!(is_last || view.payload().len().is_multiple_of(8));
        assert!(!view.payload().is_empty());
        whole.extend(view.payload());
    }
    whole
}

proptest! {
    #[test]
    fn ipv4_fragments_put_together_are_the_packet(
        fields in fields(),
        options in prop::collection::vec(
            prop_oneof![Just(0_u8), Just(1), Just(2), Just(4), Just(148), any::<u8>()],
            0..=40,
        ),
        length in 0_usize..5_000,
        mtu in 68_u16..2_000,
    ) {
        let data = distinct_bytes(length);
        let packet = ipv4(&fields, &options, &data);
        let fragments = cut(&packet, mtu, 0).unwrap();
        prop_assert_eq!(reassemble_v4(&fragments, mtu.into()), data);
        for (place, fragment) in fragments.iter().enumerate() {
            let view = Ipv4Packet::new(fragment).unwrap();
            let header = view.header();
            prop_assert_eq!(header.header_length(), parse_ip(&packet).unwrap().header_length().into());
            prop_assert_eq!((header.id(), header.ttl(), header.tos()), (fields.id, fields.ttl, fields.tos));
            prop_assert_eq!((header.source(), header.destination()), (fields.src, fields.dst));
            if place == 0 {
                let packet_view = Ipv4Packet::new(&packet).unwrap();
                prop_assert_eq!(view.options().bytes(), packet_view.options().bytes());
            } else {
                let known = |options: Ipv4Options<'_>| {
                    let options = options.map_while(Result::ok);
                    options.filter(|option| option.kind > 1).map(|option| option.kind).collect::<Vec<_>>()
                };
                let mut copied = known(Ipv4Packet::new(&packet).unwrap().options());
                copied.retain(|&kind| kind & 0x80 != 0);
                prop_assert_eq!(known(view.options()), copied);
            }
        }
    }

    /// A fragment that is cut again fits in where it stood.
    #[test]
    fn fragments_of_fragments_are_the_packet(
        fields in fields(),
        length in 1_usize..5_000,
        mtu in 100_u16..2_000,
        smaller in 68_u16..100,
    ) {
        let data = distinct_bytes(length);
        let once = cut(&ipv4(&fields, &[], &data), mtu, 0).unwrap();
        let twice: Vec<_> = once.iter().flat_map(|fragment| cut(fragment, smaller, 0).unwrap()).collect();
        prop_assert_eq!(reassemble_v4(&twice, smaller.into()), data);
    }

    #[test]
    fn ipv6_fragments_put_together_are_the_packet(
        addrs: (u128, u128),
        length in 1_usize..5_000,
        routing: bool,
        mtu in 1_280_u16..2_000,
        id: u32,
    ) {
        // Unicast addresses: others are refused before anybody asks for fragments.
        let unicast = |addr: u128| (addr >> 8 | 0x20 << 120).into();
        let data = distinct_bytes(length);
        let (next_header, payload) = if routing {
            let chain = [protocol::ROUTING, 0, 1, 4, 0, 0, 0, 0, protocol::UDP, 0, 4, 0, 0, 0, 0, 0];
            (protocol::HOP_BY_HOP, [&chain[..], &data].concat())
        } else {
            (protocol::UDP, data.clone())
        };
        let packet = ipv6(unicast(addrs.0), unicast(addrs.1), next_header, &payload);
        let fragments = cut(&packet, mtu, id).unwrap();
        let repeated = payload.len() - data.len();
        let mut whole: Vec<u8> = Vec::new();
        for (place, fragment) in fragments.iter().enumerate() {
            let is_last = place + 1 == fragments.len();
            prop_assert!(fragment.len() <= usize::from(mtu));
            let view = Ipv6Packet::new(fragment).unwrap();
            let (header, piece) = FragmentHeader::split(&view.payload()[repeated..]).unwrap();
            prop_assert_eq!((header.id(), header.next_header()), (id, protocol::UDP));
            prop_assert_eq!(usize::from(header.offset()) * 8, whole.len());
            prop_assert_eq!(header.more_fragments(), !is_last);
            prop_assert!(is_last || piece.len() % 8 == 0);
            whole.extend(piece);

            let ip = parse_ip(fragment).unwrap();
            prop_assert!(ip.is_fragment() && ip.protocol == protocol::UDP);
            prop_assert_eq!(ip.more_fragments(), !is_last);
            prop_assert_eq!(ip.fragment_offset, header.offset());
        }
        prop_assert_eq!(whole, data);
    }
}

fn frame() -> (Vec<u8>, Ip) {
    let fields = Ipv4Fields {
        src: [10, 0, 0, 1].into(),
        dst: [10, 0, 0, 2].into(),
        protocol: protocol::UDP,
        ttl: 64,
        tos: 0,
        id: 1,
        dont_fragment: false,
        payload_length: 0,
    };
    let mut frame = ethernet(EtherType::IPV4);
    frame.extend(ipv4(&fields, &[], &distinct_bytes(1_480)));
    let Ok(Network::Ip(ip)) = parse(&frame).map(|parsed| parsed.network) else {
        panic!("the packet is whole");
    };
    (frame, ip)
}

#[test]
fn each_fragment_has_the_link_header() {
    let (frame, ip) = frame();
    let mut count = 0;
    let given = fragment_ipv4(&frame, &ip, 576, &mut HeapPool::endless(), |fragment| {
        assert_eq!(fragment.bytes()[..14], frame[..14]);
        assert!(parse(fragment.bytes()).is_ok());
        count += 1;
    });
    assert_eq!(given, Ok(3));
    assert_eq!(count, 3);
}

#[test]
fn what_stands_in_the_way_is_named() {
    let (frame, ip) = frame();
    let mut given = 0;
    let mut run = |mtu, left, room| {
        given = 0;
        fragment_ipv4(&frame, &ip, mtu, &mut HeapPool { left, room }, |_| {
            given += 1
        })
    };
    assert_eq!(run(27, 9, 2_048), Err(FragmentError::MtuTooSmall));
    assert_eq!(run(0, 9, 2_048), Err(FragmentError::MtuTooSmall));
    assert_eq!(run(28, 999, 2_048), Ok(185));
    assert_eq!(run(576, 9, 500), Err(FragmentError::NoRoom));
    assert_eq!(run(576, 2, 2_048), Err(FragmentError::PoolEmpty));
    assert_eq!(given, 2);
    // A frame that shrank since it was parsed.
    let cut = fragment_ipv4(&frame[..100], &ip, 576, &mut HeapPool::endless(), |_| ());
    assert_eq!(cut, Err(FragmentError::Malformed));
    let cut = fragment_ipv6(&frame, &ip, 1_280, 0, &mut HeapPool::endless(), |_| ());
    assert_eq!(cut, Err(FragmentError::Malformed));
}
