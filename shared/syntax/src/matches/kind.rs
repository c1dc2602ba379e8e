//! The matches that there are: found by name, parsed option by option, printed in both forms.

use rules::{Family, matches::Match};

use super::{icmp, icmp6, tcp, udp};
use crate::{
    Names, SyntaxError,
    extension::{Entry, OptionUse},
};

/// Matches of iptables 1.8.9 that Weir does not have, of both families.
const MISSING: &[&str] = &[
    "addrtype",
    "ah",
    "bpf",
    "cgroup",
    "cluster",
    "comment",
    "connbytes",
    "connlabel",
    "connlimit",
    "connmark",
    "conntrack",
    "cpu",
    "dccp",
    "devgroup",
    "dscp",
    "dst",
    "ecn",
    "esp",
    "eui64",
    "frag",
    "hashlimit",
    "hbh",
    "helper",
    "hl",
    "ipcomp",
    "iprange",
    "ipv6header",
    "ipvs",
    "length",
    "limit",
    "mac",
    "mark",
    "mh",
    "multiport",
    "nfacct",
    "osf",
    "owner",
    "physdev",
    "pkttype",
    "policy",
    "quota",
    "rateest",
    "realm",
    "recent",
    "rpfilter",
    "rt",
    "sctp",
    "set",
    "socket",
    "srh",
    "standard",
    "state",
    "statistic",
    "string",
    "tcpmss",
    "time",
    "tos",
    "ttl",
    "u32",
    "udplite",
    "unclean",
];

/// Why there is no match called `name`.
pub(crate) fn missing_reason(name: &str) -> &'static str {
    match MISSING.contains(&name) {
        true => "not supported by Weir",
        false => "No such file or directory",
    }
}

/// A match that `-m` loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchKind {
    /// `-m tcp`
    Tcp,
    /// `-m udp`
    Udp,
    /// `-m icmp`
    Icmp,
    /// `-m icmp6`
    Icmp6,
}

impl MatchKind {
    /// The match called `name` in `family`. `icmpv6` and `ipv6-icmp` are other names of `icmp6`.
    pub(crate) fn find(family: Family, name: &str) -> Option<Self> {
        match (family, name) {
            (_, "tcp") => Some(Self::Tcp),
            (_, "udp") => Some(Self::Udp),
            (Family::Ipv4, "icmp") => Some(Self::Icmp),
            (Family::Ipv6, "icmp6" | "icmpv6" | "ipv6-icmp") => Some(Self::Icmp6),
            _ => None,
        }
    }

    /// Its options.
    pub(crate) fn options(self) -> &'static [Entry] {
        match self {
            Self::Tcp => tcp::OPTIONS,
            Self::Udp => udp::OPTIONS,
            Self::Icmp => icmp::OPTIONS,
            Self::Icmp6 => icmp6::OPTIONS,
        }
    }

    /// What `-h` prints of it.
    pub(crate) fn help(self) -> String {
        match self {
            Self::Tcp => tcp::HELP.to_owned(),
            Self::Udp => udp::HELP.to_owned(),
            Self::Icmp => icmp::help(),
            Self::Icmp6 => icmp6::help(),
        }
    }

    /// A parser that has read nothing.
    pub(crate) fn parser(self) -> MatchParser {
        match self {
            Self::Tcp => MatchParser::Tcp(tcp::Parser::default()),
            Self::Udp => MatchParser::Udp(udp::Parser::default()),
            Self::Icmp => MatchParser::Icmp(icmp::Parser::default()),
            Self::Icmp6 => MatchParser::Icmp6(icmp6::Parser::default()),
        }
    }
}

/// A match that is being read.
pub(crate) enum MatchParser {
    /// `-m tcp`
    Tcp(tcp::Parser),
    /// `-m udp`
    Udp(udp::Parser),
    /// `-m icmp`
    Icmp(icmp::Parser),
    /// `-m icmp6`
    Icmp6(icmp6::Parser),
}

impl MatchParser {
    /// Takes one option.
    pub(crate) fn option(&mut self, given: &mut OptionUse<'_, '_>) -> Result<(), SyntaxError> {
        match self {
            Self::Tcp(parser) => parser.option(given),
            Self::Udp(parser) => parser.option(given),
            Self::Icmp(parser) => parser.option(given),
            Self::Icmp6(parser) => parser.option(given),
        }
    }

    /// The match, all options read.
    pub(crate) fn finish(self) -> Result<Match, SyntaxError> {
        match self {
            Self::Tcp(parser) => Ok(parser.finish()),
            Self::Udp(parser) => Ok(parser.finish()),
            Self::Icmp(parser) => parser.finish(),
            Self::Icmp6(parser) => parser.finish(),
        }
    }
}

/// ` -m NAME --option ...`
pub(crate) fn save(out: &mut String, value: &Match) {
    out.push_str(" -m ");
    out.push_str(value.name());
    match value {
        Match::Tcp(tcp) => tcp::save(out, tcp),
        Match::Udp(udp) => udp::save(out, udp),
        Match::Icmp(icmp) => icmp::save(out, icmp),
        Match::Icmp6(icmp) => icmp6::save(out, icmp),
    }
}

/// What `-L` says of it; names of services and types unless `is_numeric`.
pub(crate) fn list(out: &mut String, value: &Match, names: &Names, is_numeric: bool) {
    let names = (!is_numeric).then_some(names);
    match value {
        Match::Tcp(tcp) => tcp::list(out, tcp, names),
        Match::Udp(udp) => udp::list(out, udp, names),
        Match::Icmp(icmp) => icmp::list(out, icmp, is_numeric),
        Match::Icmp6(icmp) => icmp6::list(out, icmp, is_numeric),
    }
}
