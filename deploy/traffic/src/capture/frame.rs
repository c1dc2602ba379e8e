//! Whole Ethernet frames of IPv4, from wire's headers, every checksum right.

use std::net::Ipv4Addr;

use wire::ipv4::Ipv4Fields;
use wire::tcp::TcpFields;
use wire::{
    EtherType, EthernetHeader, Header, Icmpv4Header, Ipv4Header, MacAddr, TcpFlags, TcpHeader,
    UdpHeader, checksum, protocol,
};
use zerocopy::IntoBytes;

/// Who sends to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    /// Sender's and receiver's MAC address on this link.
    pub(crate) macs: (MacAddr, MacAddr),
    /// Sender's and receiver's address.
    pub(crate) addresses: (Ipv4Addr, Ipv4Addr),
    /// Time to live.
    pub(crate) ttl: u8,
    /// The IP header's identification.
    pub(crate) id: u16,
}

impl Ends {
    /// A UDP datagram.
    pub(crate) fn udp(&self, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
        let mut header = UdpHeader::new(ports.0, ports.1, payload.len() as u16);
        let length = (UdpHeader::LEN + payload.len()) as u16;
        let (src, dst) = self.addresses;
        header.fill_checksum(
            checksum::pseudo_v4(src, dst, protocol::UDP, length),
            payload,
        );
        self.frame(protocol::UDP, &header, payload)
    }

    /// A TCP segment with `numbers` for its sequence and acknowledgment.
    pub(crate) fn tcp(
        &self,
        ports: (u16, u16),
        flags: TcpFlags,
        numbers: (u32, u32),
        payload: &[u8],
    ) -> Vec<u8> {
        let mut header = TcpHeader::new(&TcpFields {
            source_port: ports.0,
            destination_port: ports.1,
            sequence: numbers.0,
            acknowledgment: numbers.1,
            flags,
            window: 64_240,
        });
        let length = (TcpHeader::LEN + payload.len()) as u16;
        let (src, dst) = self.addresses;
        header.fill_checksum(
            checksum::pseudo_v4(src, dst, protocol::TCP, length),
            payload,
        );
        self.frame(protocol::TCP, &header, payload)
    }

    /// An echo request or reply, 56 bytes as `ping` sends them.
    pub(crate) fn echo(&self, icmp_type: u8, sequence: u16) -> Vec<u8> {
        let payload: Vec<u8> = (0..56).collect();
        let mut header = Icmpv4Header::new(icmp_type, 0, 0x0500_0000 | u32::from(sequence));
        header.fill_checksum(&payload);
        self.frame(protocol::ICMP, &header, &payload)
    }

    fn frame(&self, protocol: u8, transport: &impl Header, payload: &[u8]) -> Vec<u8> {
        let (src, dst) = self.addresses;
        let network = Ipv4Header::new(&Ipv4Fields {
            src,
            dst,
            protocol,
            ttl: self.ttl,
            tos: 0,
            id: self.id,
            dont_fragment: true,
            payload_length: (transport.as_bytes().len() + payload.len()) as u16,
        });
        let link = EthernetHeader::new(self.macs.1, self.macs.0, EtherType::IPV4);
        [
            link.as_bytes(),
            network.as_bytes(),
            transport.as_bytes(),
            payload,
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use wire::{Ipv4Packet, TcpSegment};

    use super::*;

    const ENDS: Ends = Ends {
        macs: (MacAddr([2, 0, 0, 0, 0, 1]), MacAddr([2, 0, 0, 0, 0, 2])),
        addresses: (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)),
        ttl: 64,
        id: 7,
    };

    #[test]
    fn frames_parse_with_right_checksums() {
        for frame in [
            ENDS.udp((1, 2), b"abc"),
            ENDS.tcp((1, 80), TcpFlags::SYN, (5, 0), b""),
            ENDS.tcp((1, 80), TcpFlags::ACK, (6, 9), b"GET"),
        ] {
            let packet = Ipv4Packet::new(&frame[EthernetHeader::LEN..]).expect("a whole packet");
            assert!(packet.checksum_is_right());
            assert!(packet.pseudo_header().bytes(packet.payload()).is_right());
        }
    }

    #[test]
    fn a_segment_carries_what_was_asked() {
        let frame = ENDS.tcp((1, 80), TcpFlags::ACK, (6, 9), b"GET");
        let packet = Ipv4Packet::new(&frame[EthernetHeader::LEN..]).expect("a whole packet");
        let segment = TcpSegment::new(packet.payload()).expect("a whole segment");
        assert_eq!(segment.header().destination_port(), 80);
        assert_eq!(
            (segment.header().sequence(), segment.payload()),
            (6, &b"GET"[..])
        );
    }

    #[test]
    fn an_echo_is_84_bytes() {
        assert_eq!(ENDS.echo(8, 1).len(), EthernetHeader::LEN + 84);
    }
}
