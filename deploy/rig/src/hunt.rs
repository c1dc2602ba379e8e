//! Plants each fault and looks for it.

use std::path::Path;

use crate::{
    case::Case,
    faults::{self, Copy, Fault, SHRUNK_MOST},
    generate::{self, Area},
    judge::{Judge, Judgement, SharedLog, Subject},
    kernel::Backend,
    listed,
    run::RunError,
    shrink::shrink,
    weir::Weir,
};

/// Cases within which a fault must be found.
const CASES_MOST: u64 = 500;

/// Plants every fault of `list` in turn; true if each is found and shrunk far enough, and none is
/// seen where none was planted.
///
/// # Errors
/// A fault that cannot be planted, a router that cannot be had.
pub fn hunt(list: &Path, seed: u64, log: &SharedLog) -> Result<bool, RunError> {
    let faults = faults::read(list)?;
    let copy = Copy::new()?;
    let (mut passed, mut failed) = (0, 0);
    println!("seed {seed}, {} faults", faults.len());
    for fault in &faults {
        let found = hunt_one(&copy, fault, seed, log)?;
        let Fault { name, .. } = fault;
        match found {
            Some((cases, small)) => {
                let (rules, packets) = (faults::rules_of(&small), small.packets.len());
                let is_small = rules <= SHRUNK_MOST && packets <= SHRUNK_MOST;
                let word = if is_small {
                    "found"
                } else {
                    "NOT SMALL ENOUGH"
                };
                println!("{word}: {name}: case {cases}, {rules} rules, {packets} packets");
                if !is_small {
                    println!("{}", small.to_toml());
                }
                if is_small { passed += 1 } else { failed += 1 }
            }
            None => {
                println!("NOT FOUND in {CASES_MOST} cases: {name}");
                failed += 1;
            }
        }
    }
    println!("faults: {passed} passed, {failed} failed");
    Ok(failed == 0)
}

/// The case in which the fault showed, counted from 1, and that case shrunk.
fn hunt_one(
    copy: &Copy,
    fault: &Fault,
    seed: u64,
    log: &SharedLog,
) -> Result<Option<(u64, Case)>, RunError> {
    let weir = Weir::new(copy.build(fault)?, 1)?;
    let subject = Subject::Weir(weir);
    let mut judge = Judge {
        number: 0,
        kernels: Vec::new(),
        subject,
        runs: 0,
        log,
    };
    let mut fails = |case: &Case| {
        // A listed difference may not hide a fault: what it explains does not count as found.
        let judgement = judge.judge(case, Backend::Legacy);
        judgement.map(|judgement| match judgement {
            Judgement::Different(_) => listed::explains(case).is_none(),
            Judgement::Failed(_) => true,
            Judgement::Same | Judgement::Refused(_) => false,
        })
    };
    for number in 0..CASES_MOST {
        let area = Area::ALL[number as usize % Area::ALL.len()];
        let case = generate::case(seed, area, number / Area::ALL.len() as u64);
        // Twice: a packet that a busy machine lost is no finding.
        if fails(&case)? && fails(&case)? {
            let small = shrink(&case, |case| fails(case).unwrap_or(false));
            return Ok(Some((number + 1, small)));
        }
    }
    Ok(None)
}
