//! The link to the data plane, and what the store learns from it.
//!
//! The data plane is the authority on what runs. Whenever it is reached, its generation is
//! compared with the store's: it is the current one, or the pending one (the last process died
//! between commit and journal), or another, which the store then takes over.

use std::{path::PathBuf, time::Duration};

use api::{Client, ClientError, JournalEntry, Outcome, Refusal, RulesetHash, TransportError};
use rustix::{
    io::Errno,
    net::sockopt::{Timeout, set_socket_timeout},
};
use store::{Kept, Note, StoreError};

use crate::{
    counters,
    engine::{Engine, PROGRAM, unix_ms},
    log, superseded,
};

/// How long an answer may take that needs no work.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the data plane may take to compile a ruleset, and its workers to adopt it.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(60);

/// Whether the data plane can be asked.
#[derive(Debug)]
enum State {
    Up(Client),
    Down(Down),
}

/// The connection to the data plane; makes itself anew.
#[derive(Debug)]
pub(crate) struct Link {
    socket: PathBuf,
    state: State,
}

/// The data plane cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the data plane does not run ({why})")]
pub(crate) struct Down {
    /// Milliseconds since 1970 when it was found so.
    pub(crate) since_unix_ms: u64,
    /// What the last try said.
    pub(crate) why: String,
}

