//! The same calls on Weir's side, with a control plane as small as can be: it keeps the ruleset,
//! gives handles and zeroes counters.
//!
//! One difference is made up for here: iptables-legacy zeroes the policy counters of a table with
//! every change of the table (`libiptc.c` `__iptcc_p_del_policy` maps them as zeroed); Weir keeps
//! them as iptables-nft does.

use std::collections::HashSet;

use rules::{Counters, Family, RuleHandle, Ruleset, TableName};
use syntax::{Invocation, Names, Outcome, Program, Stamp, ZeroTarget, run};

use super::case::{Answer, Sequence, Step};

/// Asks Weir one sequence, on an empty ruleset.
pub fn ask(sequence: &Sequence, names: &Names) -> Vec<Answer> {
    let mut ruleset = Ruleset::new();
    let mut next_handle = 1;
    ruleset.assign_handles(&mut next_handle);
    let mut answers = Vec::new();
    for step in &sequence.steps {
        let call = Invocation {
            program: step.program,
            family: sequence.family,
            args: &step.args,
            stdin: &step.stdin,
            stamp: Stamp {
                version: "0.1.0",
                unix_time_s: 0,
            },
        };
        let outcome = run(&call, &ruleset, names);
        let touched = touched(step, &outcome, &ruleset, sequence.family);
        if let Some(changed) = outcome.ruleset {
            assert_eq!(outcome.exit_code, 0, "a failed call changed the ruleset");
            ruleset = changed;
        }
        for table in touched {
            zero_policies(&mut ruleset, sequence.family, table);
        }
        ruleset.assign_handles(&mut next_handle);
        zero(&mut ruleset, &outcome.zero);
        answers.push(Answer {
            stdout: outcome.stdout,
            stderr: outcome.stderr,
            exit_code: outcome.exit_code,
        });
    }
    answers
}

fn zero(ruleset: &mut Ruleset, targets: &[ZeroTarget]) {
    let handles: HashSet<_> = targets.iter().flat_map(|target| &target.handles).collect();
    let families = [&mut ruleset.ipv4, &mut ruleset.ipv6];
    let tables = families.into_iter().flat_map(|family| &mut family.tables);
    for chain in tables.flat_map(|table| &mut table.chains) {
        if let Some(policy) = &mut chain.policy
            && handles.contains(&policy.handle)
        {
            policy.counters = Counters::default();
        }
        for rule in &mut chain.rules {
            if handles.contains(&rule.handle) {
                rule.counters = Counters::default();
            }
        }
    }
}

/// The tables that libiptc would have written back.
fn touched(step: &Step, outcome: &Outcome, before: &Ruleset, family: Family) -> HashSet<TableName> {
    let mut touched = HashSet::new();
    if outcome.exit_code != 0 {
        return touched;
    }
    let is_flush = |arg: &String| arg.starts_with("-F") || arg.starts_with("--fl");
    for table in TableName::ALL {
        let after = outcome
            .ruleset
            .as_ref()
            .map(|ruleset| ruleset.table(family, table));
        let is_named = match step.program {
            Program::Iptables => {
                let names: Vec<&str> = step.args.iter().map(String::as_str).collect();
                let at = names.iter().position(|&arg| arg == "-t");
                let name = at.and_then(|at| names.get(at + 1)).unwrap_or(&"filter");
                step.args.iter().any(is_flush) && *name == table.as_str()
            }
            Program::Restore => {
                let keeps = |arg: &String| arg.starts_with("-n") || arg == "--noflush";
                let head = format!("*{}", table.as_str());
                !step.args.iter().any(keeps) && step.stdin.lines().any(|line| line == head)
            }
            Program::Save => false,
        };
        if is_named
            || after.is_some_and(|after| after != before.table(family, table))
            || outcome.zero.iter().any(|target| target.table == table)
        {
            touched.insert(table);
        }
    }
    touched
}

fn zero_policies(ruleset: &mut Ruleset, family: Family, table: TableName) {
    let Some(table) = ruleset.table_mut(family, table) else {
        return;
    };
    for policy in table
        .chains
        .iter_mut()
        .filter_map(|chain| chain.policy.as_mut())
    {
        // A policy that this call set has no handle yet.
        if policy.handle != RuleHandle::default() {
            policy.counters = Counters::default();
        }
    }
}
