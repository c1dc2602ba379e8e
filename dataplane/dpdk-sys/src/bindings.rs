//! What bindgen wrote for the installed DPDK.

// What bindgen writes follows C's names and has no documentation of its own.
#![allow(
    missing_docs,
    unsafe_code,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block
)]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
