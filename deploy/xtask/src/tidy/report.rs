//! What a check found, and how it reads on a terminal.

use std::fmt;

/// One departure from a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Path from the workspace root.
    pub(crate) path: String,
    /// Line, from 1; 0 speaks of the whole file.
    pub(crate) line: usize,
    /// What is wrong and what was expected.
    pub(crate) why: String,
}

impl Finding {
    /// A finding at `line` of `path`.
    pub(crate) fn new(path: &str, line: usize, why: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            why: why.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.path, self.why),
            line => write!(out, "{}:{line}: {}", self.path, self.why),
        }
    }
}

/// One check and all it found.
#[derive(Debug)]
pub(crate) struct Check {
    /// The rule's name in the report.
    pub(crate) name: &'static str,
    /// Empty where the rule holds.
    pub(crate) findings: Vec<Finding>,
}
