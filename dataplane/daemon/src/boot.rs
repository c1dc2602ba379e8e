//! What runs before ports open: the last good ruleset, or the initial policy, and why.

use std::{fs, io, path::Path};

use api::{Generation, JournalEntry, Outcome, RulesetSource};
use rules::{Family, Policy, Ruleset, TableName};

use crate::{
    compile::Compiled,
    state::{Journal, LastGood, LastGoodError},
};

/// The first generation of this process.
#[derive(Debug)]
pub struct First {
    /// Its number.
    pub generation: Generation,
    /// Its rules.
    pub compiled: Compiled,
    /// Where it came from.
    pub source: RulesetSource,
    /// The lowest number that may be prepared.
    pub next_generation: Generation,
}

impl First {
    /// What the operator is told of it.
    pub fn describe(&self) -> String {
        let number = self.generation;
        match &self.source {
            RulesetSource::Initial { policy, why } => {
                let policy = match policy {
                    Policy::Accept => "open (policies ACCEPT)",
                    Policy::Drop => "closed (policies DROP)",
                };
                format!("generation {number}: initial policy {policy}: {why}")
            }
            RulesetSource::LastGood => format!("generation {number}: the last good ruleset"),
            RulesetSource::Committed => format!("generation {number}: committed"),
        }
    }
}

/// Empty chains; with policy DROP in the filter table if `policy` says so. Handles from 1 on.
pub fn initial_ruleset(policy: Policy) -> Ruleset {
    let mut ruleset = Ruleset::new();
    for family in Family::ALL {
        let Some(filter) = ruleset.table_mut(family, TableName::Filter) else {
            continue;
        };
        for chain in &mut filter.chains {
            if let Some(chain_policy) = &mut chain.policy {
                chain_policy.verdict = policy;
            }
        }
    }
    ruleset.assign_handles(&mut 1);
    ruleset
}

/// Makes the directory for state, which only its owner may enter.
///
/// # Errors
/// It cannot be made.
pub fn make_directory(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(directory, owner_only)
}

/// Takes the last good ruleset from `directory`, or else the initial policy; `now_unix_ms` is for
/// the journal.
///
/// # Errors
/// The journal cannot be written.
pub fn first(
    directory: &Path,
    journal: &mut Journal,
    initial: Policy,
    workers: usize,
    memory_bytes: u64,
    now_unix_ms: u64,
) -> io::Result<First> {
    let why = match last_good(directory, workers, memory_bytes) {
        Ok((generation, compiled)) => {
            let highest = journal.highest().unwrap_or(0).max(generation);
            return Ok(First {
                generation,
                compiled,
                source: RulesetSource::LastGood,
                next_generation: highest.saturating_add(2),
            });
        }
        Err(why) => why,
    };
    let ruleset = initial_ruleset(initial);
    let compiled = api::codec::encode(&ruleset)
        .map_err(io::Error::other)
        .and_then(|blob| {
            Compiled::new(&ruleset, blob, workers, memory_bytes).map_err(io::Error::other)
        })?;
    // Numbers never go back: behind generations that ran here, the initial policy takes the
    // number that was reserved for what the data plane does by itself.
    let generation = journal
        .highest()
        .map_or(0, |highest| highest.saturating_add(1));
    if generation > 0 {
        journal.add(JournalEntry {
            generation,
            hash: compiled.hash,
            outcome: Outcome::RolledBack,
            when_unix_ms: now_unix_ms,
        })?;
    }
    let next_generation = if generation == 0 {
        1
    } else {
        generation.saturating_add(2)
    };
    let source = RulesetSource::Initial {
        policy: initial,
        why,
    };
    Ok(First {
        generation,
        compiled,
        source,
        next_generation,
    })
}

fn last_good(
    directory: &Path,
    workers: usize,
    memory_bytes: u64,
) -> Result<(Generation, Compiled), String> {
    let (last_good, ruleset) = LastGood::read(directory).map_err(|error| match error {
        LastGoodError::Missing(_) => "there is no last good ruleset yet".to_owned(),
        other => format!("the last good ruleset cannot be used: {other}"),
    })?;
    let compiled = Compiled::new(&ruleset, last_good.blob, workers, memory_bytes)
        .map_err(|refusal| format!("the last good ruleset cannot be used: {refusal}"))?;
    Ok((last_good.generation, compiled))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY_BYTES: u64 = 1 << 30;

    fn boot(directory: &Path) -> First {
        let mut journal = Journal::open(directory).unwrap();
        first(directory, &mut journal, Policy::Drop, 1, MEMORY_BYTES, 1).unwrap()
    }

    #[test]
    fn the_first_start_takes_the_initial_policy() {
        let directory = tempfile::tempdir().unwrap();
        let first = boot(directory.path());
        assert_eq!((first.generation, first.next_generation), (0, 1));
        assert!(matches!(
            first.source,
            RulesetSource::Initial {
                policy: Policy::Drop,
                ..
            }
        ));
        let drops = first.compiled.classifier.has_rules(
            Family::Ipv4,
            TableName::Filter,
            rules::Hook::Forward,
        );
        assert!(drops);
    }

    #[test]
    fn the_last_good_ruleset_comes_back_under_its_number() {
        let directory = tempfile::tempdir().unwrap();
        let blob = api::codec::encode(&initial_ruleset(Policy::Accept)).unwrap();
        LastGood {
            generation: 7,
            blob: blob.clone(),
        }
        .write(directory.path())
        .unwrap();
        let first = boot(directory.path());
        assert_eq!((first.generation, first.next_generation), (7, 9));
        assert_eq!(first.source, RulesetSource::LastGood);
        assert_eq!(first.compiled.blob, blob);
    }

    #[test]
    fn a_damaged_one_is_told_and_numbers_go_on() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(directory.path()).unwrap();
        let entry = JournalEntry {
            generation: 7,
            hash: api::RulesetHash::of(b""),
            outcome: Outcome::Adopted,
            when_unix_ms: 0,
        };
        journal.add(entry).unwrap();
        fs::write(directory.path().join("last-good"), b"damaged").unwrap();
        let first = boot(directory.path());
        assert_eq!((first.generation, first.next_generation), (8, 10));
        match first.source {
            RulesetSource::Initial { why, .. } => assert!(why.ends_with("is damaged"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}
