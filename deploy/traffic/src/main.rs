//! `traffic`: numbered datagrams, probes and captures for tests that need to know exactly what
//! was sent and what arrived.
//!
//! Each command prints one line of JSON (or, for `probe`, one word), so that a script reads it
//! without guessing.

#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

mod capture;
mod echo;
mod probe;
mod receive;
mod send;

/// Sends and receives what tests measure.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send numbered datagrams.
    Send(send::Plan),
    /// Count numbered datagrams until none comes any more.
    Receive(receive::Plan),
    /// Send every datagram back to where it came from.
    Echo {
        /// Where to listen.
        #[arg(long)]
        bind: SocketAddr,
    },
    /// Knock once and say in one word what came back.
    Probe(probe::Plan),
    /// Write a capture file.
    Capture {
        /// What it holds.
        #[arg(value_enum)]
        what: capture::What,
        /// The file to write.
        out: PathBuf,
        /// How many packets, where the kind has no length of its own.
        #[arg(long, default_value_t = 4096)]
        packets: u32,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("traffic: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> io::Result<()> {
    match command {
        Command::Send(plan) => println!("{}", send::run(&plan)?),
        Command::Receive(plan) => println!("{}", receive::run(&plan)?),
        Command::Echo { bind } => echo::run(bind)?,
        Command::Probe(plan) => println!("{}", probe::run(&plan)?),
        Command::Capture { what, out, packets } => capture::run(what, &out, packets)?,
    }
    Ok(())
}

/// Milliseconds of the command line as a duration.
fn millis(text: &str) -> Result<Duration, String> {
    text.parse()
        .map(Duration::from_millis)
        .map_err(|_| format!("{text}: milliseconds expected"))
}
