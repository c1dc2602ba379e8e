//! Packets that nobody would send: nothing panics, nothing is lost, no buffer leaks.

use netio::memory::HeapPool;
use packet::{Buffer, Burst};
use route::IfaceId;

use crate::{
    bench::Bench,
    script::{self, Case},
    text,
};

/// Frames per script's set-up.
const FRAMES: usize = 8_000;

/// SplitMix64: equal seeds, equal frames.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }
}

/// Cuts, flips bits, writes random bytes, and half of the time puts the IPv4 checksum right again,
/// so that what is wrong gets further.
fn spoil(frame: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(frame.len());
        match random.below(4) {
            0 => frame.truncate(at),
            1 => frame
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1 << (at % 8)),
            2 => frame
                .iter_mut()
                .skip(at)
                .take(4)
                .for_each(|byte| *byte = random.next() as u8),
            _ => frame.extend([0xff, 0, 0x44]),
        }
    }
    if random.below(2) == 0 && frame.get(12..14) == Some(&[8, 0]) {
        let _ = wire::ipv4::fill_header_checksum(&mut frame[14..]);
    }
}

#[test]
fn nothing_is_lost_and_no_buffer_leaks() {
    let mut last = String::new();
    let mut seed = 1;
    for (path, case) in script::all_by_file() {
        // One set-up a file is enough.
        if path == last {
            continue;
        }
        last = path;
        seed += 1;
        batter(&case, seed);
    }
}

fn batter(case: &Case, seed: u64) {
    let mut random = Random(seed);
    let frames: Vec<Vec<u8>> = script::all()
        .iter()
        .flat_map(|case| case.lines.clone())
        .filter_map(|line| line.strip_prefix("> ").map(str::to_owned))
        .map(|line| text::frame(line.split_once(' ').expect("IFACE PACKET").1))
        .collect();
    let mut bench = Bench::new(&case.setup);
    let whole = bench.pool.available();
    for _ in 0..FRAMES / 32 {
        let mut burst = Burst::new();
        while !burst.is_full() {
            let mut frame = frames[random.below(frames.len())].clone();
            spoil(&mut frame, &mut random);
            burst.push(bench.buf(&frame));
        }
        let iface = IfaceId(random.below(bench.network.ifaces().len()) as u16);
        bench.now_ns += 1_000_000;
        let Bench {
            pipe,
            generation,
            network,
            now_ns,
            ..
        } = &mut bench;
        pipe.process(generation, network, *now_ns, iface, &mut burst);
        bench.main_turn();
        bench.seen.outcomes.clear();
        bench.log_lines();
        for (_, frame) in bench.sent() {
            packet::parse(&frame).expect("what leaves is well formed");
        }
    }
    let counters = bench.pipe.counters();
    assert_eq!(counters.received.get() as usize, FRAMES);
    // Everyone who waits gives up in the end: packets, then the errors about them.
    for _ in 0..3 {
        bench.now_ns += 60_000_000_000;
        bench.main_turn();
        bench.sent();
    }
    while !bench.pipe.host_queue().is_empty() {
        bench.pipe.host_queue().fill(&mut Burst::new());
    }
    assert_eq!(bench.pipe.waiting_pkts(), 0);
    assert_eq!(bench.pool.available(), whole, "every buffer came back");
}

#[test]
fn an_exhausted_pool_is_counted() {
    let case = &script::all()[0];
    let mut bench = Bench::new(&case.setup);
    let frame = text::frame("ip 10.0.1.2 > 10.0.1.1 icmp 8/0 data 8");
    let echo = bench.buf(&frame);
    let mut held = Vec::new();
    while let Some(buf) = packet::Pool::alloc(&mut bench.pool) {
        held.push(buf);
    }
    let mut burst = Burst::new();
    burst.push(echo);
    let Bench {
        pipe,
        generation,
        network,
        now_ns,
        ..
    } = &mut bench;
    pipe.process(generation, network, *now_ns, IfaceId(0), &mut burst);
    let counters = bench.pipe.counters();
    let reason = packet::DropReason::MbufExhausted;
    assert_eq!(counters.generated_drops.get(reason), 1);
    assert_eq!(counters.delivered.get(), 1);
    bench.check();
}

#[test]
fn full_transmit_queues_and_links_that_are_down_are_counted() {
    let case = &script::all()[0];
    let mut bench = Bench::new(&case.setup);
    let frame = text::frame("ip 10.0.1.2 > 198.51.100.2 udp 1 > 2");
    for _ in 0..300 {
        bench.receive(IfaceId(0), &frame);
    }
    let counters = bench.pipe.counters();
    assert_eq!(counters.forwarded.get(), 256);
    assert_eq!(counters.drops.get(packet::DropReason::TxFull), 44);
    assert_eq!(bench.sent().len(), 256);
    bench.pipe.set_link(IfaceId(1), false);
    bench.receive(IfaceId(0), &frame);
    assert_eq!(counters.drops.get(packet::DropReason::LinkDown), 1);
    bench.pipe.set_link(IfaceId(1), true);
    bench.receive(IfaceId(0), &frame);
    assert_eq!(bench.sent().len(), 1);
}

#[test]
fn bursts_keep_their_order() {
    let case = &script::all()[0];
    let mut bench = Bench::new(&case.setup);
    let mut pool: HeapPool = bench.pool.clone();
    let mut burst = Burst::new();
    for n in 0..32 {
        let frame = text::frame(&format!("ip 10.0.1.2 > 198.51.100.2 id {n} udp 1 > 2"));
        burst.push(pool.frame(&frame).expect("room"));
    }
    let Bench {
        pipe,
        generation,
        network,
        now_ns,
        ..
    } = &mut bench;
    pipe.process(generation, network, *now_ns, IfaceId(0), &mut burst);
    let ids: Vec<u8> = bench.sent().iter().map(|(_, frame)| frame[19]).collect();
    assert_eq!(ids, (0..32).collect::<Vec<u8>>());
}

#[test]
fn priority_tags_are_taken_off_and_other_vlans_refused() {
    let case = &script::all()[0];
    let mut bench = Bench::new(&case.setup);
    let plain = text::frame("ip 10.0.1.2 > 198.51.100.2 udp 1 > 2 data 4");
    bench.receive(IfaceId(0), &plain);
    let expected = bench.sent();
    let tagged = |control: [u8; 2]| {
        let mut frame = plain.clone();
        frame.splice(12..12, [0x81, 0x00, control[0], control[1]]);
        frame
    };
    bench.receive(IfaceId(0), &tagged([0xe0, 0]));
    assert_eq!(bench.sent(), expected);
    bench.receive(IfaceId(0), &tagged([0, 20]));
    assert_eq!(bench.sent(), []);
    let counters = bench.pipe.counters();
    assert_eq!(counters.drops.get(packet::DropReason::VlanUnknown), 1);
    let buf = bench.buf(&plain);
    assert_eq!(buf.bytes(), plain);
}
