//! What iptables' commands do to a table, one method each, after `libiptc/libiptc.c`. A method
//! that fails has changed nothing. The words of iptables' messages are `syntax`'s.

use crate::{
    Chain, ChainName, ChainPolicy, Counters, Policy, Rule, RuleHandle, Ruleset, Table, Target,
};

/// Why an edit was refused. The comment names libiptc's `errno`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// ENOENT: the table has no chain of this name.
    #[error("no chain `{0}'")]
    NoSuchChain(ChainName),
    /// EEXIST: a chain of this name is there already.
    #[error("chain `{0}' already exists")]
    ChainExists(ChainName),
    /// EINVAL on delete, ENOENT on rename: built-in chains stay as they are.
    #[error("`{0}' is a built-in chain")]
    Builtin(ChainName),
    /// ENOTEMPTY: the chain still has rules.
    #[error("chain `{0}' is not empty")]
    NotEmpty(ChainName),
    /// EMLINK: rules still jump to the chain.
    #[error("{references} rules refer to chain `{chain}'")]
    InUse {
        /// The chain.
        chain: ChainName,
        /// How many rules jump or go to it.
        references: usize,
    },
    /// E2BIG: there is no rule of this number.
    #[error("chain `{chain}' has {rules} rules, not {number}")]
    NoSuchNumber {
        /// The chain.
        chain: ChainName,
        /// The number asked for, from 1.
        number: usize,
        /// How many rules the chain has.
        rules: usize,
    },
    /// ENOENT: no rule says the same.
    #[error("no such rule in chain `{0}'")]
    NoSuchRule(ChainName),
    /// ENOENT: only built-in chains have a policy.
    #[error("`{0}' is no built-in chain and has no policy")]
    PolicyOnUserChain(ChainName),
    /// ENOENT: the rule jumps to a chain that is not there.
    #[error("no chain `{0}' to jump to")]
    NoSuchTarget(ChainName),
    /// EINVAL: the rule jumps to a built-in chain.
    #[error("rules may not jump to the built-in chain `{0}'")]
    BuiltinTarget(ChainName),
}

impl Table {
    /// `-A`.
    ///
    /// # Errors
    /// No such chain; the rule's jump leads nowhere or to a built-in chain.
    pub fn append(&mut self, chain: &ChainName, rule: Rule) -> Result<(), EditError> {
        self.check_target(&rule.target)?;
        self.edited(chain)?.rules.push(rule);
        Ok(())
    }

    /// `-I`: the rule gets `number`, from 1 to one behind the last.
    ///
    /// # Errors
    /// As [`Table::append`], and no such number.
    pub fn insert(
        &mut self,
        chain: &ChainName,
        number: usize,
        rule: Rule,
    ) -> Result<(), EditError> {
        self.check_target(&rule.target)?;
        let chain = self.edited(chain)?;
        let at = chain.index_of(number, chain.rules.len() + 1)?;
        chain.rules.insert(at, rule);
        Ok(())
    }

    /// `-R`: returns the rule that stood there.
    ///
    /// # Errors
    /// As [`Table::append`], and no such number.
    pub fn replace(
        &mut self,
        chain: &ChainName,
        number: usize,
        rule: Rule,
    ) -> Result<Rule, EditError> {
        self.check_target(&rule.target)?;
        let chain = self.edited(chain)?;
        let at = chain.index_of(number, chain.rules.len())?;
        Ok(std::mem::replace(&mut chain.rules[at], rule))
    }

    /// `-D CHAIN NUMBER`: returns the rule.
    ///
    /// # Errors
    /// No such chain or number.
    pub fn delete_number(&mut self, chain: &ChainName, number: usize) -> Result<Rule, EditError> {
        let chain = self.edited(chain)?;
        let at = chain.index_of(number, chain.rules.len())?;
        Ok(chain.rules.remove(at))
    }

