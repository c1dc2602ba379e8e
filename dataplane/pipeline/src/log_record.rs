//! What a LOG rule hands to the main thread: a fixed-size copy of all that its line shows. Made
//! without allocation; formatted elsewhere ([`crate::format_line`]).

use arrayvec::{ArrayString, ArrayVec};
use route::IfaceId;
use rules::{
    Hook,
    targets::log::{LOG_PREFIX_MAX_BYTES, Log},
};

/// Bytes of the packet that are kept, from the IP header on: both IP headers of an ICMP error with
/// all options, and room for extension headers.
const HEAD_MAX_BYTES: usize = 512;

/// Bytes of an Ethernet header.
const LINK_BYTES: usize = 14;

/// One line to be written.
#[derive(Clone, Debug)]
pub struct LogRecord {
    /// When, on the pipeline's clock.
    pub time_ns: u64,
    /// On which hook.
    pub hook: Hook,
    /// `--log-level`, 0 (emerg) to 7 (debug).
    pub level: u8,
    /// `--log-prefix`.
    pub prefix: ArrayString<LOG_PREFIX_MAX_BYTES>,
    /// `--log-tcp-sequence`.
    pub tcp_sequence: bool,
    /// `--log-tcp-options`.
    pub tcp_options: bool,
    /// `--log-ip-options`.
    pub ip_options: bool,
    /// `--log-macdecode`.
    pub mac_decode: bool,
    /// The interface of arrival, on hooks that have one.
    pub in_iface: Option<IfaceId>,
    /// The interface of departure, on hooks that have one.
    pub out_iface: Option<IfaceId>,
    /// The Ethernet header; empty for packets of this host.
    pub link: ArrayVec<u8, LINK_BYTES>,
    /// The packet's length in bytes, from the IP header on.
    pub length: u16,
    /// The start of the packet, from the IP header on.
    pub head: ArrayVec<u8, HEAD_MAX_BYTES>,
}

impl LogRecord {
    /// A record of `packet`, which starts with its IP header; `ifaces` are those of arrival and
    /// departure.
    pub fn new(
        log: &Log,
        hook: Hook,
        [in_iface, out_iface]: [Option<IfaceId>; 2],
        link: &[u8],
        packet: &[u8],
        time_ns: u64,
    ) -> Self {
        let mut record = Self {
            time_ns,
            hook,
            level: log.level,
            prefix: ArrayString::new(),
            tcp_sequence: log.tcp_sequence,
            tcp_options: log.tcp_options,
            ip_options: log.ip_options,
            mac_decode: log.mac_decode,
            in_iface,
            out_iface,
            link: ArrayVec::new(),
            length: packet.len().min(usize::from(u16::MAX)) as u16,
            head: ArrayVec::new(),
        };
        // `validate` holds prefixes to this length.
        let _ = record.prefix.try_push_str(&log.prefix);
        let _ = record
            .link
            .try_extend_from_slice(&link[..link.len().min(LINK_BYTES)]);
        let _ = record
            .head
            .try_extend_from_slice(&packet[..packet.len().min(HEAD_MAX_BYTES)]);
        record
    }
}
