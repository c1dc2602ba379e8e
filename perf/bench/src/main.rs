//! Filled by the commits that follow.

#![forbid(unsafe_code)]

fn main() {}
