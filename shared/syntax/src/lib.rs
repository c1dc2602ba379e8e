//! iptables text in, the same text out.
//!
//! # Overview
//!
//! [`run`] takes one call of `iptables`, `iptables-save`, `iptables-restore` or an ip6 twin and a
//! [`rules::Ruleset`], and gives back what the program prints, its exit code, and the ruleset that
//! the call leaves behind. It does no I/O: names of services and protocols come in a [`Names`]
//! value, the clock in a [`Stamp`].
//!
//! The way of a call: `getopt` cuts words into options, `parse` gives them meaning (a `Command`),
//! `execute` applies it to a copy of the ruleset, `check` refuses what a kernel would refuse.
//! `restore` feeds the same path line by line. One file per match and per target holds its
//! options, help, parser and both printed forms.
//!
//! # Which iptables
//!
//! Version 1.8.9. Where its two back ends disagree the *legacy* one is followed (user-defined
//! chains are listed by name, error texts are libiptc's). Where Weir differs on purpose:
//!
//! - `-L -n` prints protocol names as 1.8.10 and later do (1.8.9: numbers).
//! - Values attached to an option (`-ptcp`, `--jump=LOG`) work for every option; 1.8.9 takes the
//!   whole word for the value of `-p -s -d -i -o -j`.
//! - Host and network names are refused, addresses are printed as numbers: a firewall's rules
//!   must not depend on what a name server answers.
//! - `udp` ports over 65535 and ranges that run backwards are refused as for `tcp` (1.8.9 wraps
//!   them silently).
//! - What 1.8.9 loses in its saved form is printed: `! --sport 0:65535`, `--tcp-flags NONE SYN`,
//!   `--icmp-type 3/1:2`, `--icmp-type 255/3`, `! -i +`.
//! - A policy's counters survive other changes of their table, as with the nft back end; the
//!   legacy one zeroes them. Both zero them on `-P`, and so does Weir.
//! - `ip6tables -C` compares whole rules, and `ip6tables -P -c` sets what it is given.
//! - Interface names with white space or control characters are refused; a name with a double quote
//!   is saved in quotes.
//! - `-E` checks the new name as `-N` does.
//! - Where iptables says ``Run `dmesg' for more information`` Weir says the reason itself, and
//!   `line N failed` of a restore is followed by the reason.
//! - A restore is one transaction over all its tables, and `--test` checks what a commit would.
//! - `-vv` prints what `-v` prints; libiptc's dump of its binary form has no meaning here.
//! - `iptables-save` without `-t` leaves out tables other than filter that say nothing.
//!
//! # Limits
//!
//! `QUEUE` is refused. `-M`, `-w` and `-W` are accepted and mean nothing: there are no modules to
//! load, and the control plane serialises changes.
#![forbid(unsafe_code)]

mod address;
mod base_option;
mod calendar;
mod command;
mod command_option;
mod draft;
mod error;
mod execute;
mod extension;
mod finish;
mod getopt;
mod help;
mod iface;
mod invocation;
mod lexer;
mod list;
mod loaded;
mod matches;
mod names;
mod number;
mod options;
mod parse;
mod port;
mod protocol;
mod quote;
mod refusal;
mod restore;
mod restore_options;
mod rule_text;
mod run;
mod save;
mod stderr;
mod targets;
mod view;

pub use error::SyntaxError;
pub use invocation::{Invocation, Outcome, Program, Stamp, ZeroTarget};
pub use names::{Names, Transport};
pub use refusal::Refusal;
pub use rule_text::rule_text;
pub use run::run;
