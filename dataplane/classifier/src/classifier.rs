//! The classifier's interface.

use rules::{
    CounterId, CounterOwner, Decision, Effects, Facts, Family, Hook, Ruleset, TableName,
    ValidateError, validate,
};

use crate::{address::Address, table::FlatTable};

/// One family's tables, by [`TableName`].
type Tables<A> = [FlatTable<A>; TableName::ALL.len()];

/// A whole ruleset, ready to be asked.
#[derive(Debug)]
pub struct Classifier {
    ipv4: Tables<u32>,
    ipv6: Tables<u128>,
    counters: Box<[CounterOwner]>,
}

impl Classifier {
    /// Checks and compiles a ruleset.
    ///
    /// # Errors
    /// What `rules::validate` refuses, naming the rule.
    pub fn new(ruleset: &Ruleset) -> Result<Self, ValidateError> {
        let resolved = validate(ruleset)?;
        Ok(Self {
            ipv4: flatten(&resolved, Family::Ipv4),
            ipv6: flatten(&resolved, Family::Ipv6),
            counters: resolved.counters().into(),
        })
    }

    /// Asks `table` on `hook` about a packet; counts and logs through `effects`, in order.
    /// `None` where the table has no chain on the hook.
    #[inline]
    pub fn walk<E: Effects>(
        &self,
        table: TableName,
        hook: Hook,
        facts: &Facts<'_>,
        effects: &mut E,
    ) -> Option<Decision> {
        match facts.family {
            Family::Ipv4 => self.ipv4[table as usize].ask(hook, facts, effects),
            Family::Ipv6 => self.ipv6[table as usize].ask(hook, facts, effects),
        }
    }

    /// Whether the table's chain on the hook has rules or a policy other than ACCEPT. Where it
    /// has not, a walk would only count the policy.
    #[inline]
    pub fn has_rules(&self, family: Family, table: TableName, hook: Hook) -> bool {
        match family {
            Family::Ipv4 => self.ipv4[table as usize].has_rules(hook),
            Family::Ipv6 => self.ipv6[table as usize].has_rules(hook),
        }
    }

    /// How many counters there are; every [`CounterId`] is below.
    pub fn counter_len(&self) -> usize {
        self.counters.len()
    }

    /// Whose each counter is; [`CounterId`] is the index.
    pub fn counters(&self) -> &[CounterOwner] {
        &self.counters
    }

    /// Whose a counter is; `None` for an id of another generation that is out of range here.
    pub fn counter(&self, id: CounterId) -> Option<&CounterOwner> {
        self.counters.get(id.index())
    }
}

fn flatten<A: Address>(resolved: &rules::Resolved, family: Family) -> Tables<A> {
    TableName::ALL.map(|name| match resolved.table(family, name) {
        Some(table) => FlatTable::new(table),
        None => unreachable!("`validate` gives every family all tables"),
    })
}
