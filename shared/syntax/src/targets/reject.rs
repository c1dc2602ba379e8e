//! `-j REJECT` (`extensions/libipt_REJECT.c`, `libip6t_REJECT.c`): `--reject-with`.

use std::fmt::Write as _;

use rules::{Family, Target, targets::reject::RejectWith};

use crate::{
    SyntaxError,
    extension::{Entry, OptionUse},
    getopt::Value,
};

/// The options.
pub(crate) const OPTIONS: &[Entry] = &[Entry::new("reject-with", Value::Required, 0)];

/// A type's other name and what it does.
type Row = (RejectWith, &'static str, &'static str);

/// IPv4's types, in the order in which names cut short are looked up.
const IPV4: [Row; 8] = [
    (
        RejectWith::IcmpNetUnreachable,
        "net-unreach",
        "ICMP network unreachable",
    ),
    (
        RejectWith::IcmpHostUnreachable,
        "host-unreach",
        "ICMP host unreachable",
    ),
    (
        RejectWith::IcmpProtoUnreachable,
        "proto-unreach",
        "ICMP protocol unreachable",
    ),
    (
        RejectWith::IcmpPortUnreachable,
        "port-unreach",
        "ICMP port unreachable (default)",
    ),
    (
        RejectWith::IcmpNetProhibited,
        "net-prohib",
        "ICMP network prohibited",
    ),
    (
        RejectWith::IcmpHostProhibited,
        "host-prohib",
        "ICMP host prohibited",
    ),
    (RejectWith::TcpReset, "tcp-rst", "TCP RST packet"),
    (
        RejectWith::IcmpAdminProhibited,
        "admin-prohib",
        "ICMP administratively prohibited (*)",
    ),
];

/// IPv6's types, likewise.
const IPV6: [Row; 7] = [
    (RejectWith::Icmp6NoRoute, "no-route", "ICMPv6 no route"),
    (
        RejectWith::Icmp6AdmProhibited,
        "adm-prohibited",
        "ICMPv6 administratively prohibited",
    ),
    (
        RejectWith::Icmp6AddrUnreachable,
        "addr-unreach",
        "ICMPv6 address unreachable",
    ),
    (
        RejectWith::Icmp6PortUnreachable,
        "port-unreach",
        "ICMPv6 port unreachable",
    ),
    (RejectWith::TcpReset, "tcp-reset", "TCP RST packet"),
    (
        RejectWith::Icmp6PolicyFail,
        "policy-fail",
        "ICMPv6 policy fail",
    ),
    (
        RejectWith::Icmp6RejectRoute,
        "reject-route",
        "ICMPv6 reject route",
    ),
];

const fn rows(family: Family) -> &'static [Row] {
    match family {
        Family::Ipv4 => &IPV4,
        Family::Ipv6 => &IPV6,
    }
}

/// What `-h` prints.
pub(crate) fn help(family: Family) -> String {
    let mut text = String::from(
        "REJECT target options:\n\
         --reject-with type              drop input packet and send back\n\
         \x20                               a reply packet according to type:\n\
         Valid reject types:\n",
    );
    for &(with, alias, says) in rows(family) {
        let name = with.as_str();
        let _ = write!(text, "    {name:<25}\t{says}\n    {alias:<25}\talias\n");
    }
    text.push('\n');
    if family == Family::Ipv4 {
        text.push_str(
            "(*) See man page or read the INCOMPATIBILITES file for compatibility issues.\n",
        );
    }
    text
}

/// The option read so far.
pub(crate) struct Parser {
    family: Family,
    with: Option<RejectWith>,
}

impl Parser {
    /// A parser that has read nothing.
    pub(crate) const fn new(family: Family) -> Self {
        Self { family, with: None }
    }

    /// Takes one option: the first type with a name or other name that starts as the value does.
    pub(crate) fn option(&mut self, given: &mut OptionUse<'_, '_>) -> Result<(), SyntaxError> {
        given.refuse_twice("REJECT", self.with.is_some())?;
        given.refuse_negation("REJECT")?;
        let fits = |name: &str| {
            name.get(..given.value.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(given.value))
        };
        let found = rows(self.family)
            .iter()
            .find(|(with, alias, _)| fits(with.as_str()) || fits(alias));
        let &(with, ..) =
            found.ok_or_else(|| SyntaxError::UnknownRejectType(given.value.to_owned()))?;
        self.with = Some(with);
        Ok(())
    }

    /// The target.
    pub(crate) fn finish(self) -> Target {
        let default = RejectWith::default_for(self.family);
        Target::Reject(self.with.unwrap_or(default))
    }
}

/// The saved form.
pub(crate) fn save(out: &mut String, with: RejectWith) {
    out.push_str(" --reject-with ");
    out.push_str(with.as_str());
}

/// The form of `-L`.
pub(crate) fn list(out: &mut String, with: RejectWith) {
    out.push_str(" reject-with ");
    out.push_str(with.as_str());
}
