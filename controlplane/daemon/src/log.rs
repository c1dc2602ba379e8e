//! Lines for the journal of the machine, on standard error.

use std::io::{self, Write};

/// Writes one line. Where standard error is closed, nobody wants it.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "weir-controlplane: {text}");
}
