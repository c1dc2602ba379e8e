//! The one pass over a packet's headers. Later stages never walk them again: [`Parsed`] keeps
//! where they stand and what routing and rules ask for.
//!
//! A frame is refused for what the kernel drops before PREROUTING, in the kernel's order
//! (`ip_rcv_core` in `net/ipv4/ip_input.c`, `ip6_rcv_core` in `net/ipv6/ip6_input.c`). All else
//! goes on, a transport header that is cut off too: rules see it, and the kernel's matches drop
//! it where they look at it. Checksums of the transport are verified where they are asked for,
//! in [`crate::l4_checksum()`].

use std::net::{IpAddr, Ipv6Addr};

use wire::checksum::Sum;
use wire::ipv6::multicast_scope;
use wire::ipv6_ext::{self, FragmentFields};
use wire::protocol::HOP_BY_HOP;
use wire::{
    ArpPacket, EtherType, EthernetHeader, Header, Ipv4Header, Ipv6Header, MacAddr, VlanTag,
};

use crate::DropReason;
use crate::hop_by_hop;

/// VLAN tags followed in a frame: a service tag and a customer's.
pub const VLAN_TAGS_MAX: usize = 2;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Its link header.
    pub link: Link,
    /// What it carries.
    pub network: Network,
}

/// The link header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whom the frame is for.
    pub dst: MacAddr,
    /// Who sent it.
    pub src: MacAddr,
    /// Control information of its VLAN tags, the outer first; the first `vlan_tags` count.
    pub vlan: [u16; VLAN_TAGS_MAX],
    /// How many tags it has.
    pub vlan_tags: u8,
}

impl Link {
    /// The control information of the tags, the outer first.
    #[inline]
    pub fn vlan(&self) -> &[u16] {
        &self.vlan[..usize::from(self.vlan_tags)]
    }
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// ARP of IPv4 over Ethernet; it starts so many bytes into the frame.
    Arp(u16),
    /// An IP packet.
    Ip(Ip),
}

/// The packet's IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// An IP packet inside a frame. Offsets count bytes from the start of the frame;
/// `l3 < l4 <= end <=` the frame's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ip {
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// Where the IP header starts.
    pub l3: u16,
    /// Where the transport header starts: behind IPv4 options and IPv6 extension headers. In a
    /// fragment but the first, where the data starts.
    pub l4: u16,
    /// Where the packet ends; what the frame has behind it is padding.
    pub end: u16,
    /// The fragment's place in the packet, in units of 8 bytes; 0 in a packet that is whole.
    pub fragment_offset: u16,
    /// The transport's protocol, behind extension headers.
    pub protocol: u8,
    /// Time to live, hop limit.
    pub ttl: u8,
    /// Type of service, traffic class.
    pub tos: u8,
    flags: u8,
}

const V6: u8 = 1 << 0;
const MORE_FRAGMENTS: u8 = 1 << 1;
const DONT_FRAGMENT: u8 = 1 << 2;
const FRAGMENT: u8 = 1 << 3;
const PROTOCOL_UNKNOWN: u8 = 1 << 4;

impl Ip {
    /// The IP version.
    #[inline]
    pub const fn version(&self) -> Version {
        if self.is_v6() {
            Version::V6
        } else {
            Version::V4
        }
    }

    /// Whether it is IPv6.
    #[inline]
    pub const fn is_v6(&self) -> bool {
        self.flags & V6 != 0
    }

    /// "More fragments".
    #[inline]
    pub const fn more_fragments(&self) -> bool {
        self.flags & MORE_FRAGMENTS != 0
    }

    /// Whether a router must not cut the packet: IPv4's "don't fragment", and all of IPv6.
    #[inline]
    pub const fn dont_fragment(&self) -> bool {
        self.flags & DONT_FRAGMENT != 0
    }

    /// Whether it is one fragment of several, the first or another. An IPv6 packet with a
    /// fragment header is one even when it is alone (RFC 6946).
    #[inline]
    pub const fn is_fragment(&self) -> bool {
        self.flags & FRAGMENT != 0
    }

    /// Whether it is a part of a packet only: a fragment that is not alone.
    #[inline]
    pub const fn is_partial(&self) -> bool {
        self.fragment_offset != 0 || self.more_fragments()
    }

