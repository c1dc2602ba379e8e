//! The last good ruleset: what runs before ports open after a restart.
//!
//! One file: SHA-256 of all that follows, the generation's number (8 bytes little-endian), the
//! ruleset blob. It is replaced by rename, so that at every moment a whole one is there.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use api::{Generation, RulesetHash, codec::CodecError};
use rules::Ruleset;

const FILE: &str = "last-good";
const HASH_BYTES: usize = 32;
const NUMBER_BYTES: usize = 8;

/// The last good ruleset as it stands on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastGood {
    /// Its number.
    pub generation: Generation,
    /// The ruleset blob, as the control plane sent it.
    pub blob: Vec<u8>,
}

/// Why there is no last good ruleset.
#[derive(Debug, thiserror::Error)]
pub enum LastGoodError {
    /// None was ever adopted here.
    #[error("{0} does not exist")]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Read(PathBuf, io::Error),
    /// The file is cut short or its hash does not fit.
    #[error("{0} is damaged")]
    Damaged(PathBuf),
    /// Another version wrote it, or the ruleset inside does not decode.
    #[error("{0}: {1}")]
    Content(PathBuf, CodecError),
}

impl LastGood {
    /// Reads the file in `directory`, and the ruleset inside.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub fn read(directory: &Path) -> Result<(Self, Ruleset), LastGoodError> {
        let path = directory.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LastGoodError::Missing(path));
            }
            Err(error) => return Err(LastGoodError::Read(path, error)),
        };
        let Some(last_good) = Self::parse(&bytes) else {
            return Err(LastGoodError::Damaged(path));
        };
        match api::codec::decode(&last_good.blob) {
            Ok(ruleset) => Ok((last_good, ruleset)),
            Err(error) => Err(LastGoodError::Content(path, error)),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (hash, content) = bytes.split_first_chunk::<HASH_BYTES>()?;
        if RulesetHash::of(content).0 != *hash {
            return None;
        }
        let (number, blob) = content.split_first_chunk::<NUMBER_BYTES>()?;
        Some(Self {
            generation: Generation::from_le_bytes(*number),
            blob: blob.to_vec(),
        })
    }

    /// Replaces the file in `directory`; returns once it is on the disk.
    ///
    /// # Errors
    /// The old file stays as it was.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let mut content = self.generation.to_le_bytes().to_vec();
        content.extend_from_slice(&self.blob);
        let path = directory.join(FILE);
        let aside = path.with_extension("new");
        let mut file = File::create(&aside)?;
        file.write_all(&RulesetHash::of(&content).0)?;
        file.write_all(&content)?;
        file.sync_all()?;
        fs::rename(&aside, &path)?;
        File::open(directory)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(generation: Generation) -> LastGood {
        LastGood {
            generation,
            blob: api::codec::encode(&Ruleset::new()).unwrap(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(
            LastGood::read(directory.path()),
            Err(LastGoodError::Missing(_))
        ));
        sample(7).write(directory.path()).unwrap();
        sample(8).write(directory.path()).unwrap();
        assert_eq!(
            LastGood::read(directory.path()).unwrap(),
            (sample(8), Ruleset::new())
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn every_damage_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        sample(7).write(directory.path()).unwrap();
        let path = directory.path().join(FILE);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).unwrap();
            assert!(matches!(
                LastGood::read(directory.path()),
                Err(LastGoodError::Damaged(_))
            ));
            fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(
                LastGood::read(directory.path()),
                Err(LastGoodError::Damaged(_))
            ));
        }
    }

    #[test]
    fn another_versions_ruleset_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let mut other = sample(7);
        other.blob[0] ^= 0x80;
        other.write(directory.path()).unwrap();
        let error = LastGood::read(directory.path()).unwrap_err();
        assert!(error.to_string().contains("schema"), "{error}");
    }
}
