//! The extension headers of an IPv6 packet for this host, read in their order as
//! `ip6_protocol_deliver_rcu` (`net/ipv6/ip6_input.c`) hands them on. Hop-by-hop options were
//! checked when the packet was parsed; nothing is source-routed through this host, no IPsec is
//! configured.

use std::net::Ipv6Addr;

use wire::{
    Header, Ipv6Header, icmpv6,
    ipv6_ext::{ExtensionHeader, FragmentHeader, Ipv6Options, PAD1, PADN},
    protocol,
};

/// `net.ipv6.max_dst_opts_number`: options that are no padding.
const OPTIONS_MAX: usize = 8;

/// RFC 8200 4.2: padding aligns to 8 bytes.
const PADDING_MAX_BYTES: usize = 7;

/// Types of routing header that are dropped in silence where they are not switched on: RPL
/// (RFC 6554) and segment routing (RFC 8754).
const SWITCHED_OFF: [u8; 2] = [3, 4];

/// Why a packet goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    /// Nobody hears of it.
    Silent,
    /// A parameter problem: its code, and its pointer in bytes from the IPv6 header.
    Problem(u8, u32),
}

/// Reads the headers of `packet`, which starts with the IPv6 header, up to the transport or to a
/// fragment header that counts.
///
/// # Errors
/// The first header that this host does not take.
pub(crate) fn check(packet: &[u8], dst: Ipv6Addr) -> Result<(), HeaderFault> {
    const FIRST_FIELD: u32 = 6;
    let (header, _) = Ipv6Header::split(packet).map_err(|_| HeaderFault::Silent)?;
    let (mut next_header, mut field, mut at) = (header.next_header(), FIRST_FIELD, Ipv6Header::LEN);
    loop {
        let rest = packet.get(at..).unwrap_or(&[]);
        let length = match next_header {
            protocol::HOP_BY_HOP if at == Ipv6Header::LEN => options_length(rest)?,
            protocol::ROUTING => routing(rest, at)?,
            protocol::DESTINATION_OPTIONS => destination_options(rest, at, dst)?,
            protocol::FRAGMENT => match FragmentHeader::split(rest) {
                // Alone in its packet it changes nothing (RFC 6946).
                Ok((fragment, _)) if fragment.offset() == 0 && !fragment.more_fragments() => {
                    FragmentHeader::LEN
                }
                Ok(_) => return Ok(()),
                Err(_) => return Err(HeaderFault::Silent),
            },
            protocol::TCP | protocol::UDP | protocol::ICMPV6 | protocol::NO_NEXT_HEADER => {
                return Ok(());
            }
            _ => {
                let code = icmpv6::parameter_problem::NEXT_HEADER;
                return Err(HeaderFault::Problem(code, field));
            }
        };
        let (extension, _) = ExtensionHeader::split(rest).map_err(|_| HeaderFault::Silent)?;
        (next_header, field, at) = (extension.next_header(), at as u32, at + length);
    }
}

/// The length of an options header that is whole.
fn options_length(rest: &[u8]) -> Result<usize, HeaderFault> {
    match ExtensionHeader::split(rest) {
        Ok((header, _)) if header.options_length() <= rest.len() => Ok(header.options_length()),
        _ => Err(HeaderFault::Silent),
    }
}

/// `ipv6_rthdr_rcv`: one that leads nowhere any more is stepped over.
fn routing(rest: &[u8], at: usize) -> Result<usize, HeaderFault> {
    const SEGMENTS_LEFT: usize = 3;
    let length = options_length(rest)?;
    match (rest[2], rest[SEGMENTS_LEFT]) {
        (kind, _) if SWITCHED_OFF.contains(&kind) => Err(HeaderFault::Silent),
        (_, 0) => Ok(length),
        _ => {
            let code = icmpv6::parameter_problem::HEADER_FIELD;
            Err(HeaderFault::Problem(code, (at + SEGMENTS_LEFT) as u32))
        }
    }
}

/// `ip6_parse_tlv` and `ip6_tlvopt_unknown`: none but padding is known, and the two high bits of
/// the others' types say what to do.
fn destination_options(rest: &[u8], at: usize, dst: Ipv6Addr) -> Result<usize, HeaderFault> {
    let length = options_length(rest)?;
    let (mut options, mut padding) = (0, 0);
    for option in Ipv6Options::new(&rest[ExtensionHeader::LEN..length]) {
        let option = option.map_err(|_| HeaderFault::Silent)?;
        match option.kind {
            PAD1 => padding += 1,
            PADN if option.value.iter().any(|&byte| byte != 0) => {
                return Err(HeaderFault::Silent);
            }
            PADN => padding += 2 + option.value.len(),
            kind => {
                (options, padding) = (options + 1, 0);
                let is_answered = kind >> 6 == 2 || (kind >> 6 == 3 && !dst.is_multicast());
                if is_answered && options <= OPTIONS_MAX {
                    let code = icmpv6::parameter_problem::OPTION;
                    let at = at + ExtensionHeader::LEN + option.at;
                    return Err(HeaderFault::Problem(code, at as u32));
                }
                if kind >> 6 != 0 || options > OPTIONS_MAX {
                    return Err(HeaderFault::Silent);
                }
            }
        }
        if padding > PADDING_MAX_BYTES {
            return Err(HeaderFault::Silent);
        }
    }
    Ok(length)
}
