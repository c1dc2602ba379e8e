//! Every command's success and every refusal; a refusal changes nothing.

use super::*;
use crate::{
    Family, Policy, TableName,
    testing::{filter, goto, jump, name, rule},
};

fn table(chains: &[(&str, Vec<Rule>)]) -> Table {
    let ruleset = filter(chains);
    let table = ruleset.table(Family::Ipv4, TableName::Filter);
    table.expect("all tables").clone()
}

fn targets(table: &Table, chain: &str) -> Vec<Target> {
    let chain = table.chain(&name(chain)).expect("the chain");
    chain.rules.iter().map(|rule| rule.target.clone()).collect()
}

/// Runs an edit that must fail, and checks that it changed nothing.
fn refused<T: std::fmt::Debug>(
    table: &mut Table,
    edit: impl FnOnce(&mut Table) -> Result<T, EditError>,
) -> EditError {
    let before = table.clone();
    let error = edit(table).expect_err("an edit that must fail");
    assert_eq!(*table, before);
    error
}

#[test]
fn rules_go_where_they_are_put() {
    let input = name("INPUT");
    let mut table = table(&[("INPUT", vec![rule(Target::Accept)])]);
    table.append(&input, rule(Target::Drop)).expect("append");
    table.insert(&input, 1, rule(Target::None)).expect("first");
    table.insert(&input, 4, rule(Target::Return)).expect("last");
    let all = [Target::None, Target::Accept, Target::Drop, Target::Return];
    assert_eq!(targets(&table, "INPUT"), all);
    let replaced = table.replace(&input, 2, rule(Target::Drop));
    assert_eq!(replaced.expect("replace").target, Target::Accept);
    let deleted = table.delete_number(&input, 1);
    assert_eq!(deleted.expect("delete").target, Target::None);
    let left = [Target::Drop, Target::Drop, Target::Return];
    assert_eq!(targets(&table, "INPUT"), left);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let input = name("INPUT");
    let mut table = table(&[("INPUT", vec![rule(Target::Accept)])]);
    let too_big = |number| EditError::NoSuchNumber {
        chain: name("INPUT"),
        number,
        rules: 1,
    };
    let new = || rule(Target::Drop);
    for number in [0, 3] {
        let error = refused(&mut table, |t| t.insert(&input, number, new()));
        assert_eq!(error, too_big(number));
    }
    for number in [0, 2] {
        let error = refused(&mut table, |t| t.replace(&input, number, new()));
        assert_eq!(error, too_big(number));
        let error = refused(&mut table, |t| t.delete_number(&input, number));
        assert_eq!(error, too_big(number));
        let error = refused(&mut table, |t| t.zero_rule(&input, number));
        assert_eq!(error, too_big(number));
    }
}

#[test]
fn a_rule_is_found_by_what_it_says() {
    let input = name("INPUT");
    let mut counted = rule(Target::Accept);
    counted.counters.packets = 9;
    let mut table = table(&[("INPUT", vec![rule(Target::Drop), counted.clone(), counted])]);
    let spec = rule(Target::Accept);
    assert_eq!(table.find_rule(&input, &spec), Ok(2), "the first of two");
    let deleted = table.delete_rule(&input, &spec).expect("delete");
    assert_eq!(
        (deleted.counters.packets, deleted.handle != RuleHandle(0)),
        (9, true)
    );
    assert_eq!(targets(&table, "INPUT"), [Target::Drop, Target::Accept]);
    let absent = rule(Target::Return);
    let error = refused(&mut table, |t| t.delete_rule(&input, &absent));
    assert_eq!(error, EditError::NoSuchRule(input));
}

#[test]
fn unknown_chains_are_refused() {
    let gone = name("gone");
    let missing = EditError::NoSuchChain(gone.clone());
    let mut table = table(&[]);
    let new = || rule(Target::Drop);
    let errors = [
        refused(&mut table, |t| t.append(&gone, new())),
        refused(&mut table, |t| t.insert(&gone, 1, new())),
        refused(&mut table, |t| t.replace(&gone, 1, new())),
        refused(&mut table, |t| t.delete_number(&gone, 1)),
        refused(&mut table, |t| t.delete_rule(&gone, &new())),
        refused(&mut table, |t| t.flush(Some(&gone))),
        refused(&mut table, |t| t.delete_chain(&gone)),
        refused(&mut table, |t| t.rename_chain(&gone, &name("new"))),
        refused(&mut table, |t| t.set_policy(&gone, Policy::Drop, None)),
        refused(&mut table, |t| t.zero(Some(&gone))),
        refused(&mut table, |t| t.zero_rule(&gone, 1)),
    ];
    assert!(errors.iter().all(|error| *error == missing));
}

