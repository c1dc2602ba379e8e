//! The ruleset while commands change it: a copy made at the first change, and the counters to zero.

use std::{borrow::Cow, collections::HashSet};

use rules::{
    Chain, ChainName, Counters, Family, RuleHandle, Ruleset, Table, TableName,
    validate::check_table,
};

use crate::{Outcome, ZeroTarget, refusal::Refusal};

/// A ruleset that commands of one family work on.
pub(crate) struct Draft<'r> {
    base: &'r Ruleset,
    family: Family,
    ruleset: Cow<'r, Ruleset>,
    zero: Vec<ZeroTarget>,
}

impl<'r> Draft<'r> {
    /// Nothing changed yet.
    pub(crate) fn new(base: &'r Ruleset, family: Family) -> Self {
        Self {
            base,
            family,
            ruleset: Cow::Borrowed(base),
            zero: Vec::new(),
        }
    }

    /// A table as it stands.
    pub(crate) fn table(&self, name: TableName) -> Option<&Table> {
        self.ruleset.table(self.family, name)
    }

    /// A table, to change it.
    pub(crate) fn table_mut(&mut self, name: TableName) -> Option<&mut Table> {
        self.ruleset.to_mut().table_mut(self.family, name)
    }

    /// Notes that the counters of a chain, or of one of its rules, are to be zeroed.
    pub(crate) fn zero(&mut self, table: TableName, chain: &ChainName, rule: Option<u32>) {
        let found = self.table(table).and_then(|table| table.chain(chain));
        let handles = found.map_or_else(Vec::new, |chain| handles(chain, rule));
        self.zero.push(ZeroTarget {
            family: self.family,
            table,
            chain: chain.clone(),
            rule,
            handles,
        });
    }

    /// What the kernel checks when it is handed the table.
    ///
    /// # Errors
    /// The first rule that it would not take.
    pub(crate) fn check(&self, name: TableName) -> Result<(), Refusal> {
        match (&self.ruleset, self.table(name)) {
            (Cow::Owned(_), Some(table)) => {
                check_table(self.family, table).map_err(|error| Refusal::Table(Box::new(error)))
            }
            _ => Ok(()),
        }
    }

    /// Hands over what has changed.
    pub(crate) fn finish(self, outcome: &mut Outcome) {
        if let Cow::Owned(mut ruleset) = self.ruleset
            && ruleset != *self.base
        {
            let zeroed = self.zero.iter().flat_map(|target| &target.handles);
            zero_counters(&mut ruleset, self.family, &zeroed.copied().collect());
            outcome.ruleset = Some(ruleset);
        }
        outcome.zero = self.zero;
    }
}

fn handles(chain: &Chain, rule: Option<u32>) -> Vec<RuleHandle> {
    let policy = chain.policy.filter(|_| rule.is_none()).map(|p| p.handle);
    let is_meant = |number: usize| rule.is_none_or(|rule| rule as usize == number);
    let rules = (1..).zip(&chain.rules);
    let rules = rules.filter(|(number, _)| is_meant(*number));
    let all = policy.into_iter().chain(rules.map(|(_, rule)| rule.handle));
    all.filter(|&handle| handle != RuleHandle::default())
        .collect()
}

fn zero_counters(ruleset: &mut Ruleset, family: Family, zeroed: &HashSet<RuleHandle>) {
    if zeroed.is_empty() {
        return;
    }
    let tables = &mut ruleset.family_mut(family).tables;
    for chain in tables.iter_mut().flat_map(|table| &mut table.chains) {
        if let Some(policy) = &mut chain.policy
            && zeroed.contains(&policy.handle)
        {
            policy.counters = Counters::default();
        }
        for rule in &mut chain.rules {
            if zeroed.contains(&rule.handle) {
                rule.counters = Counters::default();
            }
        }
    }
}
