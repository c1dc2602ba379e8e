//! A rule in the saved form (`iptables/iptables.c` `print_rule4`, `ip6tables.c` `print_rule6`).

use std::fmt::Write as _;

use rules::{Counters, Negatable, Rule, matches::ip::IpMatch};

use crate::{Names, address, iface, matches, protocol, quote::word, targets};

/// Where a rule's counters are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CounterPlace {
    /// Nowhere.
    None,
    /// `[p:b]` at the head of the line, as `iptables-save -c` does.
    Front,
    /// `-c p b` before the target, as `-S -v` does.
    Inside,
}

/// What stands behind `-A CHAIN` in a saved rule: `-s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j
/// ACCEPT`. Empty for a rule that matches everything and has no target.
pub fn rule_text(rule: &Rule, names: &Names) -> String {
    let mut out = String::new();
    save_body(&mut out, rule, names, CounterPlace::None);
    out.trim_start().to_owned()
}

/// A whole line: `-A CHAIN ...`.
pub(crate) fn save_line(
    out: &mut String,
    chain: &str,
    rule: &Rule,
    names: &Names,
    place: CounterPlace,
) {
    if place == CounterPlace::Front {
        let Counters { packets, bytes } = rule.counters;
        let _ = write!(out, "[{packets}:{bytes}] ");
    }
    out.push_str("-A ");
    out.push_str(&word(chain));
    save_body(out, rule, names, place);
    out.push('\n');
}

fn save_body(out: &mut String, rule: &Rule, names: &Names, place: CounterPlace) {
    save_ip(out, &rule.ip, names);
    for value in &rule.matches {
        matches::kind::save(out, value);
    }
    if place == CounterPlace::Inside {
        let Counters { packets, bytes } = rule.counters;
        let _ = write!(out, " -c {packets} {bytes}");
    }
    targets::kind::save(out, &rule.target);
}

fn save_ip(out: &mut String, ip: &IpMatch, names: &Names) {
    // What holds for every packet is printed only behind a `!`.
    let mut option = |letter: char, negated: bool, value: String| {
        let not = if negated { " !" } else { "" };
        let _ = write!(out, "{not} -{letter} {value}");
    };
    for (letter, value) in [('s', ip.source), ('d', ip.destination)] {
        if let Some(Negatable { negated, value }) = value
            && (negated || !value.mask.is_unspecified())
        {
            option(letter, negated, address::saved(value));
        }
    }
    for (letter, value) in [('i', &ip.in_iface), ('o', &ip.out_iface)] {
        if let Some(Negatable { negated, value }) = value
            && (*negated || !iface::is_any(value))
        {
            option(letter, *negated, word(&iface::text(value)).into_owned());
        }
    }
    if let Some(Negatable { negated, value }) = ip.protocol
        && (negated || value != 0)
    {
        option('p', negated, protocol::text(names, value, false));
    }
    if let Some(Negatable { negated, value: () }) = ip.fragment {
        out.push_str(if negated { " ! -f" } else { " -f" });
    }
}
