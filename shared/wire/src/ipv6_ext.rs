//! IPv6 extension headers (RFC 8200 4): the walk to the transport header, and the options inside.
//!
//! [`walk`] answers what `ipv6_find_hdr(skb, &offset, -1, &fragoff, NULL)` does
//! (`net/ipv6/exthdrs_core.c`): hop-by-hop, routing, fragment, authentication and destination
//! options are stepped over; ESP, "no next header" and everything unknown end the walk as a
//! transport protocol. One difference: the kernel follows any number of headers, here they end at
//! [`EXTENSION_HEADERS_MAX`], so that no packet costs more than that.

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::{AH, DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, ROUTING};
use crate::{Header, WireError};

/// Headers the walk follows. RFC 8200 4.1 has six kinds, one of them twice.
pub const EXTENSION_HEADERS_MAX: usize = 16;

/// What every extension header but the fragment header starts with.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct ExtensionHeader {
    next_header: u8,
    length: u8,
}

impl Header for ExtensionHeader {}

impl ExtensionHeader {
    /// What follows this header.
    #[inline]
    pub const fn next_header(&self) -> u8 {
        self.next_header
    }

    /// Its length in bytes as a header of options or a routing header: units of 8, the first not
    /// counted.
    #[inline]
    pub const fn options_length(&self) -> usize {
        (self.length as usize + 1) * 8
    }

    /// Its length in bytes as an authentication header (RFC 4302 2.2): units of 4, less 2.
    #[inline]
    pub const fn auth_length(&self) -> usize {
        (self.length as usize + 2) * 4
    }
}

/// The fragment header (RFC 8200 4.5): 8 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct FragmentHeader {
    next_header: u8,
    reserved: u8,
    /// Offset in units of 8 bytes (13 bits), reserved (2 bits), more fragments (1 bit).
    offset_more: U16,
    id: U32,
}

impl Header for FragmentHeader {}

impl FragmentHeader {
    /// A header from its fields; `offset` in units of 8 bytes.
    pub const fn new(next_header: u8, offset: u16, more: bool, id: u32) -> Self {
        Self {
            next_header,
            reserved: 0,
            offset_more: U16::new(offset << 3 | more as u16),
            id: U32::new(id),
        }
    }

    /// What follows in the reassembled packet.
    #[inline]
    pub const fn next_header(&self) -> u8 {
        self.next_header
    }

    /// Where this fragment's payload stands in the packet's, in units of 8 bytes.
    #[inline]
    pub const fn offset(&self) -> u16 {
        self.offset_more.get() >> 3
    }

    /// Whether more fragments follow.
    #[inline]
    pub const fn more_fragments(&self) -> bool {
        self.offset_more.get() & 1 != 0
    }

    /// Identification: the same in all fragments of a packet.
    #[inline]
    pub const fn id(&self) -> u32 {
        self.id.get()
    }
}

/// The fragment header as the walk met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentFields {
    /// Where the fragment header starts, in bytes from the start of the payload.
    pub at: usize,
    /// Where the fragment stands, in units of 8 bytes.
    pub offset: u16,
    /// Whether more fragments follow.
    pub more: bool,
    /// Identification.
    pub id: u32,
}

/// Where the extension headers lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The transport's protocol; with `transport` `None`, the last next-header value met.
    pub protocol: u8,
    /// Where the transport header starts, in bytes from the start of the payload; past its end if
    /// the last extension header claims more bytes than there are. In a fragment but the first:
    /// where the data starts. `None`: a header is cut off, so the protocol is unknown; the kernel
    /// drops such a packet at the first rule that asks for it (`-p`), and only there.
    pub transport: Option<usize>,
    /// The fragment header that was met last.
    pub fragment: Option<FragmentFields>,
}

/// Whether `next_header` is an extension header that [`walk`] steps over.
#[inline]
pub const fn is_extension(next_header: u8) -> bool {
    matches!(
        next_header,
        HOP_BY_HOP | ROUTING | FRAGMENT | AH | DESTINATION_OPTIONS
    )
}

