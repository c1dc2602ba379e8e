//! TCP options (RFC 9293 3.1): a list of kind, length and value; two kinds are a byte each.

use crate::WireError;

/// End of the list.
pub const END: u8 = 0;
/// No operation: padding between options.
pub const NOP: u8 = 1;
/// Maximum segment size.
pub const MSS: u8 = 2;
/// Window scale (RFC 7323).
pub const WINDOW_SCALE: u8 = 3;
/// Selective acknowledgment permitted (RFC 2018).
pub const SACK_PERMITTED: u8 = 4;
/// Selective acknowledgment (RFC 2018).
pub const SACK: u8 = 5;
/// Timestamps (RFC 7323).
pub const TIMESTAMPS: u8 = 8;

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOption<'a> {
    /// Its kind.
    pub kind: u8,
    /// What follows kind and length; empty for [`END`] and [`NOP`].
    pub value: &'a [u8],
}

impl TcpOption<'_> {
    /// The maximum segment size, bytes, if this option says one.
    pub fn mss(&self) -> Option<u16> {
        match (self.kind, self.value) {
            (MSS, &[high, low]) => Some(u16::from_be_bytes([high, low])),
            _ => None,
        }
    }

    /// The window scale, a shift, if this option says one; over 14 counts as 14 (RFC 7323 2.3).
    pub fn window_scale(&self) -> Option<u8> {
        match (self.kind, self.value) {
            (WINDOW_SCALE, &[shift]) => Some(shift.min(14)),
            _ => None,
        }
    }
}

/// The options of a segment, in order. It ends after [`END`] and after an error.
#[derive(Clone, Debug)]
pub struct TcpOptions<'a> {
    rest: &'a [u8],
}

impl<'a> TcpOptions<'a> {
    /// The options in `bytes`: what a header has behind its 20 fixed bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    type Item = Result<TcpOption<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = core::mem::take(&mut self.rest);
        let (kind, start, length) = match *rest {
            [] => return None,
            [kind @ (END | NOP), ..] => (kind, 1, 1),
            // A kind that needs a length and ends without one: length 0, as wrong as 1.
            [kind] => (kind, 2, 0),
            [kind, length, ..] => (kind, 2, length),
        };
        let Some(value) = rest.get(start..usize::from(length)) else {
            return Some(Err(WireError::OptionLength(length)));
        };
        if kind != END {
            self.rest = &rest[usize::from(length)..];
        }
        Some(Ok(TcpOption { kind, value }))
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// The options of a SYN from Linux: mss 1460, sackOK, TS, nop, wscale 7.
    const SYN: [u8; 20] = [
        2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7,
    ];

    #[test]
    fn options_of_a_syn() {
        let found: Vec<_> = TcpOptions::new(&SYN).map(Result::unwrap).collect();
        let kinds: Vec<_> = found.iter().map(|option| option.kind).collect();
        assert_eq!(
            kinds,
            vec![MSS, SACK_PERMITTED, TIMESTAMPS, NOP, WINDOW_SCALE]
        );
        assert_eq!(found.iter().find_map(TcpOption::mss), Some(1460));
        assert_eq!(found.iter().find_map(TcpOption::window_scale), Some(7));
        assert_eq!(found[2].value, &[1, 2, 3, 4, 0, 0, 0, 0]);
    }

    #[test]
    fn the_end_and_a_wrong_length_end_the_list() {
        let mut options = TcpOptions::new(&[END, 2, 4, 0, 0]);
        assert_eq!(
            options.next(),
            Some(Ok(TcpOption {
                kind: END,
                value: &[]
            }))
        );
        assert_eq!(options.next(), None);
        for (bytes, length) in [(&[2, 1, 0, 0][..], 1), (&[2, 5, 0, 0], 5), (&[2], 0)] {
            let mut options = TcpOptions::new(bytes);
            assert_eq!(options.next(), Some(Err(WireError::OptionLength(length))));
            assert_eq!(options.next(), None);
        }
    }

    #[test]
    fn a_window_scale_has_a_limit() {
        let option = TcpOption {
            kind: WINDOW_SCALE,
            value: &[200],
        };
        assert_eq!(option.window_scale(), Some(14));
        assert_eq!(option.mss(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let covered: usize = TcpOptions::new(&bytes)
                .map_while(Result::ok)
                .map(|option| if option.kind <= NOP { 1 } else { 2 + option.value.len() })
                .sum();
            prop_assert!(covered <= bytes.len());
        }
    }
}
