//! How errors are worded on standard error (`libxtables/xtables.c` `basic_exit_err`).

use std::fmt::Write as _;

use crate::{SyntaxError, help::PROGRAM_VERSION};

/// Writes errors of one program, and of one line where it reads lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stderr<'a> {
    program: &'a str,
    line: Option<u32>,
}

impl<'a> Stderr<'a> {
    /// For `program`; `line` counts from 1.
    pub(crate) const fn new(program: &'a str, line: Option<u32>) -> Self {
        Self { program, line }
    }

    /// The message and what iptables adds to it.
    pub(crate) fn error(self, out: &mut String, error: &SyntaxError) {
        let program = self.program;
        match error {
            SyntaxError::BadArgument(word) => {
                let _ = writeln!(out, "Bad argument `{word}'");
            }
            SyntaxError::WrongFamily => {}
            error => {
                let _ = writeln!(out, "{program} v{PROGRAM_VERSION}: {error}");
            }
        }
        match error.exit_code() {
            2 => self.try_help(out),
            3 => {
                let _ = writeln!(
                    out,
                    "Perhaps {program} or your kernel needs to be upgraded."
                );
            }
            _ => {}
        }
    }

    fn try_help(self, out: &mut String) {
        if let Some(line) = self.line {
            let _ = writeln!(out, "Error occurred at line: {line}");
        }
        let program = self.program;
        let _ = writeln!(
            out,
            "Try `{program} -h' or '{program} --help' for more information."
        );
    }
}
