//! What a router changes in a frame, in place: the link addresses and one hop of its life.

use wire::{EthernetHeader, Header, Ipv4Header, Ipv6Header, MacAddr};

use crate::Ip;

/// Takes one hop off the packet's time to live or hop limit; the IPv4 header checksum stays right.
/// `frame` and `ip` belong together; `ip.ttl` follows.
#[inline]
pub fn decrement_ttl(frame: &mut [u8], ip: &mut Ip) {
    let Some(packet) = frame.get_mut(usize::from(ip.l3)..) else {
        return;
    };
    if ip.is_v6() {
        if let Ok((header, _)) = Ipv6Header::split_mut(packet) {
            header.decrement_hop_limit();
        }
    } else if let Ok((header, _)) = Ipv4Header::split_mut(packet) {
        header.decrement_ttl();
    }
    ip.ttl = ip.ttl.saturating_sub(1);
}

/// Sets both link addresses. A frame without a link header stays as it is.
#[inline]
pub fn set_link_addresses(frame: &mut [u8], dst: MacAddr, src: MacAddr) {
    if let Ok((header, _)) = EthernetHeader::split_mut(frame) {
        header.set_addresses(dst, src);
    }
}
