//! IPv4 (RFC 791).
//!
//! ```text
//!  0                   1                   2                   3
//! |Version|  IHL  |      TOS      |         Total Length          |
//! |         Identification        |Flags|     Fragment Offset     |
//! |      TTL      |   Protocol    |        Header Checksum        |
//! |                       Source Address                          |
//! |                    Destination Address                        |
//! |                    Options, padded to 32 bits                 |
//! ```

use core::net::Ipv4Addr;

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::{Sum, checksum, pseudo_v4, update_u16, update_u32};
use crate::ipv4_option::Ipv4Options;
use crate::{Header, WireError};

/// "More fragments" in the field of flags and offset.
const MORE_FRAGMENTS: u16 = 0x2000;
/// "Don't fragment" there.
const DONT_FRAGMENT: u16 = 0x4000;
/// The fragment offset there, in units of 8 bytes.
const FRAGMENT_OFFSET: u16 = 0x1fff;

/// The header without its options: 20 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct Ipv4Header {
    version_ihl: u8,
    tos: u8,
    total_length: U16,
    id: U16,
    flags_offset: U16,
    ttl: u8,
    protocol: u8,
    checksum: U16,
    source: [u8; 4],
    destination: [u8; 4],
}

impl Header for Ipv4Header {}

/// What Weir says in a header that it makes itself; such headers have no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Fields {
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// What follows the header.
    pub protocol: u8,
    /// Time to live.
    pub ttl: u8,
    /// Type of service: DSCP and ECN.
    pub tos: u8,
    /// Identification.
    pub id: u16,
    /// "Don't fragment".
    pub dont_fragment: bool,
    /// Bytes behind the header.
    pub payload_length: u16,
}

impl Ipv4Header {
    /// A header without options, its checksum filled in.
    ///
    /// A `payload_length` over 65,515 bytes is cut to what the length field can say.
    pub fn new(fields: &Ipv4Fields) -> Self {
        let flags = if fields.dont_fragment {
            DONT_FRAGMENT
        } else {
            0
        };
        let mut header = Self {
            version_ihl: 0x45,
            tos: fields.tos,
            total_length: fields
                .payload_length
                .saturating_add(Self::LEN as u16)
                .into(),
            id: fields.id.into(),
            flags_offset: flags.into(),
            ttl: fields.ttl,
            protocol: fields.protocol,
            checksum: U16::ZERO,
            source: fields.src.octets(),
            destination: fields.dst.octets(),
        };
        header.checksum = checksum(header.as_bytes()).into();
        header
    }

    /// The version: 4, if this is an IPv4 header.
    #[inline]
    pub const fn version(&self) -> u8 {
        self.version_ihl >> 4
    }

    /// The length of the header with its options, bytes: 0 to 60 in steps of 4; under 20 is an
    /// error that [`Ipv4Packet::new`] refuses.
    #[inline]
    pub const fn header_length(&self) -> usize {
        (self.version_ihl & 0x0f) as usize * 4
    }

    /// Type of service: DSCP and ECN.
    #[inline]
    pub const fn tos(&self) -> u8 {
        self.tos
    }

    /// The length of header and payload, bytes.
    #[inline]
    pub const fn total_length(&self) -> u16 {
        self.total_length.get()
    }

    /// Identification: the same in all fragments of a packet.
    #[inline]
    pub const fn id(&self) -> u16 {
        self.id.get()
    }

    /// "Don't fragment".
    #[inline]
    pub const fn dont_fragment(&self) -> bool {
        self.flags_offset.get() & DONT_FRAGMENT != 0
    }

    /// "More fragments".
    #[inline]
    pub const fn more_fragments(&self) -> bool {
        self.flags_offset.get() & MORE_FRAGMENTS != 0
    }

    /// Where this fragment's payload stands in the packet's, in units of 8 bytes.
    #[inline]
    pub const fn fragment_offset(&self) -> u16 {
        self.flags_offset.get() & FRAGMENT_OFFSET
    }

    /// The field of flags and fragment offset whole.
    #[inline]
    pub const fn flags_offset(&self) -> u16 {
        self.flags_offset.get()
    }

    /// Whether it is one fragment of several, the first or another.
    #[inline]
    pub const fn is_fragment(&self) -> bool {
        self.flags_offset.get() & (MORE_FRAGMENTS | FRAGMENT_OFFSET) != 0
    }

    /// Time to live.
    #[inline]
    pub const fn ttl(&self) -> u8 {
        self.ttl
    }

    /// What follows the header.
    #[inline]
    pub const fn protocol(&self) -> u8 {
        self.protocol
    }

    /// The checksum over the header.
    #[inline]
    pub const fn checksum(&self) -> u16 {
        self.checksum.get()
    }

    /// Source address.
    #[inline]
    pub const fn source(&self) -> Ipv4Addr {
        Ipv4Addr::from_octets(self.source)
    }

    /// Destination address.
    #[inline]
    pub const fn destination(&self) -> Ipv4Addr {
        Ipv4Addr::from_octets(self.destination)
    }

