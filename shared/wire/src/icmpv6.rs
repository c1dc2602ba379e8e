//! ICMPv6 (RFC 4443; types and codes as IANA lists them). Neighbour discovery is in [`crate::ndp`].

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::{Sum, update_u16};
use crate::{Header, Ipv6Packet, WireError};

/// Destination unreachable.
pub const UNREACHABLE: u8 = 1;
/// Packet too big; carries the next link's MTU.
pub const PACKET_TOO_BIG: u8 = 2;
/// Time exceeded.
pub const TIME_EXCEEDED: u8 = 3;
/// Parameter problem.
pub const PARAMETER_PROBLEM: u8 = 4;
/// Echo request.
pub const ECHO_REQUEST: u8 = 128;
/// Echo reply.
pub const ECHO_REPLY: u8 = 129;
/// Router solicitation.
pub const ROUTER_SOLICIT: u8 = 133;
/// Router advertisement.
pub const ROUTER_ADVERT: u8 = 134;
/// Neighbour solicitation.
pub const NEIGHBOUR_SOLICIT: u8 = 135;
/// Neighbour advertisement.
pub const NEIGHBOUR_ADVERT: u8 = 136;
/// Redirect.
pub const REDIRECT: u8 = 137;

/// Codes of [`UNREACHABLE`].
pub mod unreachable {
    /// No route.
    pub const NO_ROUTE: u8 = 0;
    /// Communication is prohibited.
    pub const ADMIN_PROHIBITED: u8 = 1;
    /// Beyond the scope of the source address.
    pub const BEYOND_SCOPE: u8 = 2;
    /// The host does not answer.
    pub const ADDRESS: u8 = 3;
    /// Nobody listens on the port.
    pub const PORT: u8 = 4;
    /// The source address failed a policy.
    pub const POLICY_FAIL: u8 = 5;
    /// The route rejects.
    pub const REJECT_ROUTE: u8 = 6;
}

/// Code of [`TIME_EXCEEDED`]: the hop limit ran out on the way.
pub const HOP_LIMIT_EXCEEDED: u8 = 0;

/// Codes of [`PARAMETER_PROBLEM`].
pub mod parameter_problem {
    /// A field has a wrong value.
    pub const HEADER_FIELD: u8 = 0;
    /// The next header is not known.
    pub const NEXT_HEADER: u8 = 1;
    /// The option is not known.
    pub const OPTION: u8 = 2;
}

/// The longest error, IPv6 header and all: the least MTU of IPv6 (RFC 4443 2.4 c).
pub const ERROR_MAX_BYTES: usize = 1_280;

/// The header: 8 bytes, the last four of which mean what the type says.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct Icmpv6Header {
    icmp_type: u8,
    code: u8,
    checksum: U16,
    rest: U32,
}

impl Header for Icmpv6Header {}

impl Icmpv6Header {
    /// A header from its fields: `rest` is the MTU of "packet too big", the pointer of "parameter
    /// problem", identifier and sequence number of an echo. Its checksum is zero until
    /// [`Icmpv6Header::fill_checksum`].
    pub const fn new(icmp_type: u8, code: u8, rest: u32) -> Self {
        Self {
            icmp_type,
            code,
            checksum: U16::ZERO,
            rest: U32::new(rest),
        }
    }

    /// Makes the echo request whose header this is a reply, in place; the checksum stays right,
    /// for the addresses that a reply swaps add up to the same.
    pub const fn answer_echo(&mut self) {
        let sum = update_u16(
            self.checksum.get(),
            u16::from_be_bytes([self.icmp_type, self.code]),
            u16::from_be_bytes([ECHO_REPLY, self.code]),
        );
        self.icmp_type = ECHO_REPLY;
        self.checksum = U16::new(sum);
    }

    /// Fills the checksum in. `pseudo` is the pseudo header's sum, `payload` what follows this
    /// header.
    pub fn fill_checksum(&mut self, pseudo: Sum, payload: &[u8]) {
        self.checksum = U16::ZERO;
        self.checksum = pseudo.bytes(self.as_bytes()).bytes(payload).finish().into();
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

    /// Checksum over pseudo header, header and payload.
    #[inline]
    pub const fn checksum(&self) -> u16 {
        self.checksum.get()
    }

    /// The last four bytes: an MTU, a pointer, flags.
    #[inline]
    pub const fn rest(&self) -> u32 {
        self.rest.get()
    }

    /// Identifier of an echo.
    #[inline]
    pub const fn id(&self) -> u16 {
        (self.rest.get() >> 16) as u16
    }

    /// Sequence number of an echo.
    #[inline]
    pub const fn sequence(&self) -> u16 {
        self.rest.get() as u16
    }

    /// Whether it is an error, to which no error is sent (RFC 4443 2.1, 2.4 e).
    #[inline]
    pub const fn is_error(&self) -> bool {
        self.icmp_type < 128
    }

    /// Whether it is neighbour discovery (RFC 4861), which only counts on its own link.
    #[inline]
    pub const fn is_neighbour_discovery(&self) -> bool {
        matches!(self.icmp_type, ROUTER_SOLICIT..=REDIRECT)
    }
}

/// The packet that an ICMPv6 error speaks of: `payload` is what follows the error's header.
///
/// # Errors
/// As [`Ipv6Packet::embedded`].
pub fn embedded(payload: &[u8]) -> Result<Ipv6Packet<'_>, WireError> {
    Ipv6Packet::embedded(payload)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::checksum::pseudo_v6;
    use crate::protocol::ICMPV6;

    proptest! {
        #[test]
        fn fields_come_back(
            icmp_type: u8,
            code: u8,
            rest: u32,
            payload: Vec<u8>,
            addrs: (u128, u128),
        ) {
            let length = 8 + payload.len() as u32;
            let pseudo = pseudo_v6(addrs.0.into(), addrs.1.into(), ICMPV6, length);
            let mut header = Icmpv6Header::new(icmp_type, code, rest);
            header.fill_checksum(pseudo, &payload);
            let mut bytes = Vec::from(header.as_bytes());
            bytes.extend(&payload);
            prop_assert!(pseudo.bytes(&bytes).is_right());
            let (read, behind) = Icmpv6Header::split(&bytes).unwrap();
            prop_assert_eq!((read.icmp_type(), read.code(), read.rest()), (icmp_type, code, rest));
            prop_assert_eq!(u32::from(read.id()) << 16 | u32::from(read.sequence()), rest);
            prop_assert_eq!(read.is_error(), icmp_type < 128);
            prop_assert_eq!(behind, &payload);
        }

        #[test]
        fn an_echo_is_answered_in_place(rest: u32, payload: Vec<u8>, addrs: (u128, u128)) {
            let length = 8 + payload.len() as u32;
            let mut header = Icmpv6Header::new(ECHO_REQUEST, 0, rest);
            let there = pseudo_v6(addrs.0.into(), addrs.1.into(), ICMPV6, length);
            header.fill_checksum(there, &payload);
            header.answer_echo();
            let mut expected = Icmpv6Header::new(ECHO_REPLY, 0, rest);
            let back = pseudo_v6(addrs.1.into(), addrs.0.into(), ICMPV6, length);
            expected.fill_checksum(back, &payload);
            prop_assert_eq!(header, expected);
        }
    }

    #[test]
    fn an_error_holds_the_packet_it_speaks_of() {
        let mut packet = [0; 48];
        packet[0] = 0x60;
        packet[4] = 5;
        assert_eq!(embedded(&packet).unwrap().payload().len(), 8);
        assert!(embedded(&packet[..39]).is_err());
    }
}
