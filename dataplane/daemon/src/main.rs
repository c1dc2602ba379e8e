//! weir-dataplane: live on DPDK ports, or `--offline` on captures. Exit code 1 with one clear
//! message if it cannot start.

#![forbid(unsafe_code)]

use std::{
    io::{stdin, stdout},
    process::ExitCode,
};

use clap::Parser;
use weir_dataplane::{args::Args, offline};

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = if args.offline {
        let dialogue = (stdin().lock(), stdout().lock());
        offline::run(&args.config, &args.replay, dialogue).map_err(|error| error.to_string())
    } else {
        live(&args)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("weir-dataplane: {message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "dpdk")]
fn live(args: &Args) -> Result<(), String> {
    use weir_dataplane::{config::Config, live};

    let cores: Vec<usize> = core_affinity::get_core_ids()
        .unwrap_or_default()
        .iter()
        .map(|core| core.id)
        .collect();
    let config = Config::load(&args.config, Some(&cores)).map_err(|error| error.to_string())?;
    live::run(&config).map_err(|error| error.to_string())
}

#[cfg(not(feature = "dpdk"))]
fn live(_args: &Args) -> Result<(), String> {
    Err("this build has no DPDK: only --offline runs".to_owned())
}
