//! What the command line asks for, as a queue of cases.

use std::{
    collections::VecDeque,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    args::{Args, BackendChoice},
    capture::{self, Capture},
    case::Case,
    generate::{self, Area},
    kernel::Backend,
    run::RunError,
};

/// A case to come and who answers it.
pub struct Job {
    /// The row of the closing table.
    pub area: String,
    /// The kernel's iptables.
    pub backend: Backend,
    /// Makes the case.
    pub case: Box<dyn Fn() -> Case + Send>,
}

/// The queue, and which back ends answer.
struct Jobs {
    choice: BackendChoice,
    queue: VecDeque<Job>,
}

impl Jobs {
    /// Queues case number `number` of `area` for each back end that shall answer it.
    fn push(&mut self, area: &str, number: u64, case: impl Fn() -> Case + Clone + Send + 'static) {
        let backends: &[Backend] = match self.choice {
            BackendChoice::Legacy => &[Backend::Legacy],
            BackendChoice::Nft => &[Backend::Nft],
            BackendChoice::Both if number.is_multiple_of(10) => &[Backend::Legacy, Backend::Nft],
            BackendChoice::Both => &[Backend::Legacy],
        };
        for &backend in backends {
            let case = Box::new(case.clone());
            self.queue.push_back(Job {
                area: area.to_owned(),
                backend,
                case,
            });
        }
    }

    fn captures(&mut self, path: &Path, seed: u64) -> Result<(), RunError> {
        let Capture { packets, left_out } = match capture::read(path) {
            Ok(capture) => capture,
            // Other link types and damaged files are common among captures: said, and gone past.
            Err(error) if path.exists() => {
                println!("left out: {error}");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        println!(
            "{}: {} packets, {left_out} left out",
            path.display(),
            packets.len()
        );
        let name = path
            .file_stem()
            .map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        for (number, packets) in (0..).zip(packets.chunks(capture::PACKETS_PER_CASE)) {
            let case = generate::case_around(seed, &name, number, packets.to_vec());
            self.push("captures", number, move || case.clone());
        }
        Ok(())
    }
}

/// The seed of generated cases: the clock's seconds when none was given.
pub fn seed(args: &Args) -> u64 {
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    args.seed.unwrap_or(clock)
}

/// Every case that the command line asks for: those of captures, of case files, or generated.
///
/// # Errors
/// A file that is not there or is no case.
pub fn jobs(args: &Args) -> Result<VecDeque<Job>, RunError> {
    let mut jobs = Jobs {
        choice: args.backend,
        queue: VecDeque::new(),
    };
    let seed = seed(args);
    for path in &args.captures {
        jobs.captures(path, seed)?;
    }
    for path in &args.files {
        let case = Case::read(path)?;
        jobs.push("files", 0, move || case.clone());
    }
    if args.captures.is_empty() && args.files.is_empty() {
        println!("seed {seed}, {} cases", args.cases);
        let areas = if args.areas.is_empty() {
            &Area::ALL[..]
        } else {
            &args.areas
        };
        for number in 0..args.cases.div_ceil(areas.len() as u64) {
            for &area in areas {
                jobs.push(area.as_str(), number, move || {
                    generate::case(seed, area, number)
                });
            }
        }
    }
    Ok(jobs.queue)
}