    /// Whether `protocol` is what it says. Not where IPv6 extension headers are cut off: there
    /// `protocol` is the last next-header value, and the kernel drops the packet at the first
    /// rule that has `-p` (`ip6_packet_match`, `net/ipv6/netfilter/ip6_tables.c`).
    #[inline]
    pub const fn protocol_is_known(&self) -> bool {
        self.flags & PROTOCOL_UNKNOWN == 0
    }

    /// Bytes of header and payload, without padding: what counters count.
    #[inline]
    pub const fn length(&self) -> u16 {
        self.end - self.l3
    }

    /// Bytes of the IPv4 header with options, of the IPv6 header with extension headers.
    #[inline]
    pub const fn header_length(&self) -> u16 {
        self.l4 - self.l3
    }

    /// Whether an IPv4 header has options.
    #[inline]
    pub const fn has_ipv4_options(&self) -> bool {
        !self.is_v6() && self.header_length() > Ipv4Header::LEN as u16
    }

    /// The packet, from the IP header on, without padding. `frame` is the one that was parsed.
    #[inline]
    pub fn packet<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        slice(frame, self.l3, self.end)
    }

    /// The transport header and its payload; empty in a fragment but the first, and where
    /// nothing follows the headers. `frame` is the one that was parsed.
    #[inline]
    pub fn l4<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        let start = if self.fragment_offset == 0 && self.protocol_is_known() {
            self.l4
        } else {
            self.end
        };
        slice(frame, start, self.end)
    }
}

/// `frame[start..end]`; empty where the frame has shrunk since it was parsed.
#[inline]
fn slice(frame: &[u8], start: u16, end: u16) -> &[u8] {
    frame
        .get(usize::from(start)..usize::from(end))
        .unwrap_or(&[])
}

/// Parses a frame, from the Ethernet header on.
///
/// # Errors
/// Why the kernel would drop it before PREROUTING.
#[inline]
pub fn parse(frame: &[u8]) -> Result<Parsed, DropReason> {
    // Offsets are 16 bits wide; no frame that carries an IP packet is longer.
    let frame = frame.get(..usize::from(u16::MAX)).unwrap_or(frame);
    let (ethernet, rest) = EthernetHeader::split(frame).map_err(|_| DropReason::EthernetShort)?;
    let mut link = Link {
        dst: ethernet.destination(),
        src: ethernet.source(),
        vlan: [0; VLAN_TAGS_MAX],
        vlan_tags: 0,
    };
    let (ether_type, rest) = match ethernet.ether_type() {
        tagged if tagged.is_vlan() => vlan_tags(&mut link, rest)?,
        ether_type => (ether_type, rest),
    };
    let l3 = frame.len() - rest.len();
    let network = match ether_type {
        EtherType::IPV4 => Network::Ip(ipv4(l3, rest)?),
        EtherType::IPV6 => Network::Ip(ipv6(l3, rest)?),
        EtherType::ARP => arp(l3, rest)?,
        _ => return Err(DropReason::EtherTypeUnknown),
    };
    Ok(Parsed { link, network })
}

/// Parses a packet that has no link header, from the IP header on; offsets count from there.
///
/// # Errors
/// Why the kernel would drop it before PREROUTING.
pub fn parse_ip(packet: &[u8]) -> Result<Ip, DropReason> {
    let packet = packet.get(..usize::from(u16::MAX)).unwrap_or(packet);
    match packet.first().map(|first| first >> 4) {
        Some(6) => ipv6(0, packet),
        _ => ipv4(0, packet),
    }
}

#[cold]
fn vlan_tags<'a>(link: &mut Link, rest: &'a [u8]) -> Result<(EtherType, &'a [u8]), DropReason> {
    let mut rest = rest;
    for control in &mut link.vlan {
        let (tag, behind) = VlanTag::split(rest).map_err(|_| DropReason::EthernetShort)?;
        *control = tag.control();
        link.vlan_tags += 1;
        rest = behind;
        if !tag.ether_type().is_vlan() {
            return Ok((tag.ether_type(), rest));
        }
    }
    Err(DropReason::VlanDepth)
}

fn arp(l3: usize, rest: &[u8]) -> Result<Network, DropReason> {
    match ArpPacket::new(rest) {
        Ok(_) => Ok(Network::Arp(l3 as u16)),
        Err(_) => Err(DropReason::ArpMalformed),
    }
}

