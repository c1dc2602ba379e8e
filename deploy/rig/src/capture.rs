//! Capture files as cases: the packets of real networks, each with a ruleset of its own.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
};

use netio::pcap::{CaptureError, CaptureReader};

use crate::{
    hex::Hex,
    packet::{Ip, Packet, Transport, checksum},
    topology::INTERFACES,
};

/// Packets of one case.
pub const PACKETS_PER_CASE: usize = 16;
/// Frames longer than the first interface's MTU could not have arrived on it.
const PACKET_MAX: usize = 1500;

/// What a capture file held.
#[derive(Debug, Default)]
pub struct Capture {
    /// Packets that a case can carry.
    pub packets: Vec<Packet>,
    /// Records that it cannot: no IP, cut off by the capture, too long, a header that lies in a
    /// way a case does not write down, link-local addresses (their neighbours are not fixed).
    pub left_out: usize,
}

/// Reads a pcap or pcapng file.
///
/// # Errors
/// A file that cannot be read, is no capture, or is not of Ethernet.
pub fn read(path: &Path) -> Result<Capture, CaptureError> {
    let mut capture = Capture::default();
    let mut reader = CaptureReader::open(path)?;
    // A file that breaks off in the middle: what came before stands.
    while let Ok(Some(record)) = reader.next_record() {
        let packet = network(record.bytes).filter(|packet| packet.len() <= PACKET_MAX);
        let packet = packet.filter(|_| !record.is_cut()).and_then(decode);
        match packet.filter(|packet| !is_link_local(packet)) {
            Some(packet) => capture.packets.push(packet),
            None => capture.left_out += 1,
        }
    }
    Ok(capture)
}

fn is_link_local(packet: &Packet) -> bool {
    let is = |addr| matches!(addr, IpAddr::V6(addr) if Ipv6Addr::is_unicast_link_local(&addr));
    is(packet.ip.src) || is(packet.ip.dst)
}

/// The IP packet in an Ethernet frame, behind VLAN tags.
fn network(frame: &[u8]) -> Option<&[u8]> {
    let ethertype = |at: usize| Some(u16::from_be_bytes(frame.get(at..at + 2)?.try_into().ok()?));
    let mut at = 12;
    while matches!(ethertype(at)?, 0x8100 | 0x88a8) {
        at += 4;
    }
    matches!(ethertype(at)?, 0x0800 | 0x86dd).then(|| &frame[at + 2..])
}

/// The packet as a case writes it; `None` if writing it out again would give other bytes.
fn decode(bytes: &[u8]) -> Option<Packet> {
    let (ip, carries, total) = match bytes.first()? >> 4 {
        4 => decode_v4(bytes)?,
        6 => decode_v6(bytes)?,
        _ => return None,
    };
    let on_link = |addr: IpAddr| match addr {
        IpAddr::V4(addr) => addr.octets()[0],
        IpAddr::V6(addr) => addr.octets()[15],
    };
    // Both directions of a dialogue come in by different interfaces.
    let iface = INTERFACES[usize::from(on_link(ip.src)) % INTERFACES.len()]
        .name
        .to_owned();
    let packet = Packet {
        after_ms: 0,
        iface,
        ip,
        carries,
        cut: None,
        padding: bytes.len().saturating_sub(total),
    };
    let again = packet.frame([0; 6], [0; 6]);
    let same = again.get(14..14 + total) == bytes.get(..total);
    same.then_some(packet)
}

fn decode_v4(bytes: &[u8]) -> Option<(Ip, Transport, usize)> {
    let header_len = usize::from(bytes[0] & 15) * 4;
    let header = bytes
        .get(..header_len)
        .filter(|header| header.len() >= 20)?;
    let addr = |at: usize| {
        let octets: [u8; 4] = header[at..at + 4].try_into().unwrap_or_default();
        IpAddr::V4(Ipv4Addr::from(octets))
    };
    let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let total = usize::from(word(2));
    let payload = bytes.get(header_len..total)?;
    let mut ip = Ip::new(addr(12), addr(16));
    ip.tos = header[1];
    ip.id = u32::from(word(4));
    (ip.df, ip.mf, ip.offset) = (
        word(6) & 0x4000 != 0,
        word(6) & 0x2000 != 0,
        word(6) & 0x1fff,
    );
    ip.ttl = header[8];
    ip.options = Hex(header[20..].to_vec());
    ip.checksum = (checksum(&[header]) != 0).then(|| word(10));
    let carries = Transport::Raw {
        protocol: header[9],
        bytes: Hex(payload.to_vec()),
    };
    Some((ip, carries, total))
}

fn decode_v6(bytes: &[u8]) -> Option<(Ip, Transport, usize)> {
    let header = bytes.get(..40)?;
    let addr = |at: usize| {
        let octets: [u8; 16] = header[at..at + 16].try_into().unwrap_or_default();
        IpAddr::V6(Ipv6Addr::from(octets))
    };
    let total = 40 + usize::from(u16::from_be_bytes([header[4], header[5]]));
    let payload = bytes.get(40..total)?;
    let mut ip = Ip::new(addr(8), addr(24));
    ip.tos = header[0] << 4 | header[1] >> 4;
    ip.ttl = header[7];
    let carries = Transport::Raw {
        protocol: header[6],
        bytes: Hex(payload.to_vec()),
    };
    Some((ip, carries, total))
}
