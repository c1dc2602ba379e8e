//! Cutting a packet to an MTU on output, as the kernel cuts it (`ip_do_fragment`,
//! `net/ipv4/ip_output.c`; `ip6_fragment`, `net/ipv6/ip6_output.c`): every piece but the last
//! carries as many bytes as fit, in multiples of 8. Whether a packet may be cut at all is decided
//! by whoever calls: routers do not cut what says "don't fragment", nor IPv6.

use wire::ipv4::fill_header_checksum;
use wire::ipv4_option::{self, Ipv4Options};
use wire::ipv6_ext::{FragmentHeader, unfragmentable};
use wire::{Header, Ipv4Header, Ipv6Header, protocol};

use crate::{Buffer, Ip, Pool};

/// The longest IPv4 header: 15 words.
const IPV4_HEADER_MAX_BYTES: usize = 60;

/// Bytes of the part before the data that fit in a fragment: link header and tags, IPv6 header
/// and the extension headers that every fragment repeats.
const PREFIX_MAX_BYTES: usize = 1_024;

/// Why a packet was not cut, or not to its end: fragments handed out before stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FragmentError {
    /// The MTU has no room for headers and 8 bytes of data.
    MtuTooSmall,
    /// The pool is exhausted.
    PoolEmpty,
    /// A buffer of the pool is shorter than a fragment.
    NoRoom,
    /// The headers do not hold together, are longer than is supported, or another version's.
    Malformed,
}

/// One piece of the data: where it starts, how long it is, whether more follow. Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    at: usize,
    length: usize,
    is_last: bool,
}

/// Cuts `length` bytes into pieces of at most `room`.
fn pieces(length: usize, room: usize) -> impl Iterator<Item = Piece> {
    let step = room & !7;
    let mut at = 0;
    std::iter::from_fn(move || {
        let left = length - at;
        if left == 0 || step == 0 {
            return None;
        }
        let is_last = left <= room;
        let piece = Piece {
            at,
            length: if is_last { left } else { step },
            is_last,
        };
        at += piece.length;
        Some(piece)
    })
}

/// Cuts an IPv4 packet, which may be a fragment already, so that no piece is longer than `mtu`
/// bytes from the IP header on. `frame` is the one that `ip` was parsed from; each fragment gets
/// its link header. Returns how many fragments `out` was given.
///
/// # Errors
/// See [`FragmentError`]; what `out` was given before may be sent, as the kernel does.
pub fn fragment_ipv4<P: Pool>(
    frame: &[u8],
    ip: &Ip,
    mtu: u16,
    pool: &mut P,
    mut out: impl FnMut(P::Buf),
) -> Result<usize, FragmentError> {
    if ip.is_v6() {
        return Err(FragmentError::Malformed);
    }
    let (l3, l4) = (usize::from(ip.l3), usize::from(ip.l4));
    let link = frame.get(..l3).ok_or(FragmentError::Malformed)?;
    let header = frame.get(l3..l4).ok_or(FragmentError::Malformed)?;
    let data = frame
        .get(l4..usize::from(ip.end))
        .ok_or(FragmentError::Malformed)?;
    let room = usize::from(mtu).saturating_sub(header.len());
    if room < 8 {
        return Err(FragmentError::MtuTooSmall);
    }

    let mut later = [0; IPV4_HEADER_MAX_BYTES];
    let later = later
        .get_mut(..header.len())
        .ok_or(FragmentError::Malformed)?;
    later.copy_from_slice(header);
    // Options of a fragment but the first were sorted out when the packet was cut first.
    if ip.fragment_offset == 0 {
        drop_uncopied_options(later);
    }

    let mut count = 0;
    for piece in pieces(data.len(), room) {
        let header = if piece.at == 0 { header } else { &*later };
        let data = &data[piece.at..piece.at + piece.length];
        let mut fragment = assemble(pool, [link, header, data])?;
        let packet = &mut fragment.bytes_mut()[l3..];
        let (fields, _) = Ipv4Header::split_mut(packet).map_err(|_| FragmentError::Malformed)?;
        fields.set_fragment(
            ip.fragment_offset + (piece.at / 8) as u16,
            !piece.is_last || ip.more_fragments(),
        );
        fields.set_total_length((header.len() + piece.length) as u16);
        fill_header_checksum(packet).map_err(|_| FragmentError::Malformed)?;
        out(fragment);
        count += 1;
    }
    Ok(count)
}

