//! `-j LOG` (`extensions/libxt_LOG.c`): `--log-level --log-prefix --log-tcp-sequence
//! --log-tcp-options --log-ip-options --log-uid --log-macdecode`.

use std::fmt::Write as _;

use rules::{
    Target,
    targets::log::{LOG_PREFIX_MAX_BYTES, Log},
};

use crate::{
    SyntaxError,
    extension::{Entry, OptionUse},
    getopt::Value,
    number,
    quote::quoted,
};

const TCP_SEQUENCE: u8 = 0;
const TCP_OPTIONS: u8 = 1;
const IP_OPTIONS: u8 = 2;
const UID: u8 = 3;
const MAC_DECODE: u8 = 5;
const LEVEL: u8 = 6;
const PREFIX: u8 = 7;

/// The options. The first numbers are bits of `xt_log_info.logflags`, which `-L -n` prints.
pub(crate) const OPTIONS: &[Entry] = &[
    Entry::new("log-level", Value::Required, LEVEL),
    Entry::new("log-prefix", Value::Required, PREFIX),
    Entry::new("log-tcp-sequence", Value::No, TCP_SEQUENCE),
    Entry::new("log-tcp-options", Value::No, TCP_OPTIONS),
    Entry::new("log-ip-options", Value::No, IP_OPTIONS),
    Entry::new("log-uid", Value::No, UID),
    Entry::new("log-macdecode", Value::No, MAC_DECODE),
];

/// What `-h` prints.
pub(crate) const HELP: &str = "\
LOG target options:
 --log-level level\t\tLevel of logging (numeric or see syslog.conf)
 --log-prefix prefix\t\tPrefix log messages with this prefix.
 --log-tcp-sequence\t\tLog TCP sequence numbers.
 --log-tcp-options\t\tLog TCP options.
 --log-ip-options\t\tLog IP options.
 --log-uid\t\t\tLog UID owning the local socket.
 --log-macdecode\t\tDecode MAC addresses and protocol.
";

/// Levels by name (`libxtables/xtoptions.c` `xtopt_parse_sysloglevel`); exactly these are read.
const LEVELS: [(&str, u8); 9] = [
    ("alert", 1),
    ("crit", 2),
    ("debug", 7),
    ("emerg", 0),
    ("error", 3),
    ("info", 6),
    ("notice", 5),
    ("panic", 0),
    ("warning", 4),
];

/// Names that `-L` prints: `syslog.h`'s first for each severity from 0.
const LEVEL_NAMES: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
];

/// The options read so far.
#[derive(Default)]
pub(crate) struct Parser {
    log: Log,
    given: u8,
}

impl Parser {
    /// Takes one option.
    pub(crate) fn option(&mut self, given: &mut OptionUse<'_, '_>) -> Result<(), SyntaxError> {
        let bit = 1 << given.id;
        given.refuse_twice("LOG", self.given & bit != 0)?;
        given.refuse_negation("LOG")?;
        match given.id {
            TCP_SEQUENCE => self.log.tcp_sequence = true,
            TCP_OPTIONS => self.log.tcp_options = true,
            IP_OPTIONS => self.log.ip_options = true,
            UID => self.log.uid = true,
            MAC_DECODE => self.log.mac_decode = true,
            LEVEL => self.log.level = level(given.value)?,
            _ => self.log.prefix = prefix(given.value)?,
        }
        self.given |= bit;
        Ok(())
    }

    /// The target.
    pub(crate) fn finish(self) -> Target {
        Target::Log(self.log)
    }
}

fn level(text: &str) -> Result<u8, SyntaxError> {
    let by_name = || LEVELS.iter().find(|(name, _)| *name == text);
    number::byte(text)
        .filter(|&level| level <= 7)
        .or_else(|| by_name().map(|&(_, level)| level))
        .ok_or_else(|| SyntaxError::UnknownLogLevel(text.to_owned()))
}

/// A prefix; what goes beyond the kernel's room for it is cut off, as iptables does.
fn prefix(text: &str) -> Result<String, SyntaxError> {
    if text.is_empty() {
        return Err(SyntaxError::ArgumentTooShort);
    }
    if text.contains('\n') {
        return Err(SyntaxError::NewlineInPrefix);
    }
    let end = text.floor_char_boundary(LOG_PREFIX_MAX_BYTES);
    Ok(text.get(..end).unwrap_or_default().to_owned())
}

/// The flags with the name that their option and `-L` give them, and their bit.
fn flags(log: &Log) -> [(bool, &'static str, u8); 5] {
    [
        (log.tcp_sequence, "tcp-sequence", TCP_SEQUENCE),
        (log.tcp_options, "tcp-options", TCP_OPTIONS),
        (log.ip_options, "ip-options", IP_OPTIONS),
        (log.uid, "uid", UID),
        (log.mac_decode, "macdecode", MAC_DECODE),
    ]
}

/// The saved form.
pub(crate) fn save(out: &mut String, log: &Log) {
    if !log.prefix.is_empty() {
        let _ = write!(out, " --log-prefix {}", quoted(&log.prefix));
    }
    if log.level != Log::default().level {
        let _ = write!(out, " --log-level {}", log.level);
    }
    for (_, name, _) in flags(log).iter().filter(|(is_set, ..)| *is_set) {
        let _ = write!(out, " --log-{name}");
    }
}

/// The form of `-L`.
pub(crate) fn list(out: &mut String, log: &Log, is_numeric: bool) {
    out.push_str(" LOG");
    let set = flags(log).into_iter().filter(|(is_set, ..)| *is_set);
    if is_numeric {
        let bits = set.fold(0, |bits, (.., bit)| bits | 1 << bit);
        let _ = write!(out, " flags {bits} level {}", log.level);
    } else {
        let _ = match LEVEL_NAMES.get(usize::from(log.level)) {
            Some(name) => write!(out, " level {name}"),
            None => write!(out, " UNKNOWN level {}", log.level),
        };
        for (_, name, _) in set {
            let _ = write!(out, " {name}");
        }
    }
    if !log.prefix.is_empty() {
        let _ = write!(out, " prefix \"{}\"", log.prefix);
    }
}
