//! Large values beside a message: a memfd that nobody can change any more.
//!
//! The receiver trusts nothing: it takes a descriptor only if it is a memfd with the seals
//! write, shrink, grow and seal, and of bounded size; from then on the bytes it read are the
//! bytes that are there.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::{
    fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create},
    io::{Errno, pread, write},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    RulesetHash,
    codec::{self, CodecError},
};

/// Largest blob in bytes: a ruleset of a million rules has about a third of this.
pub const BLOB_MAX_BYTES: u64 = 256 << 20;

/// What must be sealed so that a blob cannot change under its reader.
const SEALS: SealFlags = SealFlags::SEAL
    .union(SealFlags::SHRINK)
    .union(SealFlags::GROW)
    .union(SealFlags::WRITE);

/// Why a descriptor is no blob.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The descriptor is no memfd that can be sealed.
    #[error("the descriptor is no sealable memfd")]
    NotMemfd,
    /// A seal is missing.
    #[error("the memfd is not sealed against write, shrink, grow and seal")]
    Unsealed,
    /// Larger than [`BLOB_MAX_BYTES`].
    #[error("the memfd holds {0} bytes, at most {BLOB_MAX_BYTES} are taken")]
    TooLarge(u64),
    /// Its hash is not the one that was promised.
    #[error("the content's hash is {found}, the message promised {promised}")]
    Hash {
        /// Of the content.
        found: RulesetHash,
        /// Of the message.
        promised: RulesetHash,
    },
    /// Its content does not decode.
    #[error(transparent)]
    Content(#[from] CodecError),
    /// The kernel refused an operation.
    #[error("memfd: {0}")]
    System(#[from] Errno),
}

/// A sealed memfd.
#[derive(Debug)]
pub struct Blob(OwnedFd);

impl Blob {
    /// Puts `bytes` into a new memfd and seals it.
    ///
    /// # Errors
    /// Too many bytes, or no memory for them.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, BlobError> {
        let length = bytes.len() as u64;
        if length > BLOB_MAX_BYTES {
            return Err(BlobError::TooLarge(length));
        }
        let fd = memfd_create("weir-blob", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = rustix::io::retry_on_intr(|| write(&fd, rest))?;
            rest = rest.get(written..).unwrap_or_default();
        }
        fcntl_add_seals(&fd, SEALS)?;
        Ok(Self(fd))
    }

    /// Encodes `value` into a new blob; returns its hash too.
    ///
    /// # Errors
    /// As [`Blob::of_bytes`].
    pub fn of<T: Serialize>(value: &T) -> Result<(Self, RulesetHash), BlobError> {
        let bytes = codec::encode(value)?;
        Ok((Self::of_bytes(&bytes)?, RulesetHash::of(&bytes)))
    }

    /// Takes a received descriptor.
    ///
    /// # Errors
    /// It is no memfd, not sealed, or too large.
    pub fn check(fd: OwnedFd) -> Result<Self, BlobError> {
        let seals = fcntl_get_seals(&fd).map_err(|_| BlobError::NotMemfd)?;
        if !seals.contains(SEALS) {
            return Err(BlobError::Unsealed);
        }
        let blob = Self(fd);
        match blob.size()? {
            size if size > BLOB_MAX_BYTES => Err(BlobError::TooLarge(size)),
            _ => Ok(blob),
        }
    }

    /// Reads all bytes.
    ///
    /// # Errors
    /// The kernel refused to.
    pub fn bytes(&self) -> Result<Vec<u8>, BlobError> {
        let size = usize::try_from(self.size()?).map_err(|_| BlobError::TooLarge(u64::MAX))?;
        let mut bytes = vec![0; size];
        let mut filled = 0;
        while filled < size {
            let room = bytes.get_mut(filled..).unwrap_or_default();
            match rustix::io::retry_on_intr(|| pread(&self.0, &mut *room, filled as u64))? {
                0 => break,
                got => filled += got,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// The value inside.
    ///
    /// # Errors
    /// The bytes cannot be read or do not decode.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, BlobError> {
        Ok(codec::decode(&self.bytes()?)?)
    }

    /// The value inside, if the blob's hash is `promised`; and its bytes.
    ///
    /// # Errors
    /// Another hash, or as [`Blob::value`].
    pub fn value_with_hash<T: DeserializeOwned>(
        &self,
        promised: RulesetHash,
    ) -> Result<(T, Vec<u8>), BlobError> {
        let bytes = self.bytes()?;
        let found = RulesetHash::of(&bytes);
        if found != promised {
            return Err(BlobError::Hash { found, promised });
        }
        Ok((codec::decode(&bytes)?, bytes))
    }

    fn size(&self) -> Result<u64, BlobError> {
        Ok(u64::try_from(fstat(&self.0)?.st_size).unwrap_or(0))
    }
}

impl AsFd for Blob {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::ftruncate;

    use super::*;

    #[test]
    fn content_survives_and_cannot_be_changed() {
        let (blob, hash) = Blob::of(&vec![7u64; 1000]).unwrap();
        assert!(write(&blob, b"x").is_err());
        assert!(ftruncate(&blob, 0).is_err());
        assert!(ftruncate(&blob, 1 << 20).is_err());
        let blob = Blob::check(blob.0).unwrap();
        let (value, _) = blob.value_with_hash::<Vec<u64>>(hash).unwrap();
        assert_eq!(value, vec![7; 1000]);
        assert!(matches!(
            blob.value_with_hash::<Vec<u64>>(RulesetHash::of(b"")),
            Err(BlobError::Hash { .. })
        ));
    }

    #[test]
    fn a_descriptor_that_could_change_is_refused() {
        let pipe = rustix::pipe::pipe().unwrap().0;
        assert!(matches!(Blob::check(pipe), Err(BlobError::NotMemfd)));
        for seals in [SealFlags::empty(), SEALS.difference(SealFlags::GROW)] {
            let fd = memfd_create("open", MemfdFlags::ALLOW_SEALING).unwrap();
            fcntl_add_seals(&fd, seals).unwrap();
            assert!(matches!(Blob::check(fd), Err(BlobError::Unsealed)));
        }
    }

    #[test]
    fn a_blob_that_is_too_large_is_refused() {
        let fd = memfd_create("large", MemfdFlags::ALLOW_SEALING).unwrap();
        ftruncate(&fd, BLOB_MAX_BYTES + 1).unwrap();
        fcntl_add_seals(&fd, SEALS).unwrap();
        assert!(matches!(Blob::check(fd), Err(BlobError::TooLarge(_))));
    }
}
