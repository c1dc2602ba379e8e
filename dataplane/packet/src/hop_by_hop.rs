//! The hop-by-hop options, which the kernel reads before PREROUTING (`ipv6_parse_hopopts` and
//! `ip6_parse_tlv`, `net/ipv6/exthdrs.c`), with its defaults: at most 8 options, no IOAM, no
//! CALIPSO domain.

use std::net::Ipv6Addr;

use wire::icmpv6::parameter_problem::{HEADER_FIELD, OPTION};
use wire::ipv6_ext::{
    CALIPSO, ExtensionHeader, IOAM, Ipv6Option, Ipv6Options, JUMBO, PAD1, PADN, ROUTER_ALERT,
};
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

/// Checks the options header at the front of `payload`, what follows the fixed `header`.
pub(crate) fn check(header: &Ipv6Header, payload: &[u8]) -> Result<(), DropReason> {
    walk(header, payload).map_err(|fault| match fault {
        Fault::Drop(reason) | Fault::Answer(reason, _) => reason,
    })
}

/// What to answer to a packet that [`crate::parse()`] refused with
/// [`DropReason::Ipv6OptionUnknown`] or [`DropReason::Ipv6HopByHop`]: most get no answer, and of
/// what is sent to a group only an unknown option does (RFC 4443 2.4 e.3). `packet` starts with
/// the IPv6 header. Whether its source may get an answer at all is the caller's to see.
pub fn option_problem(packet: &[u8]) -> Option<OptionProblem> {
    let (header, payload) = Ipv6Header::split(packet).ok()?;
    let dst = header.destination();
    match walk(header, payload) {
        Err(Fault::Answer(_, problem)) => {
            (!dst.is_multicast() || problem.code == OPTION).then_some(problem)
        }
        Err(Fault::Drop(_)) | Ok(()) => None,
    }
}

fn walk(header: &Ipv6Header, payload: &[u8]) -> Result<(), Fault> {
    const MALFORMED: Fault = Fault::Drop(DropReason::Ipv6HopByHop);
    let (extension, _) = ExtensionHeader::split(payload).map_err(|_| MALFORMED)?;
    let options = payload
        .get(ExtensionHeader::LEN..extension.options_length())
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
                one(&option, header)?;
            }
        }
        if padding > PADDING_MAX_BYTES {
            return Err(MALFORMED);
        }
    }
    Ok(())
}

/// One option that is no padding. Each arm is the function of the same name in `exthdrs.c`.
fn one(option: &Ipv6Option<'_>, header: &Ipv6Header) -> Result<(), Fault> {
    const MALFORMED: Fault = Fault::Drop(DropReason::Ipv6HopByHop);
    // From the start of the IPv6 header.
    let at = Ipv6Header::LEN + ExtensionHeader::LEN + option.at;
    match option.kind {
        ROUTER_ALERT if option.value.len() == 2 => Ok(()),
        // Aligned, it is left alone where IOAM is not switched on.
        IOAM if at.is_multiple_of(4) => Ok(()),
        JUMBO => jumbo(option, at, header.payload_length()),
        // No CALIPSO domain is configured, so no label is valid.
        ROUTER_ALERT | IOAM | CALIPSO => Err(MALFORMED),
        kind => unknown(kind, header.destination(), at),
    }
}

/// `ipv6_hop_jumbo`. No frame here is long enough for a jumbogram to be whole.
fn jumbo(option: &Ipv6Option<'_>, at: usize, payload_length: u16) -> Result<(), Fault> {
    let problem = |pointer: usize| {
        let problem = OptionProblem {
            code: HEADER_FIELD,
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
                Err(Fault::Drop(DropReason::Ipv6HopByHop))
            }
        }
        _ => Err(Fault::Drop(DropReason::Ipv6HopByHop)),
    }
}

/// `ip6_tlvopt_unknown`: the two high bits of the type say what to do.
fn unknown(kind: u8, dst: Ipv6Addr, at: usize) -> Result<(), Fault> {
    let reason = DropReason::Ipv6OptionUnknown;
    let problem = OptionProblem {
        code: OPTION,
        pointer: at as u32,
    };
    match kind >> 6 {
        0 => Ok(()),
        1 => Err(Fault::Drop(reason)),
        3 if dst.is_multicast() => Err(Fault::Drop(reason)),
        _ => Err(Fault::Answer(reason, problem)),
    }
}
