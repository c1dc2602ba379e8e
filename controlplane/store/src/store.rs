//! The folder: lock, generation files, journal, and the order in which they reach the disk.

use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use crate::{Damage, DamageCause, Entry, Event, Kept, Note, StoreError, journal};

/// Generations whose files stay, the current one among them.
pub const RETAINED_GENERATIONS: usize = 16;

/// The generations of one control plane. See the crate's head for the order of calls.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// Holds the lock while it is open.
    _lock: File,
    journal: File,
    entries: Vec<Entry>,
    numbers: BTreeSet<u64>,
    current: Option<Kept>,
    pending: Option<Kept>,
}

impl Store {
    /// Opens the store in the folder `root`, which is made if it is not there. What cannot be
    /// read is put aside and told beside the store.
    ///
    /// # Errors
    /// Another process has it open, or the system refuses a file.
    pub fn open(root: &Path) -> Result<(Self, Vec<Damage>), StoreError> {
        let generations = root.join("generations");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&generations)
            .map_err(|source| StoreError::file(&generations, "make the folder", source))?;
        let lock = lock(root)?;
        let mut damages = Vec::new();
        let (journal, entries) = open_journal(&root.join("journal"), &mut damages)?;
        let numbers = list(&generations)?;
        let mut store = Self {
            root: root.to_owned(),
            _lock: lock,
            journal,
            entries,
            numbers,
            current: None,
            pending: None,
        };
        store.load(&mut damages)?;
        Ok((store, damages))
    }

    /// What runs, as far as the store knows.
    pub fn current(&self) -> Option<&Kept> {
        self.current.as_ref()
    }

    /// What was about to be committed when the last process died, or what is being committed.
    pub fn pending(&self) -> Option<&Kept> {
        self.pending.as_ref()
    }

    /// The journal, oldest line first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lowest number that no generation ever had.
    pub fn next_number(&self) -> u64 {
        let written = self.entries.iter().map(|entry| entry.number).max();
        let staged = self.numbers.last().copied();
        written
            .max(staged)
            .map_or(1, |highest| highest.saturating_add(1))
    }

    /// Writes `kept` as the pending generation and returns once it is on the disk.
    ///
    /// # Errors
    /// The disk is full or refuses; the store is as it was.
    pub fn stage(&mut self, kept: Kept) -> Result<(), StoreError> {
        let path = self.generation_path(kept.number);
        write_durably(&path, &kept.to_bytes()?)?;
        self.numbers.insert(kept.number);
        self.pending = Some(kept);
        Ok(())
    }

    /// Makes the pending generation the current one.
    ///
    /// # Errors
    /// `number` is not pending, or the disk refuses; then it is still pending.
    pub fn adopt(&mut self, number: u64, note: Note) -> Result<(), StoreError> {
        self.settle(Event::Adopted, number, note)?;
        self.current = self.pending.take();
        self.prune();
        Ok(())
    }

    /// Gives up the pending generation.
    ///
    /// # Errors
    /// As [`Store::adopt`].
    pub fn discard(&mut self, number: u64, note: Note) -> Result<(), StoreError> {
        self.settle(Event::Discarded, number, note)?;
        self.pending = None;
        Ok(())
    }

    /// Replaces what is current, and pending, by `kept`, which the data plane runs.
    ///
    /// # Errors
    /// The disk is full or refuses.
    pub fn amend(&mut self, kept: Kept, note: Note) -> Result<(), StoreError> {
        let number = kept.number;
        self.stage(kept)?;
        self.settle(Event::Amended, number, note)?;
        self.current = self.pending.take();
        self.prune();
        Ok(())
    }

    /// Adds the journal's line on the pending generation. It is not waited for: after a power
    /// failure that takes it, the generation is pending again, and the data plane says the same
    /// of it a second time.
    fn settle(&mut self, event: Event, number: u64, note: Note) -> Result<(), StoreError> {
        let pending = self
            .pending
            .as_ref()
            .filter(|pending| pending.number == number);
        let hash = pending.ok_or(StoreError::NotPending(number))?.hash;
        let entry = Entry {
            event,
            number,
            hash,
            note,
        };
        let path = self.root.join("journal");
        let whole = self.journal.metadata().map(|meta| meta.len());
        let written = self.journal.write_all(entry.to_line().as_bytes());
        if let Err(source) = written {
            // Half a line would make the next one unreadable.
            if let Ok(whole) = whole {
                let _ = self.journal.set_len(whole);
            }
            return Err(StoreError::file(&path, "add a line", source));
        }
        self.entries.push(entry);
        Ok(())
    }

    fn load(&mut self, damages: &mut Vec<Damage>) -> Result<(), StoreError> {
        let ran = self
            .entries
            .iter()
            .rev()
            .find(|entry| entry.event != Event::Discarded)
            .cloned();
        if let Some(entry) = ran {
            self.current = self.read(entry.number, Some(&entry), damages)?;
        }
        // Only a number that the journal does not know can be pending; numbers are never reused.
        let known: BTreeSet<u64> = self.entries.iter().map(|entry| entry.number).collect();
        if let Some(&number) = self.numbers.difference(&known).last() {
            self.pending = self.read(number, None, damages)?;
        }
        Ok(())
    }

    /// Reads a generation; one that cannot be read is put aside.
    fn read(
        &mut self,
        number: u64,
        expected: Option<&Entry>,
        damages: &mut Vec<Damage>,
    ) -> Result<Option<Kept>, StoreError> {
        let path = self.generation_path(number);
        let cause = match fs::read(&path) {
            Ok(bytes) => match Kept::from_bytes(number, &bytes) {
                Ok(kept) if expected.is_none_or(|entry| entry.hash == kept.hash) => {
                    return Ok(Some(kept));
                }
                Ok(_) => DamageCause::Checksum,
                Err(cause) => cause,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                damages.push(Damage {
                    aside: path.clone(),
                    path,
                    cause: DamageCause::Missing,
                });
                return Ok(None);
            }
            Err(source) => return Err(StoreError::file(&path, "read", source)),
        };
        damages.push(put_aside(&path, cause)?);
        self.numbers.remove(&number);
        Ok(None)
    }

    /// Removes the files of the oldest generations. One that stays is tried again next time.
    fn prune(&mut self) {
        let current = self.current.as_ref().map(|kept| kept.number);
        while self.numbers.len() > RETAINED_GENERATIONS {
            let oldest = self
                .numbers
                .iter()
                .copied()
                .find(|&number| Some(number) != current);
            let Some(oldest) = oldest else { return };
            if fs::remove_file(self.generation_path(oldest)).is_err() {
                return;
            }
            self.numbers.remove(&oldest);
        }
    }

    fn generation_path(&self, number: u64) -> PathBuf {
        self.root.join("generations").join(number.to_string())
    }
}

