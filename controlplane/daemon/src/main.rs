//! `weir-controlplane`: keeps the ruleset and pushes it to the data plane as generations.
//!
//! # Overview
//! [`http`] takes requests on a Unix socket and knows by [`roles`] what their sender may do.
//! [`engine`] is one thread that owns the store and the link to the data plane; requests reach it
//! one after the other, so that there is one change at a time. [`applet`] runs an iptables command
//! on the kept ruleset, [`commit`] takes what comes of it to the workers, [`report`] tells how
//! things are.
//!
//! # Who knows what
//! The data plane is the authority on what runs: at every connection, and before every applet,
//! [`dataplane_link`] compares its generation with the store's and lets the store follow.
//!
//! # Limits
//! Reports wait while a change is under way: for a large ruleset as long as the data plane
//! compiles it.

#![forbid(unsafe_code)]

mod applet;
mod commit;
mod config;
mod counters;
mod dataplane_link;
mod engine;
mod http;
mod log;
mod report;
mod roles;
mod serve;
mod superseded;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use crate::{config::Config, engine::Engine, http::Shared};

/// Keeps Weir's ruleset: serves `weir` and the iptables applets, commits to the data plane.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Configuration file; the data plane reads the same one
    #[arg(long, value_name = "FILE", default_value = "/etc/weir/weir.toml")]
    config: PathBuf,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::line(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Why the control plane does not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Serve(#[from] serve::ServeError),
}

fn run(args: &Args) -> Result<(), StartError> {
    let config = Config::load(&args.config)?;
    let engine = Engine::open(&config)?;
    let (engine, thread) = engine::start(engine);
    let service = http::router(Shared {
        engine,
        roles: config.roles,
    });
    let served = serve::serve(&config.paths.control_socket(), service);
    // A change that is under way is finished.
    if thread.join().is_err() {
        log::line("the engine's thread panicked");
    }
    Ok(served?)
}
