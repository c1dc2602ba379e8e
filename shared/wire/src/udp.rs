//! UDP (RFC 768).

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::{Sum, update_u16};
use crate::{Header, WireError};

/// The header: 8 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct UdpHeader {
    source_port: U16,
    destination_port: U16,
    length: U16,
    checksum: U16,
}

impl Header for UdpHeader {}

impl UdpHeader {
    /// A header before `payload_length` bytes. Its checksum is zero, which says that there is none,
    /// until [`UdpHeader::fill_checksum`].
    pub const fn new(source_port: u16, destination_port: u16, payload_length: u16) -> Self {
        Self {
            source_port: U16::new(source_port),
            destination_port: U16::new(destination_port),
            length: U16::new(payload_length.saturating_add(Self::LEN as u16)),
            checksum: U16::ZERO,
        }
    }

    /// The datagram in `bytes`, all that follows the IP header, and its payload: as long as the
    /// length field says.
    ///
    /// # Errors
    /// `bytes` are shorter than the length field says, or that is under 8 bytes.
    #[inline]
    pub fn datagram(bytes: &[u8]) -> Result<(&Self, &[u8]), WireError> {
        let (header, rest) = Self::split(bytes)?;
        let length = usize::from(header.length());
        let payload = length
            .checked_sub(Self::LEN)
            .ok_or(WireError::TotalLength(header.length()))?;
        match rest.get(..payload) {
            Some(payload) => Ok((header, payload)),
            None => Err(WireError::Truncated {
                need: length,
                have: bytes.len(),
            }),
        }
    }

    /// Fills the checksum in. `pseudo` is the pseudo header's sum.
    pub fn fill_checksum(&mut self, pseudo: Sum, payload: &[u8]) {
        self.checksum = U16::ZERO;
        let sum = pseudo.bytes(self.as_bytes()).bytes(payload);
        self.checksum = sum.finish_udp().into();
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

    /// Bytes of header and payload.
    #[inline]
    pub const fn length(&self) -> u16 {
        self.length.get()
    }

    /// Checksum over pseudo header, header and payload; zero: there is none.
    #[inline]
    pub const fn checksum(&self) -> u16 {
        self.checksum.get()
    }

    /// Changes the source port and keeps the checksum right, if there is one.
    #[inline]
    pub const fn set_source_port(&mut self, port: u16) {
        self.update_checksum(self.source_port.get(), port);
        self.source_port = U16::new(port);
    }

    /// Changes the destination port and keeps the checksum right, if there is one.
    #[inline]
    pub const fn set_destination_port(&mut self, port: u16) {
        self.update_checksum(self.destination_port.get(), port);
        self.destination_port = U16::new(port);
    }

    /// Keeps the checksum right, if there is one, after a 16-bit field under it went from `old`
    /// to `new`.
    #[inline]
    pub const fn update_checksum(&mut self, old: u16, new: u16) {
        if self.checksum.get() == 0 {
            return;
        }
        let sum = match update_u16(self.checksum.get(), old, new) {
            0 => 0xffff,
            sum => sum,
        };
        self.checksum = U16::new(sum);
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::checksum::pseudo_v4;

    proptest! {
        #[test]
        fn fields_come_back(
            ports: (u16, u16),
            payload: Vec<u8>,
            addrs: (u32, u32),
            behind in 0_usize..4,
        ) {
            let pseudo = pseudo_v4(addrs.0.into(), addrs.1.into(), 17, 8 + payload.len() as u16);
            let mut header = UdpHeader::new(ports.0, ports.1, payload.len() as u16);
            header.fill_checksum(pseudo, &payload);
            let mut bytes = Vec::from(header.as_bytes());
            bytes.extend(&payload);
            prop_assert!(pseudo.bytes(&bytes).is_right());

            bytes.resize(bytes.len() + behind, 0);
            let (read, data) = UdpHeader::datagram(&bytes).unwrap();
            prop_assert_eq!(read.source_port(), ports.0);
            prop_assert_eq!(read.destination_port(), ports.1);
            prop_assert_eq!(usize::from(read.length()), 8 + payload.len());
            prop_assert_eq!(read.checksum(), header.checksum());
            prop_assert_ne!(read.checksum(), 0);
            prop_assert_eq!(data, &payload);
        }

        #[test]
        fn changes_keep_the_checksum_right(ports: (u16, u16, u16, u16), addrs: (u32, u32)) {
            let pseudo = pseudo_v4(addrs.0.into(), addrs.1.into(), 17, 8);
            let mut header = UdpHeader::new(ports.0, ports.1, 0);
            header.fill_checksum(pseudo, &[]);
            header.set_source_port(ports.2);
            header.set_destination_port(ports.3);
            let mut expected = UdpHeader::new(ports.2, ports.3, 0);
            expected.fill_checksum(pseudo, &[]);
            prop_assert_eq!(header, expected);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok((header, payload)) = UdpHeader::datagram(&bytes) {
                prop_assert_eq!(usize::from(header.length()), 8 + payload.len());
            }
        }
    }

    #[test]
    fn without_a_checksum_it_stays_without() {
        let mut header = UdpHeader::new(1, 2, 0);
        header.set_source_port(3);
        header.set_destination_port(4);
        assert_eq!(header.checksum(), 0);
    }

    /// An update that comes to zero is sent as all ones, as a full sum is.
    #[test]
    fn an_update_never_takes_the_checksum_away() {
        for port in 0..=u16::MAX {
            let mut header = UdpHeader::new(0x1234, 0, 0);
            header.fill_checksum(Sum::ZERO, &[]);
            header.set_destination_port(port);
            assert_ne!(header.checksum(), 0);
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let with = |length: u8| {
            let bytes = [0, 1, 0, 2, 0, length, 0, 0, 9];
            UdpHeader::datagram(&bytes).map(|(_, payload)| payload.len())
        };
        assert_eq!(with(7), Err(WireError::TotalLength(7)));
        assert_eq!(with(8), Ok(0));
        assert_eq!(with(9), Ok(1));
        assert_eq!(with(10), Err(WireError::Truncated { need: 10, have: 9 }));
    }
}
