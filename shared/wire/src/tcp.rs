//! TCP (RFC 9293).
//!
//! ```text
//!  0                   1                   2                   3
//! |          Source Port          |       Destination Port        |
//! |                        Sequence Number                        |
//! |                    Acknowledgment Number                      |
//! |  Data |Rsrvd|A|C|E|U|A|P|R|S|F|            Window             |
//! |           Checksum            |         Urgent Pointer        |
//! |                    Options, padded to 32 bits                 |
//! ```

use core::fmt;
use core::ops::BitOr;

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::{Sum, update_u16, update_u32};
use crate::tcp_option::TcpOptions;
use crate::{Header, WireError};

/// The control bits: the byte at offset 13.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: TcpFlags = TcpFlags(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: TcpFlags = TcpFlags(0x02);
    /// Reset the connection.
    pub const RST: TcpFlags = TcpFlags(0x04);
    /// Push.
    pub const PSH: TcpFlags = TcpFlags(0x08);
    /// The acknowledgment number counts.
    pub const ACK: TcpFlags = TcpFlags(0x10);
    /// The urgent pointer counts.
    pub const URG: TcpFlags = TcpFlags(0x20);
    /// ECN echo (RFC 3168).
    pub const ECE: TcpFlags = TcpFlags(0x40);
    /// Congestion window reduced (RFC 3168).
    pub const CWR: TcpFlags = TcpFlags(0x80);

    /// Whether all of `flags` are set.
    #[inline]
    pub const fn has(self, flags: TcpFlags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for TcpFlags {
    type Output = TcpFlags;

    fn bitor(self, other: TcpFlags) -> TcpFlags {
        TcpFlags(self.0 | other.0)
    }
}

impl fmt::Debug for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
        let mut list = f.debug_set();
        for (bit, name) in NAMES.iter().enumerate() {
            if self.0 & (1 << bit) != 0 {
                list.entry(&format_args!("{name}"));
            }
        }
        list.finish()
    }
}

/// The header without its options: 20 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct TcpHeader {
    source_port: U16,
    destination_port: U16,
    sequence: U32,
    acknowledgment: U32,
    /// Data offset (4 bits) and reserved bits, the last of them AE (RFC 9768).
    offset_reserved: u8,
    flags: u8,
    window: U16,
    checksum: U16,
    urgent: U16,
}

impl Header for TcpHeader {}

/// What Weir says in a segment that it makes itself: no options, no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpFields {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number.
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window.
    pub window: u16,
}

impl TcpHeader {
    /// A header without options. Its checksum is zero until [`TcpHeader::fill_checksum`].
    pub const fn new(fields: &TcpFields) -> Self {
        Self {
            source_port: U16::new(fields.source_port),
            destination_port: U16::new(fields.destination_port),
            sequence: U32::new(fields.sequence),
            acknowledgment: U32::new(fields.acknowledgment),
            offset_reserved: 0x50,
            flags: fields.flags.0,
            window: U16::new(fields.window),
            checksum: U16::ZERO,
            urgent: U16::ZERO,
        }
    }

    /// The reset that answers a segment nobody wants (RFC 9293 3.10.7.1; `nf_reject_ip_tcphdr_put`
    /// in `net/ipv4/netfilter/nf_reject_ipv4.c`). `segment_length` is the answered segment's
    /// bytes behind its IP header. The checksum is zero until [`TcpHeader::fill_checksum`].
    ///
    /// `None` answers a reset, which gets no answer.
    pub fn reset(answered: &TcpHeader, segment_length: usize) -> Option<Self> {
        let flags = answered.flags();
        if flags.has(TcpFlags::RST) {
            return None;
        }
        let mut fields = TcpFields {
            source_port: answered.destination_port(),
            destination_port: answered.source_port(),
            sequence: 0,
            acknowledgment: 0,
            flags: TcpFlags::RST,
            window: 0,
        };
        if flags.has(TcpFlags::ACK) {
            fields.sequence = answered.acknowledgment();
        } else {
            let consumed =
                u32::from(flags.has(TcpFlags::SYN)) + u32::from(flags.has(TcpFlags::FIN));
            let data = (segment_length as u32).wrapping_sub(answered.header_length() as u32);
            fields.acknowledgment = answered
                .sequence()
                .wrapping_add(consumed)
                .wrapping_add(data);
            fields.flags = TcpFlags::RST | TcpFlags::ACK;
        }
        Some(Self::new(&fields))
    }

