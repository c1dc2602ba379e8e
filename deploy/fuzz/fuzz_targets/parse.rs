//! Frames from anywhere: `packet::parse`, every header view, checksums, rewriting and fragments.
//! Nothing panics, and what `parse` says holds together.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netio::memory::HeapPool;
use packet::{Buffer, Ip, L4Checksum, Network};
use wire::ipv6_ext::Ipv6Options;
use wire::ndp::{NdpOptions, NeighbourMessage};
use wire::{
    ArpPacket, EthernetHeader, Header, Icmpv4Header, Icmpv6Header, Ipv4Packet, Ipv6Packet,
    TcpHeader, TcpSegment, UdpHeader, VlanTag, icmpv4, icmpv6, ipv4, ipv6_ext,
};

fuzz_target!(|frame: &[u8]| {
    views(frame);
    frame_as_received(frame);
    // The same with the IPv4 header checksum righted: few frames by chance have a right one.
    let mut righted = frame.to_vec();
    if let Some(packet) = righted.get_mut(EthernetHeader::LEN..) {
        let _ = ipv4::fill_header_checksum(packet);
    }
    frame_as_received(&righted);
});

fn frame_as_received(frame: &[u8]) {
    let _ = packet::option_problem(frame);
    let Ok(Network::Ip(mut ip)) = packet::parse(frame).map(|parsed| parsed.network) else {
        return;
    };
    assert!(ip.l3 < ip.l4 && ip.l4 <= ip.end && usize::from(ip.end) <= frame.len());
    assert_eq!(ip.packet(frame).len(), usize::from(ip.length()));
    assert!(ip.l4(frame).len() <= ip.packet(frame).len());
    let alone = packet::parse_ip(ip.packet(frame)).expect("what parses in a frame parses alone");
    assert_eq!(
        (alone.src, alone.dst, alone.protocol),
        (ip.src, ip.dst, ip.protocol)
    );
    assert_eq!(alone.l4(ip.packet(frame)), ip.l4(frame));
    let checksum = packet::l4_checksum(frame, &ip);
    views(ip.packet(frame));
    views(ip.l4(frame));
    fragments(frame, &ip);

    let mut forwarded = frame.to_vec();
    packet::rewrite::decrement_ttl(&mut forwarded, &mut ip);
    let again = packet::parse(&forwarded).map(|parsed| parsed.network);
    assert_eq!(again, Ok(Network::Ip(ip)));
    assert_eq!(packet::l4_checksum(&forwarded, &ip), checksum);
}

/// Cut to a small MTU, the pieces carry what the packet does.
fn fragments(frame: &[u8], ip: &Ip) {
    // Pieces carry 8 bytes at least at the smaller MTU, and the room of a buffer is what costs.
    let mut pool = HeapPool::new(usize::from(ip.length()) / 8 + 1, 1_500);
    let mut carried = Vec::new();
    let mut out = |fragment: netio::memory::HeapBuf| {
        let cut = packet::parse(fragment.bytes()).map(|parsed| parsed.network);
        let Ok(Network::Ip(cut)) = cut else {
            panic!("a fragment does not parse: {cut:?}");
        };
        assert_eq!(
            packet::l4_checksum(fragment.bytes(), &cut),
            L4Checksum::Unverifiable
        );
        carried.extend_from_slice(&fragment.bytes()[usize::from(cut.l4)..usize::from(cut.end)]);
    };
    if ip.is_v6() {
        // Its pieces start behind the headers that each repeats, which l4 need not be.
        let _ = packet::fragment_ipv6(frame, ip, 1_280, 7, &mut pool, |_| ());
    } else if ip.length() > 68 && packet::fragment_ipv4(frame, ip, 68, &mut pool, &mut out).is_ok()
    {
        assert_eq!(carried, frame[usize::from(ip.l4)..usize::from(ip.end)]);
    }
}

/// Every view on bytes that need not be its header.
fn views(bytes: &[u8]) {
    let _ = EthernetHeader::split(bytes);
    let _ = VlanTag::split(bytes);
    let _ = ArpPacket::new(bytes).map(ArpPacket::operation);
    for packet in [Ipv4Packet::new(bytes), Ipv4Packet::embedded(bytes)]
        .into_iter()
        .flatten()
    {
        packet.options().for_each(drop);
        packet.checksum_is_right();
        packet.pseudo_header();
    }
    for packet in [Ipv6Packet::new(bytes), Ipv6Packet::embedded(bytes)]
        .into_iter()
        .flatten()
    {
        let _ = ipv6_ext::walk(packet.header().next_header(), packet.payload());
        let _ = ipv6_ext::unfragmentable(packet.header().next_header(), packet.payload());
    }
    Ipv6Options::new(bytes).for_each(drop);
    if let Ok(segment) = TcpSegment::new(bytes) {
        segment.options().for_each(drop);
    }
    if let Ok((header, _)) = TcpHeader::split(bytes) {
        let _ = TcpHeader::reset(header, bytes.len());
    }
    let _ = UdpHeader::datagram(bytes);
    if let Ok((header, payload)) = Icmpv4Header::split(bytes) {
        header.is_error();
        let _ = icmpv4::embedded(payload);
    }
    if let Ok((header, payload)) = Icmpv6Header::split(bytes) {
        header.is_error();
        let _ = icmpv6::embedded(payload);
    }
    if let Ok((message, options)) = NeighbourMessage::split(bytes) {
        message.advert_flags();
        let _ = NdpOptions::new(options).link_address(wire::ndp::SOURCE_LINK_ADDRESS);
    }
}
