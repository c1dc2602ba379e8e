//! The journal: which generation ran, with what content, since when. One JSON object a line,
//! appended and synced. A line that a crash cut short is dropped at the next start.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use api::{Generation, JournalEntry};

const FILE: &str = "journal";

/// Entries that are kept; at each start the file is cut to the newest of them.
const ENTRIES_MAX: usize = 10_000;

/// The generations that ran, oldest first.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    entries: Vec<JournalEntry>,
}

impl Journal {
    /// Opens the journal in `directory`, or starts one.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let text = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let lines = text.split(|&byte| byte == b'\n');
        let mut entries: Vec<JournalEntry> = lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        entries.drain(..entries.len().saturating_sub(ENTRIES_MAX));
        let whole = to_lines(&entries)?;
        if whole != text {
            let aside = path.with_extension("new");
            fs::write(&aside, &whole)?;
            File::open(&aside)?.sync_all()?;
            fs::rename(&aside, &path)?;
        }
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        File::open(directory)?.sync_all()?;
        Ok(Self {
            path,
            file,
            entries,
        })
    }

    /// Adds an entry; returns once it is on the disk.
    ///
    /// # Errors
    /// It could not be written; it is remembered until this process ends.
    pub fn add(&mut self, entry: JournalEntry) -> io::Result<()> {
        let line = to_lines(std::slice::from_ref(&entry))?;
        self.entries.push(entry);
        self.file.write_all(&line)?;
        self.file.sync_data()
    }

    /// The entries with a number of at least `from`: the newest `most` of them, oldest first.
    pub fn newest(&self, from: Generation, most: usize) -> Vec<JournalEntry> {
        let found = self
            .entries
            .iter()
            .rev()
            .filter(|entry| entry.generation >= from);
        let mut newest: Vec<_> = found.take(most).cloned().collect();
        newest.reverse();
        newest
    }

    /// The highest number that ever ran here.
    pub fn highest(&self) -> Option<Generation> {
        self.entries.iter().map(|entry| entry.generation).max()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn to_lines(entries: &[JournalEntry]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use api::{Outcome, RulesetHash};

    use super::*;

    fn entry(generation: Generation) -> JournalEntry {
        JournalEntry {
            generation,
            hash: RulesetHash::of(&generation.to_le_bytes()),
            outcome: Outcome::Adopted,
            when_unix_ms: 1_700_000_000_000 + generation,
        }
    }

    #[test]
    fn entries_survive_and_a_torn_line_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(directory.path()).unwrap();
        assert_eq!(journal.highest(), None);
        for generation in [1, 3, 5] {
            journal.add(entry(generation)).unwrap();
        }
        let path = journal.path().to_owned();
        let whole = fs::read(&path).unwrap();
        for cut in 1..to_lines(&[entry(5)]).unwrap().len() {
            fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let mut journal = Journal::open(directory.path()).unwrap();
            // Without its line feed alone the line is still whole.
            let expected = if cut == 1 { 5 } else { 3 };
            assert_eq!(journal.highest(), Some(expected), "{cut}");
            journal.add(entry(7)).unwrap();
            let journal = Journal::open(directory.path()).unwrap();
            assert_eq!(journal.newest(expected, 9), [entry(expected), entry(7)]);
        }
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let entries: Vec<_> = (0..ENTRIES_MAX as u64 + 5).map(entry).collect();
        fs::write(directory.path().join(FILE), to_lines(&entries).unwrap()).unwrap();
        let journal = Journal::open(directory.path()).unwrap();
        assert_eq!(journal.newest(0, usize::MAX).len(), ENTRIES_MAX);
        assert_eq!(journal.highest(), Some(ENTRIES_MAX as u64 + 4));
        assert_eq!(journal.newest(0, 1), [entry(ENTRIES_MAX as u64 + 4)]);
    }
}
