//! Ethernet II (RFC 894; IEEE 802.3 clause 3). The frame check sequence is not part of a frame here.

use core::fmt;

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Header, MacAddr};

/// What the frame carries. Values under 1,536 are an 802.3 length instead.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4.
    pub const IPV4: EtherType = EtherType(0x0800);
    /// ARP.
    pub const ARP: EtherType = EtherType(0x0806);
    /// IPv6.
    pub const IPV6: EtherType = EtherType(0x86dd);
    /// 802.1Q: a customer tag follows.
    pub const VLAN: EtherType = EtherType(0x8100);
    /// 802.1ad: a service tag follows.
    pub const QINQ: EtherType = EtherType(0x88a8);

    /// Whether a VLAN tag follows (`eth_type_vlan`, `include/linux/if_vlan.h`).
    #[inline]
    pub const fn is_vlan(self) -> bool {
        matches!(self, Self::VLAN | Self::QINQ)
    }
}

impl fmt::Display for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

impl fmt::Debug for EtherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The link header: 14 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct EthernetHeader {
    destination: MacAddr,
    source: MacAddr,
    ether_type: U16,
}

impl Header for EthernetHeader {}

impl EthernetHeader {
    /// A header from its fields.
    pub const fn new(destination: MacAddr, source: MacAddr, ether_type: EtherType) -> Self {
        Self {
            destination,
            source,
            ether_type: U16::new(ether_type.0),
        }
    }

    /// Whom the frame is for.
    #[inline]
    pub const fn destination(&self) -> MacAddr {
        self.destination
    }

    /// Who sent it.
    #[inline]
    pub const fn source(&self) -> MacAddr {
        self.source
    }

    /// What follows.
    #[inline]
    pub const fn ether_type(&self) -> EtherType {
        EtherType(self.ether_type.get())
    }

    /// Sets both addresses: what a router does to each frame.
    #[inline]
    pub const fn set_addresses(&mut self, destination: MacAddr, source: MacAddr) {
        self.destination = destination;
        self.source = source;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::WireError;

    proptest! {
        #[test]
        fn fields_come_back(dst: [u8; 6], src: [u8; 6], kind: u16, payload: [u8; 3]) {
            let header = EthernetHeader::new(MacAddr(dst), MacAddr(src), EtherType(kind));
            let mut bytes = [0; 17];
            header.emit(&mut bytes).unwrap().copy_from_slice(&payload);
            prop_assert_eq!(&bytes[..6], &dst);
            prop_assert_eq!(&bytes[6..12], &src);
            prop_assert_eq!(&bytes[12..14], &kind.to_be_bytes());

            let (read, rest) = EthernetHeader::split(&bytes).unwrap();
            prop_assert_eq!(read.destination(), MacAddr(dst));
            prop_assert_eq!(read.source(), MacAddr(src));
            prop_assert_eq!(read.ether_type(), EtherType(kind));
            prop_assert_eq!(rest, &payload);
        }
    }

    #[test]
    fn thirteen_bytes_are_no_header() {
        let short = WireError::Truncated { need: 14, have: 13 };
        assert_eq!(EthernetHeader::split(&[0; 13]).unwrap_err(), short);
        assert_eq!(EthernetHeader::split_mut(&mut [0; 13]).unwrap_err(), short);
        let header = EthernetHeader::new(MacAddr::ZERO, MacAddr::ZERO, EtherType::ARP);
        assert_eq!(header.emit(&mut [0; 13]).unwrap_err(), short);
    }

    #[test]
    fn addresses_are_rewritten_in_place() {
        let mut bytes = [7; 14];
        let (header, _) = EthernetHeader::split_mut(&mut bytes).unwrap();
        header.set_addresses(MacAddr([1; 6]), MacAddr([2; 6]));
        assert_eq!(bytes, [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 7, 7]);
    }
}