/// Takes the folder for this process; the lock ends with it.
fn lock(root: &Path) -> Result<File, StoreError> {
    let path = root.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|source| StoreError::file(&path, "open", source))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::Locked(root.to_owned())),
        Err(errno) => Err(StoreError::file(&path, "lock", errno.into())),
    }
}

/// Opens the journal behind its last whole line.
fn open_journal(path: &Path, damages: &mut Vec<Damage>) -> Result<(File, Vec<Entry>), StoreError> {
    let open = || {
        OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| StoreError::file(path, "open", source))
    };
    let mut file = open()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|source| StoreError::file(path, "read", source))?;
    match journal::read(&bytes) {
        Ok((entries, whole)) => {
            if whole < bytes.len() {
                file.set_len(whole as u64)
                    .map_err(|source| StoreError::file(path, "cut the torn end off", source))?;
            }
            Ok((file, entries))
        }
        Err(cause) => {
            damages.push(put_aside(path, cause)?);
            Ok((open()?, Vec::new()))
        }
    }
}

/// The numbers of the generations in the folder.
fn list(folder: &Path) -> Result<BTreeSet<u64>, StoreError> {
    let failed = |source| StoreError::file(folder, "list", source);
    let mut numbers = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let Some(name) = name.to_str() else { continue };
        numbers.extend(name.parse::<u64>());
    }
    Ok(numbers)
}

/// Renames a file that cannot be read to a name that is free.
fn put_aside(path: &Path, cause: DamageCause) -> Result<Damage, StoreError> {
    let named = |n: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{n}"));
        PathBuf::from(name)
    };
    let aside = (1..)
        .map(named)
        .find(|aside| !aside.exists())
        .unwrap_or_else(|| named(0));
    fs::rename(path, &aside).map_err(|source| StoreError::file(path, "put aside", source))?;
    Ok(Damage {
        path: path.to_owned(),
        aside,
        cause,
    })
}

/// Writes a file and returns once it is on the disk. The folder is synchronised too, which costs
/// next to nothing behind the file: one commit of the file system takes both. A file that a crash
/// cut short does not fit its checksum.
fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        });
    written.map_err(|source| {
        // Frees the space on a full disk; a file that stays is no generation.
        let _ = fs::remove_file(path);
        StoreError::file(path, "write", source)
    })
}
