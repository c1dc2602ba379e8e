//! What can be wrong with a capture; each error names the file, and the packet where there is one.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A capture that could not be read or written. Packets count from 1, as Wireshark numbers them.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// Opening, reading or writing failed.
    #[error("{}: {source}", file.display())]
    Io {
        /// The capture.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Neither pcap nor pcapng.
    #[error("{}: not a capture: it starts with {magic:#010x}, expected pcap or pcapng", file.display())]
    NotACapture {
        /// The capture.
        file: PathBuf,
        /// Its first four bytes, big-endian.
        magic: u32,
    },
    /// The file ends inside its header.
    #[error("{}: the file ends inside its header", file.display())]
    NoHeader {
        /// The capture.
        file: PathBuf,
    },
    /// The packets are not Ethernet frames.
    #[error("{}: link type {link_type}, expected 1 (Ethernet)", file.display())]
    LinkType {
        /// The capture.
        file: PathBuf,
        /// The number in the capture's header.
        link_type: u32,
    },
    /// The file ends inside a record.
    #[error("{}: packet {packet}: the file ends inside it", file.display())]
    Truncated {
        /// The capture.
        file: PathBuf,
        /// The packet that is not whole.
        packet: u64,
    },
    /// The record was cut to the snap length when it was captured.
    #[error(
        "{}: packet {packet}: {captured} of {original} bytes were captured, expected whole packets \
         (capture with -s 0)",
        file.display()
    )]
    Cut {
        /// The capture.
        file: PathBuf,
        /// The packet that is not whole.
        packet: u64,
        /// Bytes in the file.
        captured: u32,
        /// Bytes on the wire.
        original: u32,
    },
    /// The record contradicts itself or the format.
    #[error("{}: packet {packet}: {why}", file.display())]
    BadRecord {
        /// The capture.
        file: PathBuf,
        /// The packet, or the one that would have come next.
        packet: u64,
        /// What is wrong with it.
        why: BadRecord,
    },
    /// The frame does not fit a buffer of the pool it is read into.
    #[error("{}: packet {packet}: {len} bytes do not fit a buffer of the pool", file.display())]
    TooLong {
        /// The capture.
        file: PathBuf,
        /// The packet.
        packet: u64,
        /// Its length in bytes.
        len: usize,
    },
    /// A pcap record has 32 bits for seconds: up to the year 2106.
    #[error("{}: the timestamp {timestamp_ns} ns is past what a pcap file can hold", file.display())]
    Timestamp {
        /// The capture being written.
        file: PathBuf,
        /// Nanoseconds since 1970.
        timestamp_ns: u64,
    },
}

/// How a record contradicts itself or the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadRecord {
    /// Longer than [`RECORD_MAX_BYTES`](super::RECORD_MAX_BYTES).
    #[error("{0} bytes, expected at most 262144")]
    Length(u32),
    /// A pcapng block's length is under 12, no multiple of 4, or differs between its two ends.
    #[error("block length {0} is wrong")]
    BlockLength(u32),
    /// A pcapng block is shorter than its fields.
    #[error("the block is shorter than its fields")]
    ShortBlock,
    /// A pcapng packet names an interface that no block described.
    #[error("interface {0} is not described")]
    Interface(u32),
    /// A timestamp, or its unit, is out of range.
    #[error("the timestamp is out of range")]
    Timestamp,
    /// A section header's byte-order magic is neither order.
    #[error("byte-order magic {0:#010x} is wrong")]
    ByteOrder(u32),
}
