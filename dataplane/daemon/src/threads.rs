//! Worker threads: each pinned to its core, each entered and left in order.

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Instant,
};

use core_affinity::CoreId;
use crossbeam::channel;
use netio::NetIo;
use packet::Pool;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use sync::Flag;

use crate::worker::Worker;

/// Nanoseconds since 1970 at the start, and a clock that nobody sets from there on.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started_unix_ns: u64,
    started: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        let unix = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let started_unix_ns = unix.map_or(0, |since| since.as_nanos() as u64);
        Self {
            started_unix_ns,
            started: Instant::now(),
        }
    }

    /// When it started, milliseconds since 1970.
    pub fn started_unix_ms(&self) -> u64 {
        self.started_unix_ns / 1_000_000
    }

    /// Milliseconds since it started.
    pub fn uptime_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// Nanoseconds since 1970; never goes back.
    pub fn now_ns(&self) -> u64 {
        self.started_unix_ns + self.started.elapsed().as_nanos() as u64
    }
}

/// Why workers did not start.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No thread could be had.
    #[error("worker {0}: {1}")]
    Thread(usize, io::Error),
    /// The thread could not be pinned.
    #[error("worker {0}: cannot run on core {1}")]
    Pin(usize, usize),
    /// The back end refused the thread.
    #[error("worker {0}: {1}")]
    Enter(usize, String),
}

/// Running workers.
#[derive(Debug)]
pub struct Workers {
    stop: Arc<Flag>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts a thread for each worker, on the core of the same place in `cores`. Each calls
    /// `enter` first and keeps what it returns until its worker is gone. Returns once all run.
    ///
    /// # Errors
    /// One did not start; those that did are stopped.
    pub fn start<P, N, G, E>(
        workers: Vec<Worker<P, N>>,
        cores: &[usize],
        clock: Clock,
        enter: E,
    ) -> Result<Self, SpawnError>
    where
        P: Pool + Send + 'static,
        P::Buf: Send,
        N: NetIo<Buf = P::Buf> + Send + 'static,
        E: Fn() -> Result<G, String> + Clone + Send + 'static,
    {
        let mut running = Self {
            stop: Arc::new(Flag::new()),
            threads: Vec::new(),
        };
        let (ready, started) = channel::unbounded();
        let count = workers.len();
        for (number, mut worker) in workers.into_iter().enumerate() {
            let core = cores.get(number).copied();
            let (stop, ready, enter) = (Arc::clone(&running.stop), ready.clone(), enter.clone());
            let run = move || {
                let entered = pin(number, core)
                    .and_then(|()| enter().map_err(|why| SpawnError::Enter(number, why)));
                let guard = match entered {
                    Ok(guard) => guard,
                    Err(error) => {
                        // The starter waits for this message.
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let _ = ready.send(Ok(()));
                worker.run(&stop, || clock.now_ns());
                drop(worker);
                drop(guard);
            };
            let name = format!("weir-worker-{number}");
            let thread = thread::Builder::new().name(name).spawn(run);
            running
                .threads
                .push(thread.map_err(|error| SpawnError::Thread(number, error))?);
        }
        for outcome in started.iter().take(count) {
            outcome?;
        }
        Ok(running)
    }

    /// Whether a worker ended that was not told to.
    pub fn has_failed(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Stops all workers and waits for them.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.raise();
        for thread in self.threads.drain(..) {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}

/// Keeps the calling thread, and threads that it makes, off the workers' `cores`, if others are
/// left: work for the control plane shall not delay packets.
pub fn leave_cores(cores: &[usize]) {
    let Ok(mut mask) = sched_getaffinity(None) else {
        return;
    };
    for &core in cores.iter().filter(|&&core| core < CpuSet::MAX_CPU) {
        mask.unset(core);
    }
    if mask.count() > 0 {
        // Where it may not, it shares a core, which costs time and nothing else.
        let _ = sched_setaffinity(None, &mask);
    }
}

fn pin(worker: usize, core: Option<usize>) -> Result<(), SpawnError> {
    match core {
        Some(id) if !core_affinity::set_for_current(CoreId { id }) => {
            Err(SpawnError::Pin(worker, id))
        }
        _ => Ok(()),
    }
}
