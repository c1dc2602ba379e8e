//! Short ways to write rulesets, for the tests of this crate.

use crate::{
    ChainName, Counters, Family, Negatable, Policy, Rule, RuleHandle, Ruleset, Table, TableName,
    Target,
    matches::{Match, ip::IpMatch},
};

/// A chain's name.
pub(crate) fn name(name: &str) -> ChainName {
    name.parse().expect("a chain name")
}

/// `-j CHAIN`.
pub(crate) fn jump(chain: &str) -> Target {
    Target::Jump(name(chain))
}

/// `-g CHAIN`.
pub(crate) fn goto(chain: &str) -> Target {
    Target::Goto(name(chain))
}

/// A rule that fits every packet.
pub(crate) fn rule(target: Target) -> Rule {
    Rule {
        handle: RuleHandle::default(),
        counters: Counters::default(),
        ip: IpMatch::default(),
        matches: Vec::new(),
        target,
    }
}

/// A rule with `-p protocol`, and a match.
pub(crate) fn rule_of(protocol: u8, m: Match, target: Target) -> Rule {
    let mut rule = rule(target);
    rule.ip.protocol = Some(Negatable::plain(protocol));
    rule.matches.push(m);
    rule
}

/// A rule that fits no packet: no interface has this name.
pub(crate) fn never(target: Target) -> Rule {
    let mut rule = rule(target);
    rule.ip.in_iface = Some(Negatable::plain(crate::matches::ip::IfaceMatch {
        name: "none".to_owned(),
        is_prefix: false,
    }));
    rule
}

/// Puts chains and rules into a table.
pub(crate) fn fill(table: &mut Table, chains: &[(&str, Vec<Rule>)]) {
    for (chain, _) in chains {
        if table.chain(&name(chain)).is_none() {
            table.create_chain(name(chain)).expect("a new chain");
        }
    }
    for (chain, rules) in chains {
        let chain = table.chain_mut(&name(chain)).expect("just made");
        chain.rules.extend(rules.iter().cloned());
    }
}

/// An IPv4 filter table of these chains, with handles.
pub(crate) fn filter(chains: &[(&str, Vec<Rule>)]) -> Ruleset {
    ruleset(Family::Ipv4, TableName::Filter, chains)
}

/// A table of these chains, with handles.
pub(crate) fn ruleset(family: Family, table: TableName, chains: &[(&str, Vec<Rule>)]) -> Ruleset {
    let mut ruleset = Ruleset::new();
    let table = ruleset.table_mut(family, table).expect("all tables");
    fill(table, chains);
    ruleset.assign_handles(&mut 1);
    ruleset
}

/// Sets the policy of an IPv4 filter chain.
pub(crate) fn with_policy(mut ruleset: Ruleset, chain: &str, verdict: Policy) -> Ruleset {
    let table = ruleset.table_mut(Family::Ipv4, TableName::Filter);
    let table = table.expect("all tables");
    table
        .set_policy(&name(chain), verdict, None)
        .expect("a built-in chain");
    ruleset.assign_handles(&mut 1000);
    ruleset
}