    /// Fills the checksum in. `pseudo` is the pseudo header's sum, `behind` what follows this
    /// fixed header: options and data.
    pub fn fill_checksum(&mut self, pseudo: Sum, behind: &[u8]) {
        self.checksum = U16::ZERO;
        self.checksum = pseudo.bytes(self.as_bytes()).bytes(behind).finish().into();
    }

    /// Source port.
    #[inline]
    pub const fn source_port(&self) -> u16 {
        self.source_port.get()
    }

    /// Destination port.
    #[inline]
    pub const fn destination_port(&self) -> u16 {
        self.destination_port.get()
    }

    /// Sequence number.
    #[inline]
    pub const fn sequence(&self) -> u32 {
        self.sequence.get()
    }

    /// Acknowledgment number.
    #[inline]
    pub const fn acknowledgment(&self) -> u32 {
        self.acknowledgment.get()
    }

    /// The length of the header with its options, bytes: 0 to 60 in steps of 4; under 20 is an
    /// error that [`TcpSegment::new`] refuses.
    #[inline]
    pub const fn header_length(&self) -> usize {
        (self.offset_reserved >> 4) as usize * 4
    }

    /// The four bits between data offset and flags, the lowest of them AE.
    #[inline]
    pub const fn reserved(&self) -> u8 {
        self.offset_reserved & 0x0f
    }

    /// Control bits.
    #[inline]
    pub const fn flags(&self) -> TcpFlags {
        TcpFlags(self.flags)
    }

    /// Window, not scaled.
    #[inline]
    pub const fn window(&self) -> u16 {
        self.window.get()
    }

    /// Checksum over pseudo header, header and data.
    #[inline]
    pub const fn checksum(&self) -> u16 {
        self.checksum.get()
    }

    /// Urgent pointer.
    #[inline]
    pub const fn urgent(&self) -> u16 {
        self.urgent.get()
    }

    /// Changes the source port and keeps the checksum right.
    #[inline]
    pub const fn set_source_port(&mut self, port: u16) {
        let sum = update_u16(self.checksum.get(), self.source_port.get(), port);
        self.checksum = U16::new(sum);
        self.source_port = U16::new(port);
    }

    /// Changes the destination port and keeps the checksum right.
    #[inline]
    pub const fn set_destination_port(&mut self, port: u16) {
        let sum = update_u16(self.checksum.get(), self.destination_port.get(), port);
        self.checksum = U16::new(sum);
        self.destination_port = U16::new(port);
    }

    /// Keeps the checksum right after a 32-bit field of the pseudo header, an IPv4 address, went
    /// from `old` to `new`.
    #[inline]
    pub const fn update_checksum(&mut self, old: u32, new: u32) {
        self.checksum = U16::new(update_u32(self.checksum.get(), old, new));
    }
}

