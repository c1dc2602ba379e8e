//! What rules compare of one packet, read once per walk.

use rules::{Facts, Family};

use crate::{address::Address, transport::Transport};

/// An interface's name as the kernel holds it (`IFNAMSIZ` bytes, zero-padded), as a number. A
/// name that is too long fills all 16 bytes and so equals none that a rule can ask for.
#[inline]
pub(crate) fn iface_key(name: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = name.len().min(bytes.len());
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    u128::from_le_bytes(bytes)
}

/// The packet's protocol, as rules ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Known(u8),
    /// IPv6 extension headers that cannot be followed: asking for it drops the packet.
    Lost,
}

/// One packet's header fields.
#[derive(Debug)]
pub(crate) struct Key<'a, A> {
    pub(crate) src: A,
    pub(crate) dst: A,
    pub(crate) in_iface: u128,
    pub(crate) out_iface: u128,
    pub(crate) protocol: Protocol,
    pub(crate) is_later_fragment: bool,
    pub(crate) transport: Transport<'a>,
}

impl<'a, A: Address> Key<'a, A> {
    #[inline]
    pub(crate) fn new(facts: &Facts<'a>) -> Self {
        let is_later_fragment = facts.fragment_offset != 0;
        // Eight bytes into an IPv4 segment stand the flags that were judged in the first
        // fragment; the IPv6 kernel compares the offset in bytes and never meets a 1.
        let overwrites_flags = facts.family == Family::Ipv4 && facts.fragment_offset == 1;
        let transport = match (is_later_fragment, facts.protocol) {
            (true, _) => Transport::later_fragment(overwrites_flags),
            (false, Some(protocol)) => Transport::read(protocol, facts.l4),
            (false, None) => Transport::later_fragment(false),
        };
        Self {
            src: A::from_ip(facts.src),
            dst: A::from_ip(facts.dst),
            in_iface: iface_key(facts.in_iface),
            out_iface: iface_key(facts.out_iface),
            protocol: facts.protocol.map_or(Protocol::Lost, Protocol::Known),
            is_later_fragment,
            transport,
        }
    }
}
