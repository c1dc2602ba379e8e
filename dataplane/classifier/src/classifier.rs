//! The classifier's interface.

use rules::{
    CounterId, CounterOwner, Decision, Effects, Facts, Family, Hook, Resolved, Ruleset, TableName,
    ValidateError, reference, validate,
};

/// A whole ruleset, ready to be asked.
#[derive(Debug)]
pub struct Classifier {
    resolved: Resolved,
}

impl Classifier {
    /// Checks and compiles a ruleset.
    ///
    /// # Errors
    /// What `rules::validate` refuses, naming the rule.
    pub fn new(ruleset: &Ruleset) -> Result<Self, ValidateError> {
        let resolved = validate(ruleset)?;
        Ok(Self { resolved })
    }

    /// Asks `table` on `hook` about a packet; counts and logs through `effects`, in order.
    /// `None` where the table has no chain on the hook.
    pub fn walk<E: Effects>(
        &self,
        table: TableName,
        hook: Hook,
        facts: &Facts<'_>,
        effects: &mut E,
    ) -> Option<Decision> {
        reference::evaluate(&self.resolved, table, hook, facts, effects)
    }

    /// Whether the table's chain on the hook has rules or a policy other than ACCEPT. Where it
    /// has not, a walk would only count the policy.
    pub fn has_rules(&self, family: Family, table: TableName, hook: Hook) -> bool {
        let chain = || {
            let table = self.resolved.table(family, table)?;
            table.chains.get(table.builtin(hook)?.index())
        };
        chain().is_some_and(|chain| {
            let drops = matches!(chain.policy, Some((rules::Policy::Drop, _)));
            drops || !chain.rules.is_empty()
        })
    }

    /// How many counters there are; every [`CounterId`] is below.
    pub fn counter_len(&self) -> usize {
        self.resolved.counters().len()
    }

    /// Whose each counter is; [`CounterId`] is the index.
    pub fn counters(&self) -> &[CounterOwner] {
        self.resolved.counters()
    }

    /// Whose a counter is; `None` for an id of another generation that is out of range here.
    pub fn counter(&self, id: CounterId) -> Option<&CounterOwner> {
        self.resolved.counters().get(id.index())
    }
}