/// Walks the extension headers in `payload`, which starts behind the fixed header.
///
/// # Errors
/// [`WireError::ExtensionHeaders`] if there are more than [`EXTENSION_HEADERS_MAX`].
pub fn walk(next_header: u8, payload: &[u8]) -> Result<Walk, WireError> {
    let mut found = Walk {
        protocol: next_header,
        transport: None,
        fragment: None,
    };
    let mut at = 0;
    for _ in 0..=EXTENSION_HEADERS_MAX {
        if !is_extension(found.protocol) {
            found.transport = Some(at);
            return Ok(found);
        }
        let Some(step) = step(&mut found, payload, at) else {
            return Ok(found);
        };
        at += step.length;
        if step.is_last {
            found.transport = Some(at);
            return Ok(found);
        }
    }
    Err(WireError::ExtensionHeaders(EXTENSION_HEADERS_MAX))
}

struct Step {
    length: usize,
    is_last: bool,
}

/// Steps over the header at `at`; `None` if it is cut off.
fn step(found: &mut Walk, payload: &[u8], at: usize) -> Option<Step> {
    let rest = payload.get(at..)?;
    let (header, _) = ExtensionHeader::split(rest).ok()?;
    let length = match found.protocol {
        FRAGMENT => return fragment_step(found, rest, at),
        AH => header.auth_length(),
        // The kernel asks for the first 4 bytes of a routing header, through segments left.
        ROUTING if rest.len() < 4 => return None,
        _ => header.options_length(),
    };
    found.protocol = header.next_header();
    Some(Step {
        length,
        is_last: false,
    })
}

fn fragment_step(found: &mut Walk, rest: &[u8], at: usize) -> Option<Step> {
    // As the kernel, which reads to the offset field only, so that a header cut behind it still
    // leads on; its identification then is whatever is there.
    let &[next_header, _, high, low, ..] = rest else {
        return None;
    };
    let offset_more = u16::from_be_bytes([high, low]);
    let offset = offset_more >> 3;
    found.fragment = Some(FragmentFields {
        at,
        offset,
        more: offset_more & 1 != 0,
        id: FragmentHeader::split(rest).map_or(0, |(header, _)| header.id()),
    });
    found.protocol = next_header;
    if offset != 0 && is_extension(next_header) {
        // What follows in the first fragment is not here, so the protocol cannot be known.
        return None;
    }
    Some(Step {
        length: FragmentHeader::LEN,
        is_last: offset != 0,
    })
}

/// Where the part that every fragment repeats ends, in bytes from the start of the payload: the
/// headers that each node on the way reads (`ip6_find_1stfragopt`, `net/ipv6/output_core.c`).
/// Destination options belong to it only before a routing header.
///
/// Returns the end, and where the next-header field stands that announces what follows: `None`
/// for the fixed header's own.
///
/// # Errors
/// [`WireError::Truncated`] if a header is cut off.
pub fn unfragmentable(
    next_header: u8,
    payload: &[u8],
) -> Result<(usize, Option<usize>), WireError> {
    let mut next_header = next_header;
    let mut announced_at = None;
    let mut at = 0;
    let mut has_routing = false;
    loop {
        match next_header {
            HOP_BY_HOP => {}
            ROUTING => has_routing = true,
            DESTINATION_OPTIONS if !has_routing => {}
            _ => return Ok((at, announced_at)),
        }
        let truncated = WireError::Truncated {
            need: at + ExtensionHeader::LEN,
            have: payload.len(),
        };
        let rest = payload.get(at..).ok_or(truncated)?;
        let (header, _) = ExtensionHeader::split(rest).map_err(|_| truncated)?;
        next_header = header.next_header();
        announced_at = Some(at);
        at += header.options_length();
        if at > payload.len() {
            return Err(WireError::Truncated {
                need: at,
                have: payload.len(),
            });
        }
    }
}

