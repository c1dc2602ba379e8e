//! `-m icmp6`, IPv6 (`extensions/libip6t_icmp6.c`): `--icmpv6-type`.

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
pub(crate) const OPTIONS: &[Entry] = &[Entry::new("icmpv6-type", Value::Required, 0)];

/// The types of ICMPv6.
const TYPES: Types = Types {
    family: "ICMPv6",
    names: &[
        ("destination-unreachable", 1, 0, 255),
        ("no-route", 1, 0, 0),
        ("communication-prohibited", 1, 1, 1),
        ("beyond-scope", 1, 2, 2),
        ("address-unreachable", 1, 3, 3),
        ("port-unreachable", 1, 4, 4),
        ("failed-policy", 1, 5, 5),
        ("reject-route", 1, 6, 6),
        ("packet-too-big", 2, 0, 255),
        ("time-exceeded", 3, 0, 255),
        ("ttl-exceeded", 3, 0, 255),
        ("ttl-zero-during-transit", 3, 0, 0),
        ("ttl-zero-during-reassembly", 3, 1, 1),
        ("parameter-problem", 4, 0, 255),
        ("bad-header", 4, 0, 0),
        ("unknown-header-type", 4, 1, 1),
        ("unknown-option", 4, 2, 2),
        ("echo-request", 128, 0, 255),
        ("ping", 128, 0, 255),
        ("echo-reply", 129, 0, 255),
        ("pong", 129, 0, 255),
        ("router-solicitation", 133, 0, 255),
        ("router-advertisement", 134, 0, 255),
        ("neighbour-solicitation", 135, 0, 255),
        ("neighbor-solicitation", 135, 0, 255),
        ("neighbour-advertisement", 136, 0, 255),
        ("neighbor-advertisement", 136, 0, 255),
        ("redirect", 137, 0, 255),
    ],
};

/// What `-h` prints.
pub(crate) fn help() -> String {
    let options = "icmpv6 match options:\n\
                   [!] --icmpv6-type typename\tmatch icmpv6 type\n\
                   \t\t\t\t(or numeric type or type/code)\n";
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
        given.refuse_twice("icmp6", self.icmp_type.is_some())?;
        self.icmp_type = Some(Negatable {
            negated: given.negated,
            value: TYPES.parse(given.value)?,
        });
        Ok(())
    }

    /// The match, which cannot do without its option.
    pub(crate) fn finish(self) -> Result<Match, SyntaxError> {
        let icmp_type = self.icmp_type.ok_or(SyntaxError::MustBeSpecified {
            extension: "icmp6",
            option: "icmpv6-type",
        })?;
        Ok(Match::Icmp6(IcmpMatch { icmp_type }))
    }
}

/// The saved form.
pub(crate) fn save(out: &mut String, icmp: &IcmpMatch) {
    let Negatable { negated, value } = icmp.icmp_type;
    out.push_str(if negated { " !" } else { "" });
    out.push_str(" --icmpv6-type ");
    out.push_str(&saved(value));
}

/// The form of `-L`.
pub(crate) fn list(out: &mut String, icmp: &IcmpMatch, is_numeric: bool) {
    out.push_str(" ipv6-icmp");
    TYPES.list(out, icmp.icmp_type, is_numeric);
}
