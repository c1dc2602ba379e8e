//! The areas: what a case is about.

use super::{dice::Dice, packets, pool::Pool, rules};
use crate::{case::Case, packet::Packet};

/// A part of netfilter's behaviour that is judged apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, clap::ValueEnum)]
pub enum Area {
    /// The filter table, IPv4.
    Filter4,
    /// The filter table, IPv6.
    Filter6,
    /// User-defined chains: jumps, gotos, RETURN at depth.
    Chains,
    /// Rules that count and go on, chain after chain.
    Counters,
    /// Lines of LOG.
    Log,
    /// No rules: routing, ICMP errors, fragments.
    Forward,
}

impl Area {
    /// All areas.
    pub const ALL: [Area; 6] = [
        Area::Filter4,
        Area::Filter6,
        Area::Chains,
        Area::Counters,
        Area::Log,
        Area::Forward,
    ];

    /// The name as `--area` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Area::Filter4 => "filter4",
            Area::Filter6 => "filter6",
            Area::Chains => "chains",
            Area::Counters => "counters",
            Area::Log => "log",
            Area::Forward => "forward",
        }
    }
}

const NO_RULES: &str =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";

/// A case with generated rules of both families around packets from elsewhere.
pub fn case_around(seed: u64, name: &str, number: u64, packets: Vec<Packet>) -> Case {
    let mut dice = Dice::new(seed ^ 0xff << 56, number);
    let pool = Pool::new(&mut dice);
    let mut rules = |v6| {
        let style = rules::Style {
            v6,
            log: false,
            chains: false,
            counts: false,
        };
        rules::filter(&mut dice, &pool, &style)
    };
    let (rules, rules6) = (rules(false), rules(true));
    Case {
        name: format!("{name}-{number}"),
        rules,
        rules6,
        packets,
        kernel: None,
    }
}

/// Case number `number` of `area` under `seed`.
pub fn case(seed: u64, area: Area, number: u64) -> Case {
    let mut dice = Dice::new(seed ^ (area as u64) << 56, number);
    let dice = &mut dice;
    let pool = Pool::new(dice);
    let v6 = match area {
        Area::Filter4 => false,
        Area::Filter6 => true,
        Area::Chains | Area::Counters | Area::Log | Area::Forward => dice.chance(40),
    };
    let style = rules::Style {
        v6,
        log: area == Area::Log,
        chains: matches!(area, Area::Chains | Area::Counters),
        counts: area == Area::Counters,
    };
    let rules = match area {
        Area::Forward => NO_RULES.to_owned(),
        _ => rules::filter(dice, &pool, &style),
    };
    let none = NO_RULES.to_owned();
    let (rules, rules6) = if v6 { (none, rules) } else { (rules, none) };
    Case {
        name: format!("{}-{seed}-{number}", area.as_str()),
        rules,
        rules6,
        packets: packets::script(dice, &pool, v6),
        kernel: None,
    }
}
