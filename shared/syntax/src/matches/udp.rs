//! `-m udp` (`extensions/libxt_udp.c`): `--sport --dport`.

use rules::{
    Negatable,
    matches::{Match, tcp::PortRange, udp::UdpMatch},
};

use crate::{
    Names, SyntaxError, Transport,
    extension::{Entry, OptionUse},
    getopt::Value,
    number, port,
};

const SOURCE_PORT: u8 = 0;
const DESTINATION_PORT: u8 = 1;

/// The options.
pub(crate) const OPTIONS: &[Entry] = &[
    Entry::new("source-port", Value::Required, SOURCE_PORT),
    Entry::new("sport", Value::Required, SOURCE_PORT),
    Entry::new("destination-port", Value::Required, DESTINATION_PORT),
    Entry::new("dport", Value::Required, DESTINATION_PORT),
];

/// What `-h` prints.
pub(crate) const HELP: &str = "\
udp match options:
[!] --source-port port[:port]
 --sport ...
\t\t\t\tmatch source port(s)
[!] --destination-port port[:port]
 --dport ...
\t\t\t\tmatch destination port(s)
";

/// The options read so far.
#[derive(Default)]
pub(crate) struct Parser {
    source: Option<Negatable<PortRange>>,
    destination: Option<Negatable<PortRange>>,
}

impl Parser {
    /// Takes one option.
    pub(crate) fn option(&mut self, given: &mut OptionUse<'_, '_>) -> Result<(), SyntaxError> {
        let (place, option) = match given.id {
            SOURCE_PORT => (&mut self.source, "source-port"),
            _ => (&mut self.destination, "destination-port"),
        };
        if place.is_some() {
            return Err(SyntaxError::UsedTwice {
                extension: "udp",
                option,
            });
        }
        if given.value.matches(':').count() > 1 {
            return Err(SyntaxError::TooManyPorts {
                extension: "udp",
                option,
            });
        }
        let value = port::parse_range(given.value, |end| {
            parse_port(given.names, end).ok_or_else(|| SyntaxError::UnresolvedPort(end.to_owned()))
        })?;
        *place = Some(Negatable {
            negated: given.negated,
            value,
        });
        Ok(())
    }

    /// The match. Options that hold for every packet are left out.
    pub(crate) fn finish(self) -> Match {
        Match::Udp(UdpMatch {
            source_port: self.source.and_then(port::canonical),
            destination_port: self.destination.and_then(port::canonical),
        })
    }
}

/// A decimal number, or a service: the C library's `getaddrinfo` looks under tcp first.
fn parse_port(names: &Names, text: &str) -> Option<u16> {
    if let Ok(port) = text.trim_start().parse::<u16>() {
        return Some(port);
    }
    if number::scan_decimal(text).is_some() {
        return None;
    }
    names
        .port(Transport::Tcp, text)
        .or_else(|| names.port(Transport::Udp, text))
}

/// The saved form.
pub(crate) fn save(out: &mut String, udp: &UdpMatch) {
    port::save(out, "--sport", udp.source_port);
    port::save(out, "--dport", udp.destination_port);
}

/// The form of `-L`; numbers where `names` is `None`.
pub(crate) fn list(out: &mut String, udp: &UdpMatch, names: Option<&Names>) {
    out.push_str(" udp");
    let service = names.map(|names| (names, Transport::Udp));
    port::list(out, "spt", udp.source_port, service);
    port::list(out, "dpt", udp.destination_port, service);
}
