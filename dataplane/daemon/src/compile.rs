//! From a ruleset blob to what can be published: checked, compiled, within its memory. Runs on a
//! thread that is no worker, and in a replay.

use std::collections::HashMap;

use api::{HookEntry, Refusal, RulesetHash};
use classifier::Classifier;
use rules::{
    CounterKind, CounterOwner, Family, Rule, RuleHandle, Ruleset, Target, ValidateError,
    matches::Match,
};

use crate::control::hooks;

/// Bytes that one rule takes besides its source form: resolved, and its place in the ledger.
const COMPILED_RULE_BYTES: u64 = 256;
/// Bytes of a counter of one worker.
const COUNTER_BYTES: u64 = 16;

/// A ruleset that may be published.
#[derive(Debug)]
pub struct Compiled {
    /// What workers ask.
    pub classifier: Classifier,
    /// SHA-256 of `blob`.
    pub hash: RulesetHash,
    /// The source form, as it came.
    pub blob: Vec<u8>,
    /// What is registered on which hook.
    pub hooks: Vec<HookEntry>,
}

impl Compiled {
    /// Checks and compiles `ruleset`, whose blob is `blob`.
    ///
    /// # Errors
    /// A rule that cannot run, by family, table, chain and number; a handle that is missing or
    /// stands twice; more memory than `memory_bytes`.
    pub fn new(
        ruleset: &Ruleset,
        blob: Vec<u8>,
        workers: usize,
        memory_bytes: u64,
    ) -> Result<Self, Refusal> {
        let needed = estimate_bytes(ruleset, workers);
        if needed > memory_bytes {
            let why = format!(
                "needs about {} MiB, ruleset_memory allows {} MiB",
                needed >> 20,
                memory_bytes >> 20
            );
            return Err(Refusal {
                place: "ruleset".to_owned(),
                why,
            });
        }
        let classifier = Classifier::new(ruleset).map_err(|error| refusal(&error))?;
        check_handles(classifier.counters())?;
        Ok(Self {
            classifier,
            hash: RulesetHash::of(&blob),
            blob,
            hooks: hooks(ruleset),
        })
    }
}

/// An upper estimate of what a generation takes.
fn estimate_bytes(ruleset: &Ruleset, workers: usize) -> u64 {
    let rules = Family::ALL
        .iter()
        .flat_map(|&family| &ruleset.family(family).tables)
        .flat_map(|table| &table.chains)
        .flat_map(|chain| &chain.rules);
    let per_rule = COMPILED_RULE_BYTES + COUNTER_BYTES * workers as u64;
    // Twice the source: once as it came, once resolved.
    rules.map(|rule| per_rule + 2 * source_bytes(rule)).sum()
}

fn source_bytes(rule: &Rule) -> u64 {
    let ifaces = [&rule.ip.in_iface, &rule.ip.out_iface]
        .into_iter()
        .flatten();
    let names: usize = ifaces.map(|iface| iface.value.name.len()).sum();
    let target = match &rule.target {
        Target::Log(log) => log.prefix.len(),
        target => target.name().len(),
    };
    let bytes = size_of::<Rule>() + rule.matches.len() * size_of::<Match>() + names + target;
    bytes as u64
}

/// A refused rule in the words of the control socket.
pub fn refusal(error: &ValidateError) -> Refusal {
    let mut place = match error.family {
        Family::Ipv4 => "ipv4".to_owned(),
        Family::Ipv6 => "ipv6".to_owned(),
    };
    if let Some(table) = error.table {
        place = format!("{place} {}", table.as_str());
    }
    if let Some(chain) = &error.chain {
        place = format!("{place} {chain}");
    }
    if let Some(rule) = error.rule {
        place = format!("{place} rule {rule}");
    }
    Refusal {
        place,
        why: error.problem.to_string(),
    }
}

/// Counters are carried by handle, so each rule and policy needs one of its own.
fn check_handles(counters: &[CounterOwner]) -> Result<(), Refusal> {
    let mut seen: HashMap<RuleHandle, &CounterOwner> = HashMap::with_capacity(counters.len());
    for owner in counters {
        if owner.handle == RuleHandle(0) {
            let why = "has no handle: the control plane assigns them before it prepares";
            return Err(Refusal {
                place: place(owner),
                why: why.to_owned(),
            });
        }
        if let Some(other) = seen.insert(owner.handle, owner) {
            let why = format!("has the handle {} of {} too", owner.handle.0, place(other));
            return Err(Refusal {
                place: place(owner),
                why,
            });
        }
    }
    Ok(())
}

/// Whose a counter is, in words: `ipv4 filter FORWARD rule 3`.
pub fn place(owner: &CounterOwner) -> String {
    let family = match owner.family {
        Family::Ipv4 => "ipv4",
        Family::Ipv6 => "ipv6",
    };
    let (table, chain) = (owner.table.as_str(), &owner.chain);
    match owner.kind {
        CounterKind::Rule(number) => format!("{family} {table} {chain} rule {number}"),
        CounterKind::Policy => format!("{family} {table} {chain} policy"),
    }
}

#[cfg(test)]
mod tests {
    use rules::{ChainName, TableName, rule::Counters};

    use super::*;

    fn rule(handle: u64, target: Target) -> Rule {
        Rule {
            handle: RuleHandle(handle),
            counters: Counters::default(),
            ip: Default::default(),
            matches: Vec::new(),
            target,
        }
    }

    fn compile(ruleset: &Ruleset, memory_bytes: u64) -> Result<Compiled, Refusal> {
        let blob = api::codec::encode(ruleset).unwrap();
        Compiled::new(ruleset, blob, 2, memory_bytes)
    }

    fn with_rules(rules: Vec<Rule>) -> Ruleset {
        let mut ruleset = Ruleset::new();
        let mut next = 1;
        ruleset.assign_handles(&mut next);
        let forward: ChainName = "FORWARD".parse().unwrap();
        let table = ruleset.table_mut(Family::Ipv4, TableName::Filter).unwrap();
        table.chain_mut(&forward).unwrap().rules = rules;
        ruleset
    }

    #[test]
    fn a_rule_that_cannot_run_is_named() {
        let jump = Target::Jump("NOWHERE".parse().unwrap());
        let ruleset = with_rules(vec![rule(100, Target::Accept), rule(101, jump)]);
        let refusal = compile(&ruleset, 1 << 30).unwrap_err();
        assert_eq!(refusal.place, "ipv4 filter FORWARD rule 2");
    }

    #[test]
    fn handles_are_there_and_differ() {
        let missing = with_rules(vec![rule(0, Target::Accept)]);
        let refusal = compile(&missing, 1 << 30).unwrap_err();
        assert_eq!(refusal.place, "ipv4 filter FORWARD rule 1");
        let twice = with_rules(vec![rule(100, Target::Accept), rule(100, Target::Drop)]);
        let refusal = compile(&twice, 1 << 30).unwrap_err();
        assert_eq!(
            refusal.why,
            "has the handle 100 of ipv4 filter FORWARD rule 1 too"
        );
        compile(&with_rules(vec![rule(100, Target::Accept)]), 1 << 30).unwrap();
    }

    #[test]
    fn memory_is_bounded() {
        let rules = (100..10_100)
            .map(|handle| rule(handle, Target::Accept))
            .collect();
        let refusal = compile(&with_rules(rules), 1 << 20).unwrap_err();
        assert!(
            refusal.why.contains("ruleset_memory allows 1 MiB"),
            "{}",
            refusal.why
        );
    }
}
