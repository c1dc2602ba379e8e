//! `[paths]` of weir.toml: the one section that both daemons read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where sockets and state live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// Sockets and lock files; gone after a reboot.
    pub run: PathBuf,
    /// The last good ruleset, journals, versions; kept over a reboot.
    pub state: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            run: PathBuf::from("/run/weir"),
            state: PathBuf::from("/var/lib/weir"),
        }
    }
}

impl Paths {
    /// Where the data plane listens.
    pub fn dataplane_socket(&self) -> PathBuf {
        self.run.join("dataplane.sock")
    }

    /// Where the control plane listens.
    pub fn control_socket(&self) -> PathBuf {
        self.run.join("control.sock")
    }
}
