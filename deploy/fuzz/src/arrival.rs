//! A fuzzer's bytes as frames that arrive: each one behind a byte of flags and a byte of length.
//! The flags let frames get further than chance would: checksums righted, length stretched.

use packet::{Ip, Network};
use wire::checksum::{pseudo_v4, pseudo_v6};
use wire::{EthernetHeader, Header, Ipv4Header, Ipv6Header, MacAddr, Sum, ipv4, protocol};

/// The second interface instead of the first.
const SECOND_IFACE: u8 = 1 << 0;
/// All checksums are right.
const RIGHT_CHECKSUMS: u8 = 1 << 1;
/// Addressed to the station.
const TO_STATION: u8 = 1 << 2;
/// Sent by the host.
const FROM_HOST: u8 = 1 << 3;
/// Longer than the smaller MTU.
const STRETCHED: u8 = 1 << 4;

/// What a stretched frame has behind it.
const STRETCH_BYTES: usize = 1_400;

/// One frame.
pub struct Arrival {
    /// Nanoseconds since the one before.
    pub wait_ns: u64,
    /// Where it comes in: 0 or 1, or `None` from the host.
    pub iface: Option<u16>,
    /// The frame.
    pub frame: Vec<u8>,
}

/// The frames in `bytes`. `stations` are the MAC addresses of the interfaces.
pub fn arrivals(mut bytes: &[u8], stations: [MacAddr; 2]) -> Vec<Arrival> {
    let mut found = Vec::new();
    while let [flags, length, rest @ ..] = bytes {
        let (frame, behind) = rest.split_at(rest.len().min(usize::from(*length)));
        bytes = behind;
        let iface = u16::from(flags & SECOND_IFACE);
        let mut frame = frame.to_vec();
        if flags & TO_STATION != 0 && frame.len() >= 6 {
            frame[..6].copy_from_slice(&stations[usize::from(iface)].0);
        }
        if flags & STRETCHED != 0 {
            stretch(&mut frame);
        }
        if flags & RIGHT_CHECKSUMS != 0 {
            right_checksums(&mut frame);
        }
        found.push(Arrival {
            // From nothing to about a minute.
            wait_ns: (1 << (5 * u32::from(flags >> 5))) - 1,
            iface: (flags & FROM_HOST == 0).then_some(iface),
            frame,
        });
    }
    found
}

fn stretch(frame: &mut Vec<u8>) {
    frame.resize(frame.len() + STRETCH_BYTES, 0x5a);
    let length = frame.len().saturating_sub(EthernetHeader::LEN);
    let Some(packet) = frame.get_mut(EthernetHeader::LEN..) else {
        return;
    };
    match packet.first().map(|first| first >> 4) {
        Some(6) => {
            if let Ok((header, _)) = Ipv6Header::split_mut(packet) {
                header.set_payload_length((length - Ipv6Header::LEN) as u16);
            }
        }
        _ => {
            if let Ok((header, _)) = Ipv4Header::split_mut(packet) {
                header.set_total_length(length as u16);
            }
        }
    }
}

fn right_checksums(frame: &mut [u8]) {
    if let Some(packet) = frame.get_mut(EthernetHeader::LEN..) {
        // An IPv6 header has no checksum, but something else there.
        if packet.first().is_some_and(|first| first >> 4 == 4) {
            let _ = ipv4::fill_header_checksum(packet);
        }
    }
    if let Ok(Network::Ip(ip)) = packet::parse(frame).map(|parsed| parsed.network) {
        right_transport_checksum(frame, &ip);
    }
}

fn right_transport_checksum(frame: &mut [u8], ip: &Ip) {
    let at = match ip.protocol {
        protocol::TCP => 16,
        protocol::UDP => 6,
        protocol::ICMP | protocol::ICMPV6 => 2,
        _ => return,
    };
    let l4 = &mut frame[usize::from(ip.l4)..usize::from(ip.end)];
    let Some(field) = l4.get_mut(at..at + 2) else {
        return;
    };
    field.fill(0);
    let pseudo = match (ip.src, ip.dst) {
        _ if ip.protocol == protocol::ICMP => Sum::ZERO,
        (std::net::IpAddr::V4(src), std::net::IpAddr::V4(dst)) => {
            pseudo_v4(src, dst, ip.protocol, l4.len() as u16)
        }
        (std::net::IpAddr::V6(src), std::net::IpAddr::V6(dst)) => {
            pseudo_v6(src, dst, ip.protocol, l4.len() as u32)
        }
        _ => return,
    };
    let sum = pseudo.bytes(l4).finish_udp();
    l4[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}