#[test]
fn jumps_lead_to_user_defined_chains() {
    let input = name("INPUT");
    let mut table = table(&[("here", vec![])]);
    table.append(&input, rule(jump("here"))).expect("jump");
    table.append(&input, rule(goto("here"))).expect("goto");
    let error = refused(&mut table, |t| t.append(&input, rule(jump("gone"))));
    assert_eq!(error, EditError::NoSuchTarget(name("gone")));
    let error = refused(&mut table, |t| t.insert(&input, 1, rule(goto("gone"))));
    assert_eq!(error, EditError::NoSuchTarget(name("gone")));
    let error = refused(&mut table, |t| t.replace(&input, 1, rule(jump("OUTPUT"))));
    assert_eq!(error, EditError::BuiltinTarget(name("OUTPUT")));
}

#[test]
fn chains_are_kept_in_order_of_names() {
    let mut table = table(&[]);
    for chain in ["b", "a", "B"] {
        table.create_chain(name(chain)).expect("a new chain");
    }
    let names = |table: &Table| {
        let names = table.chains.iter().map(|chain| chain.name.to_string());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&table), ["INPUT", "FORWARD", "OUTPUT", "B", "a", "b"]);
    table.rename_chain(&name("B"), &name("c")).expect("rename");
    assert_eq!(names(&table), ["INPUT", "FORWARD", "OUTPUT", "a", "b", "c"]);
    for taken in ["a", "INPUT"] {
        let error = refused(&mut table, |t| t.create_chain(name(taken)));
        assert_eq!(error, EditError::ChainExists(name(taken)));
        let error = refused(&mut table, |t| t.rename_chain(&name("b"), &name(taken)));
        assert_eq!(error, EditError::ChainExists(name(taken)));
    }
}

#[test]
fn jumps_follow_a_renamed_chain() {
    let mut table = table(&[
        ("INPUT", vec![rule(jump("a")), rule(goto("b"))]),
        ("a", vec![rule(goto("b"))]),
        ("b", vec![]),
    ]);
    table.rename_chain(&name("b"), &name("z")).expect("rename");
    assert_eq!(targets(&table, "INPUT"), [jump("a"), goto("z")]);
    assert_eq!(targets(&table, "a"), [goto("z")]);
    assert_eq!(
        (table.references(&name("z")), table.references(&name("b"))),
        (2, 0)
    );
    let error = refused(&mut table, |t| t.rename_chain(&name("INPUT"), &name("q")));
    assert_eq!(error, EditError::Builtin(name("INPUT")));
}

#[test]
fn only_empty_unused_user_chains_are_deleted() {
    let mut table = table(&[
        ("INPUT", vec![rule(jump("used"))]),
        ("used", vec![rule(Target::Drop)]),
        ("full", vec![rule(Target::Drop)]),
        ("free", vec![]),
    ]);
    let error = refused(&mut table, |t| t.delete_chain(&name("INPUT")));
    assert_eq!(error, EditError::Builtin(name("INPUT")));
    let error = refused(&mut table, |t| t.delete_chain(&name("used")));
    let in_use = EditError::InUse {
        chain: name("used"),
        references: 1,
    };
    assert_eq!(error, in_use, "in use goes before not empty");
    let error = refused(&mut table, |t| t.delete_chain(&name("full")));
    assert_eq!(error, EditError::NotEmpty(name("full")));
    let error = refused(&mut table, Table::delete_user_chains);
    assert_eq!(
        error,
        EditError::NotEmpty(name("full")),
        "`free` stays as well"
    );
    table.delete_chain(&name("free")).expect("free");
    table.flush(None).expect("flush");
    table.delete_user_chains().expect("all are free now");
    assert_eq!(table.chains.len(), 3);
}

