//! The captures by name, written to a file.

use std::io;
use std::path::Path;

use clap::ValueEnum;
use netio::pcap::CaptureWriter;

use super::{client_day, flows};

/// What a capture holds.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// Small UDP datagrams of 1024 flows, for benchmarks.
    Flows,
    /// The same over IPv6.
    Flows6,
    /// The demo's traffic as it arrives from the client.
    Client,
    /// The demo's traffic as it arrives from the server.
    Server,
}

/// Writes `what` to `out`; `packets` counts where the kind has no length of its own.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn run(what: What, out: &Path, packets: u32) -> io::Result<()> {
    let mut capture = CaptureWriter::create(out).map_err(io::Error::other)?;
    let mut frame = |time: u64, frame: &[u8]| capture.frame(time, frame).map_err(io::Error::other);
    match what {
        What::Flows => {
            for number in 0..packets {
                frame(u64::from(number) * 1000, &flows::frame(number))?;
            }
        }
        What::Flows6 => {
            for number in 0..packets {
                frame(u64::from(number) * 1000, &flows::frame_v6(number))?;
            }
        }
        What::Client => {
            for (time, bytes) in client_day::client() {
                frame(time, &bytes)?;
            }
        }
        What::Server => {
            for (time, bytes) in client_day::server() {
                frame(time, &bytes)?;
            }
        }
    }
    capture.finish().map_err(io::Error::other)?;
    Ok(())
}
