//! What two routers may not be blamed for: values that the kernel draws at random or takes from
//! the clock. They are blanked on both sides, but only in a packet whose checksum was right, so
//! that a wrong checksum is still seen.

use crate::{hex, packet::checksum, topology::INTERFACES};

const ETHERNET: usize = 14;
const OPTION_TIMESTAMP: u8 = 68;

/// A frame to be compared: Ethernet padding is cut; blanked are the identification of what the
/// router made itself, stamps in IP timestamp options and in ICMP timestamp replies.
pub fn frame(frame: &[u8]) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    match frame.get(12..14) {
        Some([0x08, 0x00]) if frame.len() >= ETHERNET + 20 => ipv4(&mut bytes),
        Some([0x86, 0xdd]) if frame.len() >= ETHERNET + 48 => ipv6(&mut bytes),
        _ => {}
    }
    bytes
}

fn ipv4(frame: &mut Vec<u8>) {
    let length = usize::from(u16::from_be_bytes([frame[16], frame[17]]));
    frame.truncate(ETHERNET + length);
    let Some(packet) = frame.get_mut(ETHERNET..) else {
        return;
    };
    let header_len = packet
        .first()
        .map_or(0, |first| usize::from(first & 15) * 4);
    if header_len < 20 || packet.len() < header_len || checksum(&[&packet[..header_len]]) != 0 {
        return;
    }
    let is_own = INTERFACES
        .iter()
        .any(|interface| interface.v4.octets() == packet[12..16]);
    if is_own {
        packet[4..6].fill(0);
    }
    stamps(&mut packet[20..header_len]);
    put_sum(packet, header_len, 10);
    let (protocol, body) = (packet[9], &mut packet[header_len..]);
    if is_own && protocol == 1 && body.len() >= 20 && checksum(&[body]) == 0 {
        match body[0] {
            14 => body[12..20].fill(0),
            3 | 11 | 12 => quoted(&mut body[8..]),
            _ => {}
        }
        let len = body.len();
        put_sum(body, len, 2);
    }
}

/// The packet that an ICMP error is about: the router may have stamped it before it gave up, and
/// of a reset that the router made (identification 0) the kernel quotes the checksum that it had
/// left to the device.
fn quoted(packet: &mut [u8]) {
    const TCP: u8 = 6;
    const RST: u8 = 4;
    let header_len = usize::from(packet[0] & 15) * 4;
    let is_made_here = packet[9] == TCP && packet[4..6] == [0, 0];
    if let Some(tcp) = packet.get_mut(header_len..header_len + 20)
        && is_made_here
        && tcp[13] & RST != 0
    {
        tcp[16..18].fill(0);
    }
    if header_len > 20 && packet.len() >= header_len {
        let before = packet[20..header_len].to_vec();
        stamps(&mut packet[20..header_len]);
        if before != packet[20..header_len] {
            packet[10..12].fill(0);
        }
    }
}

/// Puts the checksum of the first `len` bytes right; it stands at `at`.
fn put_sum(bytes: &mut [u8], len: usize, at: usize) {
    bytes[at..at + 2].fill(0);
    let sum = checksum(&[&bytes[..len]]);
    bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

/// Blanks the stamps of a timestamp option (RFC 791 3.1): every word, or every second one where
/// the flags say that addresses stand between them.
fn stamps(options: &mut [u8]) {
    let mut at = 0;
    while at + 1 < options.len() && options[at] != 0 {
        if options[at] == 1 {
            at += 1;
            continue;
        }
        let end = at + usize::from(options[at + 1]).max(2);
        if options[at] == OPTION_TIMESTAMP && end <= options.len() && end >= at + 4 {
            let (first, step) = if options[at + 3] & 15 == 0 {
                (4, 4)
            } else {
                (8, 8)
            };
            for word in (at + first..end).step_by(step) {
                options[word..(word + 4).min(end)].fill(0);
            }
        }
        at = end;
    }
}

/// The fragment identification of what the router made itself is random.
fn ipv6(frame: &mut [u8]) {
    let is_own = INTERFACES
        .iter()
        .any(|interface| interface.v6.octets() == frame[22..38]);
    if is_own && frame[20] == 44 {
        frame[58..62].fill(0);
    }
}

/// A line of LOG to be compared: in a line about a packet of the router's own the identification
/// is blanked unless it is 0; stamps in printed options are blanked.
pub fn log_line(line: &str) -> String {
    let line = line.trim_end();
    let source = line.split_once(" SRC=").map_or("", |(_, tail)| tail);
    let own = INTERFACES
        .iter()
        .any(|i| source.starts_with(&format!("{} ", i.v4)));
    let line = match line.split_once(" ID=") {
        Some((head, tail)) if own && !tail.starts_with("0 ") => {
            let rest = tail.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{head} ID=*{rest}")
        }
        _ => line.to_owned(),
    };
    let mut parts = line.split("OPT (");
    let mut blanked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_once(')').unwrap_or((part, ""));
        let digits = match hex::decode(digits) {
            Some(mut options) => {
                stamps(&mut options);
                hex::encode(&options)
            }
            None => digits.to_owned(),
        };
        blanked += &format!("OPT ({digits}){rest}");
    }
    blanked
}

/// A line of `iptables-save -c` without the rule's text: counters and chain.
pub fn bare_counters(line: &str) -> String {
    match line.split_once("] ") {
        Some((counters, rule)) if line.starts_with('[') => {
            let chain = rule.split(' ').take(2).collect::<Vec<_>>().join(" ");
            format!("{counters}] {chain}")
        }
        _ => line.to_owned(),
    }
}