#[inline]
fn ipv4(l3: usize, rest: &[u8]) -> Result<Ip, DropReason> {
    let (header, _) = Ipv4Header::split(rest).map_err(|_| DropReason::Ipv4Short)?;
    if header.version() != 4 {
        return Err(DropReason::Ipv4Version);
    }
    let header_length = header.header_length();
    if header_length < Ipv4Header::LEN {
        return Err(DropReason::Ipv4HeaderLength);
    }
    let header_bytes = rest.get(..header_length).ok_or(DropReason::Ipv4Short)?;
    if !Sum::ZERO.bytes(header_bytes).is_right() {
        return Err(DropReason::Ipv4Checksum);
    }
    let total_length = usize::from(header.total_length());
    if total_length > rest.len() {
        return Err(DropReason::Ipv4Truncated);
    }
    if total_length < header_length {
        return Err(DropReason::Ipv4TotalLength);
    }
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    Ok(Ip {
        src: IpAddr::V4(header.source()),
        dst: IpAddr::V4(header.destination()),
        l3: l3 as u16,
        l4: (l3 + header_length) as u16,
        end: (l3 + total_length) as u16,
        fragment_offset: header.fragment_offset(),
        protocol: header.protocol(),
        ttl: header.ttl(),
        tos: header.tos(),
        flags: flag(header.more_fragments(), MORE_FRAGMENTS)
            | flag(header.dont_fragment(), DONT_FRAGMENT)
            | flag(header.is_fragment(), FRAGMENT),
    })
}

#[inline]
fn ipv6(l3: usize, rest: &[u8]) -> Result<Ip, DropReason> {
    let (header, payload) = Ipv6Header::split(rest).map_err(|_| DropReason::Ipv6Short)?;
    if header.version() != 6 {
        return Err(DropReason::Ipv6Version);
    }
    let (src, dst) = (header.source(), header.destination());
    ipv6_addresses(src, dst)?;
    let next_header = header.next_header();
    // Zero before hop-by-hop options may be a jumbogram's: the kernel then takes the whole frame.
    let payload = match (header.payload_length(), next_header) {
        (0, HOP_BY_HOP) => payload,
        (length, _) => payload
            .get(..usize::from(length))
            .ok_or(DropReason::Ipv6Truncated)?,
    };
    let mut ip = Ip {
        src: IpAddr::V6(src),
        dst: IpAddr::V6(dst),
        l3: l3 as u16,
        l4: (l3 + Ipv6Header::LEN) as u16,
        end: (l3 + Ipv6Header::LEN + payload.len()) as u16,
        fragment_offset: 0,
        protocol: next_header,
        ttl: header.hop_limit(),
        tos: header.traffic_class(),
        flags: V6 | DONT_FRAGMENT,
    };
    if ipv6_ext::is_extension(next_header) {
        extension_headers(&mut ip, header, payload)?;
    }
    Ok(ip)
}

/// The addresses that `ip6_rcv_core` refuses (RFC 4291 2.5.3, 2.7, errata 3480).
#[inline]
fn ipv6_addresses(src: Ipv6Addr, dst: Ipv6Addr) -> Result<(), DropReason> {
    if src.is_multicast() || src == Ipv6Addr::LOCALHOST {
        return Err(DropReason::Ipv6Source);
    }
    if dst == Ipv6Addr::LOCALHOST || (dst.is_multicast() && multicast_scope(dst) < 2) {
        return Err(DropReason::Ipv6Destination);
    }
    Ok(())
}

#[cold]
fn extension_headers(ip: &mut Ip, header: &Ipv6Header, payload: &[u8]) -> Result<(), DropReason> {
    if ip.protocol == HOP_BY_HOP {
        hop_by_hop::check(header, payload)?;
    }
    let found =
        ipv6_ext::walk(ip.protocol, payload).map_err(|_| DropReason::Ipv6ExtensionHeaders)?;
    ip.protocol = found.protocol;
    match found.transport {
        Some(at) => ip.l4 += at.min(payload.len()) as u16,
        None => {
            ip.l4 = ip.end;
            ip.flags |= PROTOCOL_UNKNOWN;
        }
    }
    if let Some(FragmentFields { offset, more, .. }) = found.fragment {
        ip.fragment_offset = offset;
        ip.flags |= FRAGMENT | if more { MORE_FRAGMENTS } else { 0 };
    }
    Ok(())
}
