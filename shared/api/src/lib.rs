//! The contract between Weir's processes: messages between the planes, and the HTTP interface of
//! the control plane ([`http`]).
//!
//! # Overview
//! The data plane listens on a `SOCK_SEQPACKET` Unix socket; the control plane and tests connect
//! with a [`Client`]. One message is one packet: a schema number, then a [`Request`] or a
//! [`Reply`] in postcard. What may be large (a ruleset, a list of counters) travels beside the
//! message as a sealed memfd, a [`blob`].
//!
//! # Life of a commit
//! `Prepare{n, hash}` + ruleset → `Prepared` or `Error{where, why}`; then `Commit{n}` →
//! `Adopted`, which names the workers that passed no quiescent point in time, or `Abort{n}`.
//! `Prepare` reserves the numbers n and n + 1.
//!
//! # Limits
//! A message holds at most [`MESSAGE_MAX_BYTES`], a blob at most [`BLOB_MAX_BYTES`]. A message
//! that is larger or does not decode costs its sender the connection, and nothing else; descriptors
//! beyond the first of a message are closed.

#![forbid(unsafe_code)]

pub mod blob;
pub mod client;
pub mod codec;
pub mod hash;
pub mod http;
pub mod message;
pub mod paths;
pub mod status;
pub mod transport;

pub use blob::{BLOB_MAX_BYTES, Blob, BlobError};
pub use client::{Client, ClientError, Greeting, Running};
pub use codec::{CodecError, SCHEMA};
pub use hash::RulesetHash;
pub use message::{Generation, Refusal, Reply, Request, ZeroScope};
pub use paths::Paths;
pub use status::{
    CounterDump, CounterValue, DropCount, HookEntry, InterfaceStatus, JournalEntry, Outcome,
    RulesetSource, Status, WorkerStatus,
};
pub use transport::{Connection, Listener, MESSAGE_MAX_BYTES, TransportError};
