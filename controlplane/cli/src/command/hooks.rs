//! `weir hooks`: what is registered where, in the layout of `nft list hooks`.

use std::{fmt::Write, process::ExitCode};

use api::{
    HookEntry,
    http::{HOOKS_PATH, HooksReport},
};
use rules::Family;

use crate::{args::Form, client::Client, error::CliError, format};

/// Prints the hooks.
pub(crate) fn run(client: &Client, wanted: Form) -> Result<ExitCode, CliError> {
    let report: HooksReport = client.get(HOOKS_PATH)?;
    if wanted.json {
        format::print_json(&report)?;
    } else {
        format::print(&render(&report.hooks))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Families and hooks in the order in which they come, each with its steps.
fn render(entries: &[HookEntry]) -> String {
    let mut text = String::new();
    for family in entries.chunk_by(|one, next| one.family == next.family) {
        let name = match family.first().map(|entry| entry.family) {
            Some(Family::Ipv4) => "ip",
            Some(Family::Ipv6) => "ip6",
            None => continue,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "family {name} {{");
        for hook in family.chunk_by(|one, next| one.hook == next.hook) {
            let Some(first) = hook.first() else { continue };
            let _ = writeln!(text, "\thook {} {{", first.hook.chain_name().to_lowercase());
            for entry in hook {
                let _ = writeln!(
                    text,
                    "\t\t{} {}",
                    priority(entry.priority),
                    step(name, entry)
                );
            }
            text.push_str("\t}\n");
        }
        text.push_str("}\n");
    }
    text
}

/// Eleven characters, sign first, as nft prints it.
fn priority(priority: i32) -> String {
    let sign = match priority {
        ..0 => '-',
        0 => ' ',
        1.. => '+',
    };
    format!("{sign}{:010}", priority.unsigned_abs())
}

fn step(family: &str, entry: &HookEntry) -> String {
    match entry.table {
        Some(table) => {
            let chain = entry.hook.chain_name();
            let rules = if entry.rules == 1 { "rule" } else { "rules" };
            format!(
                "chain {family} {} {chain} [{} {rules}]",
                table.as_str(),
                entry.rules
            )
        }
        None => entry.step.clone(),
    }
}

#[cfg(test)]
mod tests {
    use rules::{Hook, TableName};

    use super::*;

    #[test]
    fn hooks_look_like_nfts() {
        let entry = |family, hook, priority, table| HookEntry {
            family,
            hook,
            priority,
            step: "route".to_owned(),
            table,
            rules: 2,
        };
        let entries = [
            entry(Family::Ipv4, Hook::Prerouting, -300, Some(TableName::Raw)),
            entry(Family::Ipv4, Hook::Prerouting, 0, None),
            entry(Family::Ipv4, Hook::Forward, 50, Some(TableName::Security)),
            entry(Family::Ipv6, Hook::Input, 0, Some(TableName::Filter)),
        ];
        let expected = "family ip {\n\
            \thook prerouting {\n\
            \t\t-0000000300 chain ip raw PREROUTING [2 rules]\n\
            \t\t 0000000000 route\n\
            \t}\n\
            \thook forward {\n\
            \t\t+0000000050 chain ip security FORWARD [2 rules]\n\
            \t}\n\
            }\n\
            family ip6 {\n\
            \thook input {\n\
            \t\t 0000000000 chain ip6 filter INPUT [2 rules]\n\
            \t}\n\
            }\n";
        assert_eq!(render(&entries), expected);
    }
}
