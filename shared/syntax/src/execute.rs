//! Commands carried out on a table, as libiptc does it (`iptables/iptables.c` `do_command4`).

use std::fmt::Write as _;

use rules::{
    Chain, ChainName, EditError, Family, Policy, Rule, RuleHandle, Table, TableName, Target,
};

use crate::{
    Names, SyntaxError,
    command::{Action, Command, Jump, Listing, RuleSpec, Zeroing},
    command_option::new_chain_name,
    draft::Draft,
    list::{self, policy_name},
    refusal::Refusal,
    rule_text::{CounterPlace, save_line},
    view,
};

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It makes no sense.
    Syntax(SyntaxError),
    /// It makes sense, but not here.
    Refused(Refusal),
}

impl From<SyntaxError> for Failure {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Why there is no table called `name`: names of 32 bytes and more do not fit the kernel's.
pub(crate) fn no_table(name: &str) -> &'static str {
    match name.len() {
        0..32 => "Table does not exist (do you need to insmod?)",
        _ => "Module is wrong version",
    }
}

/// The table called `name`.
pub(crate) fn find_table(name: &str) -> Option<TableName> {
    TableName::ALL
        .into_iter()
        .find(|table| table.as_str() == name)
}

/// One command at work on a table.
pub(crate) struct Execution<'e, 'r> {
    /// The family.
    pub family: Family,
    /// Names of services and protocols.
    pub names: &'e Names,
    /// What is changed.
    pub draft: &'e mut Draft<'r>,
    /// The table.
    pub table: TableName,
    /// `-v`
    pub is_verbose: bool,
    /// What is printed.
    pub stdout: &'e mut String,
    /// Warnings.
    pub stderr: &'e mut String,
}

impl Execution<'_, '_> {
    /// Carries out `command`. After a failure the draft is to be thrown away.
    ///
    /// # Errors
    /// The target is none, or the table does not have what the command speaks of.
    pub(crate) fn run(&mut self, command: &Command) -> Result<(), Failure> {
        match &command.action {
            Action::Ignored => Ok(()),
            Action::Append(chain, spec) => self.append(chain, spec),
            Action::Insert(chain, number, spec) => self.insert(chain, *number, spec),
            Action::Replace(chain, number, spec) => self.replace(chain, *number, spec),
            Action::Delete(chain, spec) => self.delete(chain, spec),
            Action::DeleteNumber(chain, number) => Ok(self.delete_number(chain, *number)?),
            Action::Check(chain, spec) => self.check(chain, spec),
            Action::List(listing, zeroing) => {
                self.list(listing)?;
                match zeroing {
                    Some(zeroing) => Ok(self.zero(zeroing)?),
                    None => Ok(()),
                }
            }
            Action::Zero(zeroing) => Ok(self.zero(zeroing)?),
            Action::Flush(chain) => Ok(self.flush(chain.as_deref())?),
            Action::NewChain(name) => Ok(self.new_chain(name)?),
            Action::DeleteChain(Some(chain)) => Ok(self.delete_chain(chain)?),
            Action::DeleteChain(None) => Ok(self.delete_chains()?),
            Action::RenameChain { from, to } => self.rename(from, to),
            Action::SetPolicy {
                chain,
                policy,
                counters,
            } => Ok(self.set_policy(chain, policy, *counters)?),
        }
    }

    fn table(&self) -> Result<&Table, Refusal> {
        self.draft.table(self.table).ok_or(Refusal::NoSuchName)
    }

    fn edited(&mut self) -> Result<&mut Table, Refusal> {
        self.draft.table_mut(self.table).ok_or(Refusal::NoSuchName)
    }

    fn chain(&self, name: &str) -> Result<&Chain, Refusal> {
        let mut chains = self.table()?.chains.iter();
        chains
            .find(|chain| chain.name.as_str() == name)
            .ok_or(Refusal::NoSuchName)
    }

    fn chain_name(&self, name: &str) -> Result<ChainName, Refusal> {
        Ok(self.chain(name)?.name.clone())
    }

