//! Packet I/O behind one trait.
//!
//! # Overview
//! A [`NetIo`] is one receive and one transmit queue of one interface, owned by one worker. Back ends:
//! - [`memory`]: two connected ports, and a generator over recycled buffers (tests, benchmarks);
//! - [`pcap`]: capture files, whose timestamps are the clock (replay);
//! - `dpdk` (feature `dpdk`, on by default): any DPDK poll mode driver, and the guard that keeps the
//!   kernel's own stack off devices it still owns.
//!
//! # Life cycle
//! Ports are made by the main thread and moved to the worker that polls them; each stays with one
//! thread at a time (`&mut self`). Buffers are `Send` and may be dropped on any thread.
//!
//! # Limits
//! A buffer is one contiguous segment. Without the feature nothing here needs DPDK, huge pages, root
//! or a NIC.

#![deny(unsafe_code)]

#[cfg(feature = "dpdk")]
pub mod dpdk;
pub mod memory;
mod net_io;
pub mod pcap;

pub use net_io::NetIo;
