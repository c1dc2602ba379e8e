//! The deliberate differences: read from `differences.toml`, each tied to the packets it is about.

use std::net::IpAddr;

use serde::Deserialize;

use crate::{case::Case, packet::Packet, topology::INTERFACES};

/// The list, built into the rig: a name without a meaning here fails its tests.
const LIST: &str = include_str!("../differences.toml");

/// Whether a listed difference is about a packet.
type Kind = fn(&Packet) -> bool;

/// The listed differences by name.
const KINDS: &[(&str, Kind)] = &[
    ("error-to-broadcast", from_broadcast),
    ("extension-headers", many_extensions),
];

/// One deliberate difference.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its name in [`KINDS`].
    pub name: String,
    /// Why Weir does otherwise.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    difference: Vec<Listed>,
}

/// The listed differences, in the order of the file.
///
/// # Errors
/// The file is no such list.
pub fn read() -> Result<Vec<Listed>, toml::de::Error> {
    toml::from_str::<List>(LIST).map(|list| list.difference)
}

/// The listed difference that may explain why `case` differs.
pub fn explains(case: &Case) -> Option<&'static str> {
    let is_in = |kind: Kind| case.packets.iter().any(kind);
    KINDS
        .iter()
        .find(|(_, kind)| is_in(*kind))
        .map(|(name, _)| *name)
}

/// The source is the directed broadcast address of a connected network.
fn from_broadcast(packet: &Packet) -> bool {
    INTERFACES.iter().any(|interface| {
        let [a, b, c, _] = interface.v4.octets();
        packet.ip.src == IpAddr::from([a, b, c, 255])
    })
}

/// More than 16 IPv6 extension headers.
fn many_extensions(packet: &Packet) -> bool {
    const MOST: usize = 16;
    let Packet {
        ip,
        carries,
        padding,
        ..
    } = packet;
    let mut bytes = ip.encode(carries.protocol(ip), &carries.encode(ip));
    bytes.resize(bytes.len() + padding, 0);
    let (mut next, mut at, mut headers) = (bytes[6], 40, 0);
    // Hop-by-hop, routing, destination options, mobility, HIP, shim6; fragment; authentication.
    while ip.src.is_ipv6() && matches!(next, 0 | 43 | 44 | 51 | 60 | 135 | 139 | 140) {
        let Some(&[following, length]) = bytes.get(at..at + 2).and_then(|two| two.first_chunk())
        else {
            break;
        };
        at += match next {
            44 => 8,
            51 => (usize::from(length) + 2) * 4,
            _ => (usize::from(length) + 1) * 8,
        };
        next = following;
        headers += 1;
    }
    headers > MOST
}

#[cfg(test)]
mod tests {
    use super::{KINDS, read};

    #[test]
    fn every_listed_difference_has_a_meaning_and_a_reason() {
        let listed = read().expect("the list is in the source");
        let names: Vec<&str> = listed.iter().map(|entry| entry.name.as_str()).collect();
        let kinds: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, kinds);
        assert!(listed.iter().all(|entry| !entry.reason.trim().is_empty()));
    }
}
