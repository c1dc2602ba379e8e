//! The command line of `weir`.

use std::{ffi::OsString, path::PathBuf};

use clap::{Parser, Subcommand};

/// The Weir firewall: what runs, what it counted, what it dropped; and the iptables applets.
#[derive(Debug, Parser)]
#[command(name = "weir", version, max_term_width = 100)]
pub(crate) struct Args {
    /// The control plane's socket [default: $WEIR_SOCKET, else /run/weir/control.sock]
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One command.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Applets: iptables, iptables-save, iptables-restore, ip6tables, ip6tables-save, \
    ip6tables-restore; as `weir APPLET ARGS' or through a link of that name. \
    They take iptables' own arguments and exit as iptables does."
)]
pub(crate) enum Command {
    /// Which generation runs, who runs it, workers and interfaces; exits 1 if the data plane is down
    Status(Form),
    /// Rules and policies that packets hit
    Counters(Filtered),
    /// Packets dropped, by reason
    Drops(Filtered),
    /// What runs on which hook, in the order in which a packet meets it
    Hooks(Form),
    /// Run rules on capture files: `weir-dataplane --offline' with the same arguments
    #[command(disable_help_flag = true)]
    Replay {
        /// Arguments of `weir-dataplane --offline`; `--help` lists them.
        #[arg(
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "ARGS"
        )]
        args: Vec<OsString>,
    },
    /// An applet and its arguments.
    #[command(external_subcommand)]
    Applet(Vec<OsString>),
}

/// How to print.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Form {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How much to print, and how.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Filtered {
    /// Print those that counted nothing too
    #[arg(long)]
    pub(crate) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_applet_keeps_its_arguments() {
        let line = [
            "weir", "--socket", "/s", "iptables", "-t", "filter", "--help", "-h", "--", "-x",
        ];
        let args = Args::try_parse_from(line).unwrap();
        assert_eq!(args.socket, Some(PathBuf::from("/s")));
        let Command::Applet(words) = args.command else {
            panic!("{:?}", args.command)
        };
        assert_eq!(words, line[3..]);
    }

    #[test]
    fn replay_keeps_its_arguments() {
        let args = Args::try_parse_from(["weir", "replay", "--config", "f", "--help"]).unwrap();
        let Command::Replay { args } = args.command else {
            panic!("{:?}", args.command)
        };
        assert_eq!(args, ["--config", "f", "--help"]);
    }
}
