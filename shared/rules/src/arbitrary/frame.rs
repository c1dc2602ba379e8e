//! The bytes of generated packets, written header by header.

use std::net::{Ipv4Addr, Ipv6Addr};

use wire::checksum::{self, Sum};

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP6: u8 = 58;

/// A TCP segment without payload; `data_offset` in words, right or not.
pub(super) fn tcp(ports: (u16, u16), flags: u8, data_offset: u8, options: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(20 + options.len());
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend(0x0102_0304_u32.to_be_bytes());
    bytes.extend(0x0506_0708_u32.to_be_bytes());
    bytes.push(data_offset << 4);
    bytes.push(flags);
    bytes.extend(8192_u16.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(options);
    bytes
}

/// A UDP datagram.
pub(super) fn udp(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let length = 8 + payload.len() as u16;
    let mut bytes = Vec::with_capacity(length.into());
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 2]);
    bytes.extend(payload);
    bytes
}

/// An ICMP message of either family.
pub(super) fn icmp(icmp_type: u8, code: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![icmp_type, code, 0, 0, 0, 7, 0, 1];
    bytes.extend(payload);
    bytes
}

/// Fills in the transport checksum, if the protocol has one and the header is whole.
pub(super) fn fill_checksum(l4: &mut [u8], protocol: u8, pseudo: Sum) {
    let (at, sum) = match protocol {
        TCP => (16, pseudo),
        UDP => (6, pseudo),
        ICMP => (2, Sum::ZERO),
        ICMP6 => (2, pseudo),
        _ => return,
    };
    let sum = sum.bytes(l4).finish_udp();
    if let Some(field) = l4.get_mut(at..at + 2) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

/// An IPv4 header with `option_words` words of no-operation options.
pub(super) fn ipv4(
    (src, dst): (Ipv4Addr, Ipv4Addr),
    protocol: u8,
    option_words: u8,
    (offset, more): (u16, bool),
    l4: &[u8],
) -> Vec<u8> {
    let header_bytes = 20 + 4 * usize::from(option_words);
    let total = (header_bytes + l4.len()) as u16;
    let mut bytes = Vec::with_capacity(total.into());
    bytes.extend([0x45 + option_words, 0]);
    bytes.extend(total.to_be_bytes());
    bytes.extend(0x1234_u16.to_be_bytes());
    bytes.extend((offset | u16::from(more) << 13).to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(src.octets());
    bytes.extend(dst.octets());
    bytes.resize(header_bytes, 1);
    let sum = checksum::checksum(&bytes).to_be_bytes();
    bytes[10..12].copy_from_slice(&sum);
    bytes.extend(l4);
    bytes
}

/// An IPv6 header before `payload`, which may start with extension headers.
pub(super) fn ipv6((src, dst): (Ipv6Addr, Ipv6Addr), next: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40 + payload.len());
    bytes.extend([0x60, 0, 0, 0]);
    bytes.extend((payload.len() as u16).to_be_bytes());
    bytes.extend([next, 64]);
    bytes.extend(src.octets());
    bytes.extend(dst.octets());
    bytes.extend(payload);
    bytes
}

/// A destination options or hop-by-hop header of 8 bytes and `units` more, padding inside.
pub(super) fn options(next: u8, units: u8) -> Vec<u8> {
    let length = 8 + 8 * usize::from(units);
    // One PadN option over the rest.
    let mut bytes = vec![next, units, 1, (length - 4) as u8];
    bytes.resize(length, 0);
    bytes
}

/// A routing header of an unassigned type, no segments left.
pub(super) fn routing(next: u8) -> Vec<u8> {
    vec![next, 0, 253, 0, 0, 0, 0, 0]
}

/// An authentication header with 12 bytes of check value.
pub(super) fn auth(next: u8) -> Vec<u8> {
    let mut bytes = vec![next, 4];
    bytes.resize(24, 0);
    bytes
}

/// A fragment header; `offset` in units of 8 bytes.
pub(super) fn fragment(next: u8, offset: u16, more: bool) -> Vec<u8> {
    let mut bytes = vec![next, 0];
    bytes.extend((offset << 3 | u16::from(more)).to_be_bytes());
    bytes.extend(0x1234_5678_u32.to_be_bytes());
    bytes
}
