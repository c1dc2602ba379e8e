//! Printing: tables, numbers, durations; and output that a closed pipe does not turn into a panic.

use std::{
    fmt::Write as _,
    io::{self, ErrorKind, Write},
};

use serde::Serialize;

use crate::error::CliError;

/// Space between two columns.
const GAP: &str = "  ";

/// A table of text, columns as wide as their widest cell.
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// A column's head and the side its cells keep to.
pub(crate) struct Column {
    head: &'static str,
    is_number: bool,
}

/// A column of words.
pub(crate) const fn word(head: &'static str) -> Column {
    Column {
        head,
        is_number: false,
    }
}

/// A column of numbers.
pub(crate) const fn number(head: &'static str) -> Column {
    Column {
        head,
        is_number: true,
    }
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: one cell a column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, head first; no space at their ends.
    pub(crate) fn render(&self) -> String {
        let heads = self
            .columns
            .iter()
            .map(|column| column.head.to_owned())
            .collect::<Vec<_>>();
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            cells
                .chain(heads.get(at))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = String::new();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, column), &width) in row.iter().zip(&self.columns).zip(&widths) {
                let gap = if line.is_empty() { "" } else { GAP };
                // Writing to a String cannot fail.
                let _ = if column.is_number {
                    write!(line, "{gap}{cell:>width$}")
                } else {
                    write!(line, "{gap}{cell:<width$}")
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A duration in its two largest units: `2 d 4 h`, `3 min 12 s`, `0 s`.
pub(crate) fn duration_ms(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Prints `text` to standard output. A reader that left early (`| head`) is no failure.
///
/// # Errors
/// Standard output does not take it, for another reason than that nobody reads it.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Print(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints `value` as JSON, for scripts.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json<T: Serialize>(value: &T) -> Result<(), CliError> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text)
}

/// Prints one message to standard error. Where that is closed, nobody wants it.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Prints lines that are whole already to standard error.
pub(crate) fn complain_raw(lines: &str) {
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let mut table = Table::new([word("name"), number("packets"), word("link")]);
        table.row(["wan".into(), "7".into(), "up".into()]);
        table.row(["a-long-name".into(), "123456789".into(), String::new()]);
        let expected = "name           packets  link\n\
                        wan                  7  up\n\
                        a-long-name  123456789\n";
        assert_eq!(table.render(), expected);
    }

    #[test]
    fn durations_have_two_units() {
        for (milliseconds, text) in [
            (999, "0 s"),
            (61_000, "1 min 1 s"),
            (7_260_000, "2 h 1 min"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(duration_ms(milliseconds), text);
        }
    }
}
