//! What goes wrong with files.

use std::{
    io,
    path::{Path, PathBuf},
};

use api::CodecError;

/// The store cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store open.
    #[error("{}: another weir-controlplane uses this folder", .0.display())]
    Locked(PathBuf),
    /// The system refused an operation on a file.
    #[error("{}: cannot {what}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried: a verb.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A generation that must be pending is not.
    #[error("generation {0} is not pending")]
    NotPending(u64),
    /// The ruleset does not encode.
    #[error("generation {number}: {source}")]
    Encode {
        /// Its number.
        number: u64,
        /// What the encoder said.
        source: CodecError,
    },
}

impl StoreError {
    /// Wraps what the system said of `path`.
    pub(crate) fn file(path: &Path, what: &'static str, source: io::Error) -> Self {
        StoreError::File {
            path: path.to_owned(),
            what,
            source,
        }
    }
}

/// A file that could not be read and was put aside.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}; kept as {}", .path.display(), .aside.display())]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where it is now.
    pub aside: PathBuf,
    /// What is wrong with it.
    pub cause: DamageCause,
}

/// Why a file's content is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamageCause {
    /// It does not start as a generation's file does, or ends too early.
    #[error("no generation file, or not written to its end")]
    Format,
    /// Its checksum is not that of its content.
    #[error("the content does not fit its checksum")]
    Checksum,
    /// The content does not decode.
    #[error("{0}")]
    Content(CodecError),
    /// It holds another generation than its name says.
    #[error("it holds generation {0}")]
    Number(u64),
    /// A journal line other than the last is no journal line.
    #[error("line {0} is no line of the journal")]
    JournalLine(usize),
    /// The journal names a generation whose file is gone.
    #[error("the file is missing")]
    Missing,
}
