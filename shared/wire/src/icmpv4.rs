//! ICMP (RFC 792; types and codes as IANA lists them).

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::Sum;
use crate::{Header, Ipv4Packet, WireError};

/// Echo reply.
pub const ECHO_REPLY: u8 = 0;
/// Destination unreachable.
pub const UNREACHABLE: u8 = 3;
/// Source quench.
pub const SOURCE_QUENCH: u8 = 4;
/// Redirect.
pub const REDIRECT: u8 = 5;
/// Echo request.
pub const ECHO_REQUEST: u8 = 8;
/// Time exceeded.
pub const TIME_EXCEEDED: u8 = 11;
/// Parameter problem.
pub const PARAMETER_PROBLEM: u8 = 12;
/// Timestamp request.
pub const TIMESTAMP_REQUEST: u8 = 13;

/// Codes of [`UNREACHABLE`].
pub mod unreachable {
    /// No route to the network.
    pub const NET: u8 = 0;
    /// The host does not answer.
    pub const HOST: u8 = 1;
    /// The host does not speak the protocol.
    pub const PROTOCOL: u8 = 2;
    /// Nobody listens on the port.
    pub const PORT: u8 = 3;
    /// Too long for the next link, and not to be fragmented; carries its MTU (RFC 1191).
    pub const FRAGMENTATION_NEEDED: u8 = 4;
    /// The source route failed.
    pub const SOURCE_ROUTE_FAILED: u8 = 5;
    /// Communication with the network is prohibited.
    pub const NET_PROHIBITED: u8 = 9;
    /// Communication with the host is prohibited.
    pub const HOST_PROHIBITED: u8 = 10;
    /// Communication is prohibited by filtering (RFC 1812 5.2.7.1).
    pub const ADMIN_PROHIBITED: u8 = 13;
}

/// Code of [`TIME_EXCEEDED`]: the time to live ran out on the way.
pub const TTL_EXCEEDED: u8 = 0;

/// The header: 8 bytes, the last four of which mean what the type says.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct Icmpv4Header {
    icmp_type: u8,
    code: u8,
    checksum: U16,
    rest: U32,
}

impl Header for Icmpv4Header {}

impl Icmpv4Header {
    /// A header from its fields. Its checksum is zero until [`Icmpv4Header::fill_checksum`].
    pub const fn new(icmp_type: u8, code: u8, rest: u32) -> Self {
        Self {
            icmp_type,
            code,
            checksum: U16::ZERO,
            rest: U32::new(rest),
        }
    }

    /// "Fragmentation needed" with the next link's MTU, bytes (RFC 1191 4).
    pub const fn fragmentation_needed(mtu: u16) -> Self {
        Self::new(UNREACHABLE, unreachable::FRAGMENTATION_NEEDED, mtu as u32)
    }

    /// "Parameter problem"; `pointer` is the byte at fault, counted from the IP header.
    pub const fn parameter_problem(pointer: u8) -> Self {
        Self::new(PARAMETER_PROBLEM, 0, (pointer as u32) << 24)
    }

    /// Makes the echo request whose header this is a reply, in place; the checksum stays right.
    pub const fn answer_echo(&mut self) {
        let sum = crate::checksum::update_u16(
            self.checksum.get(),
            u16::from_be_bytes([self.icmp_type, self.code]),
            u16::from_be_bytes([ECHO_REPLY, self.code]),
        );
        self.icmp_type = ECHO_REPLY;
        self.checksum = U16::new(sum);
    }

    /// Fills the checksum in; `payload` is what follows this header.
    pub fn fill_checksum(&mut self, payload: &[u8]) {
        self.checksum = U16::ZERO;
        let sum = Sum::ZERO.bytes(self.as_bytes()).bytes(payload);
        self.checksum = sum.finish().into();
    }

    /// Type.
    #[inline]
    pub const fn icmp_type(&self) -> u8 {
        self.icmp_type
    }

    /// Code.
    #[inline]
    pub const fn code(&self) -> u8 {
        self.code
    }

