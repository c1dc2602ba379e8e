//! `-m tcp`: `net/netfilter/xt_tcpudp.c` `tcp_mt`.

use serde::{Deserialize, Serialize};

use crate::Negatable;

/// An inclusive range of ports, host order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PortRange {
    /// First port.
    pub first: u16,
    /// Last port.
    pub last: u16,
}

impl PortRange {
    /// Every port: what an option that was not given means.
    pub const ALL: PortRange = PortRange {
        first: 0,
        last: u16::MAX,
    };

    /// Whether `port` lies in the range.
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

/// `--tcp-flags MASK COMP`: FIN 0x01, SYN 0x02, RST 0x04, PSH 0x08, ACK 0x10, URG 0x20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TcpFlags {
    /// The flags that are looked at.
    pub mask: u8,
    /// Those of them that must be set; the others must not.
    pub set: u8,
}

/// The options of the match; `None` where not given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpMatch {
    /// `--sport`.
    pub source_port: Option<Negatable<PortRange>>,
    /// `--dport`.
    pub destination_port: Option<Negatable<PortRange>>,
    /// `--tcp-flags`, `--syn`.
    pub flags: Option<Negatable<TcpFlags>>,
    /// `--tcp-option`: a TCP option of this kind is present.
    pub option: Option<Negatable<u8>>,
}
