//! Raw bindings to the installed DPDK (22.11 or later) and a C shim for its static inlines; nothing
//! else. `netio::dpdk` is the only user and wraps every call.
//!
//! # Overview
//! `build.rs` runs bindgen over the headers that pkg-config names, with an allowlist: about thirty
//! functions and the structures they take. `shim.c` gives the inlines (bursts, mbufs) a symbol.
//! A ready binding crate was considered: `demikernel-dpdk-bindings` builds against 22.11, but it
//! binds all of DPDK, has no versioned promise for the inlines' shims, and would still need a shim of
//! ours for the log stream and `rte_errno`. The list here is shorter than the glue around it would be.
//!
//! # Linking
//! Dynamic. Poll mode drivers are shared objects that EAL loads from its own folder, so none is
//! linked, and no linker flag keeps libraries in that nothing calls.

#![deny(unsafe_code)]

mod bindings;

pub use bindings::*;
