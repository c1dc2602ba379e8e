//! The checks on one rule: `x_tables.c` `xt_check_match` and `xt_check_target`, the `checkentry`
//! of matches and targets, and what iptables checks for the kernel.

use std::net::IpAddr;

use super::{Place, Problem, ValidateError};
use crate::{
    Chain, Family, Negatable, Policy, Rule, TableName, Target,
    matches::{
        Match,
        ip::{AddrMask, IFACE_NAME_MAX_BYTES, IfaceMatch, IpMatch},
        tcp::PortRange,
    },
    support::{self, Entry, Support},
    targets::{
        log::{LOG_PREFIX_MAX_BYTES, Log},
        reject::RejectWith,
    },
};

const PROTOCOL_TCP: u8 = 6;

/// Refuses rules and DROP policies in a table that is not evaluated.
pub(super) fn check_table_support(
    chain: &Chain,
    table: TableName,
    place: Place<'_>,
) -> Result<(), ValidateError> {
    if support::of_table(table) == Support::Evaluated {
        return Ok(());
    }
    let problem = Problem::TableNotEvaluated(table.as_str());
    if !chain.rules.is_empty() {
        let place = Place {
            rule: Some(1),
            ..place
        };
        return Err(place.refuse(problem));
    }
    if chain
        .policy
        .is_some_and(|policy| policy.verdict == Policy::Drop)
    {
        return Err(place.refuse(problem));
    }
    Ok(())
}

/// Checks one rule by itself; jumps are resolved elsewhere.
pub(super) fn check(rule: &Rule, place: Place<'_>) -> Result<(), ValidateError> {
    check_ip(&rule.ip, place.family)
        .and_then(|()| {
            rule.matches
                .iter()
                .try_for_each(|m| check_match(m, rule, place.family))
        })
        .and_then(|()| check_target(rule, place))
        .map_err(|problem| place.refuse(problem))
}

fn check_ip(ip: &IpMatch, family: Family) -> Result<(), Problem> {
    for addr in [&ip.source, &ip.destination].into_iter().flatten() {
        check_addr(&addr.value, family)?;
    }
    for iface in [&ip.in_iface, &ip.out_iface].into_iter().flatten() {
        check_iface(&iface.value)?;
    }
    if ip.fragment.is_some() && family == Family::Ipv6 {
        return Err(Problem::FragmentFamily);
    }
    if ip.protocol == Some(Negatable::negated(0)) {
        return Err(Problem::NoProtocol);
    }
    Ok(())
}

fn check_addr(addr: &AddrMask, family: Family) -> Result<(), Problem> {
    let bits_outside = match (family, addr.addr, addr.mask) {
        (Family::Ipv4, IpAddr::V4(addr), IpAddr::V4(mask)) => addr.to_bits() & !mask.to_bits() != 0,
        (Family::Ipv6, IpAddr::V6(addr), IpAddr::V6(mask)) => addr.to_bits() & !mask.to_bits() != 0,
        _ => return Err(Problem::AddressFamily),
    };
    if bits_outside {
        return Err(Problem::AddressBits);
    }
    Ok(())
}

fn check_iface(iface: &IfaceMatch) -> Result<(), Problem> {
    // The closing `+` of a prefix takes a byte of the kernel's buffer as well.
    let length = iface.name.len() + usize::from(iface.is_prefix);
    if length == 0 || length > IFACE_NAME_MAX_BYTES {
        return Err(Problem::IfaceName(iface.name.clone()));
    }
    Ok(())
}

fn check_match(m: &Match, rule: &Rule, family: Family) -> Result<(), Problem> {
    let name = m.name();
    let entry = support::of_match(name).filter(|entry| entry.support == Support::Evaluated);
    let Some(entry) = entry else {
        return Err(Problem::MatchNotEvaluated(name));
    };
    if entry.family.is_some_and(|only| only != family) {
        return Err(Problem::MatchFamily(name));
    }
    if let Some(protocol) = entry.protocol
        && !asks_plainly_for(rule, protocol)
    {
        return Err(Problem::MatchProtocol { name, protocol });
    }
    check_match_options(m, name)
}

fn check_match_options(m: &Match, name: &'static str) -> Result<(), Problem> {
    let ranges = |ranges: [Option<Negatable<PortRange>>; 2]| {
        let is_empty = |range: Negatable<PortRange>| range.value.first > range.value.last;
        if ranges.into_iter().flatten().any(is_empty) {
            Err(Problem::EmptyRange(name))
        } else {
            Ok(())
        }
    };
    match m {
        Match::Tcp(tcp) => {
            if tcp.option.is_some_and(|option| option.value == 0) {
                return Err(Problem::TcpOptionZero);
            }
            ranges([tcp.source_port, tcp.destination_port])
        }
        Match::Udp(udp) => ranges([udp.source_port, udp.destination_port]),
        Match::Icmp(icmp) | Match::Icmp6(icmp) => {
            let value = icmp.icmp_type.value;
            if value.code_first > value.code_last {
                return Err(Problem::EmptyRange(name));
            }
            Ok(())
        }
    }
}

fn check_target(rule: &Rule, place: Place<'_>) -> Result<(), Problem> {
    match &rule.target {
        Target::None | Target::Jump(_) | Target::Goto(_) => return Ok(()),
        Target::Accept | Target::Drop | Target::Return => {}
        Target::Reject(with) => check_reject(*with, rule, place.family)?,
        Target::Log(log) => check_log(log)?,
    }
    let name = rule.target.name();
    let entry: Option<&Entry> =
        support::of_target(name).filter(|entry| entry.support == Support::Evaluated);
    let Some(entry) = entry else {
        return Err(Problem::TargetNotEvaluated(name.to_owned()));
    };
    match entry.table {
        Some(only) if place.table != Some(only) => Err(Problem::TargetTable {
            name: name.to_owned(),
            table: only.as_str(),
        }),
        _ => Ok(()),
    }
}

fn check_reject(with: RejectWith, rule: &Rule, family: Family) -> Result<(), Problem> {
    if with.family().is_some_and(|only| only != family) {
        return Err(Problem::RejectFamily(with.as_str()));
    }
    if with == RejectWith::TcpReset && !asks_plainly_for(rule, PROTOCOL_TCP) {
        return Err(Problem::RejectNeedsTcp);
    }
    Ok(())
}

fn check_log(log: &Log) -> Result<(), Problem> {
    if log.prefix.len() > LOG_PREFIX_MAX_BYTES || log.prefix.contains('\n') {
        return Err(Problem::LogPrefix);
    }
    if log.level > 7 {
        return Err(Problem::LogLevel(log.level));
    }
    Ok(())
}

fn asks_plainly_for(rule: &Rule, protocol: u8) -> bool {
    rule.ip.protocol == Some(Negatable::plain(protocol))
}