/// A segment whose data offset holds.
#[derive(Clone, Copy, Debug)]
pub struct TcpSegment<'a> {
    header: &'a TcpHeader,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> TcpSegment<'a> {
    /// The segment in `bytes`: all that follows the IP header.
    ///
    /// # Errors
    /// `bytes` end inside the header, or its length field is under 20 bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, rest) = TcpHeader::split(bytes)?;
        let length = header.header_length();
        let options = length
            .checked_sub(TcpHeader::LEN)
            .ok_or(WireError::HeaderLength(length as u8))?;
        let (options, payload) = rest.split_at_checked(options).ok_or(WireError::Truncated {
            need: length,
            have: bytes.len(),
        })?;
        Ok(Self {
            header,
            options,
            payload,
        })
    }

    /// The fixed part of the header.
    #[inline]
    pub const fn header(&self) -> &'a TcpHeader {
        self.header
    }

    /// The options.
    #[inline]
    pub const fn options(&self) -> TcpOptions<'a> {
        TcpOptions::new(self.options)
    }

    /// The data.
    #[inline]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::checksum::pseudo_v4;

    prop_compose! {
        fn fields()(
            source_port: u16,
            destination_port: u16,
            sequence: u32,
            acknowledgment: u32,
            flags: u8,
            window: u16,
        ) -> TcpFields {
            let flags = TcpFlags(flags);
            TcpFields { source_port, destination_port, sequence, acknowledgment, flags, window }
        }
    }

    proptest! {
        #[test]
        fn fields_come_back(fields in fields(), payload: Vec<u8>) {
            let mut bytes = Vec::from(TcpHeader::new(&fields).as_bytes());
            bytes.extend(&payload);
            let view = TcpSegment::new(&bytes).unwrap();
            let header = view.header();
            let read = TcpFields {
                source_port: header.source_port(),
                destination_port: header.destination_port(),
                sequence: header.sequence(),
                acknowledgment: header.acknowledgment(),
                flags: header.flags(),
                window: header.window(),
            };
            prop_assert_eq!(read, fields);
            prop_assert_eq!((header.urgent(), header.reserved()), (0, 0));
            prop_assert_eq!(view.payload(), &payload);
            prop_assert_eq!(view.options().count(), 0);
        }

        #[test]
        fn changes_keep_the_checksum_right(
            fields in fields(),
            payload: Vec<u8>,
            ports: (u16, u16),
            addrs: (u32, u32, u32),
        ) {
            let length = 20 + payload.len() as u16;
            let pseudo = |src: u32| pseudo_v4(src.into(), addrs.1.into(), 6, length);
            let mut header = TcpHeader::new(&fields);
            header.fill_checksum(pseudo(addrs.0), &payload);
            header.set_source_port(ports.0);
            header.set_destination_port(ports.1);
            header.update_checksum(addrs.0, addrs.2);

            let changed = TcpFields { source_port: ports.0, destination_port: ports.1, ..fields };
            let mut expected = TcpHeader::new(&changed);
            expected.fill_checksum(pseudo(addrs.2), &payload);
            prop_assert_eq!(header, expected);
            prop_assert!(pseudo(addrs.2).bytes(header.as_bytes()).bytes(&payload).is_right());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(view) = TcpSegment::new(&bytes) {
                view.options().for_each(drop);
                prop_assert_eq!(view.header().header_length() + view.payload().len(), bytes.len());
            }
            if let Ok((header, _)) = TcpHeader::split(&bytes) {
                let _ = TcpHeader::reset(header, bytes.len());
            }
        }
    }

    fn segment(flags: TcpFlags) -> TcpHeader {
        TcpHeader::new(&TcpFields {
            source_port: 1000,
            destination_port: 80,
            sequence: 0xffff_ffff,
            acknowledgment: 77,
            flags,
            window: 512,
        })
    }

    #[test]
    fn a_reset_answers_as_rfc_9293_says() {
        // No ACK: the reset acknowledges the SYN and the five bytes of data behind it.
        let reset = TcpHeader::reset(&segment(TcpFlags::SYN), 25).unwrap();
        assert_eq!(reset.flags(), TcpFlags::RST | TcpFlags::ACK);
        assert_eq!((reset.sequence(), reset.acknowledgment()), (0, 5));
        assert_eq!((reset.source_port(), reset.destination_port()), (80, 1000));
        // With ACK: the reset stands where the other side expects.
        let reset = TcpHeader::reset(&segment(TcpFlags::ACK | TcpFlags::FIN), 20).unwrap();
        assert_eq!(reset.flags(), TcpFlags::RST);
        assert_eq!((reset.sequence(), reset.acknowledgment()), (77, 0));
        assert_eq!(TcpHeader::reset(&segment(TcpFlags::RST), 20), None);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let mut bytes = [0; 24];
        bytes[12] = 0x40;
        let error = TcpSegment::new(&bytes).map(|_| ()).unwrap_err();
        assert_eq!(error, WireError::HeaderLength(16));
        bytes[12] = 0x70;
        let error = TcpSegment::new(&bytes).map(|_| ()).unwrap_err();
        assert_eq!(error, WireError::Truncated { need: 28, have: 24 });
        bytes[12] = 0x60;
        assert_eq!(TcpSegment::new(&bytes).unwrap().options().count(), 1);
        assert!(TcpSegment::new(&bytes[..19]).is_err());
    }

    #[test]
    fn flags_print_their_names() {
        assert_eq!(format!("{:?}", TcpFlags::SYN | TcpFlags::ACK), "{SYN, ACK}");
    }
}
