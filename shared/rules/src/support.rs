//! Which matches, targets and tables are evaluated, and which are only parsed. `validate`
//! refuses a ruleset that relies on anything else, so that no rule does nothing in silence.

use crate::{Family, TableName};

/// How far something that iptables can say is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// The text is understood; a ruleset that holds it is refused.
    Parsed,
    /// It decides about packets as the kernel does.
    Evaluated,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name as `-m` or `-j` takes it.
    pub name: &'static str,
    /// How far it is carried.
    pub support: Support,
    /// The family that has it; `None` for both.
    pub family: Option<Family>,
    /// The protocol that `-p` must name in the same rule (not negated), as `xt_check_match` asks.
    pub protocol: Option<u8>,
    /// The only table that may hold it, as `xt_check_target` asks.
    pub table: Option<TableName>,
}

impl Entry {
    const fn evaluated(name: &'static str) -> Self {
        Self {
            name,
            support: Support::Evaluated,
            family: None,
            protocol: None,
            table: None,
        }
    }

    const fn of_family(self, family: Family) -> Self {
        Self {
            family: Some(family),
            ..self
        }
    }

    const fn of_protocol(self, protocol: u8) -> Self {
        Self {
            protocol: Some(protocol),
            ..self
        }
    }

    const fn only_in(self, table: TableName) -> Self {
        Self {
            table: Some(table),
            ..self
        }
    }
}

/// The matches (`-m`).
pub const MATCHES: &[Entry] = &[
    Entry::evaluated("tcp").of_protocol(6),
    Entry::evaluated("udp").of_protocol(17),
    Entry::evaluated("icmp")
        .of_family(Family::Ipv4)
        .of_protocol(1),
    Entry::evaluated("icmp6")
        .of_family(Family::Ipv6)
        .of_protocol(58),
];

/// The targets (`-j`); jumps to chains and rules without a target need no line.
pub const TARGETS: &[Entry] = &[
    Entry::evaluated("ACCEPT"),
    Entry::evaluated("DROP"),
    Entry::evaluated("RETURN"),
    Entry::evaluated("REJECT").only_in(TableName::Filter),
    Entry::evaluated("LOG"),
];

/// The match called `name`.
pub fn of_match(name: &str) -> Option<&'static Entry> {
    MATCHES.iter().find(|entry| entry.name == name)
}

/// The target called `name`.
pub fn of_target(name: &str) -> Option<&'static Entry> {
    TARGETS.iter().find(|entry| entry.name == name)
}

/// How far a table is carried. The nat table is walked by a connection's first packet only, so
/// it waits for connection tracking.
pub const fn of_table(table: TableName) -> Support {
    match table {
        TableName::Nat => Support::Parsed,
        TableName::Raw | TableName::Mangle | TableName::Filter | TableName::Security => {
            Support::Evaluated
        }
    }
}
