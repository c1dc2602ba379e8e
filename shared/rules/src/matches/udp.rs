//! `-m udp`: `net/netfilter/xt_tcpudp.c` `udp_mt`.

use serde::{Deserialize, Serialize};

use super::tcp::PortRange;
use crate::Negatable;

/// The options of the match; `None` where not given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UdpMatch {
    /// `--sport`.
    pub source_port: Option<Negatable<PortRange>>,
    /// `--dport`.
    pub destination_port: Option<Negatable<PortRange>>,
}
