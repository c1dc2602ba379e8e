//! A packet as a case file writes it: what the fields say, and how that becomes a frame. The
//! encoder shares no code with Weir, so that the two cannot be wrong in the same way.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::hex::Hex;

/// A packet of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packet {
    /// Milliseconds since the packet before it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub after_ms: u64,
    /// The interface it arrives on.
    #[serde(rename = "in")]
    pub iface: String,
    /// The network header.
    pub ip: Ip,
    /// What the network header carries.
    pub carries: Transport,
    /// The frame is cut to this many bytes behind the Ethernet header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<usize>,
    /// Bytes of Ethernet padding behind the packet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub padding: usize,
}

/// An IPv4 or IPv6 header; the family is that of `src`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ip {
    /// Source.
    pub src: IpAddr,
    /// Destination.
    pub dst: IpAddr,
    /// TTL or hop limit.
    #[serde(default = "default_ttl")]
    pub ttl: u8,
    /// TOS or traffic class.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tos: u8,
    /// Identification, of IPv4 or of the IPv6 fragment header.
    #[serde(default, skip_serializing_if = "is_default")]
    pub id: u32,
    /// Don't fragment.
    #[serde(default, skip_serializing_if = "is_default")]
    pub df: bool,
    /// More fragments.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mf: bool,
    /// Fragment offset in units of 8 bytes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub offset: u16,
    /// IPv4 options; padded to a multiple of 4 bytes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Hex,
    /// IPv6 extension headers before the fragment header: (protocol number, body behind the
    /// two first bytes); padded to a multiple of 8 bytes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub extensions: Vec<(u8, Hex)>,
    /// Total length or payload length, where it shall lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u16>,
    /// IPv4 header checksum, where it shall lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<u16>,
}

impl Ip {
    /// A header without anything special.
    pub fn new(src: IpAddr, dst: IpAddr) -> Self {
        Self {
            src,
            dst,
            ttl: 64,
            tos: 0,
            id: 0,
            df: false,
            mf: false,
            offset: 0,
            options: Hex::default(),
            extensions: Vec::new(),
            length: None,
            checksum: None,
        }
    }
}

/// The transport header and what follows it. `checksum` is for one that shall lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Transport {
    /// TCP.
    Tcp {
        /// Source port.
        sport: u16,
        /// Destination port.
        dport: u16,
        /// Letters of `FSRPAUEC`.
        flags: String,
        /// Sequence number.
        #[serde(default, skip_serializing_if = "is_default")]
        seq: u32,
        /// Acknowledgement number.
        #[serde(default, skip_serializing_if = "is_default")]
        ack: u32,
        /// Window.
        #[serde(default, skip_serializing_if = "is_default")]
        window: u16,
        /// Options; padded to a multiple of 4 bytes.
        #[serde(default, skip_serializing_if = "is_default")]
        options: Hex,
        /// Bytes of payload.
        #[serde(default, skip_serializing_if = "is_default")]
        payload: usize,
        /// A wrong checksum.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checksum: Option<u16>,
    },
    /// UDP.
    Udp {
        /// Source port.
        sport: u16,
        /// Destination port.
        dport: u16,
        /// Bytes of payload.
        #[serde(default, skip_serializing_if = "is_default")]
        payload: usize,
        /// A wrong checksum, or 0 for none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checksum: Option<u16>,
    },
    /// ICMP or ICMPv6, by the family.
    Icmp {
        /// Type.
        #[serde(rename = "type")]
        kind: u8,
        /// Code.
        #[serde(default, skip_serializing_if = "is_default")]
        code: u8,
        /// The four bytes behind the checksum.
        #[serde(default, skip_serializing_if = "is_default")]
        rest: u32,
        /// What follows the first eight bytes.
        #[serde(default, skip_serializing_if = "is_default")]
        body: Hex,
        /// A wrong checksum.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checksum: Option<u16>,
    },
    /// Any other protocol, or a piece of a datagram.
    Raw {
        /// Protocol number.
        protocol: u8,
        /// All bytes behind the network header.
        bytes: Hex,
    },
}

