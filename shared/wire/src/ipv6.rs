//! IPv6 (RFC 8200).
//!
//! ```text
//!  0                   1                   2                   3
//! |Version| Traffic Class |              Flow Label               |
//! |        Payload Length         |  Next Header  |   Hop Limit   |
//! |                    Source Address, 16 bytes                   |
//! |                 Destination Address, 16 bytes                 |
//! ```

use core::net::Ipv6Addr;

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::{Sum, pseudo_v6};
use crate::{Header, WireError};

/// The fixed header: 40 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct Ipv6Header {
    /// Version (4 bits), traffic class (8 bits), flow label (20 bits).
    version_class_flow: U32,
    payload_length: U16,
    next_header: u8,
    hop_limit: u8,
    source: [u8; 16],
    destination: [u8; 16],
}

impl Header for Ipv6Header {}

/// What Weir says in a header that it makes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Fields {
    /// Source address.
    pub src: Ipv6Addr,
    /// Destination address.
    pub dst: Ipv6Addr,
    /// What follows the header.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Traffic class: DSCP and ECN.
    pub traffic_class: u8,
    /// Flow label, 20 bits.
    pub flow_label: u32,
    /// Bytes behind the header.
    pub payload_length: u16,
}

impl Ipv6Header {
    /// A header from its fields.
    pub const fn new(fields: &Ipv6Fields) -> Self {
        let first = 6 << 28 | (fields.traffic_class as u32) << 20 | fields.flow_label & 0xf_ffff;
        Self {
            version_class_flow: U32::new(first),
            payload_length: U16::new(fields.payload_length),
            next_header: fields.next_header,
            hop_limit: fields.hop_limit,
            source: fields.src.octets(),
            destination: fields.dst.octets(),
        }
    }

    /// The version: 6, if this is an IPv6 header.
    #[inline]
    pub const fn version(&self) -> u8 {
        (self.version_class_flow.get() >> 28) as u8
    }

    /// Traffic class: DSCP and ECN.
    #[inline]
    pub const fn traffic_class(&self) -> u8 {
        (self.version_class_flow.get() >> 20) as u8
    }

    /// Flow label, 20 bits.
    #[inline]
    pub const fn flow_label(&self) -> u32 {
        self.version_class_flow.get() & 0xf_ffff
    }

    /// Bytes behind the header, extension headers among them.
    #[inline]
    pub const fn payload_length(&self) -> u16 {
        self.payload_length.get()
    }

    /// What follows the header: an extension header or the transport's protocol.
    #[inline]
    pub const fn next_header(&self) -> u8 {
        self.next_header
    }

    /// Hop limit.
    #[inline]
    pub const fn hop_limit(&self) -> u8 {
        self.hop_limit
    }

    /// Source address.
    #[inline]
    pub const fn source(&self) -> Ipv6Addr {
        Ipv6Addr::from_octets(self.source)
    }

    /// Destination address.
    #[inline]
    pub const fn destination(&self) -> Ipv6Addr {
        Ipv6Addr::from_octets(self.destination)
    }

    /// Takes one hop off the limit; zero stays.
    #[inline]
    pub const fn decrement_hop_limit(&mut self) {
        self.hop_limit = self.hop_limit.saturating_sub(1);
    }

    /// Changes the source address. The transport's checksum is the caller's to keep right.
    #[inline]
    pub const fn set_source(&mut self, addr: Ipv6Addr) {
        self.source = addr.octets();
    }

    /// Changes the destination address. The transport's checksum is the caller's to keep right.
    #[inline]
    pub const fn set_destination(&mut self, addr: Ipv6Addr) {
        self.destination = addr.octets();
    }

    /// Sets the bytes behind the header.
    #[inline]
    pub const fn set_payload_length(&mut self, bytes: u16) {
        self.payload_length = U16::new(bytes);
    }

    /// Sets what follows the header.
    #[inline]
    pub const fn set_next_header(&mut self, next_header: u8) {
        self.next_header = next_header;
    }
}

/// The scope of a multicast address (RFC 4291 2.7): 1 is the interface, 2 the link.
#[inline]
pub const fn multicast_scope(group: Ipv6Addr) -> u8 {
    group.octets()[1] & 0x0f
}

/// The group a node joins to be found by neighbour solicitations (RFC 4291 2.7.1).
pub const fn solicited_node(addr: Ipv6Addr) -> Ipv6Addr {
    let [.., low] = addr.segments();
    let high = addr.octets()[13] as u16;
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | high, low)
}

/// A packet whose lengths hold. What lies behind its payload length, Ethernet's padding, is gone.
#[derive(Clone, Copy, Debug)]
pub struct Ipv6Packet<'a> {
    header: &'a Ipv6Header,
    payload: &'a [u8],
}

