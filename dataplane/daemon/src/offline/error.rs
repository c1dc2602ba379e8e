//! Why a replay cannot be had.

use std::{io, path::PathBuf};

use api::Refusal;
use netio::pcap::CaptureError;
use route::NetworkError;

use crate::config::LoadError;

/// Why a replay ended early. The text is what the operator sees.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// An argument makes no sense, or needs what this version lacks.
    #[error("{0}")]
    Argument(String),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] LoadError),
    /// Interfaces and routes do not fit together.
    #[error("weir.toml: {0}")]
    Network(#[from] NetworkError),
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// A capture cannot be read or written.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The rules' text is refused; this is what iptables-restore says of it.
    #[error("{0}: {1}")]
    Rules(PathBuf, String),
    /// A rule cannot run.
    #[error("{0}: {1}")]
    Refused(PathBuf, Refusal),
    /// A line of the dialogue makes no sense.
    #[error("standard input, line {0}: {1}")]
    Line(u64, String),
    /// Standard input or output failed.
    #[error("{0}")]
    Stream(#[from] io::Error),
}
