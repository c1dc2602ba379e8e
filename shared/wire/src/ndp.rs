//! Neighbour discovery for IPv6 (RFC 4861): solicitations, advertisements and their options.

use core::net::Ipv6Addr;

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::Sum;
use crate::icmpv6::{NEIGHBOUR_ADVERT, NEIGHBOUR_SOLICIT};
use crate::{Header, MacAddr, WireError};

/// Hop limit of every message: one that crossed a router has less and is ignored (RFC 4861 6.1,
/// 7.1).
pub const HOP_LIMIT: u8 = 255;

/// Option: the sender's link address.
pub const SOURCE_LINK_ADDRESS: u8 = 1;
/// Option: the target's link address.
pub const TARGET_LINK_ADDRESS: u8 = 2;
/// Option: an on-link prefix.
pub const PREFIX: u8 = 3;
/// Option: the packet that was redirected.
pub const REDIRECTED: u8 = 4;
/// Option: the link's MTU.
pub const MTU: u8 = 5;
/// Option: a number that shows a solicitation to be one's own (RFC 3971 5.3.2).
pub const NONCE: u8 = 14;

/// Neighbour solicitation and advertisement without their options: 24 bytes. They differ in the
/// type and in what the flags mean.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct NeighbourMessage {
    icmp_type: u8,
    code: u8,
    checksum: U16,
    flags: U32,
    target: [u8; 16],
}

impl Header for NeighbourMessage {}

/// Flags of an advertisement (RFC 4861 4.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdvertFlags {
    /// The sender is a router.
    pub router: bool,
    /// It answers a solicitation.
    pub solicited: bool,
    /// It replaces a link address known before.
    pub overrides: bool,
}

const ROUTER: u32 = 1 << 31;
const SOLICITED: u32 = 1 << 30;
const OVERRIDE: u32 = 1 << 29;

impl NeighbourMessage {
    /// "Who has `target`?" Its checksum is zero until [`NeighbourMessage::fill_checksum`].
    pub const fn solicit(target: Ipv6Addr) -> Self {
        Self {
            icmp_type: NEIGHBOUR_SOLICIT,
            code: 0,
            checksum: U16::ZERO,
            flags: U32::ZERO,
            target: target.octets(),
        }
    }

    /// "I have `target`." Its checksum is zero until [`NeighbourMessage::fill_checksum`].
    pub const fn advert(target: Ipv6Addr, flags: AdvertFlags) -> Self {
        let bits = (if flags.router { ROUTER } else { 0 })
            | (if flags.solicited { SOLICITED } else { 0 })
            | (if flags.overrides { OVERRIDE } else { 0 });
        Self {
            icmp_type: NEIGHBOUR_ADVERT,
            code: 0,
            checksum: U16::ZERO,
            flags: U32::new(bits),
            target: target.octets(),
        }
    }

    /// Fills the checksum in. `pseudo` is the pseudo header's sum, `options` what follows.
    pub fn fill_checksum(&mut self, pseudo: Sum, options: &[u8]) {
        self.checksum = U16::ZERO;
        self.checksum = pseudo.bytes(self.as_bytes()).bytes(options).finish().into();
    }

    /// Type: [`NEIGHBOUR_SOLICIT`] or [`NEIGHBOUR_ADVERT`], if it is one of the two.
    #[inline]
    pub const fn icmp_type(&self) -> u8 {
        self.icmp_type
    }

    /// Code: 0 in a valid message.
    #[inline]
    pub const fn code(&self) -> u8 {
        self.code
    }

    /// The address in question.
    #[inline]
    pub const fn target(&self) -> Ipv6Addr {
        Ipv6Addr::from_octets(self.target)
    }

    /// The flags of an advertisement.
    #[inline]
    pub const fn advert_flags(&self) -> AdvertFlags {
        let flags = self.flags.get();
        AdvertFlags {
            router: flags & ROUTER != 0,
            solicited: flags & SOLICITED != 0,
            overrides: flags & OVERRIDE != 0,
        }
    }
}

/// The option that carries a link address on Ethernet: 8 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct LinkAddressOption {
    kind: u8,
    /// In units of 8 bytes.
    length: u8,
    address: MacAddr,
}

impl Header for LinkAddressOption {}

impl LinkAddressOption {
    /// The option of `kind`: [`SOURCE_LINK_ADDRESS`] or [`TARGET_LINK_ADDRESS`].
    pub const fn new(kind: u8, address: MacAddr) -> Self {
        Self {
            kind,
            length: 1,
            address,
        }
    }
}

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NdpOption<'a> {
    /// Its kind.
    pub kind: u8,
    /// What follows kind and length.
    pub value: &'a [u8],
}

/// The options of a message, in order; it ends after an error.
#[derive(Clone, Debug)]
pub struct NdpOptions<'a> {
    rest: &'a [u8],
}