    /// Takes one hop off the time to live and keeps the checksum right. A value of zero stays.
    #[inline]
    pub const fn decrement_ttl(&mut self) {
        if self.ttl == 0 {
            return;
        }
        let old = u16::from_be_bytes([self.ttl, self.protocol]);
        self.ttl -= 1;
        let new = u16::from_be_bytes([self.ttl, self.protocol]);
        self.checksum = U16::new(update_u16(self.checksum.get(), old, new));
    }

    /// Changes the source address and keeps the header checksum right.
    #[inline]
    pub const fn set_source(&mut self, addr: Ipv4Addr) {
        let sum = update_u32(
            self.checksum.get(),
            u32::from_be_bytes(self.source),
            addr.to_bits(),
        );
        self.checksum = U16::new(sum);
        self.source = addr.octets();
    }

    /// Changes the destination address and keeps the header checksum right.
    #[inline]
    pub const fn set_destination(&mut self, addr: Ipv4Addr) {
        let sum = update_u32(
            self.checksum.get(),
            u32::from_be_bytes(self.destination),
            addr.to_bits(),
        );
        self.checksum = U16::new(sum);
        self.destination = addr.octets();
    }

    /// Sets the length of header and payload, bytes. The checksum is the caller's to fill.
    #[inline]
    pub const fn set_total_length(&mut self, bytes: u16) {
        self.total_length = U16::new(bytes);
    }

    /// Makes it a fragment: where it stands, in units of 8 bytes, and whether more follow; clears
    /// "don't fragment". The checksum is the caller's to fill.
    #[inline]
    pub const fn set_fragment(&mut self, offset: u16, more: bool) {
        let more = if more { MORE_FRAGMENTS } else { 0 };
        self.flags_offset = U16::new(offset | more);
    }
}

/// Sums the header at the front of `bytes`, options and all, and fills its checksum in.
///
/// # Errors
/// [`WireError`] if the header's length field is under 20 bytes, or `bytes` ends inside.
pub fn fill_header_checksum(bytes: &mut [u8]) -> Result<(), WireError> {
    let (header, _) = Ipv4Header::split_mut(bytes)?;
    header.checksum = U16::ZERO;
    let sum = checksum(header_bytes(bytes)?);
    let (header, _) = Ipv4Header::split_mut(bytes)?;
    header.checksum = sum.into();
    Ok(())
}

/// The header with its options, cut from the front of `bytes`.
///
/// # Errors
/// [`WireError`] if the header's length field is under 20 bytes, or `bytes` ends inside.
#[inline]
pub fn header_bytes(bytes: &[u8]) -> Result<&[u8], WireError> {
    let (header, _) = Ipv4Header::split(bytes)?;
    let need = header.header_length();
    if need < Ipv4Header::LEN {
        return Err(WireError::HeaderLength(need as u8));
    }
    bytes.get(..need).ok_or(WireError::Truncated {
        need,
        have: bytes.len(),
    })
}

