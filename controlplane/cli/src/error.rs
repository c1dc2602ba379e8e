//! Why a command failed, told so that the operator knows what to do next.

use std::{io, path::PathBuf};

use api::http::Problem;

/// Exit code for a command line that was not understood; iptables' `PARAMETER_PROBLEM` too.
pub(crate) const EXIT_USAGE: u8 = 2;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Nobody to talk to.
    #[error(
        "cannot reach the control plane at {socket}: {source}\n\
         Is weir-controlplane running, and is this its socket? `--socket PATH' or WEIR_SOCKET names another.",
        socket = .socket.display()
    )]
    Connect {
        /// Where it was looked for.
        socket: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke, or the other side does not speak HTTP.
    #[error("the control plane did not answer: {0}")]
    Exchange(#[from] hyper::Error),
    /// The request could not be made.
    #[error("cannot make the request: {0}")]
    Request(#[from] hyper::http::Error),
    /// An answer of another form than expected: another release, most likely.
    #[error("cannot read the control plane's answer: {0}; is it of the same release as `weir'?")]
    Answer(#[from] serde_json::Error),
    /// The control plane refused.
    #[error("{}: {}", .0.title, .0.detail)]
    Refused(Problem),
    /// It refused without saying why in a problem document.
    #[error("the control plane answered HTTP {status}: {body}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What stood in the body.
        body: String,
    },
    /// The asynchronous runtime did not start.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// Standard output did not take what was to be printed.
    #[error("cannot write: {0}")]
    Print(io::Error),
    /// `weir replay` found no data plane program.
    #[error("cannot run {program}: {source}; `weir replay' needs it beside `weir' or on the PATH", program = .program.display())]
    Exec {
        /// What was to be run.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
