//! Frames as text, both ways.
//!
//! ```text
//! [eth SRC > DST] LAYER...         default: 02:00:00:00:00:99 > 02:ff:00:00:00:01
//! ip SRC > DST [ttl N] [tos N] [id N] [df] [mf] [frag UNITS] [options HEX]
//! ip6 SRC > DST [hops N] [class N]
//! udp SPORT > DPORT | tcp SPORT > DPORT FLAGS [seq N] [ack N] [win N] | icmp TYPE/CODE [rest N]
//! proto N                          another protocol
//! data N                           N bytes 0, 1, 2...; data HEX with a leading x
//! about ip ...                     the rest of the line is a packet carried as data
//! arp request SMAC SADDR > TADDR | arp reply SMAC SADDR > TMAC TADDR
//! hex DIGITS                       the whole frame
//! ```
//! Lengths and checksums are filled in.

use std::net::IpAddr;

use packet::{Network, parse};
use wire::{
    ArpPacket, EtherType, EthernetHeader, Header, Ipv4Header, Ipv6Header, MacAddr, TcpHeader,
    UdpHeader,
    checksum::{pseudo_v4, pseudo_v6},
    icmpv4::Icmpv4Header,
    icmpv6::Icmpv6Header,
    ipv4::{Ipv4Fields, fill_header_checksum},
    ipv6::Ipv6Fields,
    protocol,
    tcp::{TcpFields, TcpFlags},
};

use crate::hex;

/// Words of a line, with a look at the next.
struct Words<'a>(std::iter::Peekable<std::str::SplitWhitespace<'a>>);

impl<'a> Words<'a> {
    fn word(&mut self) -> &'a str {
        self.0.next().expect("another word")
    }

    fn parse<T: std::str::FromStr>(&mut self) -> T {
        let word = self.word();
        word.parse()
            .unwrap_or_else(|_| panic!("`{word}' does not parse"))
    }

    /// A number, decimal or after `0x` hexadecimal.
    fn number(&mut self) -> u32 {
        let word = self.word();
        let parsed = match word.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => word.parse(),
        };
        parsed.unwrap_or_else(|_| panic!("`{word}' is no number"))
    }

    fn arrow(&mut self) {
        assert_eq!(self.word(), ">");
    }

    fn take(&mut self, word: &str) -> bool {
        self.0.next_if_eq(&word).is_some()
    }
}

/// An IP header with all that the language says of it.
struct IpText {
    src: IpAddr,
    dst: IpAddr,
    hops: u8,
    tos: u8,
    id: u16,
    flags: u16,
    options: Vec<u8>,
}

/// The frame that `text` describes.
pub(crate) fn frame(text: &str) -> Vec<u8> {
    if let Some(digits) = text.strip_prefix("hex ") {
        return hex::decode(digits);
    }
    let mut words = Words(text.split_whitespace().peekable());
    let (mut src, mut dst) = (
        MacAddr([2, 0, 0, 0, 0, 0x99]),
        MacAddr([2, 0xff, 0, 0, 0, 1]),
    );
    if words.take("eth") {
        src = words.parse();
        words.arrow();
        dst = words.parse();
    }
    let (kind, packet) = match words.word() {
        "arp" => (EtherType::ARP, arp(&mut words)),
        "ip" => (EtherType::IPV4, ip(&mut words)),
        "ip6" => (EtherType::IPV6, ip(&mut words)),
        other => panic!("what is `{other}'?"),
    };
    let mut frame = vec![0; EthernetHeader::LEN];
    EthernetHeader::new(dst, src, kind)
        .emit(&mut frame)
        .expect("room");
    frame.extend(packet);
    frame
}

fn arp(words: &mut Words<'_>) -> Vec<u8> {
    let is_request = words.word() == "request";
    let (mac, ip) = (words.parse(), words.parse());
    words.arrow();
    let packet = if is_request {
        ArpPacket::request(mac, ip, words.parse())
    } else {
        ArpPacket::reply(mac, ip, words.parse(), words.parse())
    };
    let mut bytes = vec![0; ArpPacket::LEN];
    packet.emit(&mut bytes).expect("room");
    bytes
}

fn ip(words: &mut Words<'_>) -> Vec<u8> {
    let src = words.parse();
    words.arrow();
    let dst = words.parse();
    let (hops, tos, id, flags, options) = (64, 0, 0, 0, Vec::new());
    let mut head = IpText {
        src,
        dst,
        hops,
        tos,
        id,
        flags,
        options,
    };
    let (mut proto, mut l4, mut data) = (253, Vec::new(), Vec::new());
    while words.0.peek().is_some() {
        match words.word() {
            "ttl" | "hops" => head.hops = words.parse(),
            "tos" | "class" => head.tos = words.number() as u8,
            "id" => head.id = words.number() as u16,
            "df" => head.flags |= 0x4000,
            "mf" => head.flags |= 0x2000,
            "frag" => head.flags |= words.number() as u16,
            "options" => head.options = hex::decode(words.word()),
            "proto" => proto = words.parse(),
            "data" => data = payload(words.word()),
            "about" => {
                words.word();
                data = ip(words);
            }
            transport => (proto, l4) = self::transport(transport, words, head.src.is_ipv6()),
        }
    }
    l4.extend(data);
    fill_checksum(&head, proto, &mut l4);
    assemble(&head, proto, &l4)
}

fn payload(word: &str) -> Vec<u8> {
    match word.strip_prefix('x') {
        Some(digits) => hex::decode(digits),
        None => (0..word.parse::<usize>().expect("a length"))
            .map(|n| n as u8)
            .collect(),
    }
}

