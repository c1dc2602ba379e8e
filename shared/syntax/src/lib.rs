//! iptables text in, the same text out.
//!
//! # Overview
//!
//! [`run()`] takes one call of `iptables`, `iptables-save`, `iptables-restore` or an ip6 twin and a
//! [`rules::Ruleset`], and gives back what the program prints, its exit code, and the ruleset that
//! the call leaves behind. It does no I/O: names of services and protocols come in a [`Names`]
//! value, the clock in a [`Stamp`].
//!
//! The way of a call: `getopt` cuts words into options, `parse` gives them meaning (a `Command`),
//! `execute` applies it to a copy of the ruleset (`draft`), which is checked as a kernel would.
//! `restore` feeds the same path line by line. One file per match and per target holds its
//! options, help, parser and both printed forms.
//!
//! # Which iptables
//!
//! Version 1.8.9; the *legacy* back end where the two disagree. Where Weir differs on purpose:
#![doc = include_str!("../DIFFERENCES.md")]
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
