//! VLAN tags (IEEE 802.1Q, 802.1ad): the four bytes behind the addresses, of which the first two
//! are the [`EtherType`] that announced the tag.

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{EtherType, Header};

/// The tag, from the control information on: what follows a VLAN [`EtherType`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct VlanTag {
    /// Priority (3 bits), drop eligible (1 bit), identifier (12 bits).
    control: U16,
    ether_type: U16,
}

impl Header for VlanTag {}

impl VlanTag {
    /// A tag before what `ether_type` says.
    pub const fn new(control: u16, ether_type: EtherType) -> Self {
        Self {
            control: U16::new(control),
            ether_type: U16::new(ether_type.0),
        }
    }

    /// The control information whole: priority, drop eligible, identifier.
    #[inline]
    pub const fn control(&self) -> u16 {
        self.control.get()
    }

    /// The VLAN's number; 0 is a frame with a priority and no VLAN.
    #[inline]
    pub const fn id(&self) -> u16 {
        self.control() & 0x0fff
    }

    /// The priority, 0 to 7.
    #[inline]
    pub const fn priority(&self) -> u8 {
        (self.control() >> 13) as u8
    }

    /// What follows the tag; another tag's, perhaps.
    #[inline]
    pub const fn ether_type(&self) -> EtherType {
        EtherType(self.ether_type.get())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_come_back(control: u16, kind: u16) {
            let mut bytes = [0; 4];
            VlanTag::new(control, EtherType(kind)).emit(&mut bytes).unwrap();
            let (tag, _) = VlanTag::split(&bytes).unwrap();
            prop_assert_eq!(tag.control(), control);
            prop_assert_eq!(u16::from(tag.priority()) << 13, control & 0xe000);
            prop_assert_eq!(tag.id(), control & 0x0fff);
            prop_assert_eq!(tag.ether_type(), EtherType(kind));
        }
    }
}
