//! How a table is looked at: its chains in the order in which iptables lists them, and who jumps
//! to whom.

use std::collections::HashMap;

use rules::{Chain, ChainName, Table, Target};

/// The built-in chains in the order of the hooks, then the others by name, as libiptc sorts them.
pub(crate) fn chains(table: &Table) -> Vec<&Chain> {
    let mut chains: Vec<&Chain> = table.chains.iter().collect();
    chains.sort_by(|a, b| match (a.policy, b.policy) {
        (Some(_), Some(_)) => std::cmp::Ordering::Equal,
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.name.cmp(&b.name),
    });
    chains
}

/// How many rules jump or go to each chain.
pub(crate) fn references(table: &Table) -> HashMap<&ChainName, usize> {
    let mut count = HashMap::new();
    for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
        if let Target::Jump(chain) | Target::Goto(chain) = &rule.target {
            *count.entry(chain).or_insert(0) += 1;
        }
    }
    count
}
