//! No heap allocation per packet, of any kind: every packet of every script goes through a
//! pipeline while an allocator counts.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use packet::Burst;
use pipeline::Order;
use route::{IfaceId, NeighbourEvent};

use crate::{bench::Bench, script, text};

thread_local! {
    /// Allocations of this thread; tests run side by side.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counted.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the block came from `alloc` above, so from the system's allocator.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Allocations while `work` runs.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn no_packet_of_any_script_allocates() {
    let mut packets = 0;
    for case in script::all() {
        let mut bench = Bench::new(&case.setup);
        for line in case.lines.iter().filter(|line| line.starts_with('>')) {
            let (word, rest) = line.split_once(' ').expect("WORD REST");
            let (iface, packet) = if word == ">" {
                rest.split_once(' ').expect("IFACE PACKET")
            } else {
                ("", rest)
            };
            let mut burst = Burst::new();
            burst.push(bench.buf(&text::frame(packet)));
            let Bench {
                pipe,
                generation,
                network,
                now_ns,
                ..
            } = &mut bench;
            let count = allocations(|| match word {
                ">" => {
                    let id = network
                        .iface_named(iface)
                        .map_or(IfaceId(0), |iface| iface.id);
                    pipe.process(generation, network, *now_ns, id, &mut burst);
                }
                _ => pipe.process_host(generation, network, *now_ns, &mut burst),
            });
            assert_eq!(count, 0, "{}: {line}", case.title);
            packets += 1;
            bench.sent();
        }
    }
    assert!(packets >= 300, "{packets} packets are too few");
}

#[test]
fn waiting_packets_are_sent_or_given_up_without_allocation() {
    for case in script::all().into_iter().take(1) {
        let mut bench = Bench::new(&case.setup);
        bench.receive(
            IfaceId(0),
            &text::frame("ip 10.0.1.2 > 198.51.100.77 udp 1 > 2"),
        );
        bench.receive(
            IfaceId(0),
            &text::frame("ip 10.0.1.2 > 198.51.100.78 udp 1 > 2"),
        );
        let events = bench.take_events();
        assert_eq!(events.len(), 2, "both ask for a neighbour");
        for event in events {
            let NeighbourEvent::Resolve {
                iface,
                addr,
                source,
            } = event
            else {
                panic!("{event:?}");
            };
            let Bench {
                pipe,
                generation,
                network,
                now_ns,
                ..
            } = &mut bench;
            let solicit = Order::Solicit {
                iface,
                addr,
                source,
                unicast: None,
            };
            let unreachable = Order::Unreachable { iface, addr };
            let count = allocations(|| {
                pipe.order(generation, network, *now_ns, solicit);
                pipe.order(generation, network, *now_ns, unreachable);
                pipe.poll(generation, network, *now_ns);
            });
            assert_eq!(count, 0);
        }
        assert_eq!(bench.sent().len(), 4, "two requests, two errors");
    }
}
