//! One packet: whole, fragmented, or cut short in its transport or extension headers.
//!
//! Its facts are known from how it is made, not from reading its bytes, so parsers can be tested
//! against them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::{collection::vec, option, prelude::*, sample::select};
use wire::checksum;

use super::{ICMP_TYPES, IFACES, PORTS, PROTOCOLS, TCP_OPTIONS, frame};
use crate::{Family, Hook, facts::Facts};

pub(super) const ADDRS_V4: [Ipv4Addr; 5] = [
    Ipv4Addr::new(10, 0, 0, 1),
    Ipv4Addr::new(10, 0, 0, 2),
    Ipv4Addr::new(10, 1, 0, 1),
    Ipv4Addr::new(192, 0, 2, 1),
    Ipv4Addr::new(203, 0, 113, 2),
];

pub(super) const ADDRS_V6: [Ipv6Addr; 5] = [
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1),
    Ipv6Addr::new(0x2001, 0xdb9, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1),
];

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTH: u8 = 51;
const DESTINATION: u8 = 60;

/// A packet at a hook.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Its family.
    pub family: Family,
    /// Where it is.
    pub hook: Hook,
    /// Interface it came by; empty where the hook has none.
    pub in_iface: String,
    /// Interface it leaves by; empty where the hook has none.
    pub out_iface: String,
    /// From the IP header to the end.
    pub bytes: Vec<u8>,
    src: IpAddr,
    dst: IpAddr,
    protocol: Option<u8>,
    fragment_offset: u16,
    more_fragments: bool,
    l4_at: usize,
}

impl Packet {
    /// What rules may ask.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            family: self.family,
            in_iface: &self.in_iface,
            out_iface: &self.out_iface,
            src: self.src,
            dst: self.dst,
            protocol: self.protocol,
            fragment_offset: self.fragment_offset,
            more_fragments: self.more_fragments,
            packet: &self.bytes,
            l4: self.bytes.get(self.l4_at..).unwrap_or(&[]),
            length: self.bytes.len() as u32,
        }
    }
}

/// A packet of either family.
pub fn packet() -> impl Strategy<Value = Packet> {
    prop_oneof![packet_of(Family::Ipv4), packet_of(Family::Ipv6)]
}

/// A packet of `family`.
pub fn packet_of(family: Family) -> BoxedStrategy<Packet> {
    match family {
        Family::Ipv4 => packet_v4().boxed(),
        Family::Ipv6 => packet_v6().boxed(),
    }
}

/// A hook, and the interfaces that a packet has there.
fn place() -> impl Strategy<Value = (Hook, String, String)> {
    let iface = || select(&IFACES[..]).prop_map(str::to_owned);
    (select(&Hook::ALL[..]), iface(), iface(), any::<bool>()).prop_map(
        |(hook, in_iface, out_iface, is_forwarded)| match hook {
            Hook::Prerouting | Hook::Input => (hook, in_iface, String::new()),
            Hook::Forward => (hook, in_iface, out_iface),
            Hook::Output => (hook, String::new(), out_iface),
            // Since Linux 5.7 a forwarded packet still knows its input interface here.
            Hook::Postrouting if is_forwarded => (hook, in_iface, out_iface),
            Hook::Postrouting => (hook, String::new(), out_iface),
        },
    )
}

type Transport = (u8, Vec<u8>);

fn transport() -> impl Strategy<Value = Transport> {
    let ports = || (select(&PORTS[..]), select(&PORTS[..]));
    let payload = || vec(any::<u8>(), 0..16);
    let icmp = |protocol: u8| {
        (select(&ICMP_TYPES[..]), 0..5_u8, payload())
            .prop_map(move |(t, code, payload)| (protocol, frame::icmp(t, code, &payload)))
    };
    prop_oneof![
        5 => tcp(),
        3 => (ports(), payload()).prop_map(|(ports, payload)| (17, frame::udp(ports, &payload))),
        2 => icmp(1),
        2 => icmp(58),
        1 => (select(&PROTOCOLS[..]), payload()),
    ]
}

