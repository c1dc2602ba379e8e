//! The hop-by-hop options, which the kernel reads before PREROUTING (`ipv6_parse_hopopts` and
//! `ip6_parse_tlv`, `net/ipv6/exthdrs.c`), with its defaults: at most 8 options, no IOAM, no
//! CALIPSO domain.

use std::net::IpAddr;

use wire::ipv6_ext::Ipv6Options;
use wire::ipv6_ext::{CALIPSO, ExtensionHeader, IOAM, Ipv6Option, JUMBO, PAD1, PADN, ROUTER_ALERT};
use wire::{Header, Ipv6Header};

use crate::DropReason;

/// `net.ipv6.max_hbh_opts_number`: options that are no padding.
const OPTIONS_MAX: usize = 8;

/// RFC 8200 4.2: padding aligns to 8 bytes, so 7 bytes in a row are the most.
const PADDING_MAX_BYTES: usize = 7;

/// An option that asks for an ICMPv6 parameter problem in answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionProblem {
    /// The code: 0, erroneous header field, or 2, unrecognized option.
    pub code: u8,
    /// Where it stands, in bytes from the start of the IPv6 header.
    pub pointer: u32,
}

enum Fault {
    Drop(DropReason),
    Answer(DropReason, OptionProblem),
}

/// Checks the options header at the front of `payload`.
pub(crate) fn check(payload: &[u8], dst: IpAddr) -> Result<(), DropReason> {
    walk(payload, dst).map_err(|fault| match fault {
        Fault::Drop(reason) | Fault::Answer(reason, _) => reason,
    })
}

/// What to answer to a packet that [`crate::parse`] refused with
/// [`DropReason::Ipv6OptionUnknown`] or [`DropReason::Ipv6HopByHop`]: most get no answer.
/// `packet` starts with the IPv6 header.
pub fn option_problem(packet: &[u8]) -> Option<OptionProblem> {
    let (header, payload) = Ipv6Header::split(packet).ok()?;
    match walk(payload, IpAddr::V6(header.destination())) {
        Err(Fault::Answer(_, problem)) => Some(problem),
        Err(Fault::Drop(_)) | Ok(()) => None,
    }
}

fn walk(payload: &[u8], dst: IpAddr) -> Result<(), Fault> {
    const MALFORMED: Fault = Fault::Drop(DropReason::Ipv6HopByHop);
    let (header, _) = ExtensionHeader::split(payload).map_err(|_| MALFORMED)?;
    let options = payload
        .get(ExtensionHeader::LEN..header.options_length())
        .ok_or(MALFORMED)?;
    let mut known = 0;
    let mut padding = 0;
    for option in Ipv6Options::new(options) {
        let option = option.map_err(|_| MALFORMED)?;
        match option.kind {
            PAD1 => padding += 1,
            PADN => {
                padding += 2 + option.value.len();
                // RFC 4942 2.1.9.5: padding that carries something is a covert channel.
                if option.value.iter().any(|&byte| byte != 0) {
                    return Err(MALFORMED);
                }
            }
            _ => {
                padding = 0;
                known += 1;
                if known > OPTIONS_MAX {
                    return Err(MALFORMED);
                }
                one(&option, dst, payload.len())?;
            }
        }
        if padding > PADDING_MAX_BYTES {
            return Err(MALFORMED);
        }
    }
    Ok(())
}

/// One option that is no padding. Each arm is the function of the same name in `exthdrs.c`.
fn one(option: &Ipv6Option<'_>, dst: IpAddr, payload_length: usize) -> Result<(), Fault> {
    const MALFORMED: Fault = Fault::Drop(DropReason::Ipv6HopByHop);
    // From the start of the IPv6 header.
    let at = Ipv6Header::LEN + ExtensionHeader::LEN + option.at;
    match option.kind {
        ROUTER_ALERT if option.value.len() == 2 => Ok(()),
        // Aligned, it is left alone where IOAM is not switched on.
        IOAM if at.is_multiple_of(4) => Ok(()),
        JUMBO => jumbo(option, at, payload_length),
        // No CALIPSO domain is configured, so no label is valid.
        ROUTER_ALERT | IOAM | CALIPSO => Err(MALFORMED),
        kind => unknown(kind, dst, at),
    }
}

/// `ipv6_hop_jumbo`. No frame here is long enough for a jumbogram to be whole.
fn jumbo(option: &Ipv6Option<'_>, at: usize, payload_length: usize) -> Result<(), Fault> {
    let problem = |pointer: usize| {
        let problem = OptionProblem {
            code: 0,
            pointer: pointer as u32,
        };
        Err(Fault::Answer(DropReason::Ipv6HopByHop, problem))
    };
    match *option.value {
        [a, b, c, d] if at % 4 == 2 => {
            if u32::from_be_bytes([a, b, c, d]) <= 65_535 {
                problem(at + 2)
            } else if payload_length != 0 {
                problem(at)
            } else {
                Err(Fault::Drop(DropReason::Ipv6Truncated))
            }
        }
        _ => Err(Fault::Drop(DropReason::Ipv6HopByHop)),
    }
}

/// `ip6_tlvopt_unknown`: the two high bits of the type say what to do.
fn unknown(kind: u8, dst: IpAddr, at: usize) -> Result<(), Fault> {
    let reason = DropReason::Ipv6OptionUnknown;
    let problem = OptionProblem {
        code: 2,
        pointer: at as u32,
    };
    match kind >> 6 {
        0 => Ok(()),
        1 => Err(Fault::Drop(reason)),
        3 if dst.is_multicast() => Err(Fault::Drop(reason)),
        _ => Err(Fault::Answer(reason, problem)),
    }
}