impl<'a> Ipv6Packet<'a> {
    /// The packet at the front of `bytes`.
    ///
    /// # Errors
    /// Another version, or `bytes` that end before the payload length does. A jumbogram
    /// (RFC 2675) has payload length 0 and reads as a packet without payload.
    pub fn new(bytes: &'a [u8]) -> Result<Self, WireError> {
        let packet = Self::embedded(bytes)?;
        let need = usize::from(packet.header.payload_length());
        if packet.payload.len() < need {
            return Err(WireError::Truncated {
                need: Ipv6Header::LEN + need,
                have: bytes.len(),
            });
        }
        Ok(packet)
    }

    /// The packet inside an ICMPv6 error: as [`Ipv6Packet::new`], but the payload may end
    /// anywhere.
    ///
    /// # Errors
    /// Another version, or `bytes` that end inside the header.
    pub fn embedded(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, rest) = Ipv6Header::split(bytes)?;
        if header.version() != 6 {
            return Err(WireError::Version(header.version()));
        }
        let length = usize::from(header.payload_length());
        Ok(Self {
            header,
            payload: rest.get(..length).unwrap_or(rest),
        })
    }

    /// The fixed header.
    #[inline]
    pub const fn header(&self) -> &'a Ipv6Header {
        self.header
    }

    /// What follows the fixed header: extension headers and the transport.
    #[inline]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The sum of the pseudo header for `protocol` and `length` bytes of transport.
    #[inline]
    pub fn pseudo_header(&self, protocol: u8, length: u32) -> Sum {
        pseudo_v6(
            self.header.source(),
            self.header.destination(),
            protocol,
            length,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_come_back(
            src: u128,
            dst: u128,
            next_header: u8,
            hop_limit: u8,
            traffic_class: u8,
            flow_label in 0_u32..0x10_0000,
            payload: Vec<u8>,
            padding in 0_usize..20,
        ) {
            let fields = Ipv6Fields {
                src: src.into(),
                dst: dst.into(),
                next_header,
                hop_limit,
                traffic_class,
                flow_label,
                payload_length: payload.len() as u16,
            };
            let mut bytes = Vec::from(Ipv6Header::new(&fields).as_bytes());
            bytes.extend(&payload);
            bytes.resize(bytes.len() + padding, 0);
            let view = Ipv6Packet::new(&bytes).unwrap();
            let header = view.header();
            prop_assert_eq!(header.version(), 6);
            let read = Ipv6Fields {
                src: header.source(),
                dst: header.destination(),
                next_header: header.next_header(),
                hop_limit: header.hop_limit(),
                traffic_class: header.traffic_class(),
                flow_label: header.flow_label(),
                payload_length: header.payload_length(),
            };
            prop_assert_eq!(read, fields);
            prop_assert_eq!(view.payload(), &payload);
        }

        #[test]
        fn any_bytes_are_read_without_panic(mut bytes: Vec<u8>, version: bool) {
            if version && let Some(first) = bytes.first_mut() {
                *first = 0x60;
            }
            for view in [Ipv6Packet::new(&bytes), Ipv6Packet::embedded(&bytes)].into_iter().flatten() {
                prop_assert!(view.payload().len() + 40 <= bytes.len());
            }
        }

        #[test]
        fn setters_set_their_field_alone(src: u128, dst: u128, length: u16, next: u8) {
            let mut bytes = [0x6f; 40];
            let (header, _) = Ipv6Header::split_mut(&mut bytes).unwrap();
            header.set_source(src.into());
            header.set_destination(dst.into());
            header.set_payload_length(length);
            header.set_next_header(next);
            header.decrement_hop_limit();
            let mut expected = Vec::from([0x6f; 4]);
            expected.extend(length.to_be_bytes());
            expected.extend([next, 0x6e]);
            expected.extend(src.to_be_bytes());
            expected.extend(dst.to_be_bytes());
            prop_assert_eq!(Vec::from(bytes), expected);
        }
    }

    #[test]
    fn each_wrong_length_has_its_name() {
        let mut bytes = [0; 48];
        bytes[0] = 0x60;
        bytes[5] = 8;
        assert_eq!(Ipv6Packet::new(&bytes).unwrap().payload().len(), 8);
        let error = Ipv6Packet::new(&bytes[..47]).map(|_| ()).unwrap_err();
        assert_eq!(error, WireError::Truncated { need: 48, have: 47 });
        assert_eq!(
            Ipv6Packet::embedded(&bytes[..47]).unwrap().payload().len(),
            7
        );
        let error = Ipv6Packet::new(&bytes[..39]).map(|_| ()).unwrap_err();
        assert_eq!(error, WireError::Truncated { need: 40, have: 39 });
        bytes[0] = 0x45;
        let error = Ipv6Packet::new(&bytes).map(|_| ()).unwrap_err();
        assert_eq!(error, WireError::Version(4));
    }

    #[test]
    fn groups_are_those_of_rfc_4291() {
        let addr = "4037::01:800:200e:8c6c".parse().unwrap();
        let group: Ipv6Addr = "ff02::1:ff0e:8c6c".parse().unwrap();
        assert_eq!(solicited_node(addr), group);
        assert_eq!(multicast_scope(group), 2);
        assert_eq!(multicast_scope("ff15::1".parse().unwrap()), 5);
    }
}
