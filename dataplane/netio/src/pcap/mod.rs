//! Capture files: read for replay, written for its result.
//!
//! [`CaptureReader`] takes pcap (microseconds and nanoseconds, either byte order) and pcapng, and hands
//! out every packet with its timestamp or an error that names file and packet; it never skips one in
//! silence. [`CaptureWriter`] writes pcap with nanoseconds. [`PcapPort`] puts both behind
//! [`NetIo`](crate::NetIo), with the capture's timestamps for a clock.
//!
//! The readers are our own because `pcap-file` 2.0 loses what replay needs: it refuses packets longer
//! than the snap length, reads a pcapng timestamp as nanoseconds whatever `if_tsresol` says, and
//! cannot tell a file that ends inside a packet from an oversized record.
//!
//! Format: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Only Ethernet captures are taken.

mod error;
mod input;
mod pcapng;
mod port;
mod reader;
mod writer;

pub use error::{BadRecord, CaptureError};
pub use input::RECORD_MAX_BYTES;
pub use port::PcapPort;
pub use reader::{CaptureReader, Record};
pub use writer::CaptureWriter;
