//! Counters as `iptables-save -c` and `ip6tables-save -c` print them.

use std::collections::HashMap;

use api::CounterValue;
use rules::{Counters, Family, RuleHandle, Ruleset};
use syntax::{Invocation, Names, Program, Stamp};

/// `ruleset` with what its rules and policies counted.
pub(super) fn fill(ruleset: &Ruleset, values: &[CounterValue]) -> Ruleset {
    let counted: HashMap<RuleHandle, Counters> = values
        .iter()
        .map(|value| (value.handle, value.counters))
        .collect();
    let of = |handle| counted.get(&handle).copied();
    let mut ruleset = ruleset.clone();
    for family in Family::ALL {
        for chain in ruleset
            .family_mut(family)
            .tables
            .iter_mut()
            .flat_map(|table| &mut table.chains)
        {
            if let Some(policy) = &mut chain.policy {
                policy.counters = of(policy.handle).unwrap_or(policy.counters);
            }
            for rule in &mut chain.rules {
                rule.counters = of(rule.handle).unwrap_or(rule.counters);
            }
        }
    }
    ruleset
}

/// The text of all IPv4 tables, then of all IPv6 tables. The comments tell the replay's time, so
/// that equal replays give equal bytes.
pub(super) fn text(ruleset: &Ruleset, names: &Names, unix_time_s: u64) -> String {
    let args = ["-c".to_owned()];
    let saved = Family::ALL.map(|family| {
        let call = Invocation {
            program: Program::Save,
            family,
            args: &args,
            stdin: "",
            stamp: Stamp {
                version: env!("CARGO_PKG_VERSION"),
                unix_time_s,
            },
        };
        syntax::run(&call, ruleset, names).stdout
    });
    saved.concat()
}
