//! A blocking client of the data plane, for the control plane and tests.

use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    time::Duration,
};

use rules::Ruleset;

use crate::{
    Blob, BlobError, Connection, CounterDump, DropCount, Generation, HookEntry, InterfaceStatus,
    JournalEntry, Refusal, Reply, Request, RulesetHash, Status, TransportError, ZeroScope,
};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The data plane refused it; the connection goes on.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The connection failed. Make a new one: a reply that comes late would answer the next call.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A blob could not be made or read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The reply answers another question. Make a new connection.
    #[error("the data plane answered another question")]
    Mismatch,
}

/// The generation that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its number.
    pub generation: Generation,
    /// SHA-256 of its blob.
    pub hash: RulesetHash,
    /// Its content.
    pub ruleset: Ruleset,
}

/// Who answered `Hello`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Name and version of the data plane.
    pub program: String,
    /// The generation that runs.
    pub running: Generation,
    /// Its content.
    pub hash: RulesetHash,
    /// The lowest number that `prepare` takes.
    pub next_generation: Generation,
}

/// A connection to the data plane.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
}

impl Client {
    /// Connects to the data plane at `path`; each later call takes at most twice `timeout`.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn connect(path: &Path, timeout: Duration) -> Result<Self, ClientError> {
        let connection = Connection::connect(path)?;
        connection.set_timeout(Some(timeout))?;
        Ok(Self { connection })
    }

    /// Sends one request with its blob and waits for the reply and its descriptor.
    ///
    /// # Errors
    /// [`ClientError::Refused`] for [`Reply::Error`]; or the transport failed.
    pub fn call(
        &mut self,
        request: &Request,
        blob: Option<&Blob>,
    ) -> Result<(Reply, Option<OwnedFd>), ClientError> {
        self.connection.send(request, blob.map(Blob::as_fd))?;
        match self.connection.receive()? {
            (Reply::Error(refusal), _) => Err(refusal.into()),
            reply => Ok(reply),
        }
    }

    /// Says who calls, and learns who answers.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn hello(&mut self, program: &str) -> Result<Greeting, ClientError> {
        let program = program.to_owned();
        match self.call(&Request::Hello { program }, None)? {
            (
                Reply::Hello {
                    program,
                    running,
                    hash,
                    next_generation,
                },
                _,
            ) => Ok(Greeting {
                program,
                running,
                hash,
                next_generation,
            }),
            _ => Err(ClientError::Mismatch),
        }
    }

    /// Has `ruleset` validated and compiled as `generation`; returns its hash.
    ///
    /// # Errors
    /// [`ClientError::Refused`] names the rule that cannot run.
    pub fn prepare(
        &mut self,
        generation: Generation,
        ruleset: &Ruleset,
    ) -> Result<RulesetHash, ClientError> {
        let (blob, hash) = Blob::of(ruleset)?;
        match self.call(&Request::Prepare { generation, hash }, Some(&blob))? {
            (Reply::Prepared { generation: n }, _) if n == generation => Ok(hash),
            _ => Err(ClientError::Mismatch),
        }
    }

    /// Publishes what was prepared; returns the workers that did not adopt it in time.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if nothing is prepared under that number.
    pub fn commit(&mut self, generation: Generation) -> Result<Vec<u16>, ClientError> {
        match self.call(&Request::Commit { generation }, None)? {
            (
                Reply::Adopted {
                    generation: n,
                    lagging,
                },
                _,
            ) if n == generation => Ok(lagging),
            _ => Err(ClientError::Mismatch),
        }
    }

    /// Throws away what was prepared.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if nothing is prepared under that number.
    pub fn abort(&mut self, generation: Generation) -> Result<(), ClientError> {
        match self.call(&Request::Abort { generation }, None)? {
            (Reply::Aborted { generation: n }, _) if n == generation => Ok(()),
            _ => Err(ClientError::Mismatch),
        }
    }

    /// The generation that runs, with its ruleset.
    ///
    /// # Errors
    /// As [`Client::call`], or the blob is not what the reply promised.
    pub fn running(&mut self) -> Result<Running, ClientError> {
        match self.call(&Request::Running, None)? {
            (Reply::Running { generation, hash }, Some(fd)) => {
                let (ruleset, _) = Blob::check(fd)?.value_with_hash(hash)?;
                Ok(Running {
                    generation,
                    hash,
                    ruleset,
                })
            }
            _ => Err(ClientError::Mismatch),
        }
    }

    /// How the data plane is.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn status(&mut self) -> Result<Status, ClientError> {
        match self.call(&Request::Status, None)? {
            (Reply::Status(status), _) => Ok(*status),
            _ => Err(ClientError::Mismatch),
        }
    }

    /// All counters of the running generation.
    ///
    /// # Errors
    /// As [`Client::call`], or the blob does not decode.
    pub fn counters(&mut self) -> Result<CounterDump, ClientError> {
        self.counter_dump(&Request::Counters)
    }

    /// Sets counters to zero; returns what they were.
    ///
    /// # Errors
    /// As [`Client::call`]; a table or chain that is not there is refused.
    pub fn zero(&mut self, scope: ZeroScope) -> Result<CounterDump, ClientError> {
        self.counter_dump(&Request::Zero { scope })
    }

    /// Packets dropped by reason.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn drops(&mut self) -> Result<Vec<DropCount>, ClientError> {
        match self.call(&Request::Drops, None)? {
            (Reply::Drops(drops), _) => Ok(drops),
            _ => Err(ClientError::Mismatch),
        }
    }

    /// Interfaces and their counters.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn interfaces(&mut self) -> Result<Vec<InterfaceStatus>, ClientError> {
        match self.call(&Request::Interfaces, None)? {
            (Reply::Interfaces(interfaces), _) => Ok(interfaces),
            _ => Err(ClientError::Mismatch),
        }
    }

    /// What is registered on which hook.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn hooks(&mut self) -> Result<Vec<HookEntry>, ClientError> {
        match self.call(&Request::Hooks, None)? {
            (Reply::Hooks(hooks), _) => Ok(hooks),
            _ => Err(ClientError::Mismatch),
        }
    }

    /// The newest journal entries with a number of at least `from`, oldest first.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn journal(&mut self, from: Generation) -> Result<Vec<JournalEntry>, ClientError> {
        match self.call(&Request::Journal { from }, None)? {
            (Reply::Journal(entries), _) => Ok(entries),
            _ => Err(ClientError::Mismatch),
        }
    }

    fn counter_dump(&mut self, request: &Request) -> Result<CounterDump, ClientError> {
        match self.call(request, None)? {
            (Reply::Counters { .. }, Some(fd)) => Ok(Blob::check(fd)?.value()?),
            _ => Err(ClientError::Mismatch),
        }
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}
