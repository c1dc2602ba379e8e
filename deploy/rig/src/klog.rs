//! The kernel's log: LOG's lines as they are written. The log is one for the whole machine, so
//! cases that log take turns, and `net.netfilter.nf_log_all_netns` is put back at the end.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
};

const ALL_NAMESPACES: &str = "/proc/sys/net/netfilter/nf_log_all_netns";

/// A reader of `/dev/kmsg`, at its end.
pub struct KernelLog {
    messages: File,
    before: String,
}

impl KernelLog {
    /// Opens the log and lets namespaces write to it.
    ///
    /// # Errors
    /// What the kernel says to that: no root, no such setting.
    pub fn open() -> io::Result<Self> {
        let before = fs::read_to_string(ALL_NAMESPACES)?;
        fs::write(ALL_NAMESPACES, "1\n")?;
        let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        let messages = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open("/dev/kmsg")?;
        Ok(Self { messages, before })
    }

    /// Forgets what was written so far.
    pub fn skip(&mut self) {
        // A log that cannot be sought is read to its end instead.
        if self.messages.seek(SeekFrom::End(0)).is_err() {
            self.lines();
        }
    }

    /// The netfilter lines written since the last call.
    pub fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut record = [0; 8192];
        loop {
            match self.messages.read(&mut record) {
                Ok(length) => lines.extend(message(&record[..length])),
                // EPIPE: records were overwritten before they were read; go on with the next.
                Err(error) if error.raw_os_error() == Some(32) => {}
                Err(_) => return lines,
            }
        }
    }
}

/// The text of a record if it is a line of LOG.
fn message(record: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(record);
    let (_, text) = text.split_once(';')?;
    let line = text.lines().next()?;
    (line.contains("IN=") && line.contains("OUT=")).then(|| line.to_owned())
}

impl Drop for KernelLog {
    fn drop(&mut self) {
        // The machine's own setting; nothing more can be done if it does not take it back.
        let _ = fs::write(ALL_NAMESPACES, &self.before);
    }
}
