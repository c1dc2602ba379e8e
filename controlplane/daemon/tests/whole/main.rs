//! The control plane as a process, against a data plane without packets.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up has failed.

mod control_plane;
mod fake_dataplane;

mod changes;
mod crashes;
mod requests;