/// A packet whose lengths hold. What lies behind its total length, Ethernet's padding, is gone.
#[derive(Clone, Copy, Debug)]
pub struct Ipv4Packet<'a> {
    header: &'a Ipv4Header,
    header_bytes: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Ipv4Packet<'a> {
    /// The packet at the front of `bytes`.
    ///
    /// # Errors
    /// Another version, a header length under 20 bytes, a total length under the header's, or
    /// `bytes` that end before the total length does.
    pub fn new(bytes: &'a [u8]) -> Result<Self, WireError> {
        let packet = Self::embedded(bytes)?;
        let need = usize::from(packet.header.total_length());
        if bytes.len() < need {
            return Err(WireError::Truncated {
                need,
                have: bytes.len(),
            });
        }
        Ok(packet)
    }

    /// The packet inside an ICMP error: as [`Ipv4Packet::new`], but the payload may end anywhere.
    ///
    /// # Errors
    /// Another version, a header length under 20 bytes, a total length under the header's, or
    /// `bytes` that end inside the header.
    pub fn embedded(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, _) = Ipv4Header::split(bytes)?;
        if header.version() != 4 {
            return Err(WireError::Version(header.version()));
        }
        let header_bytes = header_bytes(bytes)?;
        let total = usize::from(header.total_length());
        if total < header_bytes.len() {
            return Err(WireError::TotalLength(header.total_length()));
        }
        let payload = &bytes[header_bytes.len()..total.min(bytes.len())];
        Ok(Self {
            header,
            header_bytes,
            payload,
        })
    }

    /// The fixed part of the header.
    #[inline]
    pub const fn header(&self) -> &'a Ipv4Header {
        self.header
    }

    /// The options.
    #[inline]
    pub fn options(&self) -> Ipv4Options<'a> {
        Ipv4Options::new(&self.header_bytes[Ipv4Header::LEN..])
    }

    /// What follows the header.
    #[inline]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Whether the header's checksum is right.
    #[inline]
    pub fn checksum_is_right(&self) -> bool {
        Sum::ZERO.bytes(self.header_bytes).is_right()
    }

    /// The sum of the pseudo header for this packet's payload.
    #[inline]
    pub fn pseudo_header(&self) -> Sum {
        pseudo_v4(
            self.header.source(),
            self.header.destination(),
            self.header.protocol(),
            self.payload.len() as u16,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn fields()(
            src: [u8; 4],
            dst: [u8; 4],
            protocol: u8,
            ttl: u8,
            tos: u8,
            id: u16,
            dont_fragment: bool,
            payload_length in 0_u16..200,
        ) -> Ipv4Fields {
            Ipv4Fields {
                src: src.into(),
                dst: dst.into(),
                protocol,
                ttl,
                tos,
                id,
                dont_fragment,
                payload_length,
            }
        }
    }

    fn packet(fields: &Ipv4Fields) -> Vec<u8> {
        let mut bytes = Vec::from(Ipv4Header::new(fields).as_bytes());
        bytes.resize(20 + usize::from(fields.payload_length), 0x5a);
        bytes
    }

    proptest! {
        #[test]
        fn fields_come_back(fields in fields(), padding in 0_usize..20) {
            let mut bytes = packet(&fields);
            bytes.resize(bytes.len() + padding, 0);
            let view = Ipv4Packet::new(&bytes).unwrap();
            let header = view.header();
            prop_assert_eq!(header.version(), 4);
            prop_assert_eq!(header.header_length(), 20);
            prop_assert_eq!(header.source(), fields.src);
            prop_assert_eq!(header.destination(), fields.dst);
            prop_assert_eq!(header.protocol(), fields.protocol);
            prop_assert_eq!(header.ttl(), fields.ttl);
            prop_assert_eq!(header.tos(), fields.tos);
            prop_assert_eq!(header.id(), fields.id);
            prop_assert_eq!(header.dont_fragment(), fields.dont_fragment);
            prop_assert!(!header.is_fragment());
            prop_assert_eq!(view.payload().len(), usize::from(fields.payload_length));
            prop_assert!(view.checksum_is_right());
            prop_assert_eq!(view.options().count(), 0);
        }

        #[test]
        fn changes_keep_the_checksum_right(fields in fields(), src: [u8; 4], dst: [u8; 4]) {
            let mut bytes = packet(&fields);
            let (header, _) = Ipv4Header::split_mut(&mut bytes).unwrap();
            header.set_source(src.into());
            header.set_destination(dst.into());
            header.decrement_ttl();
            let changed = Ipv4Fields {
                src: src.into(),
                dst: dst.into(),
                ttl: fields.ttl.saturating_sub(1),
                ..fields
            };
            prop_assert_eq!(bytes, packet(&changed));
        }

        #[test]
        fn a_fragment_says_where_it_stands(fields in fields(), offset in 0_u16..0x2000, more: bool) {
            let mut bytes = packet(&fields);
            let (header, _) = Ipv4Header::split_mut(&mut bytes).unwrap();
            header.set_fragment(offset, more);
            fill_header_checksum(&mut bytes).unwrap();
            let view = Ipv4Packet::new(&bytes).unwrap();
            prop_assert!(view.checksum_is_right());
            prop_assert_eq!(view.header().fragment_offset(), offset);
            prop_assert_eq!(view.header().more_fragments(), more);
            prop_assert_eq!(view.header().is_fragment(), more || offset != 0);
            prop_assert!(!view.header().dont_fragment());
        }

        #[test]
        fn any_bytes_are_read_without_panic(mut bytes: Vec<u8>, version: bool) {
            if version && let Some(first) = bytes.first_mut() {
                *first = 0x40 | (*first & 0x0f);
            }
            let _ = fill_header_checksum(&mut bytes);
            for view in [Ipv4Packet::new(&bytes), Ipv4Packet::embedded(&bytes)].into_iter().flatten() {
                view.checksum_is_right();
                view.pseudo_header();
                view.options().for_each(drop);
                prop_assert!(view.payload().len() + view.header().header_length() <= bytes.len());
            }
        }
    }

    #[test]
    fn each_wrong_length_has_its_name() {
        let good = packet(&Ipv4Fields {
            src: Ipv4Addr::LOCALHOST,
            dst: Ipv4Addr::LOCALHOST,
            protocol: 17,
            ttl: 64,
            tos: 0,
            id: 1,
            dont_fragment: false,
            payload_length: 8,
        });
        let with = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            Ipv4Packet::new(&bytes).map(|_| ()).unwrap_err()
        };
        assert_eq!(with(0, 0x65), WireError::Version(6));
        assert_eq!(with(0, 0x44), WireError::HeaderLength(16));
        assert_eq!(with(3, 19), WireError::TotalLength(19));
        assert_eq!(with(0, 0x48), WireError::Truncated { need: 32, have: 28 });
        assert_eq!(with(3, 29), WireError::Truncated { need: 29, have: 28 });
        let short = Ipv4Packet::new(&good[..19]).map(|_| ()).unwrap_err();
        assert_eq!(short, WireError::Truncated { need: 20, have: 19 });
        assert_eq!(
            Ipv4Packet::embedded(&good[..24]).unwrap().payload().len(),
            4
        );
    }
}
