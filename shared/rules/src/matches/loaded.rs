//! A match that a rule has loaded: one of those in the files beside this one.

use serde::{Deserialize, Serialize};

use super::{icmp, tcp, udp};

/// A match loaded by `-m` (or by `-p`, which loads the protocol's own).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Match {
    /// `-m tcp`.
    Tcp(tcp::TcpMatch),
    /// `-m udp`.
    Udp(udp::UdpMatch),
    /// `-m icmp`, IPv4.
    Icmp(icmp::IcmpMatch),
    /// `-m icmp6`, IPv6.
    Icmp6(icmp::IcmpMatch),
}

impl Match {
    /// The name as `-m` takes it and `rules::support` lists it.
    pub const fn name(&self) -> &'static str {
        match self {
            Match::Tcp(_) => "tcp",
            Match::Udp(_) => "udp",
            Match::Icmp(_) => "icmp",
            Match::Icmp6(_) => "icmp6",
        }
    }
}
