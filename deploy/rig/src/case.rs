//! One case: rules and a script of packets; and what a router did with them.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::packet::Packet;

/// Rules and packets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// For `iptables-restore`.
    #[serde(default)]
    pub rules: String,
    /// For `ip6tables-restore`.
    #[serde(default)]
    pub rules6: String,
    /// The script, in time order.
    #[serde(default, rename = "packet")]
    pub packets: Vec<Packet>,
    /// What the kernel answered when the case was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Recorded>,
}

/// A kernel's answer and which kernel it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// `uname -r` and the iptables version.
    pub version: String,
    /// The answer.
    pub answer: Answer,
}

/// A frame that a router sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The interface it left by.
    pub iface: String,
    /// Its bytes, from the Ethernet header on.
    pub frame: String,
}

/// What a router did because of one packet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// Frames, in the order in which they left each interface.
    #[serde(default)]
    pub sent: Vec<Sent>,
    /// Lines of LOG.
    #[serde(default)]
    pub log: Vec<String>,
}

/// What a router did with a whole case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// One for each packet.
    pub reactions: Vec<Reaction>,
    /// `iptables-save -c` of the tables, comments left out.
    pub counters: Vec<String>,
    /// `ip6tables-save -c`, likewise.
    pub counters6: Vec<String>,
}

/// Why a case file was refused.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It is not a case.
    #[error("{path}: {error}")]
    Parse {
        /// The file.
        path: String,
        /// Where and why.
        error: Box<toml::de::Error>,
    },
}

impl Case {
    /// Reads a case file.
    ///
    /// # Errors
    /// An unreadable file; TOML that is no case: the message has the line and the field.
    pub fn read(path: &Path) -> Result<Self, CaseError> {
        let shown = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| CaseError::Read {
            path: shown.clone(),
            error,
        })?;
        toml::from_str(&text).map_err(|error| CaseError::Parse {
            path: shown,
            error: Box::new(error),
        })
    }

    /// The case with other identifications in its fragments, the same change in all.
    pub fn with_fresh_ids(&self, salt: u32) -> Self {
        let mut fresh = self.clone();
        for packet in &mut fresh.packets {
            if packet.ip.mf || packet.ip.offset != 0 {
                packet.ip.id ^= salt & 0xffff;
            }
        }
        fresh
    }

    /// The case as a file's text.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|error| format!("# {error}\n"))
    }

    /// Whether a rule writes to the log: the kernel's log is one for all namespaces.
    pub fn logs(&self) -> bool {
        self.rules.contains("-j LOG") || self.rules6.contains("-j LOG")
    }
}

/// The lines of an `iptables-save` that say something: no comments, no empty lines.
pub fn saved_lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}
