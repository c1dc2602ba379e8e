//! Addresses as integers, so that one walk serves both families.

use std::net::IpAddr;

/// `u32` for IPv4, `u128` for IPv6.
pub(crate) trait Address:
    Copy + Eq + std::ops::BitAnd<Output = Self> + std::fmt::Debug
{
    /// The mask under which every address fits.
    const ZERO: Self;

    /// The address as a number; [`Address::ZERO`] for one of the other family, which `Facts`
    /// and `validate` rule out.
    fn from_ip(addr: IpAddr) -> Self;
}

impl Address for u32 {
    const ZERO: Self = 0;

    #[inline]
    fn from_ip(addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(addr) => addr.to_bits(),
            IpAddr::V6(_) => 0,
        }
    }
}

impl Address for u128 {
    const ZERO: Self = 0;

    #[inline]
    fn from_ip(addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(_) => 0,
            IpAddr::V6(addr) => addr.to_bits(),
        }
    }
}
