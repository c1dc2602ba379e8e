//! Datagrams of many flows in a mixed order, the smallest frame Ethernet has: what a benchmark of
//! packets per second replays for ever.

use std::net::Ipv4Addr;

use wire::MacAddr;

use super::frame::Ends;

/// Flows; more than a small cache remembers.
const FLOWS: u32 = 1024;
/// The address that DPDK's net_pcap gives its first port: "pcap" in ASCII, and its number. It
/// cannot be set, and a router takes only what is addressed to it.
const PCAP_MAC: MacAddr = MacAddr([2, b'p', b'c', b'a', b'p', 0]);
/// Payload that makes a frame of 60 bytes, 64 with its checksum.
const PAYLOAD: [u8; 18] = [0; 18];

/// Frame `number` of the capture, from the host behind `lan` to many hosts behind `wan`.
pub(crate) fn frame(number: u32) -> Vec<u8> {
    // An odd factor visits every flow once in FLOWS packets, in an order without neighbours.
    let flow = number.wrapping_mul(0x9e37_79b1) % FLOWS;
    let host = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + (flow << 4 | 1));
    let ends = Ends {
        macs: (MacAddr([2, 0, 0, 0, 0, 0x10]), PCAP_MAC),
        addresses: (Ipv4Addr::new(192, 168, 1, 10), host),
        ttl: 64,
        id: number as u16,
    };
    ends.udp(
        (1024 + (flow % 50_000) as u16, 2000 + (flow % 1000) as u16),
        &PAYLOAD,
    )
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
    }
}
