//! The five netfilter hooks and the priorities at which steps are registered on them
//! (`NF_INET_*` and `NF_IP_PRI_*` of `include/uapi/linux/netfilter{,_ipv4}.h`).

use serde::{Deserialize, Serialize};

/// A point in a packet's way where rules are consulted. The discriminants are `NF_INET_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Hook {
    /// Every received packet, before the routing decision.
    Prerouting = 0,
    /// Packets for this host.
    Input = 1,
    /// Packets for another host.
    Forward = 2,
    /// Packets made by this host.
    Output = 3,
    /// Every packet about to leave.
    Postrouting = 4,
}

impl Hook {
    /// All hooks in `NF_INET_*` order.
    pub const ALL: [Hook; 5] = [
        Hook::Prerouting,
        Hook::Input,
        Hook::Forward,
        Hook::Output,
        Hook::Postrouting,
    ];

    /// The name of the built-in chain that a table registers on this hook.
    pub const fn chain_name(self) -> &'static str {
        match self {
            Hook::Prerouting => "PREROUTING",
            Hook::Input => "INPUT",
            Hook::Forward => "FORWARD",
            Hook::Output => "OUTPUT",
            Hook::Postrouting => "POSTROUTING",
        }
    }
}

/// Priorities on a hook, lowest first (`NF_IP_PRI_*`).
pub mod priority {
    /// Reassembly, before anything reads ports.
    pub const CONNTRACK_DEFRAG: i32 = -400;
    /// The raw table.
    pub const RAW: i32 = -300;
    /// Connection lookup.
    pub const CONNTRACK: i32 = -200;
    /// The mangle table.
    pub const MANGLE: i32 = -150;
    /// Destination NAT.
    pub const NAT_DST: i32 = -100;
    /// The filter table.
    pub const FILTER: i32 = 0;
    /// The security table.
    pub const SECURITY: i32 = 50;
    /// Source NAT.
    pub const NAT_SRC: i32 = 100;
    /// Connection helpers.
    pub const CONNTRACK_HELPER: i32 = 300;
    /// New connections enter the table.
    pub const CONNTRACK_CONFIRM: i32 = i32::MAX;
}