    /// `-D CHAIN SPECIFICATION`: deletes the first rule that says the same, and returns it.
    ///
    /// # Errors
    /// No such chain, jump target or rule.
    pub fn delete_rule(&mut self, chain: &ChainName, spec: &Rule) -> Result<Rule, EditError> {
        let number = self.find_rule(chain, spec)?;
        self.delete_number(chain, number)
    }

    /// `-C`: the number of the first rule that says the same as `spec`, from 1.
    ///
    /// # Errors
    /// No such chain, jump target or rule.
    pub fn find_rule(&self, chain: &ChainName, spec: &Rule) -> Result<usize, EditError> {
        self.check_target(&spec.target)?;
        let found = self.read(chain)?;
        let at = found.rules.iter().position(|rule| rule.says_same(spec));
        at.map(|at| at + 1)
            .ok_or_else(|| EditError::NoSuchRule(chain.clone()))
    }

    /// `-F CHAIN`, or every chain.
    ///
    /// # Errors
    /// No such chain.
    pub fn flush(&mut self, chain: Option<&ChainName>) -> Result<(), EditError> {
        match chain {
            Some(chain) => self.edited(chain)?.rules.clear(),
            None => self.chains.iter_mut().for_each(|c| c.rules.clear()),
        }
        Ok(())
    }

    /// `-N`: the new chain takes its place in the order of names.
    ///
    /// # Errors
    /// The name is taken, by a built-in chain or another.
    pub fn create_chain(&mut self, name: ChainName) -> Result<(), EditError> {
        if self.chain(&name).is_some() {
            return Err(EditError::ChainExists(name));
        }
        self.place_chain(Chain::user_defined(name));
        Ok(())
    }

    /// `-X CHAIN`.
    ///
    /// # Errors
    /// No such chain; it is built-in, not empty or in use, looked for in this order.
    pub fn delete_chain(&mut self, name: &ChainName) -> Result<(), EditError> {
        let chain = self.read(name)?;
        if chain.policy.is_some() {
            return Err(EditError::Builtin(name.clone()));
        }
        let references = self.references(name);
        if references > 0 {
            return Err(EditError::InUse {
                chain: name.clone(),
                references,
            });
        }
        if !chain.rules.is_empty() {
            return Err(EditError::NotEmpty(name.clone()));
        }
        self.chains.retain(|chain| chain.name != *name);
        Ok(())
    }

    /// `-X`: every user-defined chain.
    ///
    /// # Errors
    /// The first chain, in order, that is not empty or in use; then none is deleted.
    pub fn delete_user_chains(&mut self) -> Result<(), EditError> {
        let mut trial = self.clone();
        let is_user_defined = |chain: &&Chain| chain.policy.is_none();
        for chain in self.chains.iter().filter(is_user_defined) {
            trial.delete_chain(&chain.name)?;
        }
        *self = trial;
        Ok(())
    }

