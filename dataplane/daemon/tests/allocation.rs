//! A worker allocates nothing: not for packets of any kind, not when generations and networks are
//! swapped, not for orders, not when it finds nothing to do.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use netio::memory::HeapPool;
use route::IfaceId;
use support::{SERVER, engine, frame_v4, generation, ruleset, udp};

thread_local! {
    /// Allocations and releases of this thread.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counted.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the block came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the block came from `alloc` above, so from the system's allocator.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Calls of the allocator while `work` runs.
fn calls(work: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

const RULES: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                     -A FORWARD -p udp --dport 1 -j DROP\n\
                     -A FORWARD -p udp --dport 2 -j LOG --log-prefix \"two \"\n\
                     -A FORWARD -p udp --dport 3 -j REJECT\n\
                     -A FORWARD -p tcp -j REJECT --reject-with tcp-reset\nCOMMIT\n";

/// A frame of each kind: forwarded, dropped, logged, rejected both ways, TTL spent, no route, for
/// this host, unknown neighbour, to be fragmented, ARP, malformed.
fn frames() -> Vec<Vec<u8>> {
    let echo = [8, 0, 0xf7, 0xfd, 0, 1, 0, 1];
    let syn = [
        0x10, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0,
    ];
    let mut arp = vec![0xff; 6];
    arp.extend([0x02, 0, 0x0a, 0, 1, 0x0a, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    arp.extend([
        0x02, 0, 0x0a, 0, 1, 0x0a, 10, 0, 1, 10, 0, 0, 0, 0, 0, 0, 10, 0, 1, 1,
    ]);
    let mut frames: Vec<_> = (1..=4)
        .map(|port| frame_v4(64, 17, SERVER, &udp(9, port, b"x")))
        .collect();
    frames.push(frame_v4(64, 6, SERVER, &syn));
    frames.push(frame_v4(1, 17, SERVER, &udp(9, 9, b"x")));
    frames.push(frame_v4(64, 17, [203, 0, 113, 1], &udp(9, 9, b"x")));
    frames.push(frame_v4(64, 1, [10, 0, 1, 1], &echo));
    frames.push(frame_v4(64, 17, [10, 0, 1, 1], &udp(9, 9, b"x")));
    frames.push(frame_v4(64, 17, [198, 51, 100, 77], &udp(9, 9, b"x")));
    frames.push(frame_v4(64, 17, SERVER, &udp(9, 9, &[7; 1990])));
    frames.push(arp);
    frames.push(vec![1, 2, 3]);
    frames
}

#[test]
fn the_allocator_counts() {
    assert_eq!(calls(|| drop(std::hint::black_box(Box::new(1)))), 2);
}

#[test]
fn no_turn_of_a_worker_allocates() {
    let rules = ruleset(RULES, &mut 1);
    let mut pool = HeapPool::new(512, 2304);
    // A pool takes memory as it is first used; here all of it has been.
    let all: Vec<_> = std::iter::from_fn(|| packet::Pool::alloc(&mut pool)).collect();
    drop(all);
    let (mut engine, mut workers, mut ends) = engine(1, generation(1, &rules, 1), &pool);
    let worker = &mut workers[0];
    let mut now_ns = 1_000_000_000;
    for round in 0..20u64 {
        for frame in frames() {
            assert!(ends[0].lan.inject(&mut pool, &frame));
            now_ns += 1_000_000;
            let turn = calls(|| {
                worker.turn(now_ns);
                worker.quiescent();
                worker.turn(now_ns);
                worker.quiescent();
            });
            assert_eq!(turn, 0, "round {round}, frame {frame:02x?}");
            let mut lines = Vec::new();
            engine.step(now_ns, &mut lines);
            let support::Ends { lan, wan } = &mut ends[0];
            for port in [lan, wan] {
                while port.receive().is_some() {}
            }
        }
        engine.publish(generation(round + 2, &rules, 1), now_ns);
        engine.set_link(IfaceId(1), round % 2 == 1);
        engine.step(now_ns, &mut Vec::new());
    }
    let counters = &engine.workers()[0].counters;
    assert_eq!(counters.received.get(), 20 * frames().len() as u64);
    counters.balance().unwrap();
    assert!(counters.forwarded.get() > 0 && counters.delivered.get() > 0);
    assert!(engine.adoption().generation == 21);
}
