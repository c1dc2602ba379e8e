//! Whole rulesets from the model's own generator: Weir saves them, both sides restore that text,
//! and what both then save must be the same.

use rules::{Family, TableName, arbitrary};
use syntax::{Invocation, Names, Program, Stamp, run};

use super::case::{Sequence, Step};

/// What iptables 1.8.9 takes and prints otherwise (its own losses, which the crate's documentation
/// lists).
const LOST_BY_IPTABLES: [&str; 6] = [
    "! -i +",
    "! -o +",
    "--tcp-flags NONE",
    "! --sport 0:65535",
    "! --dport 0:65535",
    "--icmp-type 255/",
];

/// One sequence: a restore of the ruleset that `seed` makes.
pub fn saved(family: Family, seed: u64) -> Sequence {
    let ruleset = arbitrary::sample(&arbitrary::ruleset(), seed);
    let args = ["-c".to_owned()];
    let call = Invocation {
        program: Program::Save,
        family,
        args: &args,
        stdin: "",
        stamp: Stamp {
            version: "0.1.0",
            unix_time_s: 0,
        },
    };
    let text = run(&call, &ruleset, &Names::load()).stdout;
    let mut step = Step::new(Program::Restore, &["-c"]);
    step.stdin = text
        .split_inclusive('\n')
        .filter(|line| can_be_typed(line) && is_kept(line))
        .collect();
    let mut sequence = Sequence {
        name: format!("ruleset {seed}"),
        family,
        steps: vec![step],
    };
    sequence.observe(&TableName::ALL.map(TableName::as_str));
    sequence
}

/// iptables refuses `-o` where packets come in and `-i` where they go out.
fn can_be_typed(line: &str) -> bool {
    let at = |chains: [&str; 2]| {
        chains
            .iter()
            .any(|chain| line.contains(&format!("-A {chain} ")))
    };
    !(at(["INPUT", "PREROUTING"]) && line.contains(" -o ")
        || at(["OUTPUT", "POSTROUTING"]) && line.contains(" -i "))
}

fn is_kept(line: &str) -> bool {
    let has_code_range = line.split("-type ").skip(1).any(|rest| {
        rest.split(' ')
            .next()
            .is_some_and(|value| value.contains(':'))
    });
    !has_code_range && !LOST_BY_IPTABLES.iter().any(|lost| line.contains(lost))
}