fn default_ttl() -> u8 {
    64
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const NEXT_FRAGMENT: u8 = 44;

impl Packet {
    /// The frame, from `source` to `router`.
    pub fn frame(&self, source: [u8; 6], router: [u8; 6]) -> Vec<u8> {
        let mut frame = Vec::new();
        frame.extend(router);
        frame.extend(source);
        frame.extend(match self.ip.src {
            IpAddr::V4(_) => [0x08, 0x00],
            IpAddr::V6(_) => [0x86, 0xdd],
        });
        let mut packet = self.ip.encode(
            self.carries.protocol(&self.ip),
            &self.carries.encode(&self.ip),
        );
        if let Some(cut) = self.cut {
            packet.truncate(cut);
        }
        frame.extend(packet);
        frame.resize(frame.len() + self.padding, 0);
        frame
    }
}

impl Ip {
    /// The header of this family around `payload`.
    pub fn encode(&self, protocol: u8, payload: &[u8]) -> Vec<u8> {
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                let mut options = self.options.0.clone();
                options.resize(options.len().next_multiple_of(4), 0);
                let header = 20 + options.len();
                let length = self.length.unwrap_or((header + payload.len()) as u16);
                let fragment =
                    u16::from(self.df) << 14 | u16::from(self.mf) << 13 | (self.offset & 0x1fff);
                let mut bytes = vec![0x40 | (header / 4) as u8, self.tos];
                bytes.extend(length.to_be_bytes());
                bytes.extend((self.id as u16).to_be_bytes());
                bytes.extend(fragment.to_be_bytes());
                bytes.extend([self.ttl, protocol, 0, 0]);
                bytes.extend(src.octets());
                bytes.extend(dst.octets());
                bytes.extend(options);
                let sum = self.checksum.unwrap_or_else(|| checksum(&[&bytes]));
                bytes[10..12].copy_from_slice(&sum.to_be_bytes());
                bytes.extend(payload);
                bytes
            }
            _ => self.encode_v6(protocol, payload),
        }
    }

    fn encode_v6(&self, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut chain: Vec<(u8, Vec<u8>)> = Vec::new();
        for (kind, body) in &self.extensions {
            let mut header = vec![0, 0];
            header.extend(&body.0);
            header.resize(header.len().next_multiple_of(8), 0);
            header[1] = (header.len() / 8 - 1) as u8;
            chain.push((*kind, header));
        }
        if self.mf || self.offset != 0 || self.id != 0 {
            let mut header = vec![0, 0];
            header.extend((self.offset << 3 | u16::from(self.mf)).to_be_bytes());
            header.extend(self.id.to_be_bytes());
            chain.push((NEXT_FRAGMENT, header));
        }
        let mut bytes = Vec::new();
        let first = chain.first().map_or(protocol, |(kind, _)| *kind);
        for at in 0..chain.len() {
            let next = chain.get(at + 1).map_or(protocol, |(kind, _)| *kind);
            chain[at].1[0] = next;
        }
        let body: usize =
            chain.iter().map(|(_, header)| header.len()).sum::<usize>() + payload.len();
        bytes.extend((6u32 << 28 | u32::from(self.tos) << 20).to_be_bytes());
        bytes.extend(self.length.unwrap_or(body as u16).to_be_bytes());
        bytes.extend([first, self.ttl]);
        bytes.extend(octets(self.src));
        bytes.extend(octets(self.dst));
        for (_, header) in chain {
            bytes.extend(header);
        }
        bytes.extend(payload);
        bytes
    }
}

impl Transport {
    /// The protocol number.
    pub fn protocol(&self, ip: &Ip) -> u8 {
        match self {
            Transport::Tcp { .. } => 6,
            Transport::Udp { .. } => 17,
            Transport::Icmp { .. } if ip.src.is_ipv4() => 1,
            Transport::Icmp { .. } => 58,
            Transport::Raw { protocol, .. } => *protocol,
        }
    }

    /// The bytes behind the network header, checksum included.
    pub fn encode(&self, ip: &Ip) -> Vec<u8> {
        let (mut bytes, at, wrong) = match self {
            Transport::Tcp {
                sport,
                dport,
                flags,
                seq,
                ack,
                window,
                options,
                payload,
                checksum,
            } => {
                let mut options = options.0.clone();
                options.resize(options.len().next_multiple_of(4), 0);
                let mut bytes = Vec::new();
                bytes.extend(sport.to_be_bytes());
                bytes.extend(dport.to_be_bytes());
                bytes.extend(seq.to_be_bytes());
                bytes.extend(ack.to_be_bytes());
                bytes.extend([(((20 + options.len()) / 4) << 4) as u8, flag_bits(flags)]);
                bytes.extend(window.to_be_bytes());
                bytes.extend([0; 4]);
                bytes.extend(options);
                bytes.extend(pattern(*payload));
                (bytes, 16, *checksum)
            }
            Transport::Udp {
                sport,
                dport,
                payload,
                checksum,
            } => {
                let mut bytes = Vec::new();
                bytes.extend(sport.to_be_bytes());
                bytes.extend(dport.to_be_bytes());
                bytes.extend((8 + *payload as u16).to_be_bytes());
                bytes.extend([0; 2]);
                bytes.extend(pattern(*payload));
                (bytes, 6, *checksum)
            }
            Transport::Icmp {
                kind,
                code,
                rest,
                body,
                checksum,
            } => {
                let mut bytes = vec![*kind, *code, 0, 0];
                bytes.extend(rest.to_be_bytes());
                bytes.extend(&body.0);
                (bytes, 2, *checksum)
            }
            Transport::Raw { bytes, .. } => return bytes.0.clone(),
        };
        let sum = wrong.unwrap_or_else(|| self.sum(ip, &bytes));
        bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    fn sum(&self, ip: &Ip, bytes: &[u8]) -> u16 {
        let protocol = self.protocol(ip);
        let sum = if protocol == 1 {
            checksum(&[bytes])
        } else {
            let length = (bytes.len() as u32).to_be_bytes();
            checksum(&[
                &octets(ip.src),
                &octets(ip.dst),
                &length,
                &[0, protocol],
                bytes,
            ])
        };
        if sum == 0 && protocol == 17 {
            0xffff
        } else {
            sum
        }
    }
}

/// The TCP flag byte of letters of `FSRPAUEC`.
pub fn flag_bits(letters: &str) -> u8 {
    letters
        .chars()
        .filter_map(|letter| "FSRPAUEC".find(letter))
        .fold(0, |bits, at| bits | 1 << at)
}

/// `len` bytes that are not all alike.
pub fn pattern(len: usize) -> impl Iterator<Item = u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8)
}

fn octets(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(addr) => addr.octets().to_vec(),
        IpAddr::V6(addr) => addr.octets().to_vec(),
    }
}

/// The Internet checksum over `parts`, each but the last of even length (RFC 1071).
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0u64;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u64::from(u16::from_be_bytes([
                pair[0],
                pair.get(1).copied().unwrap_or(0),
            ]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
