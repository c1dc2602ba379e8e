//! The layout of `-L`, and of the line that `-v` prints for a rule that is added or deleted
//! (`iptables/iptables.c` `print_firewall`, `iptables/xshared.c` `print_header`).

use std::fmt::Write as _;

use rules::{Chain, Counters, Family, Negatable, Policy, Rule, Target, matches::ip::IfaceMatch};

use crate::{Names, address, iface, matches, protocol, targets};

/// How `-L` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// `-v`: counters and interfaces too.
    pub is_verbose: bool,
    /// `-n`: numbers for addresses, ports and types.
    pub is_numeric: bool,
    /// `-x`: counters in full.
    pub is_exact: bool,
    /// `--line-numbers`.
    pub has_line_numbers: bool,
}

/// The words for a policy.
pub(crate) const fn policy_name(policy: Policy) -> &'static str {
    match policy {
        Policy::Accept => "ACCEPT",
        Policy::Drop => "DROP",
    }
}

/// `Chain X (...)` and the line of column heads.
pub(crate) fn header(out: &mut String, chain: &Chain, references: usize, layout: Layout) {
    let _ = write!(out, "Chain {}", chain.name);
    match chain.policy {
        Some(policy) => {
            let _ = write!(out, " (policy {}", policy_name(policy.verdict));
            if layout.is_verbose {
                let Counters { packets, bytes } = policy.counters;
                let (packets, bytes) = (count(packets, layout), count(bytes, layout));
                let (packets, bytes) = (packets.trim_start(), bytes.trim_start());
                let _ = write!(out, " {packets}packets, {bytes}bytes");
            }
            out.push_str(")\n");
        }
        None => {
            let _ = writeln!(out, " ({references} references)");
        }
    }
    if layout.has_line_numbers {
        out.push_str("num  ");
    }
    if layout.is_verbose {
        out.push_str(if layout.is_exact {
            "    pkts      bytes "
        } else {
            " pkts bytes "
        });
    }
    out.push_str("target     prot opt");
    if layout.is_verbose {
        out.push_str(" in     out    ");
    }
    out.push_str(" source               destination         \n");
}

/// A counter with its column's width and a space: five figures and a unit, or eight figures.
fn count(value: u64, layout: Layout) -> String {
    if layout.is_exact {
        return format!("{value:>8} ");
    }
    if value <= 99_999 {
        return format!("{value:>5} ");
    }
    let mut rounded = value;
    for unit in ['K', 'M', 'G'] {
        rounded = rounded.saturating_add(500) / 1000;
        if rounded <= 9_999 {
            return format!("{rounded:>4}{unit} ");
        }
    }
    format!("{:>4}T ", (rounded + 500) / 1000)
}

/// One rule's line.
pub(crate) fn rule(
    out: &mut String,
    family: Family,
    number: usize,
    rule: &Rule,
    names: &Names,
    layout: Layout,
) {
    if layout.has_line_numbers {
        let _ = write!(out, "{number:<4} ");
    }
    if layout.is_verbose {
        out.push_str(&count(rule.counters.packets, layout));
        out.push_str(&count(rule.counters.bytes, layout));
    }
    let _ = write!(out, "{:<9} ", rule.target.name());
    let (not, protocol) = protocol_cell(rule, names, layout.is_numeric);
    let _ = write!(out, "{not}{protocol:<4} {} ", fragment_cell(family, rule));
    if layout.is_verbose {
        let wildcard = if layout.is_numeric { "*" } else { "any" };
        let inward = iface_cell(rule.ip.in_iface.as_ref(), wildcard);
        let outward = iface_cell(rule.ip.out_iface.as_ref(), wildcard);
        let _ = write!(out, " {inward:<6} {outward:<6} ");
    }
    for value in [rule.ip.source, rule.ip.destination] {
        let not = if is_negated(value) { '!' } else { ' ' };
        let value = value.map(|given| given.value);
        let cell = address::listed(family, value, layout.is_numeric);
        let _ = write!(out, "{not}{cell:<19} ");
    }
    details(out, rule, names, layout.is_numeric);
    out.push('\n');
}

/// The line that `-A -v` and its like print: the same cells with words between them.
pub(crate) fn rule_line(out: &mut String, family: Family, rule: &Rule, names: &Names) {
    let (not, protocol) = protocol_cell(rule, names, true);
    let (target, fragment) = (rule.target.name(), fragment_cell(family, rule));
    let _ = write!(out, "{target} {not}{protocol} opt {fragment} ");
    let inward = iface_cell(rule.ip.in_iface.as_ref(), "*");
    let outward = iface_cell(rule.ip.out_iface.as_ref(), "*");
    let _ = write!(out, "in {inward} out {outward} ");
    for (value, arrow) in [(rule.ip.source, ""), (rule.ip.destination, "-> ")] {
        let not = if is_negated(value) { '!' } else { ' ' };
        let cell = address::listed(family, value.map(|given| given.value), true);
        let space = if arrow.is_empty() { " " } else { "" };
        let _ = write!(out, "{not}{arrow}{cell}{space}");
    }
    out.push_str("  ");
    details(out, rule, names, true);
    out.push('\n');
}

fn details(out: &mut String, rule: &Rule, names: &Names, is_numeric: bool) {
    if matches!(rule.target, Target::Goto(_)) {
        out.push_str("[goto] ");
    }
    for value in &rule.matches {
        matches::kind::list(out, value, names, is_numeric);
    }
    targets::kind::list(out, &rule.target, is_numeric);
}

const fn is_negated<T: Copy>(value: Option<Negatable<T>>) -> bool {
    match value {
        Some(value) => value.negated,
        None => false,
    }
}

fn protocol_cell(rule: &Rule, names: &Names, is_numeric: bool) -> (char, String) {
    let not = if is_negated(rule.ip.protocol) {
        '!'
    } else {
        ' '
    };
    let number = rule.ip.protocol.map_or(0, |given| given.value);
    (not, protocol::text(names, number, is_numeric))
}

fn fragment_cell(family: Family, rule: &Rule) -> &'static str {
    match (family, rule.ip.fragment) {
        (Family::Ipv6, _) | (_, None) => "--",
        (Family::Ipv4, Some(given)) if given.negated => "!f",
        (Family::Ipv4, Some(_)) => "-f",
    }
}

fn iface_cell(value: Option<&Negatable<IfaceMatch>>, wildcard: &str) -> String {
    match value {
        None => wildcard.to_owned(),
        Some(given) => {
            let not = if given.negated { "!" } else { "" };
            format!("{not}{}", iface::text(&given.value))
        }
    }
}