impl<'a> NdpOptions<'a> {
    /// The options in `bytes`: what a message has behind its fixed part.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The link address that an option of `kind` says; the first, if there are several, as in the
    /// kernel (`ndisc_parse_options`, `net/ipv6/ndisc.c`).
    ///
    /// # Errors
    /// [`WireError::OptionLength`] if any option is malformed: the whole message then is
    /// (RFC 4861 7.1).
    pub fn link_address(&self, kind: u8) -> Result<Option<MacAddr>, WireError> {
        let mut found = None;
        for option in self.clone() {
            let option = option?;
            if option.kind == kind && found.is_none() {
                found = Some(match option.value {
                    &[a, b, c, d, e, f] => MacAddr([a, b, c, d, e, f]),
                    // Another link's address length.
                    value => return Err(WireError::OptionLength((value.len() + 2) as u8)),
                });
            }
        }
        Ok(found)
    }
}

impl<'a> Iterator for NdpOptions<'a> {
    type Item = Result<NdpOption<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = core::mem::take(&mut self.rest);
        let (kind, units) = match *rest {
            [] => return None,
            [kind] => (kind, 0),
            [kind, units, ..] => (kind, units),
        };
        let length = usize::from(units) * 8;
        match rest.get(2..length) {
            Some(value) => {
                self.rest = &rest[length..];
                Some(Ok(NdpOption { kind, value }))
            }
            None => Some(Err(WireError::OptionLength(units))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::checksum::pseudo_v6;
    use crate::protocol::ICMPV6;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    proptest! {
        #[test]
        fn an_advertisement_comes_back(
            target: u128,
            router: bool,
            solicited: bool,
            overrides: bool,
            mac: [u8; 6],
            addrs: (u128, u128),
        ) {
            let flags = AdvertFlags { router, solicited, overrides };
            let option = LinkAddressOption::new(TARGET_LINK_ADDRESS, MacAddr(mac));
            let mut message = NeighbourMessage::advert(target.into(), flags);
            let pseudo = pseudo_v6(addrs.0.into(), addrs.1.into(), ICMPV6, 32);
            message.fill_checksum(pseudo, option.as_bytes());
            let mut bytes = [0; 32];
            let rest = message.emit(&mut bytes).unwrap();
            option.emit(rest).unwrap();
            prop_assert!(pseudo.bytes(&bytes).is_right());

            let (read, options) = NeighbourMessage::split(&bytes).unwrap();
            prop_assert_eq!((read.icmp_type(), read.code()), (NEIGHBOUR_ADVERT, 0));
            prop_assert_eq!(read.target(), Ipv6Addr::from(target));
            prop_assert_eq!(read.advert_flags(), flags);
            let options = NdpOptions::new(options);
            prop_assert_eq!(options.link_address(TARGET_LINK_ADDRESS), Ok(Some(MacAddr(mac))));
            prop_assert_eq!(options.link_address(SOURCE_LINK_ADDRESS), Ok(None));
        }

        #[test]
        fn any_bytes_are_walked_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let options = NdpOptions::new(&bytes);
            let _ = options.link_address(SOURCE_LINK_ADDRESS);
            let covered: usize = options
                .map_while(Result::ok)
                .map(|option| 2 + option.value.len())
                .sum();
            prop_assert!(covered <= bytes.len() && covered.is_multiple_of(8));
        }
    }

    #[test]
    fn a_solicitation_is_what_the_rfc_draws() {
        let target: Ipv6Addr = "fe80::2".parse().unwrap();
        let message = NeighbourMessage::solicit(target);
        let mut expected = Vec::from([135, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend(target.octets());
        assert_eq!(message.as_bytes(), expected);
        let option = LinkAddressOption::new(SOURCE_LINK_ADDRESS, MAC);
        assert_eq!(option.as_bytes(), [1, 1, 2, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_malformed_option_spoils_the_message() {
        // Length 0 (RFC 4861 4.6), length past the end, a link address of another length.
        let good = [SOURCE_LINK_ADDRESS, 1, 2, 0, 0, 0, 0, 1];
        for (bad, length) in [
            (&[NONCE, 0, 0, 0, 0, 0, 0, 0][..], 0),
            (&[NONCE, 2, 0, 0, 0, 0, 0, 0], 2),
            (&[NONCE], 0),
        ] {
            let mut bytes = Vec::from(good);
            bytes.extend(bad);
            let found = NdpOptions::new(&bytes).link_address(SOURCE_LINK_ADDRESS);
            assert_eq!(found, Err(WireError::OptionLength(length)));
        }
        let mut long = Vec::from([SOURCE_LINK_ADDRESS, 2]);
        long.resize(16, 0);
        let found = NdpOptions::new(&long).link_address(SOURCE_LINK_ADDRESS);
        assert_eq!(found, Err(WireError::OptionLength(16)));
    }

    #[test]
    fn the_first_of_two_addresses_counts() {
        let mut bytes = Vec::from([SOURCE_LINK_ADDRESS, 1, 2, 0, 0, 0, 0, 1]);
        bytes.extend([SOURCE_LINK_ADDRESS, 1, 2, 0, 0, 0, 0, 2]);
        let found = NdpOptions::new(&bytes).link_address(SOURCE_LINK_ADDRESS);
        assert_eq!(found, Ok(Some(MAC)));
    }
}
