//! A whole ruleset: policies, user-defined chains without loops, rules.

use proptest::{collection::vec, prelude::*, sample::select};

use super::rule::{counters, rule};
use crate::{
    Chain, ChainName, ChainPolicy, Family, FamilyRules, Policy, Rule, RuleHandle, Ruleset, Table,
    TableName, support,
};

/// Names of user-defined chains. They are no order of jumps: each ruleset shuffles them.
const CHAINS: [&str; 5] = [
    "audit",
    "eth_in",
    "LOGDROP",
    "x",
    "chain-name-of-28-bytes-in-al",
];

/// A ruleset that passes `validate`, with handles.
pub fn ruleset() -> impl Strategy<Value = Ruleset> {
    (family(Family::Ipv4, false), family(Family::Ipv6, false)).prop_map(with_handles)
}

/// As [`ruleset`], but only the filter table holds anything.
pub fn filter_ruleset() -> impl Strategy<Value = Ruleset> {
    (family(Family::Ipv4, true), family(Family::Ipv6, true)).prop_map(with_handles)
}

fn with_handles((ipv4, ipv6): (FamilyRules, FamilyRules)) -> Ruleset {
    let mut ruleset = Ruleset { ipv4, ipv6 };
    ruleset.assign_handles(&mut 1);
    ruleset
}

fn family(family: Family, only_filter: bool) -> impl Strategy<Value = FamilyRules> {
    let tables: Vec<BoxedStrategy<Table>> = TableName::ALL
        .into_iter()
        .map(|name| {
            let is_evaluated = support::of_table(name) == support::Support::Evaluated;
            let is_wanted = name == TableName::Filter || !only_filter;
            if is_evaluated && is_wanted {
                table(family, name).boxed()
            } else {
                Just(Table::new(name)).boxed()
            }
        })
        .collect();
    tables.prop_map(|tables| FamilyRules { tables })
}

fn table(family: Family, name: TableName) -> impl Strategy<Value = Table> {
    let user_chains = Just(CHAINS.to_vec()).prop_shuffle();
    let user_chains = (user_chains, 0..=CHAINS.len()).prop_map(|(mut names, count)| {
        names.truncate(count);
        names.into_iter().map(chain_name).collect::<Vec<_>>()
    });
    user_chains.prop_flat_map(move |names| {
        // A chain jumps only to those behind it in this list, so nothing loops.
        let user: Vec<_> = (0..names.len())
            .map(|at| rules(family, name, names[at + 1..].to_vec()))
            .collect();
        let builtin: Vec<_> = name
            .hooks()
            .iter()
            .map(|_| (policy(), rules(family, name, names.clone())))
            .collect();
        (builtin, user).prop_map(move |(builtin, user)| {
            let mut table = Table::new(name);
            for (chain, (policy, rules)) in table.chains.iter_mut().zip(builtin) {
                chain.policy = Some(policy);
                chain.rules = rules;
            }
            for (name, rules) in names.iter().zip(user) {
                table.chains.push(Chain {
                    rules,
                    ..Chain::user_defined(name.clone())
                });
            }
            let builtins = table.name.hooks().len();
            table.chains[builtins..].sort_by(|a, b| a.name.cmp(&b.name));
            table
        })
    })
}

fn rules(
    family: Family,
    table: TableName,
    below: Vec<ChainName>,
) -> impl Strategy<Value = Vec<Rule>> {
    vec(rule(family, table, below), 0..6)
}

fn policy() -> impl Strategy<Value = ChainPolicy> {
    let verdict = select(vec![Policy::Accept, Policy::Drop]);
    (verdict, counters()).prop_map(|(verdict, counters)| ChainPolicy {
        verdict,
        handle: RuleHandle::default(),
        counters,
    })
}

fn chain_name(name: &str) -> ChainName {
    match name.parse() {
        Ok(name) => name,
        Err(error) => panic!("{error}"),
    }
}
