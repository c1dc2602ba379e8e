//! The Internet checksum: full sums (RFC 1071) and incremental updates (RFC 1624).
//!
//! A one's complement sum does not mind the byte order it is computed in (RFC 1071 2 B), so
//! [`Sum`] adds native words as they lie in memory and turns the folded result once.

use core::net::{Ipv4Addr, Ipv6Addr};

/// A one's complement sum in progress. The native sum of 32-bit words: a packet of 64 KiB adds
/// under 2^46, so it cannot overflow before [`Sum::finish`] folds it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// The empty sum.
    pub const ZERO: Sum = Sum(0);

    /// Adds bytes. Every piece but the last must be of even length: a final odd byte is taken
    /// with a zero behind it (RFC 1071 4.1).
    #[inline]
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        let mut sum = self.0;
        let mut steps = bytes.chunks_exact(8);
        for step in &mut steps {
            let mut word = [0; 8];
            word.copy_from_slice(step);
            let word = u64::from_ne_bytes(word);
            sum += (word & 0xffff_ffff) + (word >> 32);
        }
        let mut pairs = steps.remainder().chunks_exact(2);
        for pair in &mut pairs {
            sum += u64::from(u16::from_ne_bytes([pair[0], pair[1]]));
        }
        if let [last] = pairs.remainder() {
            sum += u64::from(u16::from_ne_bytes([*last, 0]));
        }
        Sum(sum)
    }

    /// Adds one 16-bit field, host order.
    #[inline]
    #[must_use]
    pub const fn u16(self, field: u16) -> Self {
        Sum(self.0 + field.to_be() as u64)
    }

    /// Adds one 32-bit field, host order.
    #[inline]
    #[must_use]
    pub const fn u32(self, field: u32) -> Self {
        Sum(self.0 + field.to_be() as u64)
    }

    /// The sum itself, folded to 16 bits, host order; `0xffff` over bytes whose checksum field is
    /// right.
    #[inline]
    pub const fn fold(self) -> u16 {
        let mut sum = self.0;
        // 64 bits need four folds: to 33, 18, 17 and 16 bits.
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        u16::from_be(sum as u16)
    }

    /// The checksum field's value, host order.
    #[inline]
    pub const fn finish(self) -> u16 {
        !self.fold()
    }

    /// The checksum field's value for UDP, host order: a sum of zero is sent as all ones, for
    /// zero says that there is none (RFC 768).
    #[inline]
    pub const fn finish_udp(self) -> u16 {
        match self.finish() {
            0 => 0xffff,
            sum => sum,
        }
    }

    /// Whether the bytes added, the checksum field among them, hold together.
    #[inline]
    pub const fn is_right(self) -> bool {
        self.finish() == 0
    }
}

/// The checksum field's value over `bytes`, whose field is zero. Host order.
#[inline]
pub fn checksum(bytes: &[u8]) -> u16 {
    Sum::ZERO.bytes(bytes).finish()
}

/// The sum of the pseudo header of IPv4 (RFC 9293 3.1); `length` is the transport header and
/// its payload in bytes.
#[inline]
pub fn pseudo_v4(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, length: u16) -> Sum {
    Sum::ZERO
        .u32(src.to_bits())
        .u32(dst.to_bits())
        .u16(u16::from(protocol))
        .u16(length)
}

/// The sum of the pseudo header of IPv6 (RFC 8200 8.1); `length` is the transport header and
/// its payload in bytes.
#[inline]
pub fn pseudo_v6(src: Ipv6Addr, dst: Ipv6Addr, next_header: u8, length: u32) -> Sum {
    Sum::ZERO
        .bytes(&src.octets())
        .bytes(&dst.octets())
        .u32(length)
        .u32(u32::from(next_header))
}

/// The checksum after one 16-bit field under it went from `old` to `new`. All host order.
/// RFC 1624 3, equation 3: HC' = ~(~HC + ~m + m').
#[inline]
pub const fn update_u16(check: u16, old: u16, new: u16) -> u16 {
    let sum = !check as u32 + !old as u32 + new as u32;
    let sum = (sum & 0xffff) + (sum >> 16);
    !(((sum & 0xffff) + (sum >> 16)) as u16)
}

/// As [`update_u16`] for a 32-bit field: an IPv4 address, a sequence number.
#[inline]
pub const fn update_u32(check: u16, old: u32, new: u32) -> u16 {
    let check = update_u16(check, (old >> 16) as u16, (new >> 16) as u16);
    update_u16(check, old as u16, new as u16)
}

