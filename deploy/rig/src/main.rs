//! The conformance rig: the same rules and packets through the Linux kernel and through Weir.
//!
//! A mismatch is shrunk and printed with both outcomes. The rig ends with a table area × cases ×
//! mismatches; its exit code is 0 only if nothing differed and everything could run.

#![forbid(unsafe_code)]

mod args;
mod capture;
mod case;
mod compare;
mod faults;
mod generate;
mod hex;
mod hunt;
mod jobs;
mod judge;
mod kernel;
mod klog;
mod listed;
mod normalise;
mod packet;
mod report;
mod run;
mod shrink;
mod topology;
mod weir;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match run::run(&args::Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::from(2)
        }
    }
}
