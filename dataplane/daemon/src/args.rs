//! The command line: live, or `--offline` for a replay.

use std::path::PathBuf;

use clap::Parser;

/// weir-dataplane: forwards packets by the rules it is given.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None)]
pub struct Args {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/weir/weir.toml")]
    pub config: PathBuf,
    /// Run on capture files instead of devices.
    #[arg(long)]
    pub offline: bool,
    /// What only a replay takes.
    #[command(flatten)]
    pub replay: ReplayArgs,
}

/// The arguments of a replay (`weir replay`).
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Options of --offline")]
pub struct ReplayArgs {
    /// IPv4 rules, in the form of iptables-save.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub rules: Option<PathBuf>,
    /// IPv6 rules, in the form of ip6tables-save.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub rules6: Option<PathBuf>,
    /// Packets that arrive on an interface; `host` is what this host sends. May be repeated.
    #[arg(long = "in", value_name = "IFACE=FILE", requires = "offline")]
    pub inputs: Vec<String>,
    /// Where one capture per interface goes, and host.pcap: what was delivered here.
    #[arg(long, value_name = "DIR", requires = "offline")]
    pub out: Option<PathBuf>,
    /// One JSON object a packet: verdict, rule, drop reason, what left.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub report: Option<PathBuf>,
    /// Counters at the end, as `iptables-save -c` and `ip6tables-save -c` print them.
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub counters: Option<PathBuf>,
    /// Connections at the end (not in this version).
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub conntrack: Option<PathBuf>,
    /// Sets (not in this version).
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub ipset: Option<PathBuf>,
    /// Workers that take turns; the verdicts are the same for any number.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "offline",
          value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,
    /// Fixes every random choice.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "offline")]
    pub seed: u64,
    /// T seconds after the first packet, load these IPv4 rules, as iptables-restore does. May be
    /// repeated.
    #[arg(long, value_name = "T=FILE", requires = "offline")]
    pub at: Vec<String>,
    /// As --at, for IPv6 rules.
    #[arg(long, value_name = "T=FILE", requires = "offline")]
    pub at6: Vec<String>,
    /// Read {t, if, hex} lines and answer each before the next.
    #[arg(long, requires = "offline", conflicts_with = "inputs")]
    pub interactive: bool,
    /// Answer for neighbours that the capture and weir.toml do not know, with made-up MAC
    /// addresses: 02:00 and the IPv4 address, or 02:06 and the last 4 bytes of the IPv6 address.
    #[arg(long, requires = "offline")]
    pub resolve_neighbours: bool,
}
