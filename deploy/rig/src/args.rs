//! The command line.

use std::path::PathBuf;

use crate::{generate::Area, kernel::Backend};

/// Runs rules and packets through the Linux kernel and through Weir and compares.
#[derive(Debug, clap::Parser)]
#[command(name = "conformance")]
pub struct Args {
    /// Cases in all, shared evenly by the areas.
    #[arg(long, default_value_t = 500)]
    pub cases: u64,
    /// Seed of the generated cases; drawn from the clock when not given, and printed.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Only this area; may be given several times.
    #[arg(long = "area")]
    pub areas: Vec<Area>,
    /// Run case files instead of generated cases.
    #[arg(long = "case", num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// Make cases of capture files instead; each gets generated rules.
    #[arg(long = "pcap", num_args = 1..)]
    pub captures: Vec<PathBuf>,
    /// The kernel's iptables to ask.
    #[arg(long, value_enum, default_value_t = BackendChoice::Both)]
    pub backend: BackendChoice,
    /// Workers that Weir runs with.
    #[arg(long, default_value_t = 1)]
    pub workers: usize,
    /// Threads, each with a kernel router and a Weir.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// The data plane to test.
    #[arg(long, required_unless_present_any = ["subject", "faults"])]
    pub weir: Option<PathBuf>,
    /// Compare the kernel with itself instead: the rig's own test.
    #[arg(long, value_enum, conflicts_with = "weir")]
    pub subject: Option<Backend>,
    /// Plant the faults of this list in a copy of the source and find each: the rig's own test.
    #[arg(long, conflicts_with_all = ["weir", "subject"])]
    pub faults: Option<PathBuf>,
    /// Folder for the shrunk cases that differ.
    #[arg(long)]
    pub save: Option<PathBuf>,
    /// Mismatches to shrink and print; the rest are only counted.
    #[arg(long, default_value_t = 5)]
    pub show: usize,
}

/// Which of the kernel's two iptables answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum BackendChoice {
    /// `iptables-legacy`.
    Legacy,
    /// `iptables-nft`.
    Nft,
    /// Legacy answers all cases, nft one in ten besides.
    Both,
}
