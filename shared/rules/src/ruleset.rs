//! A whole ruleset: both families, all tables.

use serde::{Deserialize, Serialize};

use crate::{Family, Table, TableName};

/// One family's tables, in [`TableName::ALL`] order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyRules {
    /// raw, mangle, nat, filter, security.
    pub tables: Vec<Table>,
}

/// Everything that one generation says, in source form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruleset {
    /// What `iptables` speaks of.
    pub ipv4: FamilyRules,
    /// What `ip6tables` speaks of.
    pub ipv6: FamilyRules,
}

impl Ruleset {
    /// Empty chains with policy ACCEPT everywhere, as on a booted kernel.
    pub fn new() -> Self {
        let family = || FamilyRules {
            tables: TableName::ALL
                .iter()
                .map(|&name| Table::new(name))
                .collect(),
        };
        Self {
            ipv4: family(),
            ipv6: family(),
        }
    }

    /// One family's rules.
    pub fn family(&self, family: Family) -> &FamilyRules {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }

    /// One family's rules, to change them.
    pub fn family_mut(&mut self, family: Family) -> &mut FamilyRules {
        match family {
            Family::Ipv4 => &mut self.ipv4,
            Family::Ipv6 => &mut self.ipv6,
        }
    }

    /// The table `name` of `family`. Every ruleset has all five.
    pub fn table(&self, family: Family, name: TableName) -> Option<&Table> {
        self.family(family)
            .tables
            .iter()
            .find(|table| table.name == name)
    }

    /// The table `name` of `family`, to change it.
    pub fn table_mut(&mut self, family: Family, name: TableName) -> Option<&mut Table> {
        self.family_mut(family)
            .tables
            .iter_mut()
            .find(|table| table.name == name)
    }
}

impl Default for Ruleset {
    fn default() -> Self {
        Self::new()
    }
}
