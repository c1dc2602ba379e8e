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
}

/// Both routers, owned by one thread.
pub struct Judge<'a> {
    /// The oracle.
    pub kernel: Kernel,
    /// The router under test.
    pub weir: Weir,
    /// For cases that log.
    pub log: &'a SharedLog,
    /// A fault to plant in Weir.
    pub plant: Option<String>,
}

impl Judge<'_> {
    /// Runs `case` through both.
    ///
    /// # Errors
    /// The kernel's iptables refuses the rules, or the kernel's side broke down.
    pub fn judge(&mut self, case: &Case, backend: Backend) -> Result<Judgement, KernelError> {
        let kernel = self.ask_kernel(case, backend)?;
        Ok(match self.weir.answer(case, self.plant.as_deref()) {
            Err(error) => Judgement::Failed(error.to_string()),
            Ok(weir) => match differences(&kernel, &weir) {
                none if none.is_empty() => Judgement::Same,
                some => Judgement::Different(some),
            },
        })
    }

    /// The kernel's answer alone.
    ///
    /// # Errors
    /// As [`Judge::judge`].
    pub fn ask_kernel(&mut self, case: &Case, backend: Backend) -> Result<Answer, KernelError> {
        if !case.logs() {
            return self.kernel.answer(case, backend, None);
        }
        // A thread that panicked in the middle of a case leaves a log that is still good.
        let mut log = self
            .log
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        self.kernel.answer(case, backend, log.as_mut())
    }
}
