//! A pool of plain heap buffers, and packets to try things on. Each test file uses its part.
#![allow(dead_code)]

use std::net::{Ipv4Addr, Ipv6Addr};

use packet::{Buffer, NoRoom, Pool};
use wire::checksum::{pseudo_v4, pseudo_v6};
use wire::ipv4::{Ipv4Fields, fill_header_checksum};
use wire::ipv6::Ipv6Fields;
use wire::{EtherType, EthernetHeader, Header, Ipv4Header, Ipv6Header, MacAddr, Sum, protocol};

/// A frame on the heap with room for `room` bytes in all.
pub struct HeapBuffer {
    frame: Vec<u8>,
    room: usize,
}

impl Buffer for HeapBuffer {
    fn bytes(&self) -> &[u8] {
        &self.frame
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.frame
    }

    fn prepend(&mut self, _: usize) -> Result<(), NoRoom> {
        Err(NoRoom)
    }

    fn append(&mut self, len: usize) -> Result<(), NoRoom> {
        if self.frame.len() + len > self.room {
            return Err(NoRoom);
        }
        // Unspecified content, so that nothing relies on zeroes.
        self.frame.resize(self.frame.len() + len, 0xee);
        Ok(())
    }

    fn trim_front(&mut self, len: usize) {
        self.frame.drain(..len);
    }

    fn truncate(&mut self, len: usize) {
        self.frame.truncate(len);
    }
}

/// Hands out `left` more buffers of `room` bytes each.
pub struct HeapPool {
    pub left: usize,
    pub room: usize,
}

impl HeapPool {
    pub fn endless() -> Self {
        Self {
            left: usize::MAX,
            room: 65_535,
        }
    }
}

impl Pool for HeapPool {
    type Buf = HeapBuffer;

    fn alloc(&mut self) -> Option<HeapBuffer> {
        self.left = self.left.checked_sub(1)?;
        Some(HeapBuffer {
            frame: Vec::new(),
            room: self.room,
        })
    }
}

/// The link header of every frame here.
pub fn ethernet(ether_type: EtherType) -> Vec<u8> {
    let mut frame = vec![0; EthernetHeader::LEN];
    EthernetHeader::new(
        MacAddr([2, 0, 0, 0, 0, 1]),
        MacAddr([2, 0, 0, 0, 0, 2]),
        ether_type,
    )
    .emit(&mut frame)
    .unwrap();
    frame
}

/// An IPv4 packet, from the IP header on. `options` are padded to whole words with zeroes.
pub fn ipv4(fields: &Ipv4Fields, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; Ipv4Header::LEN];
    Ipv4Header::new(fields).emit(&mut packet).unwrap();
    packet.extend(options);
    packet.resize(packet.len().next_multiple_of(4), 0);
    packet[0] = 0x40 | (packet.len() / 4) as u8;
    packet.extend(payload);
    let length = (packet.len() as u16).to_be_bytes();
    packet[2..4].copy_from_slice(&length);
    fill_header_checksum(&mut packet).unwrap();
    packet
}

/// An IPv6 packet, from the IP header on; `payload` starts with what `next_header` says.
pub fn ipv6(src: Ipv6Addr, dst: Ipv6Addr, next_header: u8, payload: &[u8]) -> Vec<u8> {
    let header = Ipv6Header::new(&Ipv6Fields {
        src,
        dst,
        next_header,
        hop_limit: 64,
        traffic_class: 0,
        flow_label: 0,
        payload_length: payload.len() as u16,
    });
    let mut packet = vec![0; Ipv6Header::LEN];
    header.emit(&mut packet).unwrap();
    packet.extend(payload);
    packet
}

/// Fills the checksum of a transport header in, at its protocol's place.
pub fn fill_transport_checksum(l4: &mut [u8], protocol: u8, pseudo: Sum) {
    let at = match protocol {
        protocol::TCP => 16,
        protocol::UDP => 6,
        _ => 2,
    };
    l4[at..at + 2].fill(0);
    let sum = pseudo.bytes(l4).finish_udp();
    l4[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

/// The pseudo header's sum of a transport over IPv4; ICMP has none.
pub fn pseudo_sum_v4(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, length: usize) -> Sum {
    match protocol {
        protocol::ICMP => Sum::ZERO,
        _ => pseudo_v4(src, dst, protocol, length as u16),
    }
}

/// The pseudo header's sum of a transport over IPv6.
pub fn pseudo_sum_v6(src: Ipv6Addr, dst: Ipv6Addr, protocol: u8, length: usize) -> Sum {
    pseudo_v6(src, dst, protocol, length as u32)
}