    /// `-E`: jumps to the chain follow it.
    ///
    /// # Errors
    /// The new name is taken; no such chain; it is built-in. Looked for in this order.
    pub fn rename_chain(&mut self, old: &ChainName, new: &ChainName) -> Result<(), EditError> {
        if self.chain(new).is_some() {
            return Err(EditError::ChainExists(new.clone()));
        }
        if self.read(old)?.policy.is_some() {
            return Err(EditError::Builtin(old.clone()));
        }
        for rule in self.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
            if let Target::Jump(to) | Target::Goto(to) = &mut rule.target
                && to == old
            {
                *to = new.clone();
            }
        }
        if let Some(at) = self.chains.iter().position(|chain| chain.name == *old) {
            let mut chain = self.chains.remove(at);
            chain.name = new.clone();
            self.place_chain(chain);
        }
        Ok(())
    }

    /// `-P`: counting starts anew, at `counters` if given, else at zero (libiptc's
    /// `COUNTER_MAP_NOMAP`); so the policy gets a new identity.
    ///
    /// # Errors
    /// No such chain; it is user-defined.
    pub fn set_policy(
        &mut self,
        chain: &ChainName,
        verdict: Policy,
        counters: Option<Counters>,
    ) -> Result<(), EditError> {
        let found = self.edited(chain)?;
        let Some(policy) = &mut found.policy else {
            return Err(EditError::PolicyOnUserChain(chain.clone()));
        };
        *policy = ChainPolicy {
            verdict,
            handle: RuleHandle::default(),
            counters: counters.unwrap_or_default(),
        };
        Ok(())
    }

    /// `-Z`: the counters of one chain with its policy, or of all.
    ///
    /// # Errors
    /// No such chain.
    pub fn zero(&mut self, chain: Option<&ChainName>) -> Result<(), EditError> {
        match chain {
            Some(chain) => self.edited(chain)?.zero(),
            None => self.chains.iter_mut().for_each(Chain::zero),
        }
        Ok(())
    }

    /// `-Z CHAIN NUMBER`.
    ///
    /// # Errors
    /// No such chain or number.
    pub fn zero_rule(&mut self, chain: &ChainName, number: usize) -> Result<(), EditError> {
        let chain = self.edited(chain)?;
        let at = chain.index_of(number, chain.rules.len())?;
        chain.rules[at].counters = Counters::default();
        Ok(())
    }

    /// How many rules of the table jump or go to `name`.
    pub fn references(&self, name: &ChainName) -> usize {
        let rules = self.chains.iter().flat_map(|chain| &chain.rules);
        rules
            .filter(|rule| rule.target.chain() == Some(name))
            .count()
    }

    fn check_target(&self, target: &Target) -> Result<(), EditError> {
        let Some(name) = target.chain() else {
            return Ok(());
        };
        match self.chain(name) {
            None => Err(EditError::NoSuchTarget(name.clone())),
            Some(chain) if chain.policy.is_some() => Err(EditError::BuiltinTarget(name.clone())),
            Some(_) => Ok(()),
        }
    }

    fn read(&self, name: &ChainName) -> Result<&Chain, EditError> {
        self.chain(name)
            .ok_or_else(|| EditError::NoSuchChain(name.clone()))
    }

    fn edited(&mut self, name: &ChainName) -> Result<&mut Chain, EditError> {
        self.chain_mut(name)
            .ok_or_else(|| EditError::NoSuchChain(name.clone()))
    }

    fn place_chain(&mut self, chain: Chain) {
        let goes_before = |other: &Chain| other.policy.is_some() || other.name < chain.name;
        let at = self.chains.partition_point(goes_before);
        self.chains.insert(at, chain);
    }
}

impl Chain {
    fn zero(&mut self) {
        if let Some(policy) = &mut self.policy {
            policy.counters = Counters::default();
        }
        for rule in &mut self.rules {
            rule.counters = Counters::default();
        }
    }

    /// The index for a rule's `number`, which may reach `last`.
    fn index_of(&self, number: usize, last: usize) -> Result<usize, EditError> {
        match number.checked_sub(1) {
            Some(at) if number <= last => Ok(at),
            _ => Err(EditError::NoSuchNumber {
                chain: self.name.clone(),
                number,
                rules: self.rules.len(),
            }),
        }
    }
}

impl Ruleset {
    /// Gives every rule and policy without a handle the next one. `next` is the first free
    /// handle and is moved behind those given; 0 is never given.
    pub fn assign_handles(&mut self, next: &mut u64) {
        let families = [&mut self.ipv4, &mut self.ipv6];
        let tables = families.into_iter().flat_map(|family| &mut family.tables);
        for chain in tables.flat_map(|table| &mut table.chains) {
            let policy = chain.policy.as_mut().map(|policy| &mut policy.handle);
            let rules = chain.rules.iter_mut().map(|rule| &mut rule.handle);
            for handle in policy.into_iter().chain(rules) {
                if *handle == RuleHandle::default() {
                    *next = (*next).max(1);
                    *handle = RuleHandle(*next);
                    *next += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