    /// What `-j` or `-g` means in this table: a chain goes before a target of the same name.
    fn target(&mut self, jump: &Jump) -> Result<Target, SyntaxError> {
        let family = self.family;
        match jump {
            Jump::None => Ok(Target::None),
            Jump::Target(name, target) => match self.chain_name(name) {
                Err(_) => Ok(target.clone()),
                Ok(chain) => {
                    let _ = writeln!(self.stderr, "Warning: using chain {name}, not extension");
                    Ok(Target::Jump(chain))
                }
            },
            Jump::Chain(name) => match self.chain_name(name) {
                Ok(chain) => Ok(Target::Jump(chain)),
                Err(_) => Err(SyntaxError::UnknownTarget {
                    name: name.clone(),
                    reason: crate::targets::missing_reason(family, name),
                }),
            },
            Jump::Goto(name) => match self.chain_name(name) {
                Ok(chain) => Ok(Target::Goto(chain)),
                Err(_) => Err(SyntaxError::GotoNoChain(name.clone())),
            },
        }
    }

    fn rules(&mut self, spec: &RuleSpec) -> Result<Vec<Rule>, SyntaxError> {
        let target = self.target(&spec.jump)?;
        Ok(spec.rules(&target))
    }

    /// Tries `each` on all rules, even behind a failure, and gives the last failure: comma lists
    /// go so.
    fn each_rule(
        &mut self,
        spec: &RuleSpec,
        mut each: impl FnMut(&mut Self, Rule) -> Result<(), Refusal>,
    ) -> Result<(), Failure> {
        let mut result = Ok(());
        for rule in self.rules(spec)? {
            if self.is_verbose {
                list::rule_line(self.stdout, self.family, &rule, self.names);
            }
            if let Err(refusal) = each(self, rule) {
                result = Err(refusal.into());
            }
        }
        result
    }

    fn append(&mut self, chain: &str, spec: &RuleSpec) -> Result<(), Failure> {
        self.each_rule(spec, |this, rule| {
            let name = this.chain_name(chain)?;
            this.edited()?.append(&name, rule).map_err(refusal)
        })
    }

    fn insert(&mut self, chain: &str, number: u32, spec: &RuleSpec) -> Result<(), Failure> {
        self.each_rule(spec, |this, rule| {
            let found = this.chain(chain)?;
            let (name, length) = (found.name.clone(), found.rules.len());
            if number as usize > length + 1 {
                return Err(Refusal::InsertNumber);
            }
            let table = this.edited()?;
            table.insert(&name, number as usize, rule).map_err(refusal)
        })
    }

    fn replace(&mut self, chain: &str, number: u32, spec: &RuleSpec) -> Result<(), Failure> {
        self.each_rule(spec, |this, rule| {
            let found = this.chain(chain)?;
            let (name, length) = (found.name.clone(), found.rules.len());
            if number as usize > length {
                return Err(Refusal::ReplaceNumber);
            }
            let table = this.edited()?;
            let replaced = table.replace(&name, number as usize, rule);
            replaced.map(drop).map_err(refusal)
        })
    }

    fn find(&self, chain: &str, rule: &Rule) -> Result<(ChainName, usize), Refusal> {
        let name = self.chain_name(chain).map_err(|_| Refusal::NoSuchRule)?;
        match self.table()?.find_rule(&name, rule) {
            Ok(number) => Ok((name, number)),
            Err(EditError::NoSuchRule(_)) if is_standard(&rule.target) => Err(Refusal::NoSuchRule),
            Err(EditError::NoSuchRule(_)) => Err(Refusal::NoSuchName),
            Err(error) => Err(refusal(error)),
        }
    }

    fn delete(&mut self, chain: &str, spec: &RuleSpec) -> Result<(), Failure> {
        self.each_rule(spec, |this, rule| {
            let (name, number) = this.find(chain, &rule)?;
            let deleted = this.edited()?.delete_number(&name, number);
            deleted.map(drop).map_err(refusal)
        })
    }

    fn check(&mut self, chain: &str, spec: &RuleSpec) -> Result<(), Failure> {
        self.each_rule(spec, |this, rule| this.find(chain, &rule).map(drop))
    }

