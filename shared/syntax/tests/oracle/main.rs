//! Weir's iptables against the machine's: the same calls on both sides, and what they print on
//! standard output and standard error, their exit codes, and what the tables then look like in
//! every layout, must agree but for the differences that the crate's documentation lists
//! (`normal`).
//!
//! `cargo test -p syntax --features oracle --test oracle`, as root. `WEIR_ORACLE_CASES=N` sets how
//! many sequences are generated for each family and kind, `WEIR_ORACLE_SEED=N` which.

mod case;
mod generate;
mod generate_rule;
mod generate_ruleset;
mod kernel;
mod normal;
mod rng;
mod scripted;
mod weir;

use std::fmt::Write as _;

use case::Sequence;
use rules::Family;
use syntax::Names;

const DEFAULT_CASES: u64 = 150;

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => default,
    }
}

/// Compares both sides; fails with the first differences of up to 20 sequences.
fn compare(sequences: &[Sequence]) {
    let names = Names::load();
    let kernel = kernel::ask(sequences);
    let mut report = String::new();
    let mut faults = 0;
    for (sequence, answers) in sequences.iter().zip(&kernel) {
        let ours = weir::ask(sequence, &names);
        let steps = sequence.steps.iter().zip(answers.iter().zip(&ours));
        let fault = steps.enumerate().find_map(|(at, (step, (kernel, weir)))| {
            let kernel = normal::of_kernel(step, &names, kernel);
            let weir = normal::of_weir(weir);
            (kernel != weir).then_some((at, kernel, weir))
        });
        let Some((at, kernel, weir)) = fault else {
            continue;
        };
        faults += 1;
        if faults > 20 {
            continue;
        }
        let _ = writeln!(report, "\n{} ({:?})", sequence.name, sequence.family);
        for step in sequence.steps.iter().take(at + 1) {
            let _ = writeln!(
                report,
                "  {:?} {:?} <{:?}",
                step.program, step.args, step.stdin
            );
        }
        let _ = writeln!(report, "kernel: {kernel:#?}\nweir:   {weir:#?}");
    }
    let asked: usize = sequences.iter().map(|sequence| sequence.steps.len()).sum();
    println!("{asked} calls in {} sequences compared", sequences.len());
    assert_eq!(
        faults,
        0,
        "{faults} of {} sequences differ:{report}",
        sequences.len()
    );
}

fn generated(make: impl Fn(&rng::Rng, Family) -> Sequence) {
    let cases = setting("WEIR_ORACLE_CASES", DEFAULT_CASES);
    let seed = setting("WEIR_ORACLE_SEED", 1);
    let mut sequences = Vec::new();
    for family in Family::ALL {
        for case in 0..cases {
            let rng = rng::Rng::new(seed, case);
            let mut sequence = make(&rng, family);
            sequence.name = format!("{} (seed {seed}, case {case})", sequence.name);
            sequences.push(sequence);
        }
    }
    compare(&sequences);
}

#[test]
fn scripted_calls_agree() {
    compare(&scripted::sequences());
}

#[test]
fn generated_rules_agree() {
    generated(generate::rules);
}

#[test]
fn generated_commands_agree() {
    generated(generate::commands);
}

#[test]
fn generated_restores_agree() {
    generated(generate::restore);
}

#[test]
fn generated_rulesets_are_restored_and_saved_alike() {
    let cases = setting("WEIR_ORACLE_CASES", DEFAULT_CASES) / 2;
    let seed = setting("WEIR_ORACLE_SEED", 1);
    let families = Family::ALL.into_iter();
    let sequences: Vec<Sequence> = families
        .flat_map(|family| (0..cases).map(move |case| (family, seed.wrapping_mul(1000) + case)))
        .map(|(family, seed)| generate_ruleset::saved(family, seed))
        .collect();
    compare(&sequences);
}
