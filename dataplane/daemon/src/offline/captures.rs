//! The captures that come out: one per interface, and host.pcap for what was delivered here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use netio::pcap::CaptureWriter;

use super::{Happening, OfflineError};
use crate::config::Config;

/// Open captures, by interface number, and the host's.
pub(super) struct Captures {
    ifaces: Vec<CaptureWriter>,
    host: CaptureWriter,
}

impl Captures {
    /// Makes `directory` and the files in it.
    pub(super) fn create(directory: &Path, config: &Config) -> Result<Self, OfflineError> {
        fs::create_dir_all(directory)
            .map_err(|error| OfflineError::File(directory.to_owned(), error))?;
        let create = |name: &str| CaptureWriter::create(&path(directory, name));
        let ifaces = config.interfaces.iter().map(|iface| create(&iface.name));
        Ok(Self {
            ifaces: ifaces.collect::<Result<_, _>>()?,
            host: create("host")?,
        })
    }

    /// Writes what left and what was delivered.
    pub(super) fn write(&mut self, happening: &Happening) -> Result<(), OfflineError> {
        for frame in &happening.out {
            if let Some(capture) = self.ifaces.get_mut(frame.iface.index()) {
                capture.frame(happening.at_ns, &frame.bytes)?;
            }
        }
        for frame in &happening.delivered {
            self.host.frame(happening.at_ns, frame)?;
        }
        Ok(())
    }

    /// Writes out what is buffered.
    pub(super) fn finish(self) -> Result<(), OfflineError> {
        for capture in self.ifaces.into_iter().chain([self.host]) {
            capture.finish()?;
        }
        Ok(())
    }
}

fn path(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.pcap"))
}