fn tcp() -> impl Strategy<Value = Transport> {
    let ports = (select(&PORTS[..]), select(&PORTS[..]));
    let flags = prop_oneof![Just(0x02), Just(0x10), Just(0x12), any::<u8>()];
    let one_option = prop_oneof![
        2 => (select(&TCP_OPTIONS[..]), 0..6_u8).prop_map(|(kind, length)| {
            let mut option = vec![kind, length];
            option.resize(usize::from(length).max(2), 0);
            option
        }),
        1 => Just(vec![1]),
        1 => Just(vec![0]),
    ];
    let options = vec(one_option, 0..4).prop_map(|options| {
        let mut options = options.concat();
        options.resize(options.len().next_multiple_of(4), 0);
        options
    });
    // A data offset that lies: too small, or beyond the end.
    let lie = option::weighted(0.1, prop_oneof![0..5_u8, 5..16_u8]);
    (ports, flags, options, lie).prop_map(|(ports, flags, options, lie)| {
        let words = 5 + (options.len() / 4) as u8;
        (6, frame::tcp(ports, flags, lie.unwrap_or(words), &options))
    })
}

/// How many bytes are kept, if not all.
fn cut(percent: u32, up_to: usize) -> impl Strategy<Value = Option<usize>> {
    option::weighted(f64::from(percent) / 100.0, 0..up_to)
}

fn fragment() -> impl Strategy<Value = (u16, bool)> {
    prop_oneof![
        12 => Just((0, false)),
        1 => Just((0, true)),
        3 => (select(vec![1, 2, 185, 8191]), any::<bool>()),
    ]
}

fn packet_v4() -> impl Strategy<Value = Packet> {
    let addrs = (select(&ADDRS_V4[..]), select(&ADDRS_V4[..]));
    let options = prop_oneof![6 => Just(0_u8), 1 => 1..=10_u8];
    (
        place(),
        addrs,
        transport(),
        fragment(),
        options,
        cut(10, 24),
    )
        .prop_map(
            |(
                (hook, in_iface, out_iface),
                (src, dst),
                (protocol, mut l4),
                fragment,
                words,
                cut,
            )| {
                let pseudo = checksum::pseudo_v4(src, dst, protocol, l4.len() as u16);
                frame::fill_checksum(&mut l4, protocol, pseudo);
                l4.truncate(cut.unwrap_or(l4.len()));
                let bytes = frame::ipv4((src, dst), protocol, words, fragment, &l4);
                let l4_at = match fragment.0 {
                    0 => bytes.len() - l4.len(),
                    _ => bytes.len(),
                };
                Packet {
                    family: Family::Ipv4,
                    hook,
                    in_iface,
                    out_iface,
                    bytes,
                    src: IpAddr::V4(src),
                    dst: IpAddr::V4(dst),
                    protocol: Some(protocol),
                    fragment_offset: fragment.0,
                    more_fragments: fragment.1,
                    l4_at,
                }
            },
        )
}

/// Kinds of extension headers, in order; the fragment header has an offset and "more".
#[derive(Clone, Copy, Debug)]
enum Extension {
    HopByHop,
    Destination(u8),
    Routing,
    Auth,
    Fragment(u16, bool),
}

impl Extension {
    const fn number(self) -> u8 {
        match self {
            Extension::HopByHop => HOP_BY_HOP,
            Extension::Destination(_) => DESTINATION,
            Extension::Routing => ROUTING,
            Extension::Auth => AUTH,
            Extension::Fragment(..) => FRAGMENT,
        }
    }

    fn bytes(self, next: u8) -> Vec<u8> {
        match self {
            Extension::HopByHop => frame::options(next, 0),
            Extension::Destination(units) => frame::options(next, units),
            Extension::Routing => frame::routing(next),
            Extension::Auth => frame::auth(next),
            Extension::Fragment(offset, more) => frame::fragment(next, offset, more),
        }
    }

