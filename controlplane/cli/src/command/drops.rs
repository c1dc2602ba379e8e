//! `weir drops`: every packet that was not passed on, by reason.

use std::process::ExitCode;

use api::http::{DROPS_PATH, DropsReport};

use crate::{
    args::Filtered,
    client::Client,
    error::CliError,
    format::{self, Table, number, word},
};

/// Prints the drops, most frequent first.
pub(crate) fn run(client: &Client, wanted: Filtered) -> Result<ExitCode, CliError> {
    let mut report: DropsReport = client.get(DROPS_PATH)?;
    if !wanted.all {
        report.drops.retain(|drop| drop.packets > 0);
    }
    report
        .drops
        .sort_by_key(|drop| std::cmp::Reverse(drop.packets));
    if wanted.json {
        format::print_json(&report)?;
    } else if report.drops.is_empty() {
        format::print("no packet was dropped\n")?;
    } else {
        let mut table = Table::new([number("packets"), word("reason")]);
        for drop in &report.drops {
            table.row([drop.packets.to_string(), drop.reason.clone()]);
        }
        format::print(&table.render())?;
    }
    Ok(ExitCode::SUCCESS)
}
