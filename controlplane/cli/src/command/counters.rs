//! `weir counters`: the rules and policies that packets hit, over all tables and both families.

use std::process::ExitCode;

use api::http::{COUNTERS_PATH, CounterLine, CountersReport};
use rules::Family;

use crate::{
    args::Filtered,
    client::Client,
    error::CliError,
    format::{self, Table, number, word},
};

/// Prints the counters.
pub(crate) fn run(client: &Client, wanted: Filtered) -> Result<ExitCode, CliError> {
    let mut report: CountersReport = client.get(COUNTERS_PATH)?;
    let rules = report.counters.len();
    if !wanted.all {
        report.counters.retain(|line| line.packets > 0);
    }
    if wanted.json {
        format::print_json(&report)?;
    } else if report.counters.is_empty() {
        format::print(&format!(
            "no packet has hit any of the {rules} rules and policies of generation {}\n",
            report.generation.number
        ))?;
    } else {
        format::print(&render(&report.counters))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn render(lines: &[CounterLine]) -> String {
    let mut table = Table::new([
        number("packets"),
        number("bytes"),
        word("family"),
        word("table"),
        word("chain"),
        number("rule"),
        word(""),
    ]);
    for line in lines {
        let family = match line.family {
            Family::Ipv4 => "ipv4",
            Family::Ipv6 => "ipv6",
        };
        table.row([
            line.packets.to_string(),
            line.bytes.to_string(),
            family.to_owned(),
            line.table.as_str().to_owned(),
            line.chain.clone(),
            line.rule
                .map_or_else(|| "policy".to_owned(), |rule| rule.to_string()),
            line.text.clone(),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use rules::{RuleHandle, TableName};

    use super::*;

    #[test]
    fn rules_and_policies_line_up() {
        let line = |rule, packets, text: &str| CounterLine {
            family: Family::Ipv4,
            table: TableName::Filter,
            chain: "FORWARD".to_owned(),
            rule,
            handle: RuleHandle(1),
            packets,
            bytes: packets * 84,
            text: text.to_owned(),
        };
        let lines = [
            line(Some(1), 1000, "-i lan -j ACCEPT"),
            line(None, 2, "-P FORWARD DROP"),
        ];
        let expected = "\
            packets  bytes  family  table   chain      rule\n   \
            1000  84000  ipv4    filter  FORWARD       1  -i lan -j ACCEPT\n      \
            2    168  ipv4    filter  FORWARD  policy  -P FORWARD DROP\n";
        assert_eq!(render(&lines), expected);
    }
}
