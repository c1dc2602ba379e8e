//! What is wrong with a configuration file: file, line, key, and what was expected.

use std::{fmt, ops::Range, path::PathBuf};

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file, from 1.
    pub line: usize,
    /// The key, with its table: `dataplane.cores`.
    pub key: String,
    /// What is wrong and what was expected.
    pub why: String,
}

/// Why a configuration was refused: every fault that was found, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            let newline = if at == 0 { "" } else { "\n" };
            let (file, Fault { line, key, why }) = (self.file.display(), fault);
            let place = if key.is_empty() {
                String::new()
            } else {
                format!(" {key}:")
            };
            write!(f, "{newline}{file}:{line}:{place} {why}")?;
        }
        Ok(())
    }
}

/// Collects faults while the rest of the file is looked at too.
#[derive(Debug)]
pub(super) struct Faults<'a> {
    text: &'a str,
    found: Vec<(usize, Fault)>,
}

impl<'a> Faults<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Notes a fault of what stands at `span`.
    pub(super) fn note(&mut self, span: &Range<usize>, why: impl Into<String>) {
        let fault = Fault {
            line: line_at(self.text, span.start),
            key: key_at(self.text, span.start),
            why: why.into(),
        };
        self.found.push((span.start, fault));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn into_error(mut self, file: PathBuf) -> ConfigError {
        self.found.sort_by_key(|(at, _)| *at);
        let faults = self.found.into_iter().map(|(_, fault)| fault).collect();
        ConfigError { file, faults }
    }
}

/// The line that byte `at` is on, from 1.
fn line_at(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|&byte| byte == b'\n').count()
}

/// The key that byte `at` belongs to, with the header of its table before it.
fn key_at(text: &str, at: usize) -> String {
    let line_end = text
        .get(at..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |n| at + n);
    let before = text.get(..line_end).unwrap_or(text);
    let mut key = None;
    for line in before.lines().rev() {
        let line = line.trim();
        if line.starts_with('[')
            && line
                .split('#')
                .next()
                .is_some_and(|l| l.trim().ends_with(']'))
            && !line.contains('=')
        {
            // A value that spans lines may have `[` lines of its own, but not before its `=`.
            let table = line.split('#').next().unwrap_or_default();
            let table = table.trim().trim_matches(['[', ']']).trim();
            return match key {
                Some(key) => format!("{table}.{key}"),
                None => table.to_owned(),
            };
        }
        if key.is_none()
            && let Some((left, _)) = line.split_once('=')
        {
            key = Some(left.trim().to_owned());
        }
    }
    key.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_by_line_table_and_key() {
        let text = "a = 1\n[t.u] # x\n\nb = [\n  1,\n  2,\n]\n[[r]]\nc = 3\n";
        let place = |needle: &str| {
            let at = text.find(needle).unwrap();
            (line_at(text, at), key_at(text, at))
        };
        assert_eq!(place("1"), (1, "a".to_owned()));
        assert_eq!(place("u]"), (2, "t.u".to_owned()));
        assert_eq!(place("2,"), (6, "t.u.b".to_owned()));
        assert_eq!(place("3"), (9, "r.c".to_owned()));
    }
}
