//! The five tables: which hooks each registers on, and the chains it holds.

use serde::{Deserialize, Serialize};

use crate::{Chain, ChainName, Hook, hook::priority};

/// The name of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableName {
    /// Before connection tracking: what not to track.
    Raw,
    /// Changes to packets.
    Mangle,
    /// Address translation; only a connection's first packet walks it.
    Nat,
    /// Accept or drop.
    Filter,
    /// Mandatory access control labels.
    Security,
}

impl TableName {
    /// All tables, in the order in which a packet meets them on one hook.
    pub const ALL: [TableName; 5] = [
        TableName::Raw,
        TableName::Mangle,
        TableName::Nat,
        TableName::Filter,
        TableName::Security,
    ];

    /// The name as `-t` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            TableName::Raw => "raw",
            TableName::Mangle => "mangle",
            TableName::Nat => "nat",
            TableName::Filter => "filter",
            TableName::Security => "security",
        }
    }

    /// The hooks that the table has a built-in chain on, in `NF_INET_*` order: the order in
    /// which iptables lists them.
    pub const fn hooks(self) -> &'static [Hook] {
        match self {
            TableName::Raw => &[Hook::Prerouting, Hook::Output],
            TableName::Mangle => &Hook::ALL,
            TableName::Nat => &[
                Hook::Prerouting,
                Hook::Input,
                Hook::Output,
                Hook::Postrouting,
            ],
            TableName::Filter | TableName::Security => &[Hook::Input, Hook::Forward, Hook::Output],
        }
    }

    /// The priority at which the table runs on `hook` (`NF_IP_PRI_*`). The nat table translates
    /// destinations on PREROUTING and OUTPUT, sources on INPUT and POSTROUTING.
    pub const fn priority(self, hook: Hook) -> i32 {
        match self {
            TableName::Raw => priority::RAW,
            TableName::Mangle => priority::MANGLE,
            TableName::Nat => match hook {
                Hook::Prerouting | Hook::Output => priority::NAT_DST,
                Hook::Input | Hook::Forward | Hook::Postrouting => priority::NAT_SRC,
            },
            TableName::Filter => priority::FILTER,
            TableName::Security => priority::SECURITY,
        }
    }
}

/// A table's chains: the built-in ones first, in [`TableName::hooks`] order (`validate` refuses
/// anything else), then the /// user-defined ones, which `edit` keeps in byte order of their names, as iptables does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Which table this is.
    pub name: TableName,
    /// Its chains.
    pub chains: Vec<Chain>,
}

impl Table {
    /// The table as the kernel creates it: empty built-in chains with policy ACCEPT.
    pub fn new(name: TableName) -> Self {
        Self {
            name,
            chains: name
                .hooks()
                .iter()
                .map(|&hook| Chain::builtin(hook))
                .collect(),
        }
    }

    /// The chain called `name`.
    pub fn chain(&self, name: &ChainName) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == *name)
    }

    /// The chain called `name`, to change it.
    pub fn chain_mut(&mut self, name: &ChainName) -> Option<&mut Chain> {
        self.chains.iter_mut().find(|chain| chain.name == *name)
    }

    /// The table's built-in chain on `hook`.
    pub fn builtin(&self, hook: Hook) -> Option<&Chain> {
        let at = self.name.hooks().iter().position(|&h| h == hook)?;
        self.chains.get(at)
    }
}
