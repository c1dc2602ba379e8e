//! `nf_log_dump_tcp_header`, `nf_log_dump_udp_header`: the same for both families.

use wire::{Header, TcpHeader, UdpHeader, protocol, tcp::TcpFlags};

use super::Line;

impl Line<'_> {
    pub(super) fn tcp(&mut self, at: usize, is_fragment: bool) {
        self.text.push_str("PROTO=TCP ");
        if is_fragment {
            return;
        }
        let bytes = self.bytes(at, TcpHeader::LEN);
        let Some(Ok((header, _))) = bytes.map(TcpHeader::split) else {
            self.incomplete(at);
            return;
        };
        self.ports(header.source_port(), header.destination_port());
        if self.record.tcp_sequence {
            let (sequence, acknowledgment) = (header.sequence(), header.acknowledgment());
            self.put(format_args!("SEQ={sequence} ACK={acknowledgment} "));
        }
        // The last reserved bit is accurate ECN's since Linux 6.15 and is named like a flag.
        let (reserved, is_ae) = (header.reserved() & !1, header.reserved() & 1 != 0);
        self.put(format_args!(
            "WINDOW={} RES=0x{:02x} ",
            header.window(),
            reserved << 2
        ));
        if is_ae {
            self.text.push_str("AE ");
        }
        for (flag, text) in [
            (TcpFlags::CWR, "CWR "),
            (TcpFlags::ECE, "ECE "),
            (TcpFlags::URG, "URG "),
            (TcpFlags::ACK, "ACK "),
            (TcpFlags::PSH, "PSH "),
            (TcpFlags::RST, "RST "),
            (TcpFlags::SYN, "SYN "),
            (TcpFlags::FIN, "FIN "),
        ] {
            if header.flags().has(flag) {
                self.text.push_str(text);
            }
        }
        self.put(format_args!("URGP={} ", header.urgent()));
        if self.record.tcp_options && header.header_length() > TcpHeader::LEN {
            let length = header.header_length() - TcpHeader::LEN;
            match self.bytes(at + TcpHeader::LEN, length) {
                Some(options) => self.options(options),
                None => self.text.push_str("OPT (TRUNCATED)"),
            }
        }
    }

    pub(super) fn udp(&mut self, protocol: u8, at: usize, is_fragment: bool) {
        let is_udp = protocol == protocol::UDP;
        self.text.push_str(if is_udp {
            "PROTO=UDP "
        } else {
            "PROTO=UDPLITE "
        });
        if is_fragment {
            return;
        }
        let bytes = self.bytes(at, UdpHeader::LEN);
        let Some(Ok((header, _))) = bytes.map(UdpHeader::split) else {
            self.incomplete(at);
            return;
        };
        self.ports(header.source_port(), header.destination_port());
        self.put(format_args!("LEN={} ", header.length()));
    }

    fn ports(&mut self, source: u16, destination: u16) {
        self.put(format_args!("SPT={source} DPT={destination} "));
    }
}
