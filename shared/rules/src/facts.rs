//! What rules may ask about a packet, and what a walk does besides deciding.

use std::net::IpAddr;

use crate::{CounterId, Family, targets::log::Log};

/// The facts of one packet at one hook. Borrowed, made without allocation.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Which family's rules are asked.
    pub family: Family,
    /// Name of the interface it came by; `""` on hooks without one.
    pub in_iface: &'a str,
    /// Name of the interface it leaves by; `""` on hooks without one.
    pub out_iface: &'a str,
    /// Source address, of `family`.
    pub src: IpAddr,
    /// Destination address, of `family`.
    pub dst: IpAddr,
    /// The transport protocol. IPv4: the header's field, on every fragment. IPv6: the next
    /// header at which `ipv6_find_hdr` stops, that of the fragment header in fragments but the
    /// first; `None` where the chain of extension headers cannot be followed (cut short, or a
    /// fragment but the first whose next header is an extension header): there a rule with `-p`
    /// drops the packet, as in the kernel, and a rule without does not notice.
    pub protocol: Option<u8>,
    /// Offset of this fragment, in units of 8 bytes; 0 in heads and whole packets.
    pub fragment_offset: u16,
    /// More fragments follow.
    pub more_fragments: bool,
    /// From the IP header to the end of the IP packet, link-layer padding cut off.
    pub packet: &'a [u8],
    /// From the transport header to the end of the IP packet, however short that is; empty in
    /// fragments but the first.
    pub l4: &'a [u8],
    /// Bytes that counters add: the IP packet's total length.
    pub length: u32,
}

/// What a walk does besides deciding, in the order in which it happens.
pub trait Effects {
    /// A rule or policy was hit by a packet of `bytes`.
    fn count(&mut self, id: CounterId, bytes: u32);

    /// Rule `by` said LOG.
    fn log(&mut self, log: &Log, by: CounterId);
}
