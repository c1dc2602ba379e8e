//! The run: cases handed to threads, mismatches shrunk, the table at the end.

use std::{
    collections::VecDeque,
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{
    args::Args,
    case::{Case, CaseError, Recorded},
    compare::Difference,
    faults::FaultError,
    hunt,
    jobs::{self, Job},
    judge::{Judge, Judgement, SharedLog, Subject},
    kernel::{self, Backend, KernelError},
    klog::KernelLog,
    listed,
    report::{self, Table},
    shrink::shrink,
    weir::{Weir, WeirError},
};

/// Why the rig could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The kernel's side.
    #[error("the kernel's router: {0}")]
    Kernel(#[from] KernelError),
    /// Weir's side.
    #[error("Weir: {0}")]
    Weir(#[from] WeirError),
    /// A case file.
    #[error("{0}")]
    Case(#[from] CaseError),
    /// A fault that could not be planted.
    #[error("{0}")]
    Fault(#[from] FaultError),
    /// A capture file.
    #[error("{0}")]
    Capture(#[from] netio::pcap::CaptureError),
    /// The kernel's log cannot be read.
    #[error("/dev/kmsg and nf_log_all_netns, needed by cases that log: {0}")]
    Log(std::io::Error),
    /// A shrunk case could not be written.
    #[error("{0}: {1}")]
    Save(PathBuf, std::io::Error),
}

/// Looks at a case that differs, after the first.
const LOOKS_MORE: usize = 3;
/// Before each of them: where other work keeps the machine's soft interrupts busy, a packet is
/// handled later than the write that sent it.
const PAUSE: Duration = Duration::from_millis(100);

struct Shared<'a> {
    args: &'a Args,
    jobs: Mutex<VecDeque<Job>>,
    table: Mutex<Table>,
    shown: Mutex<usize>,
    log: &'a SharedLog,
}

/// Runs everything that the command line asks for; true if nothing differed.
///
/// # Errors
/// What keeps the rig from running at all.
pub fn run(args: &Args) -> Result<bool, RunError> {
    let started = Instant::now();
    kernel::sweep();
    let log = Mutex::new(Some(KernelLog::open().map_err(RunError::Log)?));
    if let Some(list) = &args.faults {
        return hunt::hunt(list, jobs::seed(args), &log);
    }
    let shared = Shared {
        args,
        jobs: Mutex::new(jobs::jobs(args)?),
        table: Mutex::default(),
        shown: Mutex::new(0),
        log: &log,
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..args.threads)
            .map(|number| {
                let shared = &shared;
                scope.spawn(move || work(shared, number))
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
    })?;
    let table = shared
        .table
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    report::print_table(&table, started.elapsed().as_secs_f64());
    // Whatever the generator writes, iptables-legacy must take; nft may lack something.
    let failed: u64 = table
        .iter()
        .map(|((_, backend), tally)| {
            tally.mismatches
                + if *backend == "legacy" {
                    tally.refused
                } else {
                    0
                }
        })
        .sum();
    let cases: u64 = table.values().map(|tally| tally.cases).sum();
    println!("conformance: {} passed, {failed} failed", cases - failed);
    Ok(failed == 0 && cases > 0)
}

fn work(shared: &Shared<'_>, number: usize) -> Result<(), RunError> {
    let mut judge = Judge {
        number,
        kernels: Vec::new(),
        subject: match (&shared.args.weir, shared.args.subject) {
            (Some(weir), _) => Subject::Weir(Weir::new(weir.clone(), shared.args.workers)?),
            (None, backend) => Subject::Kernel(backend.unwrap_or(Backend::Legacy)),
        },
        runs: 0,
        log: shared.log,
    };
    loop {
        let job = shared
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let Some(job) = job else { return Ok(()) };
        let case = (job.case)();
        let judgement = judge_job(shared, &mut judge, &job, &case)?;
        match judgement {
            Judgement::Same => {}
            Judgement::Refused(words) => {
                println!(
                    "{}, {}: the kernel refuses: {words}",
                    case.name,
                    job.backend.as_str()
                );
            }
            Judgement::Different(_) | Judgement::Failed(_) => {
                mismatch(shared, &mut judge, &case, job.backend)?;
            }
        }
    }
}

/// Judges a case and counts it; what is no fault of Weir's comes back as [`Judgement::Same`].
fn judge_job(
    shared: &Shared<'_>,
    judge: &mut Judge<'_>,
    job: &Job,
    case: &Case,
) -> Result<Judgement, RunError> {
    let mut judgement = judge.judge(case, job.backend)?;
    for _ in 0..LOOKS_MORE {
        if !matches!(judgement, Judgement::Different(_)) {
            break;
        }
        // Another look tells a difference from a packet that a busy machine was late with.
        thread::sleep(PAUSE);
        judgement = judge.judge(case, job.backend)?;
    }
    let is_different = matches!(judgement, Judgement::Different(_));
    // Legacy is the judge; a difference from nft that legacy does not share is the kernel's.
    let disagree = is_different
        && job.backend == Backend::Nft
        && matches!(judge.judge(case, Backend::Legacy)?, Judgement::Same);
    let listed = is_different && !disagree && listed::explains(case).is_some();
    if disagree || listed {
        judgement = Judgement::Same;
    }
    let mut table = shared.table.lock().unwrap_or_else(PoisonError::into_inner);
    let tally = table
        .entry((job.area.clone(), job.backend.as_str()))
        .or_default();
    tally.cases += 1;
    tally.packets += case.packets.len() as u64;
    tally.mismatches += u64::from(matches!(
        judgement,
        Judgement::Different(_) | Judgement::Failed(_)
    ));
    tally.listed += u64::from(listed);
    tally.disagree += u64::from(disagree);
    tally.refused += u64::from(matches!(judgement, Judgement::Refused(_)));
    Ok(judgement)
}

fn mismatch(
    shared: &Shared<'_>,
    judge: &mut Judge<'_>,
    case: &Case,
    backend: Backend,
) -> Result<(), RunError> {
    {
        let mut shown = shared.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown >= shared.args.show {
            return Ok(());
        }
        *shown += 1;
    }
    let mut small = shrink(case, |case| {
        matches!(
            judge.judge(case, backend),
            Ok(Judgement::Different(_) | Judgement::Failed(_))
        )
    });
    let (differences, failed): (Vec<Difference>, _) = match judge.judge(&small, backend)? {
        Judgement::Same | Judgement::Refused(_) => (Vec::new(), None),
        Judgement::Different(differences) => (differences, None),
        Judgement::Failed(words) => (Vec::new(), Some(words)),
    };
    report::print_mismatch(&small, &differences, failed.as_deref());
    if let Some(folder) = &shared.args.save {
        let answer = judge.ask_kernel(&small, backend)?;
        small.kernel = Some(Recorded {
            version: report::versions(),
            answer,
        });
        let path = folder.join(format!("{}.toml", small.name));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, small.to_toml()))
            .map_err(|error| RunError::Save(path, error))?;
    }
    Ok(())
}
