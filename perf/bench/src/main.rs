//! `bench`: benchmarks on memory ports, for `perf/run`. Each prints one line of JSON.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

mod firewall;
mod paced_port;
mod report;
mod swap;

/// Measures Weir on memory ports.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Latency and loss while generations are swapped.
    Swap(swap::Plan),
}

fn main() -> ExitCode {
    let Command::Swap(plan) = Args::parse().command;
    match swap::run(&plan) {
        Ok(outcome) => {
            println!("{}", report::json(&plan, &outcome));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
