//! `cargo xtask`: what the project's checks need beyond cargo's own commands.
//!
//! `tidy` reads the tree as git lists it and says where it departs from the project's rules of
//! layout, floors, unsafe code and names. It changes nothing.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod tidy;

/// What CI runs beyond cargo's own commands.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check layout, floors, unsafe code, names and scripts.
    Tidy {
        /// The workspace to check.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
}

fn main() -> ExitCode {
    match Args::parse().command {
        Command::Tidy { root } => run_tidy(&root),
    }
}

/// Prints each finding, then one line that `deploy/test` counts; fails if there is any finding.
fn run_tidy(root: &std::path::Path) -> ExitCode {
    let report = match tidy::run(root) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("tidy: {error}");
            return ExitCode::FAILURE;
        }
    };
    for check in &report {
        for finding in &check.findings {
            println!("{finding}");
        }
        let verdict = if check.findings.is_empty() {
            "ok"
        } else {
            "FAILED"
        };
        println!("tidy {} ... {verdict}", check.name);
    }
    let failed = report
        .iter()
        .filter(|check| !check.findings.is_empty())
        .count();
    println!("tidy: {} passed, {failed} failed", report.len() - failed);
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
