//! `-m icmp`, IPv4 (`extensions/libipt_icmp.c`): `--icmp-type`.

use rules::{
    Negatable,
    matches::{
        Match,
        icmp::{IcmpMatch, IcmpType},
    },
};

use super::icmp_type::{Types, saved};
use crate::{
    SyntaxError,
    extension::{Entry, OptionUse},
    getopt::Value,
};

/// The options.
pub(crate) const OPTIONS: &[Entry] = &[Entry::new("icmp-type", Value::Required, 0)];

/// Type 255 with all codes is every ICMP packet.
const ANY: IcmpType = IcmpType {
    icmp_type: 255,
    code_first: 0,
    code_last: 255,
};

/// The types of IPv4's ICMP.
const TYPES: Types = Types {
    family: "ICMP",
    names: &[
        ("any", 255, 0, 255),
        ("echo-reply", 0, 0, 255),
        ("pong", 0, 0, 255),
        ("destination-unreachable", 3, 0, 255),
        ("network-unreachable", 3, 0, 0),
        ("host-unreachable", 3, 1, 1),
        ("protocol-unreachable", 3, 2, 2),
        ("port-unreachable", 3, 3, 3),
        ("fragmentation-needed", 3, 4, 4),
        ("source-route-failed", 3, 5, 5),
        ("network-unknown", 3, 6, 6),
        ("host-unknown", 3, 7, 7),
        ("network-prohibited", 3, 9, 9),
        ("host-prohibited", 3, 10, 10),
        ("TOS-network-unreachable", 3, 11, 11),
        ("TOS-host-unreachable", 3, 12, 12),
        ("communication-prohibited", 3, 13, 13),
        ("host-precedence-violation", 3, 14, 14),
        ("precedence-cutoff", 3, 15, 15),
        ("source-quench", 4, 0, 255),
        ("redirect", 5, 0, 255),
        ("network-redirect", 5, 0, 0),
        ("host-redirect", 5, 1, 1),
        ("TOS-network-redirect", 5, 2, 2),
        ("TOS-host-redirect", 5, 3, 3),
        ("echo-request", 8, 0, 255),
        ("ping", 8, 0, 255),
        ("router-advertisement", 9, 0, 255),
        ("router-solicitation", 10, 0, 255),
        ("time-exceeded", 11, 0, 255),
        ("ttl-exceeded", 11, 0, 255),
        ("ttl-zero-during-transit", 11, 0, 0),
        ("ttl-zero-during-reassembly", 11, 1, 1),
        ("parameter-problem", 12, 0, 255),
        ("ip-header-bad", 12, 0, 0),
        ("required-option-missing", 12, 1, 1),
        ("timestamp-request", 13, 0, 255),
        ("timestamp-reply", 14, 0, 255),
        ("address-mask-request", 17, 0, 255),
        ("address-mask-reply", 18, 0, 255),
    ],
};

/// What `-h` prints.
pub(crate) fn help() -> String {
    let options = "icmp match options:\n\
                   [!] --icmp-type typename\tmatch icmp type\n\
                   [!] --icmp-type type[/code]\t(or numeric type or type/code)\n";
    format!("{options}{}", TYPES.help())
}

/// The option read so far.
#[derive(Default)]
pub(crate) struct Parser {
    icmp_type: Option<Negatable<IcmpType>>,
}

impl Parser {
    /// Takes one option.
    pub(crate) fn option(&mut self, given: &mut OptionUse<'_, '_>) -> Result<(), SyntaxError> {
        given.refuse_twice("icmp", self.icmp_type.is_some())?;
        self.icmp_type = Some(Negatable {
            negated: given.negated,
            value: TYPES.parse(given.value)?,
        });
        Ok(())
    }

    /// The match, which cannot do without its option.
    pub(crate) fn finish(self) -> Result<Match, SyntaxError> {
        let icmp_type = self.icmp_type.ok_or(SyntaxError::MustBeSpecified {
            extension: "icmp",
            option: "icmp-type",
        })?;
        Ok(Match::Icmp(IcmpMatch { icmp_type }))
    }
}

/// The saved form.
pub(crate) fn save(out: &mut String, icmp: &IcmpMatch) {
    let Negatable { negated, value } = icmp.icmp_type;
    out.push_str(if negated { " !" } else { "" });
    out.push_str(" --icmp-type ");
    if value == ANY {
        out.push_str("any");
    } else {
        out.push_str(&saved(value));
    }
}

/// The form of `-L`.
pub(crate) fn list(out: &mut String, icmp: &IcmpMatch, is_numeric: bool) {
    out.push_str(" icmp");
    TYPES.list(out, icmp.icmp_type, is_numeric);
}