/// As [`update_u16`] for an IPv6 address.
#[inline]
pub fn update_u128(check: u16, old: u128, new: u128) -> u16 {
    // The difference of two sums, folded first: ~m + m' over all eight words at once.
    let removed = Sum::ZERO.bytes(&old.to_be_bytes()).fold();
    let added = Sum::ZERO.bytes(&new.to_be_bytes()).fold();
    update_u16(check, removed, added)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// RFC 1071 4.1, word by word with the carry added at once.
    fn naive(bytes: &[u8]) -> u16 {
        let mut sum: u32 = 0;
        for pair in bytes.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u32::from(u16::from_be_bytes([pair[0], low]));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    #[test]
    fn the_example_of_rfc_1071() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Sum::ZERO.bytes(&bytes).fold(), 0xddf2);
        assert_eq!(checksum(&bytes), !0xddf2);
    }

    #[test]
    fn the_example_of_rfc_1624() {
        // Section 4: HC 0xdd2f, m 0x5555, m' 0x3285; equation 2 would give 0xffff.
        assert_eq!(update_u16(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    #[test]
    fn no_carry_is_lost_in_the_longest_packet() {
        let ones: Vec<u8> = std::iter::repeat_n(0xff, 65_535).collect();
        assert_eq!(checksum(&ones), naive(&ones));
        assert_eq!(Sum(u64::MAX).fold(), 0xffff);
        assert_eq!(Sum(0xffff_ffff_0000_0001).fold(), u16::from_be(1));
    }

    #[test]
    fn udp_never_sends_zero() {
        assert_eq!(Sum::ZERO.u16(0xffff).finish(), 0);
        assert_eq!(Sum::ZERO.u16(0xffff).finish_udp(), 0xffff);
        assert_eq!(Sum::ZERO.u16(0xfffe).finish_udp(), 1);
    }

    proptest! {
        #[test]
        fn eight_bytes_a_step_is_the_same_sum(bytes: Vec<u8>, cut: prop::sample::Index) {
            prop_assert_eq!(checksum(&bytes), naive(&bytes));
            let cut = cut.index(bytes.len() + 1) & !1;
            let (front, back) = bytes.split_at(cut);
            prop_assert_eq!(Sum::ZERO.bytes(front).bytes(back).finish(), naive(&bytes));
        }

        #[test]
        fn fields_add_as_their_bytes_do(a: u16, b: u32) {
            let mut bytes = Vec::from(a.to_be_bytes());
            bytes.extend(b.to_be_bytes());
            prop_assert_eq!(Sum::ZERO.u16(a).u32(b).finish(), naive(&bytes));
        }

        /// Bytes that are not all zero: no header is, and there the two zeros would differ.
        #[test]
        fn incremental_is_full(
            mut bytes in prop::collection::vec(any::<u8>(), 20..80),
            at: prop::sample::Index,
            word: u16,
            long: u32,
            address: u128,
        ) {
            bytes.truncate(bytes.len() & !1);
            bytes[0] |= 0x40;
            let before = checksum(&bytes);

            let mut changed = bytes.clone();
            let at16 = 2 + 2 * at.index(changed.len() / 2 - 1);
            let old = u16::from_be_bytes([changed[at16], changed[at16 + 1]]);
            changed[at16..at16 + 2].copy_from_slice(&word.to_be_bytes());
            prop_assert_eq!(update_u16(before, old, word), naive(&changed));

            let mut changed = bytes.clone();
            let at32 = 2 + 2 * at.index(changed.len() / 2 - 2);
            let old = u32::from_be_bytes(changed[at32..at32 + 4].try_into().unwrap());
            changed[at32..at32 + 4].copy_from_slice(&long.to_be_bytes());
            prop_assert_eq!(update_u32(before, old, long), naive(&changed));

            let mut changed = bytes.clone();
            let at128 = 2 + 2 * at.index(changed.len() / 2 - 8);
            let old = u128::from_be_bytes(changed[at128..at128 + 16].try_into().unwrap());
            changed[at128..at128 + 16].copy_from_slice(&address.to_be_bytes());
            prop_assert_eq!(update_u128(before, old, address), naive(&changed));
        }

        #[test]
        fn pseudo_headers_are_those_of_the_rfcs(a: u32, b: u32, c: u128, d: u128, p: u8, n: u16) {
            let mut v4 = Vec::new();
            v4.extend(a.to_be_bytes());
            v4.extend(b.to_be_bytes());
            v4.extend([0, p]);
            v4.extend(n.to_be_bytes());
            prop_assert_eq!(pseudo_v4(a.into(), b.into(), p, n).finish(), naive(&v4));

            let mut v6 = Vec::new();
            v6.extend(c.to_be_bytes());
            v6.extend(d.to_be_bytes());
            v6.extend(u32::from(n).to_be_bytes());
            v6.extend([0, 0, 0, p]);
            prop_assert_eq!(pseudo_v6(c.into(), d.into(), p, n.into()).finish(), naive(&v6));
        }
    }
}
