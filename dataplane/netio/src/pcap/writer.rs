//! Writing a capture: pcap, little-endian, nanoseconds, Ethernet.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::input::LINKTYPE_ETHERNET;
use super::{CaptureError, RECORD_MAX_BYTES};

/// A capture being written. [`finish`](Self::finish) tells whether all of it reached the file;
/// dropping it writes what it can and says nothing.
#[derive(Debug)]
pub struct CaptureWriter<W: Write = File> {
    output: BufWriter<W>,
    file: PathBuf,
}

impl CaptureWriter<File> {
    /// Makes the file, or empties it, and writes the header.
    ///
    /// # Errors
    /// The file cannot be made or written.
    pub fn create(path: &Path) -> Result<Self, CaptureError> {
        let file = File::create(path).map_err(|source| CaptureError::Io {
            file: path.to_path_buf(),
            source,
        })?;
        Self::new(file, path)
    }
}

impl<W: Write> CaptureWriter<W> {
    /// Writes a capture to `output`; errors call it `name`.
    ///
    /// # Errors
    /// The header cannot be written.
    pub fn new(output: W, name: impl Into<PathBuf>) -> Result<Self, CaptureError> {
        let mut writer = Self {
            output: BufWriter::new(output),
            file: name.into(),
        };
        // Magic of nanosecond captures, version 2.4, two obsolete fields, snap length, link type.
        writer.write(&0xa1b2_3c4d_u32.to_le_bytes())?;
        writer.write(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        writer.write(&RECORD_MAX_BYTES.to_le_bytes())?;
        writer.write(&LINKTYPE_ETHERNET.to_le_bytes())?;
        Ok(writer)
    }

    /// Appends one whole frame, at `timestamp_ns` nanoseconds since 1970.
    ///
    /// # Errors
    /// The time is past the year 2106, or writing failed.
    pub fn frame(&mut self, timestamp_ns: u64, frame: &[u8]) -> Result<(), CaptureError> {
        let seconds =
            u32::try_from(timestamp_ns / 1_000_000_000).map_err(|_| CaptureError::Timestamp {
                file: self.file.clone(),
                timestamp_ns,
            })?;
        let nanoseconds = (timestamp_ns % 1_000_000_000) as u32;
        let len = frame.len() as u32;
        for field in [seconds, nanoseconds, len, len] {
            self.write(&field.to_le_bytes())?;
        }
        self.write(frame)
    }

    /// Writes out what is buffered and gives the output back.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(self) -> Result<W, CaptureError> {
        let Self { output, file } = self;
        output.into_inner().map_err(|error| CaptureError::Io {
            file,
            source: error.into_error(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CaptureError> {
        let result = self.output.write_all(bytes);
        result.map_err(|source| CaptureError::Io {
            file: self.file.clone(),
            source,
        })
    }
}
