//! Neighbours that are asked for: what waits, what leaves, who gives up.

use pipeline::{HostPath, Outcome, Settings};
use route::{IfaceAddr, IfaceConfig, IfaceId, MacAddr, NetworkConfig, RpFilter};

use crate::{
    bench::{Bench, Setup, addr},
    text,
};

const LAN: IfaceId = IfaceId(0);
const WAN: IfaceId = IfaceId(1);
const SECOND: u64 = 1_000_000_000;

fn iface(name: &str, number: u8, addrs: &[(&str, u8)]) -> IfaceConfig {
    IfaceConfig {
        name: name.to_owned(),
        mac: MacAddr([2, 0xff, 0, 0, 0, number]),
        mtu: 1500,
        addrs: addrs
            .iter()
            .map(|&(text, prefix_len)| IfaceAddr {
                addr: addr(text),
                prefix_len,
            })
            .collect(),
        rp_filter: RpFilter::Off,
        link_local: true,
    }
}

fn bench() -> Bench {
    Bench::new(&Setup {
        network: NetworkConfig {
            ifaces: vec![
                iface("lan", 1, &[("10.0.1.1", 24), ("2001:db8:1::1", 64)]),
                iface("wan", 2, &[("198.51.100.1", 24), ("2001:db8:2::1", 64)]),
            ],
            routes: Vec::new(),
        },
        neighbours: Vec::new(),
        settings: Settings::default(),
        rules4: String::new(),
        rules6: String::new(),
        host: HostPath::LocalStack,
    })
}

const TO_WAN: &str = "ip 10.0.1.2 > 198.51.100.2 udp 1 > 2 data 4";
const TO_WAN_V6: &str = "ip6 2001:db8:1::2 > 2001:db8:2::2 udp 1 > 2 data 4";

/// The frames that left, with their interface.
fn left(bench: &mut Bench) -> Vec<(IfaceId, Vec<u8>)> {
    bench.sent()
}

#[test]
fn a_packet_waits_until_arp_is_answered() {
    let mut bench = bench();
    bench.receive(LAN, &text::frame(TO_WAN));
    assert_eq!(bench.ends(), [Outcome::Held(WAN)]);
    bench.main_turn();
    let request = "eth 02:ff:00:00:00:02 > ff:ff:ff:ff:ff:ff \
                   arp request 02:ff:00:00:00:02 198.51.100.1 > 198.51.100.2";
    assert_eq!(left(&mut bench), [(WAN, text::frame(request))]);
    bench.ends();

    let reply = "eth 02:00:00:00:00:77 > 02:ff:00:00:00:02 \
                 arp reply 02:00:00:00:00:77 198.51.100.2 > 02:ff:00:00:00:02 198.51.100.1";
    bench.receive(WAN, &text::frame(reply));
    bench.main_turn();
    let forwarded = "eth 02:ff:00:00:00:02 > 02:00:00:00:00:77 \
                     ip 10.0.1.2 > 198.51.100.2 ttl 63 udp 1 > 2 data 4";
    assert_eq!(left(&mut bench), [(WAN, text::frame(forwarded))]);
    assert_eq!(bench.ends(), [Outcome::Delivered, Outcome::Sent(WAN)]);

    bench.receive(LAN, &text::frame(TO_WAN));
    assert_eq!(
        left(&mut bench),
        [(WAN, text::frame(forwarded))],
        "now it is known"
    );
}

#[test]
fn nobody_answers_and_the_sender_hears_host_unreachable() {
    let mut bench = bench();
    // The sender is known: it asked for us.
    let asks = "eth 02:00:00:00:00:99 > ff:ff:ff:ff:ff:ff \
                arp request 02:00:00:00:00:99 10.0.1.2 > 10.0.1.1";
    bench.receive(LAN, &text::frame(asks));
    bench.main_turn();
    let answer = "eth 02:ff:00:00:00:01 > 02:00:00:00:00:99 \
                  arp reply 02:ff:00:00:00:01 10.0.1.1 > 02:00:00:00:00:99 10.0.1.2";
    assert_eq!(left(&mut bench), [(LAN, text::frame(answer))]);

    for _ in 0..3 {
        bench.receive(LAN, &text::frame(TO_WAN));
    }
    for second in 0..3 {
        bench.main_turn();
        assert_eq!(left(&mut bench).len(), 1, "one request in second {second}");
        bench.now_ns += SECOND;
    }
    bench.main_turn();
    let errors = left(&mut bench);
    assert_eq!(errors.len(), 3);
    for (iface, frame) in errors {
        assert_eq!(iface, LAN);
        // Type 3, code 1, about what was sent; the TTL had been lowered by then.
        assert_eq!(frame[34..36], [3, 1]);
        assert_eq!(frame[42 + 8], 63);
    }
    let counters = bench.pipe.counters();
    assert_eq!(counters.drops.get(packet::DropReason::NeighbourFailed), 3);
}

