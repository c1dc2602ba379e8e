//! The generators keep what they promise.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{packet, ruleset, sample};
use crate::{
    Counters, Effects, Family, Resolved, TableName,
    reference::{self, Fit},
    support::{self, Support},
    targets::log::Log,
    validate,
    verdict::{CounterId, Decider},
};

proptest! {
    #[test]
    fn every_ruleset_is_valid_and_numbered(ruleset in ruleset()) {
        let resolved = validate(&ruleset).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let handles: BTreeSet<_> = resolved.counters().iter().map(|c| c.handle).collect();
        prop_assert_eq!(handles.len(), resolved.counters().len());
    }

    #[test]
    fn packets_are_of_one_family(packet in packet()) {
        let facts = packet.facts();
        let version = match facts.family { Family::Ipv4 => 4, Family::Ipv6 => 6 };
        prop_assert_eq!(facts.packet[0] >> 4, version);
        prop_assert_eq!(facts.src.is_ipv4(), facts.family == Family::Ipv4);
        prop_assert_eq!(facts.length as usize, facts.packet.len());
    }
}

#[test]
fn a_seed_gives_the_same_value() {
    assert_eq!(sample(&ruleset(), 7), sample(&ruleset(), 7));
    assert_ne!(sample(&ruleset(), 7), sample(&ruleset(), 8));
}

/// Names whose rules were tried, and whose outcome was seen each way.
#[derive(Default)]
struct Exercised {
    fitted: BTreeSet<String>,
    did_not_fit: BTreeSet<String>,
    hot_dropped: BTreeSet<String>,
}

impl Effects for Exercised {
    fn count(&mut self, _id: CounterId, _bytes: u32) {}

    fn log(&mut self, _log: &Log, _by: CounterId) {}
}

impl Exercised {
    fn note(&mut self, fit: Fit, name: &str) {
        let names = match fit {
            Fit::Yes => &mut self.fitted,
            Fit::No => &mut self.did_not_fit,
            Fit::HotDrop => &mut self.hot_dropped,
        };
        names.insert(name.to_owned());
    }

    /// Tries every rule of the packet's family on the packet.
    fn try_all(&mut self, resolved: &Resolved, packet: &super::Packet) {
        let facts = packet.facts();
        for table in resolved.tables() {
            if table.family != facts.family {
                continue;
            }
            for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
                let fit = reference::fits(rule, &facts);
                rule.matches.iter().for_each(|m| self.note(fit, m.name()));
                self.note(fit, rule.target.name());
            }
        }
    }
}

#[test]
fn every_evaluated_name_is_exercised() {
    let mut exercised = Exercised::default();
    for seed in 0..150 {
        let resolved = validate(&sample(&ruleset(), seed)).expect("generated rulesets are valid");
        for packet_seed in 0..40 {
            exercised.try_all(&resolved, &sample(&packet(), seed * 1000 + packet_seed));
        }
    }
    let evaluated = |entries: &'static [support::Entry]| {
        entries
            .iter()
            .filter(|entry| entry.support == Support::Evaluated)
            .map(|entry| entry.name)
    };
    for name in evaluated(support::MATCHES) {
        assert!(exercised.fitted.contains(name), "{name} never fits");
        assert!(exercised.did_not_fit.contains(name), "{name} always fits");
        assert!(exercised.hot_dropped.contains(name), "{name} never drops");
    }
    for name in evaluated(support::TARGETS) {
        assert!(exercised.fitted.contains(name), "{name} is never reached");
    }
}

#[test]
fn every_way_to_decide_is_exercised() {
    let mut by = (0, 0, 0);
    let mut counted = Counters::default();
    struct Sum<'a>(&'a mut Counters);
    impl Effects for Sum<'_> {
        fn count(&mut self, _id: CounterId, bytes: u32) {
            self.0.packets += 1;
            self.0.bytes += u64::from(bytes);
        }
        fn log(&mut self, _log: &Log, _by: CounterId) {}
    }
    for seed in 0..100 {
        let resolved = validate(&sample(&ruleset(), seed)).expect("generated rulesets are valid");
        let packet = sample(&packet(), seed);
        for table in TableName::ALL {
            let facts = packet.facts();
            let mut sum = Sum(&mut counted);
            match reference::evaluate(&resolved, table, packet.hook, &facts, &mut sum) {
                Some(decision) => match decision.by {
                    Decider::Rule(_) => by.0 += 1,
                    Decider::Policy(_) => by.1 += 1,
                    Decider::HotDrop(_) => by.2 += 1,
                },
                None => assert!(!table.hooks().contains(&packet.hook)),
            }
        }
    }
    assert!(by.0 > 0 && by.1 > 0 && by.2 > 0, "{by:?}");
    assert!(counted.packets > 0 && counted.bytes > counted.packets);
}
