//! The bytes of a capture, read in whole pieces, and the file and packet that errors name.

use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use super::{BadRecord, CaptureError};

/// Bytes. No packet record is longer: libpcap's `MAXIMUM_SNAPLEN`, past which a length is damage.
pub const RECORD_MAX_BYTES: u32 = 262_144;

/// `LINKTYPE_ETHERNET` of the link-layer type registry.
pub(super) const LINKTYPE_ETHERNET: u32 = 1;

/// Byte order of a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// Most significant byte first.
    Big,
    /// Least significant byte first.
    Little,
}

impl ByteOrder {
    /// The 16 bits at `at`; 0 past the end, which callers exclude by checking the length first.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let field = field(bytes, at);
        if self == Self::Big {
            u16::from_be_bytes(field)
        } else {
            u16::from_le_bytes(field)
        }
    }

    /// The 32 bits at `at`; 0 past the end.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let field = field(bytes, at);
        if self == Self::Big {
            u32::from_be_bytes(field)
        } else {
            u32::from_le_bytes(field)
        }
    }

    /// The 64 bits at `at`, signed; 0 past the end.
    pub(super) fn i64(self, bytes: &[u8], at: usize) -> i64 {
        let field = field(bytes, at);
        if self == Self::Big {
            i64::from_be_bytes(field)
        } else {
            i64::from_le_bytes(field)
        }
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .unwrap_or([0; N])
}

/// A source of bytes that knows where it is.
#[derive(Debug)]
pub(super) struct Input<R> {
    source: BufReader<R>,
    file: PathBuf,
    /// Packets read whole so far.
    pub(super) packets: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: R, file: PathBuf) -> Self {
        Self {
            source: BufReader::with_capacity(1 << 16, source),
            file,
            packets: 0,
        }
    }

    /// Whether nothing is left.
    pub(super) fn at_end(&mut self) -> Result<bool, CaptureError> {
        loop {
            match self.source.fill_buf() {
                Ok(bytes) => return Ok(bytes.is_empty()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.io(source)),
            }
        }
    }

    /// Fills `bytes`; the file must not end before.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> Result<(), CaptureError> {
        self.source
            .read_exact(bytes)
            .map_err(|source| self.io(source))
    }

    /// Reads `len` bytes into `bytes`, whose allocation is reused.
    pub(super) fn read_vec(&mut self, bytes: &mut Vec<u8>, len: usize) -> Result<(), CaptureError> {
        bytes.resize(len, 0);
        self.read(bytes)
    }

    /// Passes over `len` bytes, which must be there.
    pub(super) fn skip(&mut self, len: u64) -> Result<(), CaptureError> {
        let mut rest = self.source.by_ref().take(len);
        match io::copy(&mut rest, &mut io::sink()) {
            Ok(skipped) if skipped == len => Ok(()),
            Ok(_) => Err(self.truncated()),
            Err(source) => Err(self.io(source)),
        }
    }

    /// The packet being read.
    pub(super) fn packet(&self) -> u64 {
        self.packets + 1
    }

    pub(super) fn file(&self) -> PathBuf {
        self.file.clone()
    }

    pub(super) fn bad(&self, why: BadRecord) -> CaptureError {
        CaptureError::BadRecord {
            file: self.file(),
            packet: self.packet(),
            why,
        }
    }

    pub(super) fn link_type(&self, link_type: u32) -> CaptureError {
        CaptureError::LinkType {
            file: self.file(),
            link_type,
        }
    }

    fn truncated(&self) -> CaptureError {
        CaptureError::Truncated {
            file: self.file(),
            packet: self.packet(),
        }
    }

    fn io(&self, source: io::Error) -> CaptureError {
        if source.kind() == io::ErrorKind::UnexpectedEof {
            return self.truncated();
        }
        CaptureError::Io {
            file: self.file(),
            source,
        }
    }
}