/// What the data plane runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// The generation's number.
    pub(crate) number: u64,
    /// Its content.
    pub(crate) hash: RulesetHash,
    /// The lowest number that the data plane takes for another.
    pub(crate) next_number: u64,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// The data plane cannot be asked.
    #[error(transparent)]
    Down(#[from] Down),
    /// It refuses; nothing changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why the store does not know what runs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SynchroniseError {
    /// The data plane gives no answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// What it runs cannot be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Link {
    /// A link to the data plane behind `socket`, not yet made.
    pub(crate) fn new(socket: PathBuf) -> Self {
        let down = Down {
            since_unix_ms: unix_ms(),
            why: String::new(),
        };
        Self {
            socket,
            state: State::Down(down),
        }
    }

    /// Asks the data plane something quick. A connection that fails is closed: an answer that
    /// comes late would be taken for that of the next question.
    ///
    /// # Errors
    /// The data plane cannot be reached, or refuses; only the latter leaves the link up.
    pub(crate) fn ask<T>(
        &mut self,
        question: impl FnOnce(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T, AskError> {
        self.ask_within(ANSWER_TIMEOUT, question)
    }

    /// Asks the data plane something that may take as long as compiling a ruleset does.
    ///
    /// # Errors
    /// As [`Link::ask`].
    pub(crate) fn ask_for_change<T>(
        &mut self,
        question: impl FnOnce(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T, AskError> {
        self.ask_within(CHANGE_TIMEOUT, question)
    }

    fn ask_within<T>(
        &mut self,
        timeout: Duration,
        question: impl FnOnce(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T, AskError> {
        let client = match &mut self.state {
            State::Up(client) => client,
            State::Down(down) => return Err(AskError::Down(down.clone())),
        };
        let answer = match set_socket_timeout(&*client, Timeout::Recv, Some(timeout)) {
            Ok(()) => question(client),
            Err(errno) => Err(ClientError::Transport(errno.into())),
        };
        answer.map_err(|error| match error {
            ClientError::Refused(refusal) => AskError::Refused(refusal),
            error => AskError::Down(self.lose(&error)),
        })
    }

    /// Connects if there is no connection, and learns what runs.
    fn look(&mut self) -> Result<Running, AskError> {
        if let State::Down(_) = self.state {
            match Client::connect(&self.socket, ANSWER_TIMEOUT) {
                Ok(client) => self.state = State::Up(client),
                Err(error) => return Err(AskError::Down(self.lose(&error))),
            }
            // Once a connection: it goes to the data plane's log.
            let greeting = self.ask(|client| client.hello(PROGRAM))?;
            log::line(&format!(
                "reached {}, which runs generation {}",
                greeting.program, greeting.running
            ));
        }
        let status = self.ask(Client::status)?;
        Ok(Running {
            number: status.generation,
            hash: status.hash,
            next_number: status.next_generation,
        })
    }

    /// Gives the connection up. Of several failures in a row the first one's time is kept.
    fn lose(&mut self, error: &ClientError) -> Down {
        let socket = self.socket.display();
        let why = match error {
            ClientError::Transport(TransportError::System(Errno::NOENT | Errno::CONNREFUSED)) => {
                format!("nobody listens on {socket}")
            }
            error => format!("{socket}: {error}"),
        };
        let (since_unix_ms, known) = match &self.state {
            State::Up(_) => (unix_ms(), None),
            State::Down(down) => (down.since_unix_ms, Some(&down.why)),
        };
        let is_news = known != Some(&why);
        let down = Down { since_unix_ms, why };
        if is_news {
            log::line(&down.to_string());
        }
        self.state = State::Down(down.clone());
        down
    }
}

impl Engine {
    /// Looks after the link while nobody asks anything: finds out early that the data plane
    /// ended or came back. The link logs what it finds.
    pub(crate) fn tend(&mut self) {
        if let Err(SynchroniseError::Store(error)) = self.synchronise() {
            log::line(&format!(
                "cannot write down what the data plane runs: {error}"
            ));
        }
    }

    /// Reaches the data plane and lets the store follow what it runs.
    ///
    /// # Errors
    /// The data plane gives no answer, or the disk refuses; the store is as it was.
    pub(crate) fn synchronise(&mut self) -> Result<Running, SynchroniseError> {
        let running = self.link.look()?;
        let runs = |kept: &Kept| kept.number == running.number && kept.hash == running.hash;
        let pending = self.store.pending().map(|kept| (kept.number, runs(kept)));
        match (self.store.current().is_some_and(runs), pending) {
            (true, None) => {}
            (true, Some((number, _))) => {
                self.store
                    .discard(number, note("it was never committed".to_owned()))?;
                log::line(&format!(
                    "generation {number} was never committed and is given up"
                ));
            }
            (false, Some((number, true))) => {
                self.store.adopt(number, note("found running".to_owned()))?;
                log::line(&format!(
                    "generation {number} was committed: the data plane runs it"
                ));
            }
            (false, _) => self.amend()?,
        }
        Ok(running)
    }

    /// Takes over what the data plane runs.
    fn amend(&mut self) -> Result<(), SynchroniseError> {
        let running = self.link.ask_for_change(Client::running)?;
        let number = running.generation;
        let journal = self.link.ask(|client| client.journal(number))?;
        let next_handle = self.store.current().map_or(1, |kept| kept.next_handle);
        let next_handle = next_handle.max(counters::next_handle(&running.ruleset));
        let kept = Kept::new(number, next_handle, running.ruleset)?;
        let why = describe(&journal, number);
        if let Some(superseded) = self
            .store
            .current()
            .filter(|old| old.ruleset != kept.ruleset)
        {
            superseded::write(&self.superseded_folder, superseded, &self.names);
        }
        self.store.amend(kept, note(why.clone()))?;
        log::line(&format!(
            "took over generation {number} from the data plane: {why}"
        ));
        Ok(())
    }
}

/// How the data plane came to run generation `number`, by its journal.
fn describe(journal: &[JournalEntry], number: u64) -> String {
    let entry = journal
        .iter()
        .rev()
        .find(|entry| entry.generation == number);
    match entry.map(|entry| (entry.outcome, entry.when_unix_ms)) {
        Some((Outcome::Adopted, when)) => format!("adopted there at {when} ms after 1970"),
        Some((Outcome::RolledBack, when)) => format!("rolled back there at {when} ms after 1970"),
        None => "its journal does not say since when it runs".to_owned(),
    }
}

/// A note of the control plane itself.
fn note(text: String) -> Note {
    Note {
        when_unix_ms: unix_ms(),
        author_uid: None,
        text,
    }
}
