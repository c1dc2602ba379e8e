//! REJECT: `net/ipv4/netfilter/ipt_REJECT.c`, `net/ipv6/netfilter/ip6t_REJECT.c`.

use serde::{Deserialize, Serialize};

use crate::Family;

/// `--reject-with`: the answer that the sender gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RejectWith {
    /// ICMP 3/0, IPv4.
    IcmpNetUnreachable,
    /// ICMP 3/1, IPv4.
    IcmpHostUnreachable,
    /// ICMP 3/2, IPv4.
    IcmpProtoUnreachable,
    /// ICMP 3/3, IPv4: the default.
    IcmpPortUnreachable,
    /// ICMP 3/9, IPv4.
    IcmpNetProhibited,
    /// ICMP 3/10, IPv4.
    IcmpHostProhibited,
    /// ICMP 3/13, IPv4.
    IcmpAdminProhibited,
    /// ICMPv6 1/0.
    Icmp6NoRoute,
    /// ICMPv6 1/1.
    Icmp6AdmProhibited,
    /// ICMPv6 1/3.
    Icmp6AddrUnreachable,
    /// ICMPv6 1/4: the default.
    Icmp6PortUnreachable,
    /// ICMPv6 1/5.
    Icmp6PolicyFail,
    /// ICMPv6 1/6.
    Icmp6RejectRoute,
    /// A TCP RST; the rule must match TCP. Both families.
    TcpReset,
}

impl RejectWith {
    /// Every type.
    pub const ALL: [RejectWith; 14] = [
        RejectWith::IcmpNetUnreachable,
        RejectWith::IcmpHostUnreachable,
        RejectWith::IcmpProtoUnreachable,
        RejectWith::IcmpPortUnreachable,
        RejectWith::IcmpNetProhibited,
        RejectWith::IcmpHostProhibited,
        RejectWith::IcmpAdminProhibited,
        RejectWith::Icmp6NoRoute,
        RejectWith::Icmp6AdmProhibited,
        RejectWith::Icmp6AddrUnreachable,
        RejectWith::Icmp6PortUnreachable,
        RejectWith::Icmp6PolicyFail,
        RejectWith::Icmp6RejectRoute,
        RejectWith::TcpReset,
    ];

    /// What a bare `-j REJECT` answers with.
    pub const fn default_for(family: Family) -> Self {
        match family {
            Family::Ipv4 => RejectWith::IcmpPortUnreachable,
            Family::Ipv6 => RejectWith::Icmp6PortUnreachable,
        }
    }

    /// The name as `--reject-with` takes it and iptables prints it.
    pub const fn as_str(self) -> &'static str {
        match self {
            RejectWith::IcmpNetUnreachable => "icmp-net-unreachable",
            RejectWith::IcmpHostUnreachable => "icmp-host-unreachable",
            RejectWith::IcmpProtoUnreachable => "icmp-proto-unreachable",
            RejectWith::IcmpPortUnreachable => "icmp-port-unreachable",
            RejectWith::IcmpNetProhibited => "icmp-net-prohibited",
            RejectWith::IcmpHostProhibited => "icmp-host-prohibited",
            RejectWith::IcmpAdminProhibited => "icmp-admin-prohibited",
            RejectWith::Icmp6NoRoute => "icmp6-no-route",
            RejectWith::Icmp6AdmProhibited => "icmp6-adm-prohibited",
            RejectWith::Icmp6AddrUnreachable => "icmp6-addr-unreachable",
            RejectWith::Icmp6PortUnreachable => "icmp6-port-unreachable",
            RejectWith::Icmp6PolicyFail => "icmp6-policy-fail",
            RejectWith::Icmp6RejectRoute => "icmp6-reject-route",
            RejectWith::TcpReset => "tcp-reset",
        }
    }

    /// The family whose rules may use this type; `None` for both.
    pub const fn family(self) -> Option<Family> {
        match self {
            RejectWith::IcmpNetUnreachable
            | RejectWith::IcmpHostUnreachable
            | RejectWith::IcmpProtoUnreachable
            | RejectWith::IcmpPortUnreachable
            | RejectWith::IcmpNetProhibited
            | RejectWith::IcmpHostProhibited
            | RejectWith::IcmpAdminProhibited => Some(Family::Ipv4),
            RejectWith::Icmp6NoRoute
            | RejectWith::Icmp6AdmProhibited
            | RejectWith::Icmp6AddrUnreachable
            | RejectWith::Icmp6PortUnreachable
            | RejectWith::Icmp6PolicyFail
            | RejectWith::Icmp6RejectRoute => Some(Family::Ipv6),
            RejectWith::TcpReset => None,
        }
    }
}
