//! Header formats, byte for byte.
//!
//! # Overview
//! A header's fixed part is a `#[repr(C)]` struct of bytes and big-endian integers that reads like
//! the RFC's diagram; [`Header`] maps it onto a slice without copying. A header of variable length
//! (options, TLVs) has a view beside it, `Ipv4Packet`, `TcpSegment`, ..., whose constructor
//! checks every length once and is the only place that can fail: after it no accessor panics or
//! fails. Accessors and setters speak host order and typed addresses; wire order never leaves this
//! crate. The fixed headers are writers too: [`Header::emit`] puts one at the front of a buffer.
//!
//! # Limits
//! No allocation, no I/O, no policy. The walk over IPv6 extension headers is bounded
//! ([`ipv6_ext::EXTENSION_HEADERS_MAX`]); checksums are verified where a caller asks, never by a
//! constructor.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod arp;
pub mod checksum;
pub mod error;
pub mod ethernet;
pub mod header;
pub mod icmpv4;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv4_option;
pub mod ipv6;
pub mod ipv6_ext;
pub mod mac;
pub mod ndp;
pub mod protocol;
pub mod tcp;
pub mod tcp_option;
pub mod udp;
pub mod vlan;

pub use arp::{ArpOperation, ArpPacket};
pub use checksum::Sum;
pub use error::WireError;
pub use ethernet::{EtherType, EthernetHeader};
pub use header::Header;
pub use icmpv4::Icmpv4Header;
pub use icmpv6::Icmpv6Header;
pub use ipv4::{Ipv4Header, Ipv4Packet};
pub use ipv6::{Ipv6Header, Ipv6Packet};
pub use mac::MacAddr;
pub use tcp::{TcpFlags, TcpHeader, TcpSegment};
pub use udp::UdpHeader;
pub use vlan::VlanTag;