/// One option of a hop-by-hop or destination options header (RFC 8200 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Option<'a> {
    /// Its type; the two high bits say what a node does that does not know it.
    pub kind: u8,
    /// Where it starts, in bytes from the start of the options.
    pub at: usize,
    /// What follows type and length; empty for [`PAD1`].
    pub value: &'a [u8],
}

/// One byte of padding.
pub const PAD1: u8 = 0;
/// Two or more bytes of padding.
pub const PADN: u8 = 1;
/// Router alert (RFC 2711).
pub const ROUTER_ALERT: u8 = 5;
/// CALIPSO security label (RFC 5570).
pub const CALIPSO: u8 = 7;
/// In-situ OAM, hop by hop (RFC 9486).
pub const IOAM: u8 = 49;
/// Jumbo payload (RFC 2675).
pub const JUMBO: u8 = 194;

/// The options of a header, in order; it ends after an error.
#[derive(Clone, Debug)]
pub struct Ipv6Options<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Ipv6Options<'a> {
    /// The options in `bytes`: an options header without its first two bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl<'a> Iterator for Ipv6Options<'a> {
    type Item = Result<Ipv6Option<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..)?;
        let (kind, start, end) = match *rest {
            [] => return None,
            [PAD1, ..] => (PAD1, 1, 1),
            [kind] => (kind, 2, 2),
            [kind, length, ..] => (kind, 2, 2 + usize::from(length)),
        };
        let at = self.at;
        match rest.get(start..end) {
            Some(value) => {
                self.at += end;
                Some(Ok(Ipv6Option { kind, at, value }))
            }
            None => {
                self.at = self.bytes.len();
                Some(Err(WireError::OptionLength((end - 2) as u8)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::protocol::{ESP, NO_NEXT_HEADER, TCP};

    /// An extension header of 8 bytes.
    fn header(next: u8) -> [u8; 8] {
        [next, 0, 0, 0, 0, 0, 0, 0]
    }

    fn fragment(next: u8, offset: u16, more: bool) -> Vec<u8> {
        let mut bytes = vec![0; 8];
        FragmentHeader::new(next, offset, more, 0xdead_beef)
            .emit(&mut bytes)
            .unwrap();
        bytes
    }

    #[test]
    fn every_header_is_stepped_over() {
        let mut payload = Vec::new();
        payload.extend(header(DESTINATION_OPTIONS));
        payload.extend(header(ROUTING));
        payload.extend(header(FRAGMENT));
        payload.extend(fragment(AH, 0, true));
        // AH of 12 bytes: (1 + 2) * 4.
        payload.extend([DESTINATION_OPTIONS, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        // Destination options of 16 bytes.
        payload.extend([TCP, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let found = walk(HOP_BY_HOP, &payload).unwrap();
        assert_eq!(found.protocol, TCP);
        assert_eq!(found.transport, Some(8 * 4 + 12 + 16));
        let fragment = FragmentFields {
            at: 24,
            offset: 0,
            more: true,
            id: 0xdead_beef,
        };
        assert_eq!(found.fragment, Some(fragment));
    }

    #[test]
    fn esp_and_no_next_header_end_the_walk() {
        for protocol in [ESP, NO_NEXT_HEADER, 135, 255] {
            let found = walk(HOP_BY_HOP, &header(protocol)).unwrap();
            assert_eq!((found.protocol, found.transport), (protocol, Some(8)));
        }
    }

    #[test]
    fn a_later_fragment_ends_the_walk() {
        let found = walk(FRAGMENT, &fragment(TCP, 185, true)).unwrap();
        assert_eq!((found.protocol, found.transport), (TCP, Some(8)));
        assert_eq!(
            found.fragment.map(|f| (f.offset, f.more)),
            Some((185, true))
        );
        // The kernel does not know the protocol behind an extension header that is not here.
        let found = walk(FRAGMENT, &fragment(DESTINATION_OPTIONS, 185, false)).unwrap();
        assert_eq!(found.transport, None);
    }

    #[test]
    fn a_header_that_is_cut_off_leaves_the_protocol_unknown() {
        for (next, payload) in [
            (HOP_BY_HOP, &[][..]),
            (HOP_BY_HOP, &[TCP]),
            (ROUTING, &[TCP, 0, 0]),
            (FRAGMENT, &[TCP, 0, 0]),
        ] {
            assert_eq!(walk(next, payload).unwrap().transport, None, "{next}");
        }
        // Its first two bytes are there and lead on: the transport is past the end.
        let found = walk(DESTINATION_OPTIONS, &[TCP, 3]).unwrap();
        assert_eq!((found.protocol, found.transport), (TCP, Some(32)));
    }

    #[test]
    fn the_walk_is_bounded() {
        let mut payload = Vec::new();
        for _ in 1..EXTENSION_HEADERS_MAX {
            payload.extend(header(DESTINATION_OPTIONS));
        }
        payload.extend(header(TCP));
        let found = walk(DESTINATION_OPTIONS, &payload).unwrap();
        assert_eq!(found.transport, Some(8 * EXTENSION_HEADERS_MAX));
        let mut longer = Vec::from(header(DESTINATION_OPTIONS));
        longer.extend(&payload);
        assert_eq!(
            walk(DESTINATION_OPTIONS, &longer),
            Err(WireError::ExtensionHeaders(EXTENSION_HEADERS_MAX))
        );
    }

    #[test]
    fn what_every_fragment_repeats_ends_after_the_routing_header() {
        let mut payload = Vec::new();
        payload.extend(header(DESTINATION_OPTIONS));
        payload.extend(header(ROUTING));
        payload.extend(header(DESTINATION_OPTIONS));
        payload.extend(header(TCP));
        assert_eq!(unfragmentable(HOP_BY_HOP, &payload), Ok((24, Some(16))));
        assert_eq!(unfragmentable(TCP, &payload), Ok((0, None)));
        assert!(unfragmentable(HOP_BY_HOP, &payload[..20]).is_err());
        assert!(unfragmentable(HOP_BY_HOP, &payload[..8]).is_err());
    }

    #[test]
    fn options_come_in_order() {
        let bytes = [PAD1, ROUTER_ALERT, 2, 0, 0, PADN, 0];
        let found: Vec<_> = Ipv6Options::new(&bytes).map(Result::unwrap).collect();
        let option = |kind, at, value| Ipv6Option { kind, at, value };
        assert_eq!(
            found,
            vec![
                option(PAD1, 0, &[][..]),
                option(ROUTER_ALERT, 1, &[0, 0]),
                option(PADN, 5, &[]),
            ]
        );
        let mut cut = Ipv6Options::new(&[PADN, 4, 0]);
        assert_eq!(cut.next(), Some(Err(WireError::OptionLength(4))));
        assert_eq!(cut.next(), None);
        assert_eq!(
            Ipv6Options::new(&[PADN]).next(),
            Some(Err(WireError::OptionLength(0)))
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_panic(
            next in prop_oneof![
                Just(HOP_BY_HOP), Just(ROUTING), Just(FRAGMENT), Just(AH), Just(DESTINATION_OPTIONS),
            ],
            bytes in prop::collection::vec(
                prop_oneof![Just(0_u8), Just(43), Just(44), Just(51), Just(60), any::<u8>()],
                0..200,
            ),
        ) {
            let _ = walk(next, &bytes);
            if let Ok((end, announced)) = unfragmentable(next, &bytes) {
                prop_assert!(end <= bytes.len());
                prop_assert!(announced.is_none_or(|at| at < end));
            }
            Ipv6Options::new(&bytes).for_each(drop);
        }
    }
}
