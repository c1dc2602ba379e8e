//! `dump_ipv4_packet`.

use std::net::Ipv4Addr;

use wire::{Header, Ipv4Header, icmpv4, protocol};

use super::{Line, be16, be32};

const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const CONGESTION: u16 = 0x8000;
const OFFSET: u16 = 0x1fff;

impl Line<'_> {
    /// The packet whose header starts at `at`; 0 is the logged one, others stand in ICMP errors.
    pub(super) fn ipv4(&mut self, at: usize) {
        let Some(bytes) = self.bytes(at, Ipv4Header::LEN) else {
            self.text.push_str("TRUNCATED");
            return;
        };
        let Ok((header, _)) = Ipv4Header::split(bytes) else {
            return;
        };
        self.put(format_args!(
            "SRC={} DST={} ",
            header.source(),
            header.destination()
        ));
        self.put(format_args!(
            "LEN={} TOS=0x{:02X} PREC=0x{:02X} TTL={} ID={} ",
            header.total_length(),
            header.tos() & 0x1e,
            header.tos() & 0xe0,
            header.ttl(),
            header.id(),
        ));
        let fragment = header.flags_offset();
        for (flag, text) in [
            (CONGESTION, "CE "),
            (DONT_FRAGMENT, "DF "),
            (MORE_FRAGMENTS, "MF "),
        ] {
            if fragment & flag != 0 {
                self.text.push_str(text);
            }
        }
        if fragment & OFFSET != 0 {
            self.put(format_args!("FRAG:{} ", fragment & OFFSET));
        }
        if self.record.ip_options && header.header_length() > Ipv4Header::LEN {
            let length = header.header_length() - Ipv4Header::LEN;
            let Some(options) = self.bytes(at + Ipv4Header::LEN, length) else {
                self.text.push_str("TRUNCATED");
                return;
            };
            self.options(options);
        }
        let l4 = at + header.header_length();
        self.ipv4_payload(header.protocol(), at, l4, fragment & OFFSET != 0);
    }

    fn ipv4_payload(&mut self, protocol: u8, at: usize, l4: usize, is_fragment: bool) {
        match protocol {
            protocol::TCP => self.tcp(l4, is_fragment),
            protocol::UDP | protocol::UDP_LITE => self.udp(protocol, l4, is_fragment),
            protocol::ICMP => self.icmp(at, l4, is_fragment),
            protocol::AH if is_fragment => {}
            protocol::AH => {
                self.text.push_str("PROTO=AH ");
                self.spi(l4, 12, 4);
            }
            protocol::ESP => {
                self.text.push_str("PROTO=ESP ");
                if !is_fragment {
                    self.spi(l4, 8, 0);
                }
            }
            other => self.put(format_args!("PROTO={other} ")),
        }
    }

    /// The security parameters index, `offset` bytes into a header of `length`.
    fn spi(&mut self, at: usize, length: usize, offset: usize) {
        match self.bytes(at, length) {
            Some(header) => self.put(format_args!("SPI=0x{:x} ", be32(header, offset))),
            None => self.incomplete(at),
        }
    }

    fn icmp(&mut self, at: usize, l4: usize, is_fragment: bool) {
        self.text.push_str("PROTO=ICMP ");
        if is_fragment {
            return;
        }
        let Some(header) = self.bytes(l4, 8) else {
            self.incomplete(l4);
            return;
        };
        let (icmp_type, code) = (header[0], header[1]);
        self.put(format_args!("TYPE={icmp_type} CODE={code} "));
        if self.left(l4) < least_bytes(icmp_type) {
            self.incomplete(l4);
            return;
        }
        match icmp_type {
            icmpv4::ECHO_REPLY | icmpv4::ECHO_REQUEST => {
                self.put(format_args!(
                    "ID={} SEQ={} ",
                    be16(header, 4),
                    be16(header, 6)
                ));
            }
            icmpv4::PARAMETER_PROBLEM => self.put(format_args!("PARAMETER={} ", header[4])),
            icmpv4::REDIRECT => {
                let gateway = Ipv4Addr::from_bits(be32(header, 4));
                self.put(format_args!("GATEWAY={gateway} "));
                self.embedded_v4(at, l4);
            }
            icmpv4::UNREACHABLE | icmpv4::SOURCE_QUENCH | icmpv4::TIME_EXCEEDED => {
                self.embedded_v4(at, l4);
                let needed = icmpv4::unreachable::FRAGMENTATION_NEEDED;
                if (icmp_type, code) == (icmpv4::UNREACHABLE, needed) {
                    self.put(format_args!("MTU={} ", be16(header, 6)));
                }
            }
            _ => {}
        }
    }

    /// The packet in an error; not the one in an error in an error.
    fn embedded_v4(&mut self, at: usize, l4: usize) {
        if at == 0 {
            self.text.push('[');
            self.ipv4(l4 + 8);
            self.text.push_str("] ");
        }
    }
}

/// Bytes that a message of the type needs at least (`required_len`).
const fn least_bytes(icmp_type: u8) -> usize {
    match icmp_type {
        icmpv4::ECHO_REPLY | icmpv4::ECHO_REQUEST => 4,
        icmpv4::UNREACHABLE
        | icmpv4::SOURCE_QUENCH
        | icmpv4::REDIRECT
        | icmpv4::TIME_EXCEEDED
        | icmpv4::PARAMETER_PROBLEM => 8 + Ipv4Header::LEN,
        // Timestamp and its reply; address mask and its reply.
        13 | 14 => 20,
        17 | 18 => 12,
        _ => 0,
    }
}