fn transport(kind: &str, words: &mut Words<'_>, is_v6: bool) -> (u8, Vec<u8>) {
    let mut bytes = vec![0; 20];
    match kind {
        "udp" => {
            let source = words.parse();
            words.arrow();
            bytes.truncate(8);
            UdpHeader::new(source, words.parse(), 0)
                .emit(&mut bytes)
                .expect("room");
            (protocol::UDP, bytes)
        }
        "tcp" => {
            let source_port = words.parse();
            words.arrow();
            let destination_port = words.parse();
            let flags = tcp_flags(words.word());
            let sequence = if words.take("seq") { words.number() } else { 0 };
            let acknowledgment = if words.take("ack") { words.number() } else { 0 };
            let window = if words.take("win") {
                words.number() as u16
            } else {
                1000
            };
            let fields = TcpFields {
                source_port,
                destination_port,
                sequence,
                acknowledgment,
                flags,
                window,
            };
            TcpHeader::new(&fields).emit(&mut bytes).expect("room");
            (protocol::TCP, bytes)
        }
        "icmp" => {
            let (icmp_type, code) = words.word().split_once('/').expect("TYPE/CODE");
            let (icmp_type, code) = (
                icmp_type.parse().expect("0-255"),
                code.parse().expect("0-255"),
            );
            let rest = if words.take("rest") {
                words.number()
            } else {
                0
            };
            bytes.truncate(8);
            Icmpv4Header::new(icmp_type, code, rest)
                .emit(&mut bytes)
                .expect("room");
            (
                if is_v6 {
                    protocol::ICMPV6
                } else {
                    protocol::ICMP
                },
                bytes,
            )
        }
        other => panic!("what is `{other}'?"),
    }
}

fn tcp_flags(letters: &str) -> TcpFlags {
    letters.chars().fold(TcpFlags(0), |flags, letter| {
        flags
            | match letter {
                'F' => TcpFlags::FIN,
                'S' => TcpFlags::SYN,
                'R' => TcpFlags::RST,
                'P' => TcpFlags::PSH,
                'A' => TcpFlags::ACK,
                'U' => TcpFlags::URG,
                other => panic!("no flag {other}"),
            }
    })
}

/// Lengths and checksums of the transport; a fragment's are whatever its data says.
fn fill_checksum(head: &IpText, proto: u8, l4: &mut [u8]) {
    if head.flags & 0x1fff != 0 {
        return;
    }
    let length = l4.len();
    let pseudo = match (head.src, head.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => pseudo_v4(src, dst, proto, length as u16),
        (IpAddr::V6(src), IpAddr::V6(dst)) => pseudo_v6(src, dst, proto, length as u32),
        _ => panic!("addresses of two families"),
    };
    match proto {
        protocol::UDP if length >= 8 => {
            l4[4..6].copy_from_slice(&(length as u16).to_be_bytes());
            let (header, payload) = UdpHeader::split_mut(l4).expect("a header");
            header.fill_checksum(pseudo, payload);
        }
        protocol::TCP if length >= 20 => {
            let (header, behind) = TcpHeader::split_mut(l4).expect("a header");
            header.fill_checksum(pseudo, behind);
        }
        protocol::ICMP if length >= 8 => {
            let (header, payload) = Icmpv4Header::split_mut(l4).expect("a header");
            header.fill_checksum(payload);
        }
        protocol::ICMPV6 if length >= 8 => {
            let (header, payload) = Icmpv6Header::split_mut(l4).expect("a header");
            header.fill_checksum(pseudo, payload);
        }
        _ => {}
    }
}

fn assemble(head: &IpText, proto: u8, l4: &[u8]) -> Vec<u8> {
    let mut bytes;
    match (head.src, head.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let fields = Ipv4Fields {
                src,
                dst,
                protocol: proto,
                ttl: head.hops,
                tos: head.tos,
                id: head.id,
                dont_fragment: false,
                payload_length: (head.options.len() + l4.len()) as u16,
            };
            bytes = vec![0; Ipv4Header::LEN];
            Ipv4Header::new(&fields).emit(&mut bytes).expect("room");
            bytes.extend(&head.options);
            bytes[0] = 0x40 | (bytes.len() / 4) as u8;
            bytes[6..8].copy_from_slice(&head.flags.to_be_bytes());
            fill_header_checksum(&mut bytes).expect("a header");
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let fields = Ipv6Fields {
                src,
                dst,
                next_header: proto,
                hop_limit: head.hops,
                traffic_class: head.tos,
                flow_label: 0,
                payload_length: l4.len() as u16,
            };
            bytes = vec![0; Ipv6Header::LEN];
            Ipv6Header::new(&fields).emit(&mut bytes).expect("room");
        }
        _ => panic!("addresses of two families"),
    }
    bytes.extend(l4);
    bytes
}

/// A frame in short, for messages.
pub(crate) fn describe(frame: &[u8]) -> String {
    let Ok(parsed) = parse(frame) else {
        return format!("{} bytes that do not parse", frame.len());
    };
    let link = format!("eth {} > {}", parsed.link.src, parsed.link.dst);
    match parsed.network {
        Network::Arp(_) => format!("{link} arp"),
        Network::Ip(ip) => format!(
            "{link} {} > {} hops {} tos {:#x} length {} protocol {} frag {}{} {}",
            ip.src,
            ip.dst,
            ip.ttl,
            ip.tos,
            ip.length(),
            ip.protocol,
            ip.fragment_offset,
            if ip.more_fragments() { "+" } else { "" },
            hex::encode(&ip.l4(frame)[..ip.l4(frame).len().min(8)]),
        ),
    }
}
