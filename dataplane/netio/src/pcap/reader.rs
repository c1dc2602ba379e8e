//! Reading a capture, packet by packet: finds out the format, and reads pcap itself
//! (draft-ietf-opsawg-pcap); pcapng is beside.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::input::{ByteOrder, Input, LINKTYPE_ETHERNET};
use super::pcapng::Section;
use super::{BadRecord, CaptureError, RECORD_MAX_BYTES};

/// One packet of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Nanoseconds since 1970. Captures need not be in time order.
    pub timestamp_ns: u64,
    /// Number of the packet in its file, from 1.
    pub number: u64,
    /// Bytes on the wire; more than `bytes` holds if the packet was cut to the snap length.
    pub original_len: u32,
    /// The frame, from the Ethernet header on, without the checksum trailer.
    pub bytes: &'a [u8],
}

impl Record<'_> {
    /// Whether the packet was cut to the snap length when it was captured.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.original_len as usize > self.bytes.len()
    }
}

/// A pcap or pcapng file being read.
#[derive(Debug)]
pub struct CaptureReader<R = File> {
    input: Input<R>,
    format: Format,
    frame: Vec<u8>,
}

#[derive(Debug)]
enum Format {
    Pcap(PcapHeader),
    PcapNg(Section),
}

/// What the 24 bytes at the start of a pcap file say.
#[derive(Clone, Copy, Debug)]
struct PcapHeader {
    order: ByteOrder,
    /// Nanoseconds in one unit of a timestamp's fraction.
    fraction_ns: u64,
    /// Bytes of Ethernet checksum at the end of each packet.
    fcs_bytes: u32,
}

/// A packet's place in time and length; its bytes are in the reader's frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordHead {
    pub(super) timestamp_ns: u64,
    pub(super) original_len: u32,
}

impl CaptureReader<File> {
    /// Opens a capture file.
    ///
    /// # Errors
    /// The file cannot be read, is no capture, or is not Ethernet.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let file = File::open(path).map_err(|source| CaptureError::Io {
            file: path.to_path_buf(),
            source,
        })?;
        Self::new(file, path)
    }
}

impl<R: Read> CaptureReader<R> {
    /// Reads a capture from `source`; errors call it `name`.
    ///
    /// # Errors
    /// The source cannot be read, is no capture, or is not Ethernet.
    pub fn new(source: R, name: impl Into<PathBuf>) -> Result<Self, CaptureError> {
        let mut input = Input::new(source, name.into());
        let mut magic = [0; 4];
        read_header(&mut input, &mut magic)?;
        let magic = u32::from_be_bytes(magic);
        let (order, fraction_ns) = match magic {
            0xa1b2_c3d4 => (ByteOrder::Big, 1_000),
            0xa1b2_3c4d => (ByteOrder::Big, 1),
            0xd4c3_b2a1 => (ByteOrder::Little, 1_000),
            0x4d3c_b2a1 => (ByteOrder::Little, 1),
            Section::MAGIC => {
                let format = Format::PcapNg(Section::read(&mut input)?);
                return Ok(Self {
                    input,
                    format,
                    frame: Vec::new(),
                });
            }
            _ => {
                return Err(CaptureError::NotACapture {
                    file: input.file(),
                    magic,
                });
            }
        };
        let format = Format::Pcap(PcapHeader::read(&mut input, order, fraction_ns)?);
        Ok(Self {
            input,
            format,
            frame: Vec::new(),
        })
    }

    /// The next packet, or `None` at the end of the file. After an error the rest cannot be read.
    ///
    /// # Errors
    /// The file ends inside a packet, a record is damaged, or reading failed.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, CaptureError> {
        Ok(self.advance()?.map(|head| self.record(head)))
    }

    /// As [`next_record`](Self::next_record), and a packet cut to the snap length is an error.
    ///
    /// # Errors
    /// Also [`CaptureError::Cut`].
    pub fn next_whole(&mut self) -> Result<Option<Record<'_>>, CaptureError> {
        let Some(head) = self.advance()? else {
            return Ok(None);
        };
        if self.record(head).is_cut() {
            return Err(CaptureError::Cut {
                file: self.file(),
                packet: self.input.packets,
                captured: self.frame.len() as u32,
                original: head.original_len,
            });
        }
        Ok(Some(self.record(head)))
    }

    /// Reads the next packet into the frame.
    fn advance(&mut self) -> Result<Option<RecordHead>, CaptureError> {
        let head = match &mut self.format {
            Format::Pcap(header) => header.next(&mut self.input, &mut self.frame)?,
            Format::PcapNg(section) => section.next(&mut self.input, &mut self.frame)?,
        };
        self.input.packets += u64::from(head.is_some());
        Ok(head)
    }

    fn record(&self, head: RecordHead) -> Record<'_> {
        let RecordHead {
            timestamp_ns,
            original_len,
        } = head;
        Record {
            timestamp_ns,
            number: self.input.packets,
            original_len,
            bytes: &self.frame,
        }
    }

    /// The file as errors name it.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.input.file()
    }
}

/// Fills `bytes` from the head of the file.
pub(super) fn read_header<R: Read>(
    input: &mut Input<R>,
    bytes: &mut [u8],
) -> Result<(), CaptureError> {
    input.read(bytes).map_err(|error| match error {
        CaptureError::Truncated { file, .. } => CaptureError::NoHeader { file },
        other => other,
    })
}

impl PcapHeader {
    fn read<R: Read>(
        input: &mut Input<R>,
        order: ByteOrder,
        fraction_ns: u64,
    ) -> Result<Self, CaptureError> {
        let mut rest = [0; 20];
        read_header(input, &mut rest)?;
        // The link type has 16 bits; above it stand the checksum's length in 16-bit words (4 bits)
        // and a bit that says whether that length is given.
        let link = order.u32(&rest, 16);
        if link & 0xffff != LINKTYPE_ETHERNET {
            return Err(input.link_type(link & 0xffff));
        }
        let fcs_bytes = if link & (1 << 26) == 0 {
            0
        } else {
            (link >> 28) * 2
        };
        Ok(Self {
            order,
            fraction_ns,
            fcs_bytes,
        })
    }

    fn next<R: Read>(
        self,
        input: &mut Input<R>,
        frame: &mut Vec<u8>,
    ) -> Result<Option<RecordHead>, CaptureError> {
        if input.at_end()? {
            return Ok(None);
        }
        let mut head = [0; 16];
        input.read(&mut head)?;
        let [seconds, fraction, captured, original_len] =
            [0, 4, 8, 12].map(|at| self.order.u32(&head, at));
        if captured > RECORD_MAX_BYTES {
            return Err(input.bad(BadRecord::Length(captured)));
        }
        input.read_vec(frame, captured as usize)?;
        // A fraction of a second or more is added, as libpcap does.
        let timestamp_ns =
            u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.fraction_ns;
        Ok(Some(strip_fcs(
            frame,
            timestamp_ns,
            original_len,
            self.fcs_bytes,
        )))
    }
}

/// Takes the Ethernet checksum off the end of a frame that was captured with it.
pub(super) fn strip_fcs(
    frame: &mut Vec<u8>,
    timestamp_ns: u64,
    original_len: u32,
    fcs_bytes: u32,
) -> RecordHead {
    let original_len = original_len.saturating_sub(fcs_bytes);
    // A cut packet may have lost its checksum, or a part of it, already.
    frame.truncate(if fcs_bytes > 0 {
        original_len as usize
    } else {
        frame.len()
    });
    RecordHead {
        timestamp_ns,
        original_len,
    }
}

#[cfg(test)]
mod tests;
