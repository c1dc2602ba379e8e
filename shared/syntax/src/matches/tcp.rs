//! `-m tcp` (`extensions/libxt_tcp.c`): `--sport --dport --tcp-flags --syn --tcp-option`.

use std::fmt::Write as _;

use rules::{
    Negatable,
    matches::{
        Match,
        tcp::{PortRange, TcpFlags, TcpMatch},
    },
};

use crate::{
    Names, SyntaxError, Transport,
    extension::{Entry, OptionUse},
    getopt::Value,
    number, port,
};

const SOURCE_PORT: u8 = 0;
const DESTINATION_PORT: u8 = 1;
const SYN: u8 = 2;
const TCP_FLAGS: u8 = 3;
const TCP_OPTION: u8 = 4;

/// The options.
pub(crate) const OPTIONS: &[Entry] = &[
    Entry::new("source-port", Value::Required, SOURCE_PORT),
    Entry::new("sport", Value::Required, SOURCE_PORT),
    Entry::new("destination-port", Value::Required, DESTINATION_PORT),
    Entry::new("dport", Value::Required, DESTINATION_PORT),
    Entry::new("syn", Value::No, SYN),
    Entry::new("tcp-flags", Value::Required, TCP_FLAGS),
    Entry::new("tcp-option", Value::Required, TCP_OPTION),
];

/// What `-h` prints.
pub(crate) const HELP: &str = "\
tcp match options:
[!] --tcp-flags mask comp\tmatch when TCP flags & mask == comp
\t\t\t\t(Flags: SYN ACK FIN RST URG PSH ALL NONE)
[!] --syn\t\t\tmatch when only SYN flag set
\t\t\t\t(equivalent to --tcp-flags SYN,RST,ACK,FIN SYN)
[!] --source-port port[:port]
 --sport ...
\t\t\t\tmatch source port(s)
[!] --destination-port port[:port]
 --dport ...
\t\t\t\tmatch destination port(s)
[!] --tcp-option number        match if TCP option set
";

/// Names of flags, in the order in which they are printed.
const FLAGS: [(&str, u8); 8] = [
    ("FIN", 0x01),
    ("SYN", 0x02),
    ("RST", 0x04),
    ("PSH", 0x08),
    ("ACK", 0x10),
    ("URG", 0x20),
    ("ALL", 0x3f),
    ("NONE", 0x00),
];

/// `--syn`: SYN set, RST, ACK and FIN not.
const SYN_ONLY: TcpFlags = TcpFlags {
    mask: 0x17,
    set: 0x02,
};

/// The options read so far.
#[derive(Default)]
pub(crate) struct Parser {
    source: Option<Negatable<PortRange>>,
    destination: Option<Negatable<PortRange>>,
    flags: Option<Negatable<TcpFlags>>,
    option: Option<Negatable<u8>>,
}

impl Parser {
    /// Takes one option.
    pub(crate) fn option(&mut self, given: &mut OptionUse<'_, '_>) -> Result<(), SyntaxError> {
        let negated = given.negated;
        match given.id {
            SOURCE_PORT if self.source.is_some() => Err(SyntaxError::OnlyOne("--source-port")),
            SOURCE_PORT => {
                let value = ports(given.names, given.value)?;
                self.source = Some(Negatable { negated, value });
                Ok(())
            }
            DESTINATION_PORT if self.destination.is_some() => {
                Err(SyntaxError::OnlyOne("--destination-port"))
            }
            DESTINATION_PORT => {
                let value = ports(given.names, given.value)?;
                self.destination = Some(Negatable { negated, value });
                Ok(())
            }
            TCP_OPTION if self.option.is_some() => Err(SyntaxError::OnlyOne("--tcp-option")),
            TCP_OPTION => {
                let value = number::byte(given.value)
                    .filter(|&kind| kind != 0)
                    .ok_or_else(|| SyntaxError::BadTcpOption(given.value.to_owned()))?;
                self.option = Some(Negatable { negated, value });
                Ok(())
            }
            _ if self.flags.is_some() => Err(SyntaxError::OnlyOneTcpFlags),
            id => {
                let value = if id == SYN { SYN_ONLY } else { flags(given)? };
                self.flags = Some(Negatable { negated, value });
                Ok(())
            }
        }
    }

    /// The match. Options that hold for every packet are left out.
    pub(crate) fn finish(self) -> Match {
        let all = Negatable::plain(TcpFlags { mask: 0, set: 0 });
        Match::Tcp(TcpMatch {
            source_port: self.source.and_then(port::canonical),
            destination_port: self.destination.and_then(port::canonical),
            flags: self.flags.filter(|&flags| flags != all),
            option: self.option,
        })
    }
}

fn ports(names: &Names, text: &str) -> Result<PortRange, SyntaxError> {
    port::parse_range(text, |end| {
        port::parse(names, Transport::Tcp, end)
            .ok_or_else(|| SyntaxError::InvalidPort(end.to_owned()))
    })
}

fn flags(given: &mut OptionUse<'_, '_>) -> Result<TcpFlags, SyntaxError> {
    let set = given.take_word().ok_or(SyntaxError::TcpFlagsNeedTwo)?;
    Ok(TcpFlags {
        mask: flag_set(given.value)?,
        set: flag_set(set)?,
    })
}

fn flag_set(text: &str) -> Result<u8, SyntaxError> {
    text.split(',')
        .filter(|name| !name.is_empty())
        .try_fold(0, |set, name| {
            let (_, flag) = FLAGS
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .ok_or_else(|| SyntaxError::UnknownTcpFlag(name.to_owned()))?;
            Ok(set | flag)
        })
}

fn flag_names(mut set: u8) -> String {
    if set & 0x3f == 0 {
        return "NONE".to_owned();
    }
    let mut names = Vec::new();
    for (name, flag) in FLAGS {
        if flag != 0 && set & flag != 0 {
            names.push(name);
            set &= !flag;
        }
    }
    names.join(",")
}

/// The saved form.
pub(crate) fn save(out: &mut String, tcp: &TcpMatch) {
    port::save(out, "--sport", tcp.source_port);
    port::save(out, "--dport", tcp.destination_port);
    if let Some(Negatable { negated, value }) = tcp.option {
        let not = if negated { " !" } else { "" };
        let _ = write!(out, "{not} --tcp-option {value}");
    }
    if let Some(Negatable { negated, value }) = tcp.flags {
        let not = if negated { " !" } else { "" };
        let (mask, set) = (flag_names(value.mask), flag_names(value.set));
        let _ = write!(out, "{not} --tcp-flags {mask} {set}");
    }
}

/// The form of `-L`; numbers where `names` is `None`.
pub(crate) fn list(out: &mut String, tcp: &TcpMatch, names: Option<&Names>) {
    out.push_str(" tcp");
    let service = names.map(|names| (names, Transport::Tcp));
    port::list(out, "spt", tcp.source_port, service);
    port::list(out, "dpt", tcp.destination_port, service);
    if let Some(Negatable { negated, value }) = tcp.option {
        let not = if negated { "!" } else { "" };
        let _ = write!(out, " option={not}{value}");
    }
    if let Some(Negatable { negated, value }) = tcp.flags {
        let not = if negated { "!" } else { "" };
        let TcpFlags { mask, set } = value;
        let _ = match names {
            None => write!(out, " flags:{not}0x{mask:02X}/0x{set:02X}"),
            Some(_) => write!(out, " flags:{not}{}/{}", flag_names(mask), flag_names(set)),
        };
    }
}
