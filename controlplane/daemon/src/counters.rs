//! Live counters in a ruleset: the data plane knows them by handle.

use std::collections::HashMap;

use api::CounterDump;
use rules::{Chain, Counters, Family, RuleHandle, Ruleset, TableName};

/// Counters by handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Live(HashMap<RuleHandle, Counters>);

impl Live {
    /// The counters of `dump`.
    pub(crate) fn of(dump: CounterDump) -> Self {
        let mut live = Self::default();
        live.overlay(dump);
        live
    }

    /// Takes over what `dump` says; it is the newer.
    pub(crate) fn overlay(&mut self, dump: CounterDump) {
        self.0.extend(
            dump.values
                .into_iter()
                .map(|value| (value.handle, value.counters)),
        );
    }

    /// The counters of one rule or policy; nothing counted if the data plane does not know it.
    pub(crate) fn get(&self, handle: RuleHandle) -> Counters {
        self.0.get(&handle).copied().unwrap_or_default()
    }

    /// `ruleset` with these counters in place of the start values.
    pub(crate) fn fill(&self, ruleset: &Ruleset) -> Ruleset {
        let mut filled = ruleset.clone();
        for family in [&mut filled.ipv4, &mut filled.ipv6] {
            for chain in family.tables.iter_mut().flat_map(|table| &mut table.chains) {
                if let Some(policy) = &mut chain.policy {
                    policy.counters = self.get(policy.handle);
                }
                for rule in &mut chain.rules {
                    rule.counters = self.get(rule.handle);
                }
            }
        }
        filled
    }
}

/// Every chain with its family and table, in the order in which they are listed.
pub(crate) fn chains(ruleset: &Ruleset) -> impl Iterator<Item = (Family, TableName, &Chain)> {
    Family::ALL.into_iter().flat_map(|family| {
        let tables = ruleset.family(family).tables.iter();
        tables.flat_map(move |table| {
            table
                .chains
                .iter()
                .map(move |chain| (family, table.name, chain))
        })
    })
}

/// The lowest handle above all that `ruleset` uses.
pub(crate) fn next_handle(ruleset: &Ruleset) -> u64 {
    let handles = chains(ruleset).flat_map(|(_, _, chain)| {
        let policy = chain.policy.map(|policy| policy.handle.0);
        policy
            .into_iter()
            .chain(chain.rules.iter().map(|rule| rule.handle.0))
    });
    handles.max().map_or(1, |highest| highest.saturating_add(1))
}

/// Rules of one family, all tables.
pub(crate) fn rule_count(ruleset: &Ruleset, family: Family) -> usize {
    let chains = ruleset
        .family(family)
        .tables
        .iter()
        .flat_map(|table| &table.chains);
    chains.map(|chain| chain.rules.len()).sum()
}

#[cfg(test)]
mod tests {
    use api::CounterValue;

    use super::*;

    #[test]
    fn counters_go_where_their_handle_is() {
        let mut ruleset = Ruleset::new();
        let mut next = 1;
        ruleset.assign_handles(&mut next);
        assert_eq!(next_handle(&ruleset), next);
        let counted = Counters {
            packets: 3,
            bytes: 252,
        };
        let policy = ruleset.ipv6.tables[3].chains[1].policy.unwrap();
        let value = CounterValue {
            handle: policy.handle,
            counters: counted,
        };
        let live = Live::of(CounterDump {
            generation: 1,
            values: vec![value],
        });
        let filled = live.fill(&ruleset);
        assert_eq!(
            filled.ipv6.tables[3].chains[1].policy.unwrap().counters,
            counted
        );
        assert_eq!(filled.ipv4, ruleset.ipv4);
    }
}
