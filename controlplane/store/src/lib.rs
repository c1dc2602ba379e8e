//! Generations on disk: what the control plane knows after a crash.
//!
//! # Overview
//! A folder with one file a generation (`generations/N`) and one journal of what became of
//! each. The newest generation that the journal calls adopted is the *current* one; a generation
//! with a higher number and no line in the journal is *pending*: it was about to be committed.
//!
//! # Life of a change
//! [`Store::stage`] writes the generation and returns once it is on the disk; the data plane
//! commits it; [`Store::adopt`] adds the journal's line. A process that dies in between finds it
//! pending at its next start and asks the data plane, the authority on what runs, which of the
//! two it is: `adopt` or [`Store::discard`].
//!
//! # Damage
//! What cannot be read is put aside, never deleted, and told to the caller as [`Damage`]. A store
//! without a current generation is filled by [`Store::amend`] with what the data plane runs.
//!
//! # Concurrency
//! One process at a time: the folder is locked. All calls block on the disk.

#![forbid(unsafe_code)]

mod error;
mod journal;
mod kept;
mod store;

pub use error::{Damage, DamageCause, StoreError};
pub use journal::{Entry, Event, Note};
pub use kept::Kept;
pub use store::{RETAINED_GENERATIONS, Store};
