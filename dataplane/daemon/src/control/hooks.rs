//! What is registered on which hook, as `weir hooks` prints it.

use std::collections::HashSet;

use api::HookEntry;
use rules::{Family, Hook, Policy, Ruleset, Table, TableName, Target};

/// The tables that are walked, by family, hook and priority: filter, and each whose chain on the
/// hook has rules or a policy other than ACCEPT.
pub fn hooks(ruleset: &Ruleset) -> Vec<HookEntry> {
    let mut entries = Vec::new();
    for family in Family::ALL {
        for hook in Hook::ALL {
            let tables = TableName::ALL
                .iter()
                .filter_map(|&name| ruleset.table(family, name));
            let mut on_hook: Vec<_> = tables
                .filter_map(|table| entry(family, hook, table))
                .collect();
            on_hook.sort_by_key(|entry| entry.priority);
            entries.append(&mut on_hook);
        }
    }
    entries
}

fn entry(family: Family, hook: Hook, table: &Table) -> Option<HookEntry> {
    let chain = table.builtin(hook)?;
    let is_drop = chain
        .policy
        .is_some_and(|policy| policy.verdict == Policy::Drop);
    let is_walked = table.name == TableName::Filter || is_drop || !chain.rules.is_empty();
    is_walked.then(|| HookEntry {
        family,
        hook,
        priority: table.name.priority(hook),
        step: table.name.as_str().to_owned(),
        table: Some(table.name),
        rules: reachable_rules(table, hook),
    })
}

/// Rules in the chains that a walk from `hook` can get to.
fn reachable_rules(table: &Table, hook: Hook) -> u64 {
    let mut seen = HashSet::new();
    let mut ahead: Vec<_> = table.builtin(hook).into_iter().collect();
    let mut rules = 0;
    while let Some(chain) = ahead.pop() {
        if !seen.insert(&chain.name) {
            continue;
        }
        rules += chain.rules.len() as u64;
        let targets = chain.rules.iter().filter_map(|rule| match &rule.target {
            Target::Jump(name) | Target::Goto(name) => table.chain(name),
            _ => None,
        });
        ahead.extend(targets);
    }
    rules
}

#[cfg(test)]
mod tests {
    use rules::{Counters, Rule, RuleHandle};

    use super::*;

    fn rule(target: Target) -> Rule {
        Rule {
            handle: RuleHandle(0),
            counters: Counters::default(),
            ip: Default::default(),
            matches: Vec::new(),
            target,
        }
    }

    #[test]
    fn rules_are_counted_where_they_can_be_reached() {
        let mut ruleset = Ruleset::new();
        let table = ruleset.table_mut(Family::Ipv4, TableName::Filter).unwrap();
        let chain: rules::ChainName = "X".parse().unwrap();
        table.chains.push(rules::Chain::user_defined(chain.clone()));
        table.chain_mut(&chain).unwrap().rules = vec![rule(Target::Drop); 3];
        let forward = "FORWARD".parse().unwrap();
        let to_x = rule(Target::Jump(chain));
        table.chain_mut(&forward).unwrap().rules = vec![to_x.clone(), to_x];
        let hooks = hooks(&ruleset);
        let found: Vec<_> = hooks
            .iter()
            .filter(|entry| entry.family == Family::Ipv4)
            .map(|entry| (entry.hook, entry.step.as_str(), entry.priority, entry.rules))
            .collect();
        let expected = [
            (Hook::Input, "filter", 0, 0),
            (Hook::Forward, "filter", 0, 5),
            (Hook::Output, "filter", 0, 0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn other_tables_show_when_they_do_something() {
        let mut ruleset = Ruleset::new();
        let raw = ruleset.table_mut(Family::Ipv6, TableName::Raw).unwrap();
        let prerouting = "PREROUTING".parse().unwrap();
        raw.chain_mut(&prerouting).unwrap().rules = vec![rule(Target::Accept)];
        let hooks = hooks(&ruleset);
        let raw = hooks
            .iter()
            .find(|entry| entry.table == Some(TableName::Raw))
            .unwrap();
        assert_eq!(
            (raw.family, raw.hook, raw.priority, raw.rules),
            (Family::Ipv6, Hook::Prerouting, -300, 1)
        );
    }
}
