//! `dump_ipv6_packet`.

use std::net::Ipv6Addr;

use wire::{Header, Ipv6Header, icmpv6, protocol};

use super::{Line, be16, be32};

/// What one extension header leads to.
enum Step {
    /// The next header starts so many bytes on.
    On(usize),
    /// The line ends here.
    End,
}

impl Line<'_> {
    /// The packet whose header starts at `at`; 0 is the logged one, others stand in ICMPv6 errors.
    pub(super) fn ipv6(&mut self, at: usize) {
        let Some(bytes) = self.bytes(at, Ipv6Header::LEN) else {
            self.text.push_str("TRUNCATED");
            return;
        };
        let Ok((header, _)) = Ipv6Header::split(bytes) else {
            return;
        };
        self.text.push_str("SRC=");
        self.addr_v6(header.source());
        self.text.push_str(" DST=");
        self.addr_v6(header.destination());
        self.put(format_args!(
            " LEN={} TC={} HOPLIMIT={} FLOWLBL={} ",
            usize::from(header.payload_length()) + Ipv6Header::LEN,
            header.traffic_class(),
            header.hop_limit(),
            header.flow_label(),
        ));
        let mut next_header = header.next_header();
        let mut is_fragment = false;
        let mut l4 = at + Ipv6Header::LEN;
        while is_extension(next_header) {
            let Some(&[next, length]) = self.bytes(l4, 2) else {
                self.text.push_str("TRUNCATED");
                return;
            };
            match self.extension(next_header, l4, usize::from(length), &mut is_fragment) {
                Step::On(bytes) => l4 += bytes,
                Step::End => return,
            }
            next_header = next;
        }
        match next_header {
            protocol::TCP => self.tcp(l4, is_fragment),
            protocol::UDP | protocol::UDP_LITE => self.udp(next_header, l4, is_fragment),
            protocol::ICMPV6 => self.icmpv6(at, l4, is_fragment),
            other => self.put(format_args!("PROTO={other} ")),
        }
    }

    /// All eight groups with their zeros (`%pI6`).
    fn addr_v6(&mut self, addr: Ipv6Addr) {
        for (place, group) in addr.segments().into_iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            self.put(format_args!("{colon}{group:04x}"));
        }
    }

    fn extension(&mut self, kind: u8, at: usize, length: usize, is_fragment: &mut bool) -> Step {
        let shows_options = self.record.ip_options;
        if shows_options {
            self.text.push_str("OPT ( ");
        }
        let bytes = match kind {
            protocol::FRAGMENT => {
                self.text.push_str("FRAG:");
                let Some(header) = self.bytes(at, 8) else {
                    self.text.push_str("TRUNCATED ");
                    return Step::End;
                };
                let offset = be16(header, 2);
                self.put(format_args!("{} ", offset & 0xfff8));
                if offset & 1 != 0 {
                    self.text.push_str("INCOMPLETE ");
                }
                self.put(format_args!("ID:{:08x} ", be32(header, 4)));
                *is_fragment |= offset & 0xfff8 != 0;
                8
            }
            protocol::AH => {
                if shows_options && !self.security("AH ", at, (12, 4), *is_fragment, " ") {
                    return Step::End;
                }
                (length + 2) * 4
            }
            protocol::ESP => {
                if shows_options {
                    self.security("ESP ", at, (8, 0), *is_fragment, " )");
                }
                return Step::End;
            }
            _ if *is_fragment => {
                if shows_options {
                    self.text.push(')');
                }
                return Step::End;
            }
            _ => (length + 1) * 8,
        };
        if shows_options {
            self.text.push_str(") ");
        }
        Step::On(bytes)
    }

    /// A security header of `length` bytes with its index at `offset`; false: the line ends.
    fn security(
        &mut self,
        name: &str,
        at: usize,
        (length, offset): (usize, usize),
        is_fragment: bool,
        end: &str,
    ) -> bool {
        self.text.push_str(name);
        if is_fragment {
            self.text.push(')');
            return false;
        }
        let Some(header) = self.bytes(at, length) else {
            self.incomplete(at);
            self.text.push(')');
            return false;
        };
        self.put(format_args!("SPI=0x{:x}{end}", be32(header, offset)));
        true
    }

    fn icmpv6(&mut self, at: usize, l4: usize, is_fragment: bool) {
        self.text.push_str("PROTO=ICMPv6 ");
        if is_fragment {
            return;
        }
        let Some(header) = self.bytes(l4, 8) else {
            self.incomplete(l4);
            return;
        };
        let icmp_type = header[0];
        self.put(format_args!("TYPE={icmp_type} CODE={} ", header[1]));
        match icmp_type {
            icmpv6::ECHO_REQUEST | icmpv6::ECHO_REPLY => {
                self.put(format_args!(
                    "ID={} SEQ={} ",
                    be16(header, 4),
                    be16(header, 6)
                ));
            }
            icmpv6::UNREACHABLE
            | icmpv6::PACKET_TOO_BIG
            | icmpv6::TIME_EXCEEDED
            | icmpv6::PARAMETER_PROBLEM => {
                if icmp_type == icmpv6::PARAMETER_PROBLEM {
                    self.put(format_args!("POINTER={:08x} ", be32(header, 4)));
                }
                if at == 0 {
                    self.text.push('[');
                    self.ipv6(l4 + 8);
                    self.text.push_str("] ");
                }
                if icmp_type == icmpv6::PACKET_TOO_BIG {
                    self.put(format_args!("MTU={} ", be32(header, 4)));
                }
            }
            _ => {}
        }
    }
}

/// `nf_ip6_ext_hdr`, less "no next header", at which the walk ends.
const fn is_extension(next_header: u8) -> bool {
    matches!(
        next_header,
        protocol::HOP_BY_HOP
            | protocol::ROUTING
            | protocol::FRAGMENT
            | protocol::ESP
            | protocol::AH
            | protocol::DESTINATION_OPTIONS
    )
}