/// Overwrites the options that only the first fragment carries with "no operation"
/// (`ip_options_fragment`, `net/ipv4/ip_options.c`): the header keeps its length.
fn drop_uncopied_options(header: &mut [u8]) {
    let Some(options) = header.get_mut(Ipv4Header::LEN..) else {
        return;
    };
    let mut copy = [0; IPV4_HEADER_MAX_BYTES];
    let copy = &mut copy[..options.len()];
    copy.copy_from_slice(options);
    for option in Ipv4Options::new(copy).map_while(Result::ok) {
        if option.kind > ipv4_option::NOP && !ipv4_option::is_copied(option.kind) {
            options[option.at..option.at + 2 + option.value.len()].fill(ipv4_option::NOP);
        }
    }
}

/// Cuts an IPv6 packet that this host sends, so that no piece is longer than `mtu` bytes from the
/// IPv6 header on. `id` tells the packet's fragments from others': it should not be guessable.
/// Returns how many fragments `out` was given.
///
/// # Errors
/// See [`FragmentError`]; what `out` was given before may be sent, as the kernel does.
pub fn fragment_ipv6<P: Pool>(
    frame: &[u8],
    ip: &Ip,
    mtu: u16,
    id: u32,
    pool: &mut P,
    mut out: impl FnMut(P::Buf),
) -> Result<usize, FragmentError> {
    if !ip.is_v6() {
        return Err(FragmentError::Malformed);
    }
    let l3 = usize::from(ip.l3);
    let packet = frame
        .get(l3..usize::from(ip.end))
        .ok_or(FragmentError::Malformed)?;
    let (header, payload) = Ipv6Header::split(packet).map_err(|_| FragmentError::Malformed)?;
    let (repeated, announced_at) =
        unfragmentable(header.next_header(), payload).map_err(|_| FragmentError::Malformed)?;
    let prefix_length = l3 + Ipv6Header::LEN + repeated;

    let mut prefix = [0; PREFIX_MAX_BYTES];
    let prefix = prefix
        .get_mut(..prefix_length)
        .ok_or(FragmentError::Malformed)?;
    prefix.copy_from_slice(&frame[..prefix_length]);
    // The field that announced the data now announces the fragment header: the fixed header's
    // own is its seventh byte, an extension header's its first.
    let announcing = match announced_at {
        None => &mut prefix[l3 + 6],
        Some(at) => &mut prefix[l3 + Ipv6Header::LEN + at],
    };
    let next_header = std::mem::replace(announcing, protocol::FRAGMENT);

    let data = &payload[repeated..];
    let overhead = Ipv6Header::LEN + repeated + FragmentHeader::LEN;
    let room = usize::from(mtu).saturating_sub(overhead);
    if room < 8 {
        return Err(FragmentError::MtuTooSmall);
    }
    let mut count = 0;
    for piece in pieces(data.len(), room) {
        let offset = (piece.at / 8) as u16;
        let fragment_header = FragmentHeader::new(next_header, offset, !piece.is_last, id);
        let mut between = [0; FragmentHeader::LEN];
        fragment_header
            .emit(&mut between)
            .map_err(|_| FragmentError::Malformed)?;
        let data = &data[piece.at..piece.at + piece.length];
        let mut fragment = assemble(pool, [&*prefix, &between, data])?;
        let (fields, _) = Ipv6Header::split_mut(&mut fragment.bytes_mut()[l3..])
            .map_err(|_| FragmentError::Malformed)?;
        fields.set_payload_length((repeated + FragmentHeader::LEN + piece.length) as u16);
        out(fragment);
        count += 1;
    }
    Ok(count)
}

/// A new buffer that holds `parts` one behind the other.
fn assemble<P: Pool>(pool: &mut P, parts: [&[u8]; 3]) -> Result<P::Buf, FragmentError> {
    let mut buffer = pool.alloc().ok_or(FragmentError::PoolEmpty)?;
    let length = parts.iter().map(|part| part.len()).sum();
    buffer.append(length).map_err(|_| FragmentError::NoRoom)?;
    let mut rest = buffer.bytes_mut();
    for part in parts {
        let (front, behind) = rest
            .split_at_mut_checked(part.len())
            .ok_or(FragmentError::NoRoom)?;
        front.copy_from_slice(part);
        rest = behind;
    }
    Ok(buffer)
}
