//! Ports and ranges of ports, as `tcp` and `udp` share them
//! (`extensions/libxt_tcp.c` `parse_tcp_ports`, `libxtables/xtoptions.c` `xtopt_parse_mport`).

use std::fmt::Write as _;

use rules::{Negatable, matches::tcp::PortRange};

use crate::{Names, SyntaxError, names::Transport, number};

/// Reads a port by number or by the name of a service of `transport`.
pub(crate) fn parse(names: &Names, transport: Transport, text: &str) -> Option<u16> {
    number::number(text, 0, u64::from(u16::MAX))
        .and_then(|port| u16::try_from(port).ok())
        .or_else(|| names.port(transport, text))
}

/// Reads `port`, `first:last`, `first:` or `:last`, each end by `parse_end`.
pub(crate) fn parse_range(
    text: &str,
    mut parse_end: impl FnMut(&str) -> Result<u16, SyntaxError>,
) -> Result<PortRange, SyntaxError> {
    let Some((first, last)) = text.split_once(':') else {
        let port = parse_end(text)?;
        return Ok(PortRange {
            first: port,
            last: port,
        });
    };
    let mut end = |text: &str, missing| match text {
        "" => Ok(missing),
        text => parse_end(text),
    };
    let range = PortRange {
        first: end(first, PortRange::ALL.first)?,
        last: end(last, PortRange::ALL.last)?,
    };
    if range.first > range.last {
        return Err(SyntaxError::PortRangeBackwards);
    }
    Ok(range)
}

/// What is kept of an option: one that holds for every port says nothing.
pub(crate) fn canonical(value: Negatable<PortRange>) -> Option<Negatable<PortRange>> {
    (value != Negatable::plain(PortRange::ALL)).then_some(value)
}

/// ` [!] --option first[:last]`.
pub(crate) fn save(out: &mut String, option: &str, value: Option<Negatable<PortRange>>) {
    let Some(Negatable { negated, value }) = value else {
        return;
    };
    let not = if negated { " !" } else { "" };
    let PortRange { first, last } = value;
    let _ = if first == last {
        write!(out, "{not} {option} {first}")
    } else {
        write!(out, "{not} {option} {first}:{last}")
    };
}

/// ` spt:22`, ` dpts:!ssh:http`: a cell of `-L`; names unless `names` is `None`.
pub(crate) fn list(
    out: &mut String,
    label: &str,
    value: Option<Negatable<PortRange>>,
    names: Option<(&Names, Transport)>,
) {
    let Some(Negatable { negated, value }) = value else {
        return;
    };
    let not = if negated { "!" } else { "" };
    let name = |port: u16| {
        names
            .and_then(|(names, transport)| names.service(transport, port))
            .map_or_else(|| port.to_string(), str::to_owned)
    };
    let first = name(value.first);
    let _ = if value.first == value.last {
        write!(out, " {label}:{not}{first}")
    } else {
        write!(out, " {label}s:{not}{first}:{}", name(value.last))
    };
}