    /// How many of its bytes `ipv6_find_hdr` reads.
    const fn bytes_read(self) -> usize {
        match self {
            Extension::HopByHop | Extension::Destination(_) | Extension::Auth => 2,
            Extension::Routing | Extension::Fragment(..) => 4,
        }
    }
}

fn extensions() -> impl Strategy<Value = Vec<Extension>> {
    let between = || {
        let one = prop_oneof![
            (0..3_u8).prop_map(Extension::Destination),
            Just(Extension::Routing),
            Just(Extension::Auth),
        ];
        prop_oneof![4 => vec(one.clone(), 0..1), 1 => vec(one, 1..3)]
    };
    let hop_by_hop = prop::bool::weighted(0.15);
    let fragment = option::weighted(0.3, fragment());
    (hop_by_hop, between(), fragment, between()).prop_map(
        |(hop_by_hop, before, fragment, behind)| {
            let mut all = Vec::new();
            all.extend(hop_by_hop.then_some(Extension::HopByHop));
            all.extend(before);
            all.extend(fragment.map(|(offset, more)| Extension::Fragment(offset, more)));
            all.extend(behind);
            all
        },
    )
}

/// What `ipv6_find_hdr` finds: the protocol, the fragment's offset and "more", and where the
/// transport header starts in the payload.
struct Found {
    protocol: Option<u8>,
    fragment: (u16, bool),
    l4_at: Option<usize>,
}

fn packet_v6() -> impl Strategy<Value = Packet> {
    let addrs = (select(&ADDRS_V6[..]), select(&ADDRS_V6[..]));
    (place(), addrs, transport(), extensions(), cut(12, 48)).prop_map(
        |((hook, in_iface, out_iface), (src, dst), (protocol, mut l4), extensions, cut)| {
            let pseudo = checksum::pseudo_v6(src, dst, protocol, l4.len() as u32);
            frame::fill_checksum(&mut l4, protocol, pseudo);
            let mut payload = chain(&extensions, protocol);
            payload.extend(l4);
            payload.truncate(cut_of(&extensions, cut).unwrap_or(payload.len()));
            let found = find(&extensions, protocol, payload.len());
            let first = extensions.first().map_or(protocol, |e| e.number());
            let bytes = frame::ipv6((src, dst), first, &payload);
            Packet {
                family: Family::Ipv6,
                hook,
                in_iface,
                out_iface,
                src: IpAddr::V6(src),
                dst: IpAddr::V6(dst),
                protocol: found.protocol,
                fragment_offset: found.fragment.0,
                more_fragments: found.fragment.1,
                l4_at: found.l4_at.map_or(bytes.len(), |at| 40 + at),
                bytes,
            }
        },
    )
}

/// The kernel drops a packet whose hop-by-hop header is cut before any rule sees it.
fn cut_of(extensions: &[Extension], cut: Option<usize>) -> Option<usize> {
    match extensions.first() {
        Some(Extension::HopByHop) => cut.map(|kept| kept.max(8)),
        _ => cut,
    }
}

fn chain(extensions: &[Extension], protocol: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, extension) in extensions.iter().enumerate() {
        let next = extensions.get(at + 1).map_or(protocol, |e| e.number());
        bytes.extend(extension.bytes(next));
    }
    bytes
}

fn find(extensions: &[Extension], protocol: u8, kept: usize) -> Found {
    let mut found = Found {
        protocol: None,
        fragment: (0, false),
        l4_at: None,
    };
    let mut start = 0;
    for (at, extension) in extensions.iter().enumerate() {
        if start + extension.bytes_read() > kept {
            return found;
        }
        if let Extension::Fragment(offset, more) = *extension {
            found.fragment = (offset, more);
            if offset != 0 {
                // Behind another extension header there is no protocol to be known.
                found.protocol = (at + 1 == extensions.len()).then_some(protocol);
                return found;
            }
        }
        start += extension.bytes(0).len();
    }
    found.protocol = Some(protocol);
    found.l4_at = Some(start);
    found
}