#[test]
fn at_most_64_packets_wait_and_the_oldest_goes() {
    let mut bench = bench();
    for id in 0..70 {
        let packet = format!("ip 10.0.1.2 > 198.51.100.2 id {id} udp 1 > 2");
        bench.receive(LAN, &text::frame(&packet));
    }
    let counters = bench.pipe.counters();
    assert_eq!(
        counters.drops.get(packet::DropReason::NeighbourQueueFull),
        6
    );
    assert_eq!(counters.held.get(), 64);
    bench.main_turn();
    assert_eq!(left(&mut bench).len(), 1, "one question for all");
    let reply = "eth 02:00:00:00:00:77 > 02:ff:00:00:00:02 \
                 arp reply 02:00:00:00:00:77 198.51.100.2 > 02:ff:00:00:00:02 198.51.100.1";
    bench.receive(WAN, &text::frame(reply));
    bench.main_turn();
    let ids: Vec<u8> = left(&mut bench)
        .iter()
        .map(|(_, frame)| frame[19])
        .collect();
    assert_eq!(ids, (6..70).collect::<Vec<u8>>());
}

#[test]
fn ipv6_asks_the_solicited_node_group_from_its_link_local_address() {
    let mut bench = bench();
    bench.receive(LAN, &text::frame(TO_WAN_V6));
    bench.main_turn();
    let solicit = "eth 02:ff:00:00:00:02 > 33:33:ff:00:00:02 \
                   ip6 fe80::ff:ff:fe00:2 > ff02::1:ff00:2 hops 255 icmp 135/0 \
                   data x20010db800020000000000000000000201 0102ff00000002";
    // The language wants the data in one word.
    let solicit = solicit.replace("201 0102", "2010102");
    assert_eq!(left(&mut bench), [(WAN, text::frame(&solicit))]);

    let advert = "eth 02:00:00:00:00:77 > 02:ff:00:00:00:02 \
                  ip6 2001:db8:2::2 > fe80::ff:ff:fe00:2 hops 255 icmp 136/0 rest 0x60000000 \
                  data x20010db80002000000000000000000020201020000000077";
    bench.receive(WAN, &text::frame(advert));
    bench.main_turn();
    let forwarded = "eth 02:ff:00:00:00:02 > 02:00:00:00:00:77 \
                     ip6 2001:db8:1::2 > 2001:db8:2::2 hops 63 udp 1 > 2 data 4";
    assert_eq!(left(&mut bench), [(WAN, text::frame(forwarded))]);
}

#[test]
fn ipv6_gives_up_with_address_unreachable() {
    let mut bench = bench();
    let asks = "eth 02:00:00:00:00:99 > 33:33:ff:00:00:01 \
                ip6 2001:db8:1::2 > ff02::1:ff00:1 hops 255 icmp 135/0 \
                data x20010db80001000000000000000000010101020000000099";
    bench.receive(LAN, &text::frame(asks));
    bench.main_turn();
    let answers = left(&mut bench);
    assert_eq!(
        answers.len(),
        1,
        "an advertisement to the station that asked"
    );
    assert_eq!(answers[0].1[54..56], [136, 0]);

    bench.receive(LAN, &text::frame(TO_WAN_V6));
    for _ in 0..3 {
        bench.main_turn();
        bench.now_ns += SECOND;
    }
    left(&mut bench);
    bench.main_turn();
    let errors = left(&mut bench);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].1[54..56], [1, 3]);
}

#[test]
fn a_stale_neighbour_is_used_and_asked_again_by_unicast() {
    let mut bench = bench();
    let asks = "eth 02:00:00:00:00:77 > ff:ff:ff:ff:ff:ff \
                arp request 02:00:00:00:00:77 198.51.100.2 > 198.51.100.1";
    bench.receive(WAN, &text::frame(asks));
    bench.main_turn();
    left(&mut bench);
    bench.receive(LAN, &text::frame(TO_WAN));
    assert_eq!(left(&mut bench).len(), 1, "a stale entry is used at once");
    bench.main_turn();
    assert_eq!(left(&mut bench), []);
    bench.now_ns += 5 * SECOND;
    bench.main_turn();
    let request = "eth 02:ff:00:00:00:02 > 02:00:00:00:00:77 \
                   arp request 02:ff:00:00:00:02 198.51.100.1 > 198.51.100.2";
    assert_eq!(left(&mut bench), [(WAN, text::frame(request))]);
}

#[test]
fn a_lost_order_is_made_up_for() {
    let mut bench = bench();
    bench.receive(LAN, &text::frame(TO_WAN));
    assert_eq!(bench.take_events().len(), 1, "and nobody carries it out");
    bench.now_ns += 11 * SECOND;
    bench.main_turn();
    assert_eq!(
        bench.pipe.waiting_pkts(),
        1,
        "the error waits for the sender's own address"
    );
    let counters = bench.pipe.counters();
    assert_eq!(counters.drops.get(packet::DropReason::NeighbourFailed), 1);
    assert_eq!(counters.generated_held.get(), 1);
}