    /// Checksum over header and payload.
    #[inline]
    pub const fn checksum(&self) -> u16 {
        self.checksum.get()
    }

    /// The last four bytes.
    #[inline]
    pub const fn rest(&self) -> u32 {
        self.rest.get()
    }

    /// Identifier of an echo, a timestamp, an address-mask message.
    #[inline]
    pub const fn id(&self) -> u16 {
        (self.rest.get() >> 16) as u16
    }

    /// Sequence number of such a message.
    #[inline]
    pub const fn sequence(&self) -> u16 {
        self.rest.get() as u16
    }

    /// The next link's MTU, bytes, in "fragmentation needed".
    #[inline]
    pub const fn mtu(&self) -> u16 {
        self.rest.get() as u16
    }

    /// Where the fault is in "parameter problem", in bytes from the IP header.
    #[inline]
    pub const fn pointer(&self) -> u8 {
        (self.rest.get() >> 24) as u8
    }

    /// Whether it is an error, to which no error is sent (RFC 1122 3.2.2;
    /// `icmp_pointers`, `net/ipv4/icmp.c`).
    #[inline]
    pub const fn is_error(&self) -> bool {
        matches!(
            self.icmp_type,
            UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM
        )
    }
}

/// The packet that an ICMP error speaks of: `payload` is what follows the error's header.
///
/// # Errors
/// As [`Ipv4Packet::embedded`].
pub fn embedded(payload: &[u8]) -> Result<Ipv4Packet<'_>, WireError> {
    Ipv4Packet::embedded(payload)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::checksum::checksum;

    proptest! {
        #[test]
        fn fields_come_back(icmp_type: u8, code: u8, rest: u32, payload: Vec<u8>) {
            let mut header = Icmpv4Header::new(icmp_type, code, rest);
            header.fill_checksum(&payload);
            let mut bytes = Vec::from(header.as_bytes());
            bytes.extend(&payload);
            prop_assert_eq!(checksum(&bytes), 0);
            let (read, behind) = Icmpv4Header::split(&bytes).unwrap();
            prop_assert_eq!((read.icmp_type(), read.code(), read.rest()), (icmp_type, code, rest));
            prop_assert_eq!(read.checksum(), header.checksum());
            prop_assert_eq!(u32::from(read.id()) << 16 | u32::from(read.sequence()), rest);
            prop_assert_eq!(behind, &payload);
        }

        #[test]
        fn an_echo_is_answered_in_place(code: u8, rest: u32, payload: Vec<u8>) {
            let mut header = Icmpv4Header::new(ECHO_REQUEST, code, rest);
            header.fill_checksum(&payload);
            header.answer_echo();
            let mut expected = Icmpv4Header::new(ECHO_REPLY, code, rest);
            expected.fill_checksum(&payload);
            // Over an all-zero message both forms of zero are right.
            if code != 0 || rest != 0 || payload.iter().any(|&byte| byte != 0) {
                prop_assert_eq!(header, expected);
            }
            prop_assert!(Sum::ZERO.bytes(header.as_bytes()).bytes(&payload).is_right());
        }
    }

    #[test]
    fn errors_say_what_the_rfcs_say() {
        let needed = Icmpv4Header::fragmentation_needed(1400);
        assert_eq!(needed.as_bytes(), [3, 4, 0, 0, 0, 0, 0x05, 0x78]);
        assert_eq!(needed.mtu(), 1400);
        let problem = Icmpv4Header::parameter_problem(22);
        assert_eq!(problem.as_bytes(), [12, 0, 0, 0, 22, 0, 0, 0]);
        assert_eq!(problem.pointer(), 22);
        assert!(needed.is_error() && problem.is_error());
        assert!(!Icmpv4Header::new(ECHO_REQUEST, 0, 0).is_error());
    }

    #[test]
    fn an_error_holds_the_packet_it_speaks_of() {
        let mut packet = [0; 28];
        packet[0] = 0x45;
        packet[3] = 200;
        let inner = embedded(&packet).unwrap();
        assert_eq!(inner.payload().len(), 8);
        assert!(embedded(&packet[..19]).is_err());
    }
}
