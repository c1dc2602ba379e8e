//! LOG: `net/netfilter/xt_LOG.c`; the line's layout is `nf_log_syslog.c`.

use serde::{Deserialize, Serialize};

/// Longest `--log-prefix` in bytes: `sizeof(xt_log_info.prefix)` (30) less the closing zero.
pub const LOG_PREFIX_MAX_BYTES: usize = 29;

/// The options of LOG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// `--log-level`: syslog severity, 0 (emerg) to 7 (debug); 4 (warning) is the default.
    pub level: u8,
    /// `--log-prefix`, at most [`LOG_PREFIX_MAX_BYTES`].
    pub prefix: String,
    /// `--log-tcp-sequence`.
    pub tcp_sequence: bool,
    /// `--log-tcp-options`.
    pub tcp_options: bool,
    /// `--log-ip-options`.
    pub ip_options: bool,
    /// `--log-uid`; forwarded packets have no owner, so it prints nothing for them.
    pub uid: bool,
    /// `--log-macdecode`.
    pub mac_decode: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: 4,
            prefix: String::new(),
            tcp_sequence: false,
            tcp_options: false,
            ip_options: false,
            uid: false,
            mac_decode: false,
        }
    }
}
