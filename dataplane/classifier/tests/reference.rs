//! The classifier against its specification: same verdict, same decider, same counters and log
//! lines in the same order; and the packets' facts against the data plane's parser.

use proptest::prelude::*;
use rules::{
    CounterId, Decision, Effects, Facts, Family, Hook, Resolved, Ruleset, TableName,
    arbitrary::{Packet, packet, ruleset, sample},
    reference,
    targets::log::Log,
    validate,
};

use classifier::Classifier;

/// Everything a walk does, in order.
#[derive(Debug, Default, PartialEq)]
struct Events(Vec<(CounterId, Result<u32, Log>)>);

impl Effects for Events {
    fn count(&mut self, id: CounterId, bytes: u32) {
        self.0.push((id, Ok(bytes)));
    }

    fn log(&mut self, log: &Log, by: CounterId) {
        self.0.push((by, Err(log.clone())));
    }
}

type Outcome = (Option<Decision>, Events);

fn by_reference(resolved: &Resolved, table: TableName, hook: Hook, facts: &Facts<'_>) -> Outcome {
    let mut events = Events::default();
    let decision = reference::evaluate(resolved, table, hook, facts, &mut events);
    (decision, events)
}

fn by_classifier(
    classifier: &Classifier,
    table: TableName,
    hook: Hook,
    facts: &Facts<'_>,
) -> Outcome {
    let mut events = Events::default();
    let decision = classifier.walk(table, hook, facts, &mut events);
    (decision, events)
}

fn assert_same(ruleset: &Ruleset, packets: &[Packet]) -> Result<(), TestCaseError> {
    let fail = |error: rules::ValidateError| TestCaseError::fail(error.to_string());
    let resolved = validate(ruleset).map_err(fail)?;
    let classifier = Classifier::new(ruleset).map_err(fail)?;
    prop_assert_eq!(classifier.counters(), resolved.counters());
    for packet in packets {
        for table in TableName::ALL {
            for hook in Hook::ALL {
                let expected = by_reference(&resolved, table, hook, &packet.facts());
                let actual = by_classifier(&classifier, table, hook, &packet.facts());
                prop_assert_eq!(actual, expected, "{:?} {:?} {:?}", table, hook, packet);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn walks_are_those_of_the_reference(
        ruleset in ruleset(),
        packets in prop::collection::vec(packet(), 1..8),
    ) {
        assert_same(&ruleset, &packets)?;
    }
}

/// Bytes that no one made with care: any protocol, any fragment, any transport header.
fn wild_facts() -> impl Strategy<Value = (Packet, Option<u8>, u16, Vec<u8>, String)> {
    (
        packet(),
        prop::option::weighted(0.9, any::<u8>()),
        prop_oneof![4 => Just(0_u16), 1 => 0..8192_u16],
        prop::collection::vec(any::<u8>(), 0..64),
        "[a-z0-9.]{0,20}",
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn walks_agree_on_wild_facts(
        ruleset in ruleset(),
        wild in prop::collection::vec(wild_facts(), 1..8),
    ) {
        let resolved = validate(&ruleset).expect("generated rulesets are valid");
        let classifier = Classifier::new(&ruleset).expect("generated rulesets are valid");
        for (packet, protocol, fragment_offset, l4, iface) in &wild {
            let facts = Facts {
                protocol: match packet.family {
                    Family::Ipv4 => Some(protocol.unwrap_or(6)),
                    Family::Ipv6 => *protocol,
                },
                fragment_offset: *fragment_offset,
                l4,
                in_iface: iface,
                ..packet.facts()
            };
            for table in TableName::ALL {
                let expected = by_reference(&resolved, table, packet.hook, &facts);
                let actual = by_classifier(&classifier, table, packet.hook, &facts);
                prop_assert_eq!(actual, expected);
            }
        }
    }

    #[test]
    fn the_parser_finds_the_facts(packet in packet()) {
        let expected = packet.facts();
        let ip = match packet::parse_ip(&packet.bytes) {
            Ok(ip) => ip,
            Err(reason) => return Err(TestCaseError::fail(format!("{reason:?} {packet:?}"))),
        };
        let protocol = ip.protocol_is_known().then_some(ip.protocol);
        prop_assert_eq!(ip.src, expected.src);
        prop_assert_eq!(ip.dst, expected.dst);
        prop_assert_eq!(protocol, expected.protocol);
        prop_assert_eq!(u32::from(ip.length()), expected.length);
        prop_assert_eq!(ip.packet(&packet.bytes), expected.packet);
        prop_assert_eq!(ip.l4(&packet.bytes), expected.l4);
        if protocol.is_some() {
            prop_assert_eq!(ip.fragment_offset, expected.fragment_offset);
            prop_assert_eq!(ip.more_fragments(), expected.more_fragments);
        }
    }
}

#[test]
fn deep_jumps_take_the_large_stack_and_return_right() {
    use rules::{Counters, Rule, RuleHandle, Target, matches::ip::IpMatch};
    let rule = |target| Rule {
        handle: RuleHandle::default(),
        counters: Counters::default(),
        ip: IpMatch::default(),
        matches: Vec::new(),
        target,
    };
    for depth in [15, 16, 17, 100, 1000] {
        let mut ruleset = Ruleset::new();
        for family in Family::ALL {
            let table = ruleset
                .table_mut(family, TableName::Filter)
                .expect("all tables");
            let name = |at: usize| format!("c{at:04}").parse().expect("a chain name");
            for at in 0..=depth {
                table.create_chain(name(at)).expect("a new chain");
            }
            for at in 0..depth {
                let jump = rule(Target::Jump(name(at + 1)));
                table.append(&name(at), jump).expect("append");
                table.append(&name(at), rule(Target::None)).expect("append");
            }
            for hook in TableName::Filter.hooks() {
                let chain = hook.chain_name().parse().expect("a chain name");
                table
                    .append(&chain, rule(Target::Jump(name(0))))
                    .expect("append");
            }
        }
        let packets: Vec<_> = (0..4).map(|seed| sample(&packet(), seed)).collect();
        assert_same(&ruleset, &packets).expect("the same walk");
    }
}

#[test]
fn has_rules_is_false_only_where_a_walk_would_count_an_accept_policy() {
    for seed in 0..60 {
        let ruleset = sample(&ruleset(), seed);
        let classifier = Classifier::new(&ruleset).expect("generated rulesets are valid");
        for family in Family::ALL {
            for name in TableName::ALL {
                let table = ruleset.table(family, name).expect("all tables");
                for hook in Hook::ALL {
                    let expected = table.builtin(hook).is_some_and(|chain| {
                        let policy = chain.policy.expect("built-in");
                        !chain.rules.is_empty() || policy.verdict == rules::Policy::Drop
                    });
                    assert_eq!(classifier.has_rules(family, name, hook), expected);
                }
            }
        }
    }
}