    fn delete_number(&mut self, chain: &str, number: u32) -> Result<(), Refusal> {
        let name = self.chain_name(chain)?;
        match self.edited()?.delete_number(&name, number as usize) {
            Ok(_) => Ok(()),
            Err(_) => Err(Refusal::DeleteNumber),
        }
    }

    fn list(&mut self, listing: &Listing) -> Result<(), Refusal> {
        let mut out = String::new();
        let table = self.table()?;
        let wanted = listing.chain.as_deref();
        let is_meant = |chain: &&Chain| wanted.is_none_or(|name| name == chain.name.as_str());
        let chains: Vec<_> = view::chains(table).into_iter().filter(is_meant).collect();
        if chains.is_empty() {
            return Err(Refusal::NoSuchName);
        }
        match listing.layout {
            Some(layout) => self.list_table(&mut out, &chains, listing, layout)?,
            None => self.list_rules(&mut out, &chains, listing),
        }
        self.stdout.push_str(&out);
        Ok(())
    }

    fn list_table(
        &self,
        out: &mut String,
        chains: &[&Chain],
        listing: &Listing,
        layout: list::Layout,
    ) -> Result<(), Refusal> {
        let references = view::references(self.table()?);
        for (at, chain) in chains.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            if listing.number.is_none() {
                let count = references.get(&chain.name).copied().unwrap_or(0);
                list::header(out, chain, count, layout);
            }
            for (number, rule) in (1..).zip(&chain.rules) {
                if listing.number.is_none_or(|only| only as usize == number) {
                    list::rule(out, self.family, number, rule, self.names, layout);
                }
            }
        }
        Ok(())
    }

    fn list_rules(&self, out: &mut String, chains: &[&Chain], listing: &Listing) {
        let place = match self.is_verbose {
            true => CounterPlace::Inside,
            false => CounterPlace::None,
        };
        for chain in chains.iter().filter(|_| listing.number.is_none()) {
            declare(out, chain, self.is_verbose);
        }
        for chain in chains {
            for (number, rule) in (1..).zip(&chain.rules) {
                if listing.number.is_none_or(|only| only as usize == number) {
                    save_line(out, chain.name.as_str(), rule, self.names, place);
                }
            }
        }
    }

    fn zero(&mut self, zeroing: &Zeroing) -> Result<(), Refusal> {
        if let Some(number) = zeroing.number {
            let chain = self.chain(zeroing.chain.as_deref().unwrap_or_default())?;
            if number as usize > chain.rules.len() {
                return Err(Refusal::ZeroNumber);
            }
            let name = chain.name.clone();
            self.draft.zero(self.table, &name, Some(number));
            return Ok(());
        }
        for name in self.meant(zeroing.chain.as_deref())? {
            if self.is_verbose {
                let _ = writeln!(self.stdout, "Zeroing chain `{name}'");
            }
            self.draft.zero(self.table, &name, None);
        }
        Ok(())
    }

    /// One chain's name, or all of them in order.
    fn meant(&self, chain: Option<&str>) -> Result<Vec<ChainName>, Refusal> {
        match chain {
            Some(chain) => Ok(vec![self.chain_name(chain)?]),
            None => {
                let chains = view::chains(self.table()?).into_iter();
                Ok(chains.map(|chain| chain.name.clone()).collect())
            }
        }
    }

    /// Empties one chain, or all.
    ///
    /// # Errors
    /// No such chain.
    pub(crate) fn flush(&mut self, chain: Option<&str>) -> Result<(), Refusal> {
        if let (true, Some(chain)) = (self.is_verbose, chain) {
            let _ = writeln!(self.stdout, "Flushing chain `{chain}'");
        }
        for name in self.meant(chain)? {
            if self.is_verbose && chain.is_none() {
                let _ = writeln!(self.stdout, "Flushing chain `{name}'");
            }
            self.edited()?.flush(Some(&name)).map_err(refusal)?;
        }
        Ok(())
    }

    /// Makes an empty chain.
    ///
    /// # Errors
    /// The name is taken, or can be none.
    pub(crate) fn new_chain(&mut self, name: &str) -> Result<(), Refusal> {
        let name: ChainName = name.parse().map_err(|_| Refusal::NoSuchName)?;
        self.edited()?.create_chain(name).map_err(refusal)
    }

    fn delete_chain(&mut self, chain: &str) -> Result<(), Refusal> {
        if self.is_verbose {
            let _ = writeln!(self.stdout, "Deleting chain `{chain}'");
        }
        let name = self.chain_name(chain)?;
        self.edited()?.delete_chain(&name).map_err(refusal)
    }

    /// Deletes all user-defined chains; looks at all of them even behind a failure.
    ///
    /// # Errors
    /// The last chain that is not empty or in use.
    pub(crate) fn delete_chains(&mut self) -> Result<(), Refusal> {
        let chains = view::chains(self.table()?).into_iter();
        let names: Vec<_> = chains
            .filter(|chain| chain.policy.is_none())
            .map(|chain| chain.name.to_string())
            .collect();
        let mut result = Ok(());
        for name in names {
            result = self.delete_chain(&name).and(result);
        }
        result
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Failure> {
        new_chain_name(self.family, to)?;
        if self.chain(to).is_ok() {
            return Err(Refusal::NameExists.into());
        }
        let to: ChainName = to.parse().map_err(|_| Refusal::NoSuchName)?;
        let from = self.chain_name(from)?;
        match self.edited()?.rename_chain(&from, &to) {
            Ok(()) => Ok(()),
            Err(_) => Err(Refusal::NoSuchName.into()),
        }
    }

    /// Sets a policy. Its counters start anew, at `counters` or at zero, as the kernel has it.
    ///
    /// # Errors
    /// No such built-in chain or policy.
    pub(crate) fn set_policy(
        &mut self,
        chain: &str,
        policy: &str,
        counters: Option<rules::Counters>,
    ) -> Result<(), Refusal> {
        let name = self.chain_name(chain).map_err(|_| Refusal::BadBuiltin)?;
        if self.chain(chain)?.policy.is_none() {
            return Err(Refusal::BadBuiltin);
        }
        let verdict = match policy {
            "ACCEPT" => Policy::Accept,
            "DROP" => Policy::Drop,
            _ => return Err(Refusal::BadPolicy),
        };
        let counters = counters.unwrap_or_default();
        let table = self.edited()?;
        table
            .set_policy(&name, verdict, Some(counters))
            .map_err(refusal)?;
        if let Some(policy) = table.chain_mut(&name).and_then(|c| c.policy.as_mut()) {
            policy.handle = RuleHandle::default();
        }
        Ok(())
    }
}

