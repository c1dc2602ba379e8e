//! Whether a ruleset may run, decided once: names, loops, tables, families, support. What passes
//! becomes a [`Resolved`], on which no walk can fail.
//!
//! Follows the kernel's checks at table replace (`ip_tables.c` `translate_table`, `x_tables.c`
//! `xt_check_match`, `xt_check_target`) and adds what the kernel leaves to iptables.

use std::{collections::HashMap, fmt};

use crate::{
    Chain, ChainName, Family, Ruleset, Table, TableName, Target,
    matches::Match,
    resolved::{
        ChainIndex, CounterKind, CounterOwner, Resolved, ResolvedChain, ResolvedRule,
        ResolvedTable, ResolvedTarget,
    },
    verdict::CounterId,
};

mod graph;
mod rule;

/// What is wrong, without the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The family does not have exactly the five tables in order.
    #[error("the five tables are raw, mangle, nat, filter, security, in this order")]
    Tables,
    /// The table does not start with its built-in chains, or a policy is where none belongs.
    #[error("a table starts with its built-in chains, and they alone have a policy")]
    Builtins,
    /// Two chains have this name.
    #[error("two chains have this name")]
    DuplicateChain,
    /// Jump or goto to a chain that the table does not have.
    #[error("no chain `{0}' in this table to jump to")]
    NoSuchChain(ChainName),
    /// Jump or goto to a built-in chain.
    #[error("`{0}' is a built-in chain; rules may jump to user-defined chains only")]
    JumpToBuiltin(ChainName),
    /// A built-in chain reaches a chain that leads back to itself.
    #[error("loop: the jump to `{0}' leads back here")]
    Loop(ChainName),
    /// Jumps nest too deep.
    #[error("jumps nest deeper than {max} chains", max = crate::resolved::JUMP_DEPTH_MAX)]
    TooDeep,
    /// The match is not evaluated yet.
    #[error("match `{0}' is understood but not evaluated by this version")]
    MatchNotEvaluated(&'static str),
    /// The target is not evaluated yet.
    #[error("target `{0}' is understood but not evaluated by this version")]
    TargetNotEvaluated(String),
    /// The table is not evaluated yet.
    #[error("rules and DROP policies in table `{0}' are not evaluated by this version")]
    TableNotEvaluated(&'static str),
    /// The match belongs to the other family.
    #[error("match `{0}' does not exist in this family")]
    MatchFamily(&'static str),
    /// The match needs a `-p` in the same rule.
    #[error("match `{name}' is only valid for protocol {protocol}: it needs a plain -p {protocol}")]
    MatchProtocol {
        /// The match.
        name: &'static str,
        /// The protocol's number.
        protocol: u8,
    },
    /// A range's first value is above its last.
    #[error("match `{0}': a range ends before it starts")]
    EmptyRange(&'static str),
    /// `--tcp-option 0`.
    #[error("match `tcp': option 0 cannot be asked for")]
    TcpOptionZero,
    /// The target may stand in one table only.
    #[error("target `{name}' is only valid in table `{table}'")]
    TargetTable {
        /// The target.
        name: String,
        /// The table.
        table: &'static str,
    },
    /// The answer is one of the other family.
    #[error("--reject-with {0} does not exist in this family")]
    RejectFamily(&'static str),
    /// A reset for what may be no TCP segment.
    #[error("--reject-with tcp-reset needs a plain -p tcp in the same rule")]
    RejectNeedsTcp,
    /// An address or mask of the other family.
    #[error("an address of the other family")]
    AddressFamily,
    /// Address bits outside the mask.
    #[error("address bits outside the mask are not zero")]
    AddressBits,
    /// `-f` in an IPv6 rule.
    #[error("-f exists for IPv4 only")]
    FragmentFamily,
    /// `! -p all`.
    #[error("`! -p all' would never match")]
    NoProtocol,
    /// An interface name that is empty or too long.
    #[error("interface name `{0}' is empty or longer than 15 bytes")]
    IfaceName(String),
    /// A log prefix that is too long or has a line break.
    #[error("--log-prefix is longer than 29 bytes or holds a line break")]
    LogPrefix,
    /// A log level above 7.
    #[error("--log-level {0} is above 7")]
    LogLevel(u8),
    /// More rules than counters can be numbered.
    #[error("more than 4294967295 rules and policies")]
    TooManyRules,
}

/// Why a ruleset was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidateError {
    /// Whose rules.
    pub family: Family,
    /// The table; `None` if the family as a whole is at fault.
    pub table: Option<TableName>,
    /// The chain; `None` if the table as a whole is at fault.
    pub chain: Option<ChainName>,
    /// The rule's number from 1; `None` if the chain as a whole is at fault.
    pub rule: Option<usize>,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for ValidateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.family {
            Family::Ipv4 => "iptables",
            Family::Ipv6 => "ip6tables",
        })?;
        if let Some(table) = self.table {
            write!(f, ": table {}", table.as_str())?;
        }
        if let Some(chain) = &self.chain {
            write!(f, ", chain {chain}")?;
        }
        if let Some(rule) = self.rule {
            write!(f, ", rule {rule}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for ValidateError {}

/// Where the check stands; makes errors that name the place.
#[derive(Clone, Copy)]
struct Place<'a> {
    family: Family,
    table: Option<TableName>,
    chain: Option<&'a Chain>,
    rule: Option<usize>,
}

impl Place<'_> {
    fn refuse(&self, problem: Problem) -> ValidateError {
        ValidateError {
            family: self.family,
            table: self.table,
            chain: self.chain.map(|chain| chain.name.clone()),
            rule: self.rule,
            problem,
        }
    }
}

/// Checks a ruleset and resolves its names.
///
/// # Errors
/// The first thing found that the data plane could not honour to the letter.
pub fn validate(ruleset: &Ruleset) -> Result<Resolved, ValidateError> {
    let mut resolved = Resolved {
        tables: Vec::with_capacity(2 * TableName::ALL.len()),
        counters: Vec::new(),
    };
    for family in Family::ALL {
        let tables = &ruleset.family(family).tables;
        if !tables.iter().map(|table| table.name).eq(TableName::ALL) {
            let place = Place {
                family,
                table: None,
                chain: None,
                rule: None,
            };
            return Err(place.refuse(Problem::Tables));
        }
        for table in tables {
            let table = resolve_table(family, table, &mut resolved.counters, true)?;
            resolved.tables.push(table);
        }
    }
    Ok(resolved)
}

/// Checks one table as the kernel does when it is replaced. Whether the table is evaluated is not
/// asked: what iptables can say must be sayable.
///
/// # Errors
/// The first thing found that the kernel would refuse.
pub fn check_table(family: Family, table: &Table) -> Result<(), ValidateError> {
    resolve_table(family, table, &mut Vec::new(), false).map(drop)
}

fn resolve_table(
    family: Family,
    table: &Table,
    counters: &mut Vec<CounterOwner>,
    must_be_evaluated: bool,
) -> Result<ResolvedTable, ValidateError> {
    let place = Place {
        family,
        table: Some(table.name),
        chain: None,
        rule: None,
    };
    check_builtins(table, place)?;
    let names = index_names(table, place)?;
    let mut chains = Vec::with_capacity(table.chains.len());
    for chain in &table.chains {
        let place = Place {
            chain: Some(chain),
            ..place
        };
        if must_be_evaluated {
            rule::check_table_support(chain, table.name, place)?;
        }
        chains.push(resolve_chain(chain, &names, place, counters)?);
    }
    let jump_depth = graph::check(&chains, table.name.hooks().len())
        .map_err(|fault| place_fault(table, place, fault))?;
    Ok(ResolvedTable {
        family,
        name: table.name,
        chains,
        jump_depth,
    })
}

fn check_builtins(table: &Table, place: Place<'_>) -> Result<(), ValidateError> {
    let hooks = table.name.hooks();
    let named_alike = table.chains.len() >= hooks.len()
        && hooks
            .iter()
            .zip(&table.chains)
            .all(|(hook, chain)| chain.name.as_str() == hook.chain_name());
    let policies_alike = table
        .chains
        .iter()
        .enumerate()
        .all(|(at, chain)| chain.policy.is_some() == (at < hooks.len()));
    if named_alike && policies_alike {
        Ok(())
    } else {
        Err(place.refuse(Problem::Builtins))
    }
}

type Names<'a> = HashMap<&'a ChainName, ChainIndex>;

fn index_names<'a>(table: &'a Table, place: Place<'a>) -> Result<Names<'a>, ValidateError> {
    let mut names = Names::with_capacity(table.chains.len());
    for (at, chain) in table.chains.iter().enumerate() {
        let place = Place {
            chain: Some(chain),
            ..place
        };
        let at = u32::try_from(at).map_err(|_| place.refuse(Problem::TooManyRules))?;
        if names.insert(&chain.name, ChainIndex(at)).is_some() {
            return Err(place.refuse(Problem::DuplicateChain));
        }
    }
    Ok(names)
}

fn resolve_chain(
    chain: &Chain,
    names: &Names<'_>,
    place: Place<'_>,
    counters: &mut Vec<CounterOwner>,
) -> Result<ResolvedChain, ValidateError> {
    let mut rules = Vec::with_capacity(chain.rules.len());
    for (number, rule) in (1..).zip(&chain.rules) {
        let place = Place {
            rule: Some(number),
            ..place
        };
        rule::check(rule, place)?;
        let kind = u32::try_from(number).map(CounterKind::Rule);
        let kind = kind.map_err(|_| place.refuse(Problem::TooManyRules))?;
        rules.push(ResolvedRule {
            counter: new_counter(place, kind, rule.handle, rule.counters, counters)?,
            ip: rule.ip.clone(),
            matches: rule.matches.clone(),
            target: resolve_target(&rule.target, names, place)?,
        });
    }
    let policy = match &chain.policy {
        None => None,
        Some(policy) => {
            let kind = CounterKind::Policy;
            let id = new_counter(place, kind, policy.handle, policy.counters, counters)?;
            Some((policy.verdict, id))
        }
    };
    Ok(ResolvedChain {
        name: chain.name.clone(),
        policy,
        rules,
    })
}

fn new_counter(
    place: Place<'_>,
    kind: CounterKind,
    handle: crate::RuleHandle,
    initial: crate::Counters,
    counters: &mut Vec<CounterOwner>,
) -> Result<CounterId, ValidateError> {
    let (Ok(id), Some(table), Some(chain)) =
        (u32::try_from(counters.len()), place.table, place.chain)
    else {
        return Err(place.refuse(Problem::TooManyRules));
    };
    counters.push(CounterOwner {
        family: place.family,
        table,
        chain: chain.name.clone(),
        kind,
        handle,
        initial,
    });
    Ok(CounterId(id))
}

fn resolve_target(
    target: &Target,
    names: &Names<'_>,
    place: Place<'_>,
) -> Result<ResolvedTarget, ValidateError> {
    let chain = |name: &ChainName| {
        let Some(&at) = names.get(name) else {
            return Err(place.refuse(Problem::NoSuchChain(name.clone())));
        };
        let builtins = place.table.map_or(0, |table| table.hooks().len());
        if at.index() < builtins {
            return Err(place.refuse(Problem::JumpToBuiltin(name.clone())));
        }
        Ok(at)
    };
    Ok(match target {
        Target::None => ResolvedTarget::None,
        Target::Accept => ResolvedTarget::Accept,
        Target::Drop => ResolvedTarget::Drop,
        Target::Return => ResolvedTarget::Return,
        Target::Jump(name) => ResolvedTarget::Jump(chain(name)?),
        Target::Goto(name) => ResolvedTarget::Goto(chain(name)?),
        Target::Reject(with) => ResolvedTarget::Reject(*with),
        Target::Log(log) => ResolvedTarget::Log(log.clone()),
    })
}

fn place_fault(table: &Table, place: Place<'_>, fault: graph::Fault) -> ValidateError {
    let chain = table.chains.get(fault.chain);
    let place = Place {
        chain,
        rule: Some(fault.rule + 1),
        ..place
    };
    let target = chain
        .and_then(|chain| chain.rules.get(fault.rule))
        .map(|rule| &rule.target);
    match (fault.kind, target) {
        (graph::FaultKind::Loop, Some(Target::Jump(name) | Target::Goto(name))) => {
            place.refuse(Problem::Loop(name.clone()))
        }
        _ => place.refuse(Problem::TooDeep),
    }
}

/// Whether `rule` fits every packet: the kernel's `unconditional`.
fn is_unconditional(ip: &crate::matches::ip::IpMatch, matches: &[Match]) -> bool {
    matches.is_empty() && *ip == crate::matches::ip::IpMatch::default()
}

#[cfg(test)]
mod tests;
