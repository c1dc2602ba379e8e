//! The line of a LOG rule, byte for byte as the kernel writes it (`net/netfilter/nf_log_syslog.c`).

use std::fmt::Write;

use route::{IfaceId, Network};

use crate::LogRecord;

mod ipv4;
mod ipv6;
mod transport;

/// The text of a record, without time stamp, level and line break. It ends with a blank, as the
/// kernel's does.
pub fn format_line(record: &LogRecord, network: &Network) -> String {
    let mut line = Line {
        record,
        text: String::with_capacity(256),
    };
    line.write(network);
    line.text
}

/// A line in the making.
struct Line<'a> {
    record: &'a LogRecord,
    text: String,
}

impl<'a> Line<'a> {
    fn write(&mut self, network: &Network) {
        let name = |id: Option<IfaceId>| {
            id.and_then(|id| network.iface(id))
                .map_or("", |iface| &*iface.name)
        };
        let (input, output) = (name(self.record.in_iface), name(self.record.out_iface));
        self.put(format_args!(
            "{}IN={input} OUT={output} ",
            self.record.prefix
        ));
        let is_v6 = self
            .record
            .head
            .first()
            .is_some_and(|first| first >> 4 == 6);
        if self.record.in_iface.is_some() {
            self.mac();
        }
        if is_v6 {
            self.ipv6(0);
        } else {
            self.ipv4(0);
        }
    }

    /// Writing to a `String` cannot fail.
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.text.write_fmt(text);
    }

    /// `len` bytes of the packet from `at` on, if they are in it (`skb_header_pointer`).
    fn bytes(&self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.record.head.get(at..at.checked_add(len)?)
    }

    /// Bytes of the packet from `at` on.
    fn left(&self, at: usize) -> usize {
        usize::from(self.record.length).saturating_sub(at)
    }

    fn incomplete(&mut self, at: usize) {
        let left = self.left(at);
        self.put(format_args!("INCOMPLETE [{left} bytes] "));
    }

    /// `dump_mac_header`.
    fn mac(&mut self) {
        let link = self.record.link.clone();
        // Only Ethernet devices are decoded, and `lo` is none.
        if self.record.mac_decode
            && self.record.in_iface != Some(IfaceId::LOOPBACK)
            && let [dst @ .., s0, s1, s2, s3, s4, s5, high, low] = &link[..]
            && let &[d0, d1, d2, d3, d4, d5] = dst
        {
            let (src, dst) = ([s0, s1, s2, s3, s4, s5], [d0, d1, d2, d3, d4, d5]);
            self.text.push_str("MACSRC=");
            self.pairs(src.into_iter().copied());
            self.text.push_str(" MACDST=");
            self.pairs(dst);
            self.put(format_args!(" MACPROTO={high:02x}{low:02x} "));
            return;
        }
        self.text.push_str("MAC=");
        self.pairs(link);
        self.text.push(' ');
    }

    /// Bytes as pairs of hexadecimal digits with `:` between them.
    fn pairs(&mut self, bytes: impl IntoIterator<Item = u8>) {
        for (place, byte) in bytes.into_iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            self.put(format_args!("{colon}{byte:02x}"));
        }
    }

    /// Options as hexadecimal digits.
    fn options(&mut self, bytes: &[u8]) {
        self.text.push_str("OPT (");
        for byte in bytes {
            self.put(format_args!("{byte:02X}"));
        }
        self.text.push_str(") ");
    }
}

/// A 16-bit field.
fn be16(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..at + 2) {
        Some(&[high, low]) => u16::from_be_bytes([high, low]),
        _ => 0,
    }
}

/// A 32-bit field.
fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from(be16(bytes, at)) << 16 | u32::from(be16(bytes, at + 2))
}
