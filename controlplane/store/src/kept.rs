//! A generation as a file: magic, SHA-256 of the rest, then the content in the form of `api`.

use api::{RulesetHash, codec};
use rules::Ruleset;
use serde::{Deserialize, Serialize};

use crate::{DamageCause, StoreError};

/// How a generation's file starts.
const MAGIC: &[u8; 8] = b"WEIRGEN\n";

/// Bytes of a SHA-256.
const HASH_BYTES: usize = 32;

/// A generation as the control plane keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub number: u64,
    /// SHA-256 of the ruleset as it is sent to the data plane.
    pub hash: RulesetHash,
    /// The lowest rule handle that was never given to a rule.
    pub next_handle: u64,
    /// What it says.
    pub ruleset: Ruleset,
}

/// What stands behind the checksum, as it is written.
#[derive(Serialize)]
struct ContentRef<'a> {
    number: u64,
    next_handle: u64,
    ruleset: &'a Ruleset,
}

/// The same, as it is read.
#[derive(Deserialize)]
struct Content {
    number: u64,
    next_handle: u64,
    ruleset: Ruleset,
}

impl Kept {
    /// A generation of `ruleset`, with its hash.
    ///
    /// # Errors
    /// The ruleset does not encode.
    pub fn new(number: u64, next_handle: u64, ruleset: Ruleset) -> Result<Self, StoreError> {
        let bytes =
            codec::encode(&ruleset).map_err(|source| StoreError::Encode { number, source })?;
        Ok(Self {
            number,
            hash: RulesetHash::of(&bytes),
            next_handle,
            ruleset,
        })
    }

    /// The bytes of its file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        let content = ContentRef {
            number: self.number,
            next_handle: self.next_handle,
            ruleset: &self.ruleset,
        };
        let body = codec::encode(&content).map_err(|source| StoreError::Encode {
            number: self.number,
            source,
        })?;
        Ok([MAGIC.as_slice(), &RulesetHash::of(&body).0, &body].concat())
    }

    /// The generation `number` from the bytes of its file.
    pub(crate) fn from_bytes(number: u64, bytes: &[u8]) -> Result<Self, DamageCause> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(DamageCause::Format)?;
        let (checksum, body) = rest
            .split_first_chunk::<HASH_BYTES>()
            .ok_or(DamageCause::Format)?;
        if RulesetHash::of(body).0 != *checksum {
            return Err(DamageCause::Checksum);
        }
        let content: Content = codec::decode(body).map_err(DamageCause::Content)?;
        if content.number != number {
            return Err(DamageCause::Number(content.number));
        }
        let bytes = codec::encode(&content.ruleset).map_err(DamageCause::Content)?;
        Ok(Self {
            number,
            hash: RulesetHash::of(&bytes),
            next_handle: content.next_handle,
            ruleset: content.ruleset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        Kept::new(7, 21, Ruleset::new()).unwrap()
    }

    #[test]
    fn a_generation_survives_its_file() {
        let bytes = kept().to_bytes().unwrap();
        assert_eq!(Kept::from_bytes(7, &bytes), Ok(kept()));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = kept().to_bytes().unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(
                Kept::from_bytes(7, &flipped).is_err(),
                "bit flipped in byte {at}"
            );
            assert!(
                Kept::from_bytes(7, &bytes[..at]).is_err(),
                "cut at byte {at}"
            );
        }
    }

    #[test]
    fn a_file_under_another_name_is_noticed() {
        let bytes = kept().to_bytes().unwrap();
        assert_eq!(Kept::from_bytes(8, &bytes), Err(DamageCause::Number(7)));
    }
}
