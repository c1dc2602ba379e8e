//! Why bytes are not the header that was asked for.

use core::fmt;

/// What a constructor found wrong. Each variant carries the value at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WireError {
    /// The bytes end before the header, or what it announces, does.
    Truncated {
        /// Bytes that should be there.
        need: usize,
        /// Bytes that are.
        have: usize,
    },
    /// The version field is another protocol's.
    Version(u8),
    /// A header-length field that is shorter than the fixed header; in bytes.
    HeaderLength(u8),
    /// A length field that is shorter than the header it counts; in bytes.
    TotalLength(u16),
    /// An option whose length field is too small, or leads past the options.
    OptionLength(u8),
    /// An ARP packet that does not resolve IPv4 over Ethernet: the hardware type.
    ArpHardware(u16),
    /// An ARP packet that does not resolve IPv4 over Ethernet: the protocol type.
    ArpProtocol(u16),
    /// More IPv6 extension headers than the walk follows.
    ExtensionHeaders(usize),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            WireError::Truncated { need, have } => {
                write!(f, "truncated: {need} bytes needed, {have} there")
            }
            WireError::Version(version) => write!(f, "version {version} is another protocol's"),
            WireError::HeaderLength(bytes) => {
                write!(
                    f,
                    "header length of {bytes} bytes is under the fixed header's"
                )
            }
            WireError::TotalLength(bytes) => {
                write!(f, "length of {bytes} bytes does not cover the header")
            }
            WireError::OptionLength(bytes) => {
                write!(f, "option length of {bytes} bytes leaves the options")
            }
            WireError::ArpHardware(kind) => write!(f, "ARP hardware type {kind} is not Ethernet"),
            WireError::ArpProtocol(kind) => write!(f, "ARP protocol {kind:#06x} is not IPv4"),
            WireError::ExtensionHeaders(count) => {
                write!(f, "more than {count} IPv6 extension headers")
            }
        }
    }
}

impl core::error::Error for WireError {}
