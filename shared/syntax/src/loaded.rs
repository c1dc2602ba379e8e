//! Matches and targets while a rule is read: which options are theirs, and what they were given.

use rules::Family;

use crate::{
    matches::{MatchKind, MatchParser},
    targets::{TargetKind, TargetParser},
};

/// A match that `-m` or `-p` has loaded.
pub(crate) struct LoadedMatch {
    /// Which.
    pub kind: MatchKind,
    /// The number under which its options were loaded.
    pub group: usize,
    /// What it was given.
    pub parser: MatchParser,
    /// A later one of the same kind takes the options that follow.
    pub is_complete: bool,
}

impl LoadedMatch {
    /// A match that was given nothing yet.
    pub(crate) fn new(kind: MatchKind, group: usize) -> Self {
        Self {
            kind,
            group,
            parser: kind.parser(),
            is_complete: false,
        }
    }
}

/// The target that `-j` has loaded.
pub(crate) struct LoadedTarget {
    /// Which.
    pub kind: TargetKind,
    /// The name that `-j` was given.
    pub name: String,
    /// The number under which its options were loaded.
    pub group: usize,
    /// What it was given.
    pub parser: TargetParser,
}

impl LoadedTarget {
    /// A target that was given nothing yet.
    pub(crate) fn new(kind: TargetKind, family: Family, name: &str, group: usize) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            group,
            parser: kind.parser(family, name),
        }
    }
}
