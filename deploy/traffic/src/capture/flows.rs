//! Datagrams of many flows in a mixed order, the smallest frame Ethernet has: what a benchmark of
//! packets per second replays for ever.

use std::net::{Ipv4Addr, Ipv6Addr};

use wire::ipv6::Ipv6Fields;
use wire::{EtherType, EthernetHeader, Header, Ipv6Header, MacAddr, UdpHeader, checksum, protocol};
use zerocopy::IntoBytes;

use super::frame::Ends;

/// Flows; more than a small cache remembers.
const FLOWS: u32 = 1024;
/// The address that DPDK's net_pcap gives its first port: "pcap" in ASCII, and its number. It
/// cannot be set, and a router takes only what is addressed to it.
const PCAP_MAC: MacAddr = MacAddr([2, b'p', b'c', b'a', b'p', 0]);
/// Payload that makes a frame of 60 bytes, 64 with its checksum.
const PAYLOAD: [u8; 18] = [0; 18];

/// The sender's.
const SENDER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x10]);

/// The flow of frame `number`: an odd factor visits every one once in FLOWS packets, in an order
/// without neighbours.
const fn flow_of(number: u32) -> u16 {
    (number.wrapping_mul(0x9e37_79b1) % FLOWS) as u16
}

/// Its ports.
const fn ports_of(flow: u16) -> (u16, u16) {
    (1024 + flow, 2000 + flow % 1000)
}

/// Frame `number` of the capture, from the host behind `lan` to many hosts behind `wan`.
pub(crate) fn frame(number: u32) -> Vec<u8> {
    let flow = flow_of(number);
    let host = Ipv4Addr::new(198, 18, 0, 1).to_bits() + (u32::from(flow) << 4);
    let ends = Ends {
        macs: (SENDER_MAC, PCAP_MAC),
        addresses: (Ipv4Addr::new(192, 168, 1, 10), Ipv4Addr::from(host)),
        ttl: 64,
        id: number as u16,
    };
    ends.udp(ports_of(flow), &PAYLOAD)
}

/// The same over IPv6: one datagram without payload, 62 bytes.
pub(crate) fn frame_v6(number: u32) -> Vec<u8> {
    let flow = flow_of(number);
    let (src, dst) = (
        Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x10),
        Ipv6Addr::new(0x2001, 2, 0, flow, 0, 0, 0, 1),
    );
    let (src_port, dst_port) = ports_of(flow);
    let mut transport = UdpHeader::new(src_port, dst_port, 0);
    let length = UdpHeader::LEN as u16;
    transport.fill_checksum(
        checksum::pseudo_v6(src, dst, protocol::UDP, u32::from(length)),
        &[],
    );
    let network = Ipv6Header::new(&Ipv6Fields {
        src,
        dst,
        next_header: protocol::UDP,
        hop_limit: 64,
        traffic_class: 0,
        flow_label: 0,
        payload_length: length,
    });
    let link = EthernetHeader::new(PCAP_MAC, SENDER_MAC, EtherType::IPV6);
    [link.as_bytes(), network.as_bytes(), transport.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_flow_has_its_turn() {
        let hosts: BTreeSet<Vec<u8>> = (0..FLOWS).map(|n| frame(n)[30..38].to_vec()).collect();
        assert_eq!(hosts.len(), FLOWS as usize);
        assert_eq!(frame(0).len(), 60);
        let hosts: BTreeSet<Vec<u8>> = (0..FLOWS).map(|n| frame_v6(n)[38..58].to_vec()).collect();
        assert_eq!(hosts.len(), FLOWS as usize);
    }
}
