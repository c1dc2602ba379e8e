//! What the rig prints.

use std::{collections::BTreeMap, process::Command};

use crate::{case::Case, compare::Difference, listed};

/// Cases run and mismatches found, for one row of the closing table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Cases run.
    pub cases: u64,
    /// Packets in them.
    pub packets: u64,
    /// Cases that differ.
    pub mismatches: u64,
    /// Cases that differ and hold a packet of a kind that is listed as a deliberate difference.
    pub listed: u64,
    /// Cases whose rules the back end does not take.
    pub refused: u64,
    /// Cases in which nft differs from legacy while Weir does as legacy does: the kernel's two
    /// back ends disagree (nft takes a cut-off transport header for no match, legacy drops).
    pub disagree: u64,
}

/// The closing table: rows by area and back end.
pub type Table = BTreeMap<(String, &'static str), Tally>;

/// The kernel and the iptables that answer.
pub fn versions() -> String {
    let said = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output();
        output.map_or_else(
            |error| format!("{program}: {error}"),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    };
    let release = said("uname", &["-r"]);
    // Behind the first dash stands who built the kernel.
    let release = release.split('-').next().unwrap_or_default();
    format!("Linux {release}, {}", said("iptables-legacy", &["-V"]))
}

/// Prints the table and the line that sums it up.
pub fn print_table(table: &Table, seconds: f64) {
    println!(
        "\n{:<14} {:<8} {:>7} {:>9} {:>11} {:>7} {:>8} {:>14}",
        "area", "backend", "cases", "packets", "mismatches", "listed", "refused", "kernels differ"
    );
    let row = |area: &str, backend: &str, tally: &Tally| {
        let Tally {
            cases,
            packets,
            mismatches,
            listed,
            refused,
            disagree,
        } = tally;
        println!(
            "{area:<14} {backend:<8} {cases:>7} {packets:>9} {mismatches:>11} {listed:>7} {refused:>8} \
             {disagree:>14}"
        );
    };
    let mut sum = Tally::default();
    for ((area, backend), tally) in table {
        row(area, backend, tally);
        sum.cases += tally.cases;
        sum.packets += tally.packets;
        sum.mismatches += tally.mismatches;
        sum.listed += tally.listed;
        sum.refused += tally.refused;
        sum.disagree += tally.disagree;
    }
    row("all", "", &sum);
    for listed in listed::read()
        .unwrap_or_default()
        .iter()
        .filter(|_| sum.listed > 0)
    {
        println!(
            "listed: {}: {}",
            listed.name,
            listed.reason.trim().replace('\n', " ")
        );
    }
    println!(
        "{} · {seconds:.0} s, {:.0} cases/s",
        versions(),
        sum.cases as f64 / seconds
    );
}

/// Prints a shrunk case with both outcomes side by side.
pub fn print_mismatch(case: &Case, differences: &[Difference], failed: Option<&str>) {
    println!("\n--- {} differs ---\n{}", case.name, case.to_toml());
    if let Some(words) = failed {
        println!("Weir gave no answer: {words}");
    }
    for Difference {
        packet,
        what,
        kernel,
        weir,
    } in differences
    {
        match packet {
            Some(at) => println!("packet {at}: {what}"),
            None => println!("at the end: {what}"),
        }
        for line in kernel {
            println!(
                "  {} {line}",
                if weir.contains(line) {
                    "both  "
                } else {
                    "kernel"
                }
            );
        }
        for line in weir.iter().filter(|line| !kernel.contains(line)) {
            println!("  weir   {line}");
        }
        if kernel.is_empty() {
            println!("  kernel (nothing)");
        }
        if weir.is_empty() {
            println!("  weir   (nothing)");
        }
    }
}
