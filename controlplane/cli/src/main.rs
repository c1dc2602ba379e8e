//! `weir`: the operator's command line, and the iptables applets.
//!
//! A link called `iptables`, `ip6tables`, `iptables-save`, ... runs that applet; `weir iptables ...`
//! does the same. Everything asks the control plane over its socket; nothing is decided here.
//! Applets bypass the argument parser of `weir`: their command line belongs to iptables' syntax.

#![forbid(unsafe_code)]

mod applet;
mod args;
mod client;
mod command;
mod error;
mod file_args;
mod format;

use std::{ffi::OsString, path::Path, process::ExitCode};

use clap::Parser;

use crate::{
    applet::Applet,
    args::{Args, Command},
    client::Client,
};

fn main() -> ExitCode {
    let mut argv = std::env::args_os();
    let program = argv.next().unwrap_or_default();
    let called_as = Path::new(&program).file_name().unwrap_or_default();
    if let Some(applet) = called_as.to_str().and_then(Applet::by_name) {
        let socket = client::socket_path(None);
        return applet::run(applet, argv.collect(), &Client::new(socket));
    }
    weir(Args::parse())
}

/// Runs one of `weir`'s own commands.
fn weir(args: Args) -> ExitCode {
    let client = Client::new(client::socket_path(args.socket));
    let done = match args.command {
        Command::Status(wanted) => command::status::run(&client, wanted),
        Command::Counters(wanted) => command::counters::run(&client, wanted),
        Command::Drops(wanted) => command::drops::run(&client, wanted),
        Command::Hooks(wanted) => command::hooks::run(&client, wanted),
        Command::Replay { args } => command::replay::run(&args),
        Command::Applet(words) => return applet_by_word(words, &client),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            format::complain(&format!("weir: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// `weir iptables ...`: the first word names the applet, the rest is its command line.
fn applet_by_word(words: Vec<OsString>, client: &Client) -> ExitCode {
    let mut words = words.into_iter();
    let name = words.next().unwrap_or_default();
    match name.to_str().and_then(Applet::by_name) {
        Some(applet) => applet::run(applet, words.collect(), client),
        None => {
            let name = name.to_string_lossy();
            format::complain(&format!(
                "weir: no command `{name}'; `weir --help' lists them all"
            ));
            ExitCode::from(error::EXIT_USAGE)
        }
    }
}
