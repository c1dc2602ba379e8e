//! A change on its way to the workers: validate, prepare, write down, commit, write down.
//!
//! Whatever fails before the commit is sent changes nothing. From there on the generation is on
//! the disk as pending, and the data plane says which of the two runs.

use std::fmt;

use api::Refusal;
use rules::{Ruleset, validate::ValidateError};
use store::{Kept, Note, StoreError};

use crate::{
    counters,
    dataplane_link::{AskError, Down, Running},
    engine::Engine,
    log,
};

/// A generation that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// Its number.
    pub(crate) number: u64,
    /// Workers that have not adopted it in time; they still judge by the one before.
    pub(crate) lagging: Vec<u16>,
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum CommitError {
    /// The ruleset cannot run. Nothing changed.
    Invalid(ValidateError),
    /// The data plane refuses it. Nothing changed.
    Refused(Refusal),
    /// The data plane cannot be asked. Nothing changed.
    Down(Down),
    /// It cannot be written down. Nothing changed.
    Store(StoreError),
    /// The data plane went away with the commit, and came back without it. Nothing changed.
    NotTaken(u64),
    /// The data plane went away with the commit. The store knows once it is back.
    Unknown(u64, Down),
}

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommitError::Invalid(error) => write!(f, "{error}"),
            CommitError::Refused(refusal) => write!(f, "{refusal}"),
            CommitError::Down(down) => write!(f, "{down}; nothing was changed"),
            CommitError::Store(error) => write!(f, "{error}; nothing was changed"),
            CommitError::NotTaken(number) => write!(
                f,
                "the data plane went away before it took up generation {number}; nothing was changed"
            ),
            CommitError::Unknown(number, down) => write!(
                f,
                "{down} since it was told to commit generation {number}: \
                 whether that runs shows once the data plane is back"
            ),
        }
    }
}

impl CommitError {
    /// Whether the ruleset is at fault, rather than the means to run it.
    pub(crate) fn is_of_the_ruleset(&self) -> bool {
        matches!(self, CommitError::Invalid(_) | CommitError::Refused(_))
    }
}

impl Engine {
    /// Makes `ruleset` the running one. `running` is what [`Engine::synchronise`] just found.
    ///
    /// # Errors
    /// See [`CommitError`]; but for [`CommitError::Unknown`] nothing changed.
    pub(crate) fn commit(
        &mut self,
        running: Running,
        mut ruleset: Ruleset,
        note: Note,
    ) -> Result<Committed, CommitError> {
        let mut next_handle = self.store.current().map_or(1, |kept| kept.next_handle);
        next_handle = next_handle.max(counters::next_handle(&ruleset));
        ruleset.assign_handles(&mut next_handle);
        rules::validate(&ruleset).map_err(CommitError::Invalid)?;
        let number = self.store.next_number().max(running.next_number);
        let kept = Kept::new(number, next_handle, ruleset).map_err(CommitError::Store)?;
        self.link
            .ask_for_change(|client| client.prepare(number, &kept.ruleset))
            .map_err(not_prepared)?;
        if let Err(error) = self.store.stage(kept) {
            // If the data plane is gone by now, so is what it prepared.
            let _ = self.link.ask(|client| client.abort(number));
            return Err(CommitError::Store(error));
        }
        match self.link.ask_for_change(|client| client.commit(number)) {
            Ok(lagging) => {
                self.write_down(number, note);
                Ok(Committed { number, lagging })
            }
            Err(AskError::Refused(refusal)) => {
                if let Err(error) = self.store.discard(number, note) {
                    log::line(&format!("generation {number} was refused: {error}"));
                }
                Err(CommitError::Refused(refusal))
            }
            Err(AskError::Down(down)) => self.find_out(number, down),
        }
    }

    /// Adds the line that says `number` runs. Without it the generation stays pending, and the
    /// next look at the data plane finds it running.
    fn write_down(&mut self, number: u64, note: Note) {
        match self.store.adopt(number, note) {
            Ok(()) => log::line(&format!("generation {number} is adopted")),
            Err(error) => log::line(&format!("generation {number} is adopted, but {error}")),
        }
    }

    /// The connection broke with the commit under way: asks over a new one what runs.
    fn find_out(&mut self, number: u64, down: Down) -> Result<Committed, CommitError> {
        if self.synchronise().is_err() {
            return Err(CommitError::Unknown(number, down));
        }
        match self.store.current() {
            Some(kept) if kept.number == number => Ok(Committed {
                number,
                lagging: Vec::new(),
            }),
            Some(_) | None => Err(CommitError::NotTaken(number)),
        }
    }
}

fn not_prepared(error: AskError) -> CommitError {
    match error {
        AskError::Refused(refusal) => CommitError::Refused(refusal),
        AskError::Down(down) => CommitError::Down(down),
    }
}
