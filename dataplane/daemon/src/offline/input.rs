//! The captures that go in, as one stream in the order of time.

use std::path::{Path, PathBuf};

use netio::pcap::CaptureReader;
use route::IfaceId;

use super::{Arrival, OfflineError};
use crate::config::Config;

/// One `--in IFACE=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    /// Where its packets arrive.
    pub(super) arrival: Arrival,
    /// The capture.
    pub(super) file: PathBuf,
}

/// Reads `IFACE=FILE`.
pub(super) fn parse(text: &str, config: &Config) -> Result<Input, OfflineError> {
    let Some((iface, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
        let why = format!("--in {text}: expected an interface and a file, as in wan=wan.pcap");
        return Err(OfflineError::Argument(why));
    };
    let arrival = arrival(iface, config)
        .map_err(|why| OfflineError::Argument(format!("--in {text}: {why}")))?;
    Ok(Input {
        arrival,
        file: PathBuf::from(file),
    })
}

/// The interface called `name`, or the host.
pub(super) fn arrival(name: &str, config: &Config) -> Result<Arrival, String> {
    if name == "host" {
        return Ok(Arrival::Host);
    }
    let at = config
        .interfaces
        .iter()
        .position(|iface| iface.name == name);
    match at.and_then(|at| u16::try_from(at).ok()) {
        Some(at) => Ok(Arrival::Iface(IfaceId(at))),
        None => {
            let names = config.interfaces.iter().map(|iface| iface.name.as_str());
            let names: Vec<_> = names.chain(["host"]).collect();
            Err(format!(
                "no interface is called `{name}': expected one of {}",
                names.join(", ")
            ))
        }
    }
}

/// A packet as it stands in a capture.
pub(super) struct Packet {
    /// Nanoseconds since 1970.
    pub(super) timestamp_ns: u64,
    /// Where it arrives.
    pub(super) arrival: Arrival,
    /// The frame.
    pub(super) frame: Vec<u8>,
}

struct Source {
    arrival: Arrival,
    reader: CaptureReader,
    next: Option<(u64, Vec<u8>)>,
}

/// All captures, merged: earliest first, equal times by the order of `--in`. A capture that is
/// not in order is taken in its own order.
pub(super) struct Merged {
    sources: Vec<Source>,
    cut_pkts: u64,
}

impl Merged {
    pub(super) fn open(inputs: &[Input]) -> Result<Self, OfflineError> {
        let mut merged = Self {
            sources: Vec::new(),
            cut_pkts: 0,
        };
        for input in inputs {
            let reader = CaptureReader::open(&input.file)?;
            let mut source = Source {
                arrival: input.arrival,
                reader,
                next: None,
            };
            merged.cut_pkts += source.advance()?;
            merged.sources.push(source);
        }
        Ok(merged)
    }

    /// Packets left out because the capture holds only their beginning.
    pub(super) fn cut_pkts(&self) -> u64 {
        self.cut_pkts
    }

    /// The next packet.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, OfflineError> {
        let ready = self.sources.iter_mut().filter_map(|source| {
            let time = source.next.as_ref()?.0;
            Some((time, source))
        });
        // The first of equals is taken.
        let Some((_, source)) = ready.min_by_key(|(time, _)| *time) else {
            return Ok(None);
        };
        let Some((timestamp_ns, frame)) = source.next.take() else {
            return Ok(None);
        };
        self.cut_pkts += source.advance()?;
        Ok(Some(Packet {
            timestamp_ns,
            arrival: source.arrival,
            frame,
        }))
    }
}

impl Source {
    /// Reads the next whole packet; returns how many cut ones were passed over.
    fn advance(&mut self) -> Result<u64, OfflineError> {
        let mut cut = 0;
        while let Some(record) = self.reader.next_record()? {
            if record.is_cut() {
                cut += 1;
            } else {
                self.next = Some((record.timestamp_ns, record.bytes.to_vec()));
                break;
            }
        }
        Ok(cut)
    }
}

/// The first frame of a capture that `wanted` takes for something.
pub(super) fn first_of<T>(
    file: &Path,
    mut wanted: impl FnMut(&[u8]) -> Option<T>,
) -> Result<Option<T>, OfflineError> {
    let mut reader = CaptureReader::open(file)?;
    while let Some(record) = reader.next_record()? {
        if let Some(found) = wanted(record.bytes) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
