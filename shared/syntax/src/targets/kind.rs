//! The targets that there are: found by name, parsed option by option, printed in both forms.

use rules::{Family, Target};

use super::{log, reject};
use crate::{
    SyntaxError,
    extension::{Entry, OptionUse},
    quote::word,
};

/// The names that iptables gives no chain, because its own targets have them, and the families
/// that have them.
const TARGET_NAMES: &[(&str, Option<Family>)] = &[
    ("", None),
    ("ACCEPT", None),
    ("AUDIT", None),
    ("CHECKSUM", None),
    ("CLASSIFY", None),
    ("CLUSTERIP", Some(Family::Ipv4)),
    ("CONNMARK", None),
    ("CONNSECMARK", None),
    ("CT", None),
    ("DNAT", None),
    ("DNPT", Some(Family::Ipv6)),
    ("DROP", None),
    ("DSCP", None),
    ("ECN", Some(Family::Ipv4)),
    ("HL", Some(Family::Ipv6)),
    ("HMARK", None),
    ("IDLETIMER", None),
    ("LED", None),
    ("LOG", None),
    ("MARK", None),
    ("MASQUERADE", None),
    ("NETMAP", None),
    ("NFLOG", None),
    ("NFQUEUE", None),
    ("NOTRACK", None),
    ("QUEUE", None),
    ("RATEEST", None),
    ("REDIRECT", None),
    ("REJECT", None),
    ("RETURN", None),
    ("SECMARK", None),
    ("SET", None),
    ("SNAT", None),
    ("SNPT", Some(Family::Ipv6)),
    ("SYNPROXY", None),
    ("TCPMSS", None),
    ("TCPOPTSTRIP", None),
    ("TEE", None),
    ("TOS", None),
    ("TPROXY", None),
    ("TRACE", None),
    ("TTL", Some(Family::Ipv4)),
    ("ULOG", Some(Family::Ipv4)),
    ("standard", None),
];

/// Whether iptables has a target called `name` in `family`.
pub(crate) fn is_target_name(family: Family, name: &str) -> bool {
    TARGET_NAMES
        .iter()
        .any(|&(known, only)| known == name && only.is_none_or(|only| only == family))
}

/// Why there is no target called `name`.
pub(crate) fn missing_reason(family: Family, name: &str) -> &'static str {
    match is_target_name(family, name) {
        true => "not supported by Weir",
        false => "No such file or directory",
    }
}

/// A target that `-j` loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// `-j ACCEPT`, `DROP`, `RETURN`: no options.
    Standard,
    /// `-j REJECT`
    Reject,
    /// `-j LOG`
    Log,
}

impl TargetKind {
    /// The target called `name`.
    pub(crate) fn find(name: &str) -> Option<Self> {
        match name {
            "ACCEPT" | "DROP" | "RETURN" => Some(Self::Standard),
            "REJECT" => Some(Self::Reject),
            "LOG" => Some(Self::Log),
            _ => None,
        }
    }

    /// Its options.
    pub(crate) fn options(self) -> &'static [Entry] {
        match self {
            Self::Standard => &[],
            Self::Reject => reject::OPTIONS,
            Self::Log => log::OPTIONS,
        }
    }

    /// What `-h` prints of it.
    pub(crate) fn help(self, family: Family) -> String {
        match self {
            Self::Standard => {
                "standard match options:\n(If target is DROP, ACCEPT, RETURN or nothing)\n"
                    .to_owned()
            }
            Self::Reject => reject::help(family),
            Self::Log => log::HELP.to_owned(),
        }
    }

    /// A parser that has read nothing; `name` is what `-j` was given.
    pub(crate) fn parser(self, family: Family, name: &str) -> TargetParser {
        match self {
            Self::Standard => TargetParser::Standard(match name {
                "ACCEPT" => Target::Accept,
                "DROP" => Target::Drop,
                _ => Target::Return,
            }),
            Self::Reject => TargetParser::Reject(reject::Parser::new(family)),
            Self::Log => TargetParser::Log(log::Parser::default()),
        }
    }
}

/// A target that is being read.
pub(crate) enum TargetParser {
    /// A target without options.
    Standard(Target),
    /// `-j REJECT`
    Reject(reject::Parser),
    /// `-j LOG`
    Log(log::Parser),
}

impl TargetParser {
    /// Takes one option.
    pub(crate) fn option(&mut self, given: &mut OptionUse<'_, '_>) -> Result<(), SyntaxError> {
        match self {
            Self::Standard(_) => Ok(()),
            Self::Reject(parser) => parser.option(given),
            Self::Log(parser) => parser.option(given),
        }
    }

    /// The target, all options read.
    pub(crate) fn finish(self) -> Target {
        match self {
            Self::Standard(target) => target,
            Self::Reject(parser) => parser.finish(),
            Self::Log(parser) => parser.finish(),
        }
    }
}

/// ` -j NAME --option ...`; nothing for a rule without a target.
pub(crate) fn save(out: &mut String, target: &Target) {
    let letter = match target {
        Target::None => return,
        Target::Goto(_) => " -g ",
        _ => " -j ",
    };
    out.push_str(letter);
    out.push_str(&word(target.name()));
    match target {
        Target::Reject(with) => reject::save(out, *with),
        Target::Log(log) => log::save(out, log),
        Target::None
        | Target::Accept
        | Target::Drop
        | Target::Return
        | Target::Jump(_)
        | Target::Goto(_) => {}
    }
}

/// What `-L` says of the target's options.
pub(crate) fn list(out: &mut String, target: &Target, is_numeric: bool) {
    match target {
        Target::Reject(with) => reject::list(out, *with),
        Target::Log(log) => log::list(out, log, is_numeric),
        Target::None
        | Target::Accept
        | Target::Drop
        | Target::Return
        | Target::Jump(_)
        | Target::Goto(_) => {}
    }
}