#[test]
fn flush_empties_one_chain_or_all_and_keeps_policies() {
    let drop = || vec![rule(Target::Drop)];
    let mut table = table(&[("INPUT", drop()), ("OUTPUT", drop()), ("a", drop())]);
    let policy = table.chain(&name("INPUT")).and_then(|chain| chain.policy);
    table.flush(Some(&name("INPUT"))).expect("flush");
    assert!(targets(&table, "INPUT").is_empty());
    assert_eq!(targets(&table, "OUTPUT"), [Target::Drop]);
    table.flush(None).expect("flush");
    assert!(table.chains.iter().all(|chain| chain.rules.is_empty()));
    assert_eq!(
        table.chain(&name("INPUT")).and_then(|chain| chain.policy),
        policy
    );
}

#[test]
fn a_policy_belongs_to_a_builtin_chain_and_counts_anew() {
    let mut table = table(&[("a", vec![])]);
    let counters = Counters {
        packets: 3,
        bytes: 99,
    };
    let input = name("INPUT");
    let policy = |table: &Table| table.chain(&name("INPUT")).and_then(|chain| chain.policy);
    let expected = |verdict, counters| {
        Some(ChainPolicy {
            verdict,
            handle: RuleHandle(0),
            counters,
        })
    };
    table
        .set_policy(&input, Policy::Drop, Some(counters))
        .expect("built-in");
    assert_eq!(policy(&table), expected(Policy::Drop, counters));
    table
        .set_policy(&input, Policy::Accept, None)
        .expect("built-in");
    assert_eq!(
        policy(&table),
        expected(Policy::Accept, Counters::default())
    );
    let error = refused(&mut table, |t| t.set_policy(&name("a"), Policy::Drop, None));
    assert_eq!(error, EditError::PolicyOnUserChain(name("a")));
}

#[test]
fn zero_reaches_one_rule_one_chain_or_all() {
    let counters = Counters {
        packets: 1,
        bytes: 60,
    };
    let counted = || {
        let mut counted = rule(Target::None);
        counted.counters = counters;
        vec![counted.clone(), counted]
    };
    let mut table = table(&[
        ("INPUT", counted()),
        ("OUTPUT", counted()),
        ("a", counted()),
    ]);
    for chain in ["INPUT", "OUTPUT"] {
        let set = table.set_policy(&name(chain), Policy::Accept, Some(counters));
        set.expect("built-in");
    }
    let packets = |table: &Table, chain: &str| {
        let chain = table.chain(&name(chain)).expect("the chain");
        let policy = chain.policy.map_or(0, |policy| policy.counters.packets);
        let rules = chain.rules.iter().map(|rule| rule.counters.packets);
        rules.sum::<u64>() + policy
    };
    table.zero_rule(&name("INPUT"), 2).expect("rule 2");
    assert_eq!(packets(&table, "INPUT"), 2);
    table.zero(Some(&name("INPUT"))).expect("INPUT");
    assert_eq!(
        (packets(&table, "INPUT"), packets(&table, "OUTPUT")),
        (0, 3)
    );
    table.zero(None).expect("all");
    assert_eq!((packets(&table, "OUTPUT"), packets(&table, "a")), (0, 0));
}

#[test]
fn handles_are_given_once_and_never_zero() {
    let mut ruleset = Ruleset::new();
    let mut next = 0;
    ruleset.assign_handles(&mut next);
    let policies = 2 * TableName::ALL
        .iter()
        .map(|t| t.hooks().len())
        .sum::<usize>() as u64;
    assert_eq!(next, policies + 1);
    let before = ruleset.clone();
    ruleset.assign_handles(&mut next);
    assert_eq!(ruleset, before, "what has a handle keeps it");
    let table = ruleset
        .table_mut(Family::Ipv6, TableName::Raw)
        .expect("all tables");
    table
        .append(&name("OUTPUT"), rule(Target::Drop))
        .expect("append");
    ruleset.assign_handles(&mut next);
    let table = ruleset
        .table(Family::Ipv6, TableName::Raw)
        .expect("all tables");
    let handle = table.chain(&name("OUTPUT")).expect("built-in").rules[0].handle;
    assert_eq!(handle, RuleHandle(policies + 1));
}
