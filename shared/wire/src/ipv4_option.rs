//! IPv4 options (RFC 791 3.1): a list of kind, length and value; two kinds are a byte each.

use crate::WireError;

/// End of the list.
pub const END: u8 = 0;
/// No operation: padding between options.
pub const NOP: u8 = 1;
/// Record route.
pub const RECORD_ROUTE: u8 = 7;
/// Internet timestamp.
pub const TIMESTAMP: u8 = 68;
/// Loose source and record route.
pub const LOOSE_SOURCE_ROUTE: u8 = 131;
/// Commercial IP security option (CIPSO).
pub const CIPSO: u8 = 134;
/// Strict source and record route.
pub const STRICT_SOURCE_ROUTE: u8 = 137;
/// Router alert (RFC 2113).
pub const ROUTER_ALERT: u8 = 148;

/// Whether an option of this kind goes into every fragment.
#[inline]
pub const fn is_copied(kind: u8) -> bool {
    kind & 0x80 != 0
}

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Option<'a> {
    /// Its kind.
    pub kind: u8,
    /// Where it starts, in bytes from the start of the options.
    pub at: usize,
    /// What follows kind and length; empty for [`END`] and [`NOP`].
    pub value: &'a [u8],
}

/// The options of a header, in order. It ends after [`END`] and after an error.
#[derive(Clone, Debug)]
pub struct Ipv4Options<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Ipv4Options<'a> {
    /// The options in `bytes`: what a header has behind its 20 fixed bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The options' bytes.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn option(&self) -> Result<Ipv4Option<'a>, WireError> {
        let rest = &self.bytes[self.at..];
        let (kind, length) = match *rest {
            [kind @ (END | NOP), ..] => (kind, 1),
            // A kind that needs a length and ends without one: length 0, as wrong as 1.
            [kind] => (kind, 0),
            [kind, length, ..] => (kind, length),
            [] => (END, 0),
        };
        let start = if kind <= NOP { 1 } else { 2 };
        match rest.get(start..usize::from(length)) {
            Some(value) => Ok(Ipv4Option {
                kind,
                at: self.at,
                value,
            }),
            None => Err(WireError::OptionLength(length)),
        }
    }
}

impl<'a> Iterator for Ipv4Options<'a> {
    type Item = Result<Ipv4Option<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let option = self.option();
        self.at = match &option {
            Err(_) | Ok(Ipv4Option { kind: END, .. }) => self.bytes.len(),
            Ok(Ipv4Option { kind: NOP, .. }) => self.at + 1,
            Ok(Ipv4Option { value, .. }) => self.at + 2 + value.len(),
        };
        Some(option)
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn options_come_in_order_up_to_the_end() {
        let bytes = [NOP, ROUTER_ALERT, 4, 0, 0, END, 9, 9];
        let found: Vec<_> = Ipv4Options::new(&bytes).map(Result::unwrap).collect();
        let option = |kind, at, value| Ipv4Option { kind, at, value };
        assert_eq!(
            found,
            vec![
                option(NOP, 0, &[][..]),
                option(ROUTER_ALERT, 1, &[0, 0]),
                option(END, 5, &[]),
            ]
        );
    }

    #[test]
    fn a_wrong_length_ends_the_list() {
        for (bytes, length) in [(&[7, 1, 0, 0][..], 1), (&[7, 5, 0, 0], 5), (&[7], 0)] {
            let mut options = Ipv4Options::new(bytes);
            assert_eq!(options.next(), Some(Err(WireError::OptionLength(length))));
            assert_eq!(options.next(), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let covered: usize = Ipv4Options::new(&bytes)
                .map_while(Result::ok)
                .map(|option| if option.kind <= NOP { 1 } else { 2 + option.value.len() })
                .sum();
            prop_assert!(covered <= bytes.len());
        }
    }
}