/// `-P` or `-N`, as `-S` prints them.
fn declare(out: &mut String, chain: &Chain, with_counters: bool) {
    let Some(policy) = chain.policy else {
        let _ = writeln!(out, "-N {}", chain.name);
        return;
    };
    let _ = write!(out, "-P {} {}", chain.name, policy_name(policy.verdict));
    if with_counters {
        let counters = policy.counters;
        let _ = write!(out, " -c {} {}", counters.packets, counters.bytes);
    }
    out.push('\n');
}

/// Targets that libiptc knows without looking for a chain.
const fn is_standard(target: &Target) -> bool {
    matches!(
        target,
        Target::None | Target::Accept | Target::Drop | Target::Return
    )
}

fn refusal(error: EditError) -> Refusal {
    match error {
        EditError::ChainExists(_) => Refusal::ChainExists,
        EditError::Builtin(chain) => Refusal::Builtin(chain.to_string()),
        EditError::BuiltinTarget(chain) => Refusal::BuiltinTarget(chain.to_string()),
        EditError::NotEmpty(_) => Refusal::NotEmpty,
        EditError::InUse { .. } => Refusal::InUse,
        EditError::NoSuchRule(_) => Refusal::NoSuchRule,
        EditError::PolicyOnUserChain(_) => Refusal::BadBuiltin,
        _ => Refusal::NoSuchName,
    }
}
