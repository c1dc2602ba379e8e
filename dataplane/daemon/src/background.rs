//! The thread that compiles rulesets and writes to disk, so that neither makes the main thread
//! late for neighbours and the control socket. It wakes the main thread when something is done.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use api::{Blob, Generation, JournalEntry, Refusal, RulesetHash};
use crossbeam::channel::{self, Receiver, Sender};
use rustix::event::{EventfdFlags, eventfd};

use crate::{
    compile::Compiled,
    state::{Journal, LastGood},
};

/// What is to be done.
#[derive(Debug)]
pub enum Job {
    /// Check and compile a ruleset.
    Compile {
        /// The number it will have.
        generation: Generation,
        /// What the control plane promised.
        hash: RulesetHash,
        /// The blob.
        blob: Blob,
    },
    /// Write the last good ruleset and a journal entry.
    Persist {
        /// The ruleset.
        last_good: LastGood,
        /// The entry.
        entry: JournalEntry,
    },
}

/// What was done.
#[derive(Debug)]
pub enum Done {
    /// A ruleset is compiled, or refused.
    Compiled(Generation, Result<Box<Compiled>, Refusal>),
    /// A ruleset is on the disk, or is not.
    Persisted(Generation, Result<(), io::Error>),
}

/// Handle of the thread. Dropping it lets the thread finish what it has and end.
#[derive(Debug)]
pub struct Background {
    jobs: Option<Sender<Job>>,
    done: Receiver<Done>,
    wake: Arc<OwnedFd>,
    thread: Option<thread::JoinHandle<()>>,
}

/// What the thread needs to know.
#[derive(Debug)]
pub struct BackgroundConfig {
    /// Workers that a generation is for.
    pub workers: usize,
    /// Bytes that a generation may take.
    pub ruleset_memory_bytes: u64,
    /// Where the last good ruleset is kept.
    pub state_directory: PathBuf,
    /// The journal.
    pub journal: Arc<Mutex<Journal>>,
}

impl Background {
    /// Starts the thread.
    ///
    /// # Errors
    /// No thread or no descriptor could be had.
    pub fn start(config: BackgroundConfig) -> io::Result<Self> {
        let (jobs, inbox) = channel::unbounded();
        let (outbox, done) = channel::unbounded();
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let wake = Arc::new(eventfd(0, flags)?);
        let waker = Arc::clone(&wake);
        let run = move || {
            for job in inbox {
                if outbox.send(config.run(job)).is_err() {
                    return;
                }
                // A full eventfd wakes as well as one that was just written.
                let _ = rustix::io::write(&waker, &1u64.to_ne_bytes());
            }
        };
        let thread = thread::Builder::new()
            .name("weir-compiler".to_owned())
            .spawn(run)?;
        Ok(Self {
            jobs: Some(jobs),
            done,
            wake,
            thread: Some(thread),
        })
    }

    /// Hands over a job.
    pub fn submit(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // The thread ends only when this handle is dropped.
            let _ = jobs.send(job);
        }
    }

    /// What was done since last asked.
    pub fn finished(&self) -> impl Iterator<Item = Done> {
        let mut count = [0; 8];
        // Nothing to read means that nothing was done.
        let _ = rustix::io::read(&self.wake, &mut count);
        self.done.try_iter()
    }
}

impl AsFd for Background {
    /// Readable when something was done.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // It ended with what it had; a panic there has been printed.
            let _ = thread.join();
        }
    }
}

impl BackgroundConfig {
    fn run(&self, job: Job) -> Done {
        match job {
            Job::Compile {
                generation,
                hash,
                blob,
            } => Done::Compiled(generation, self.compile(hash, &blob).map(Box::new)),
            Job::Persist { last_good, entry } => {
                let generation = last_good.generation;
                Done::Persisted(generation, self.persist(&last_good, entry))
            }
        }
    }

    fn compile(&self, hash: RulesetHash, blob: &Blob) -> Result<Compiled, Refusal> {
        let (ruleset, bytes) = blob.value_with_hash(hash).map_err(|error| Refusal {
            place: "ruleset blob".to_owned(),
            why: error.to_string(),
        })?;
        Compiled::new(&ruleset, bytes, self.workers, self.ruleset_memory_bytes)
    }

    /// First the ruleset, then the entry: the journal never names what could not come back.
    fn persist(&self, last_good: &LastGood, entry: JournalEntry) -> io::Result<()> {
        last_good.write(&self.state_directory)?;
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.add(entry)
    }
}
