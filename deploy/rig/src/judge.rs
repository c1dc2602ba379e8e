//! One case through both routers.

use std::sync::Mutex;

use crate::{
    case::{Answer, Case},
    compare::{Difference, differences},
    kernel::{Backend, Kernel, KernelError},
    klog::KernelLog,
    weir::Weir,
};

/// The machine's one kernel log: cases that log take turns.
pub type SharedLog = Mutex<Option<KernelLog>>;

/// The outcome of a case.
pub enum Judgement {
    /// Both did the same.
    Same,
    /// They differ.
    Different(Vec<Difference>),
    /// Weir did not answer: its own words.
    Failed(String),
    /// The kernel's back end does not take the rules, so there is nothing to compare.
    Refused(String),
}

/// What is compared with the kernel.
pub enum Subject {
    /// Weir.
    Weir(Weir),
    /// The kernel once more: shows that the rig's own answers do not vary.
    Kernel(Backend),
}

/// Both routers, owned by one thread.
pub struct Judge<'a> {
    /// The thread's number, for the names of its namespaces.
    pub number: usize,
    /// The oracles; a namespace of its own for each back end, since tables of both would act.
    pub kernels: Vec<Kernel>,
    /// The router under test.
    pub subject: Subject,
    /// Cases run so far.
    pub runs: u32,
    /// For cases that log.
    pub log: &'a SharedLog,
}

impl Judge<'_> {
    /// Runs `case` through both.
    ///
    /// # Errors
    /// The kernel's side broke down.
    pub fn judge(&mut self, case: &Case, backend: Backend) -> Result<Judgement, KernelError> {
        // The kernel keeps fragments for this host over cases: no two runs share identifications.
        self.runs = self.runs.wrapping_add(1);
        let case = &case.with_fresh_ids(self.runs.wrapping_mul(0x9e37_79b9));
        let kernel = match self.ask_kernel(case, backend) {
            Err(KernelError::Rules(words)) => return Ok(Judgement::Refused(words)),
            answer => answer?,
        };
        let other = match &self.subject {
            Subject::Weir(weir) => weir.answer(case).map_err(|error| error.to_string()),
            Subject::Kernel(backend) => Ok(self.ask_kernel(case, *backend)?),
        };
        Ok(match other.map(|other| differences(&kernel, &other)) {
            Err(words) => Judgement::Failed(words),
            Ok(none) if none.is_empty() => Judgement::Same,
            Ok(some) => Judgement::Different(some),
        })
    }

    /// The kernel's answer alone.
    ///
    /// # Errors
    /// The back end refuses the rules, or the kernel's side broke down.
    pub fn ask_kernel(&mut self, case: &Case, backend: Backend) -> Result<Answer, KernelError> {
        let kernel = match self
            .kernels
            .iter()
            .position(|kernel| kernel.backend() == backend)
        {
            Some(at) => &mut self.kernels[at],
            None => self.kernels.push_mut(Kernel::new(backend, self.number)?),
        };
        if !case.logs() {
            return kernel.answer(case, None);
        }
        // A thread that panicked in the middle of a case leaves a log that is still good.
        let mut log = self
            .log
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        kernel.answer(case, log.as_mut())
    }
}
