//! No packet is judged by a mix of two generations.
//!
//! A = {chain X: RETURN; FORWARD: -j X, ACCEPT} and B = {FORWARD: ACCEPT, DROP} both let everything
//! pass; only a mix (B's second rule reached by A's place in the chain) would drop.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use netio::memory::HeapPool;
use support::{Ends, SERVER, engine, frame_v4, generation, ruleset, udp};
use weir_dataplane::threads::{Clock, Workers};

const A: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:X - [0:0]\n\
                 -A FORWARD -j X\n-A FORWARD -j ACCEPT\n-A X -j RETURN\nCOMMIT\n";
const B: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                 -A FORWARD -j ACCEPT\n-A FORWARD -j DROP\nCOMMIT\n";
const SWAPS: u64 = 1_000;
const WORKERS: usize = 2;

/// Frames under way through one worker: less than its wires and queues hold, so that none is lost
/// for want of room.
const UNDER_WAY: u64 = 256;

/// What one worker's far ends saw.
#[derive(Clone, Copy, Default)]
struct Traffic {
    sent: u64,
    received: u64,
}

impl Traffic {
    /// Keeps the worker busy, and takes in what came through.
    fn pump(&mut self, end: &mut Ends, pool: &mut HeapPool, frame: &[u8]) {
        while self.sent - self.received < UNDER_WAY && end.lan.inject(pool, frame) {
            self.sent += 1;
        }
        self.take_in(end);
    }

    fn take_in(&mut self, end: &mut Ends) {
        while end.wan.receive().is_some() {
            self.received += 1;
        }
    }
}

#[test]
fn a_thousand_swaps_drop_nothing() {
    let mut next = 1;
    let (a, b) = (ruleset(A, &mut next), ruleset(B, &mut next));
    let mut pool = HeapPool::new(4096, 2048);
    let (mut engine, workers, mut ends) = engine(WORKERS, generation(1, &a, WORKERS), &pool);
    let clock = Clock::start();
    let running = Workers::start(workers, &[], clock, || Ok::<_, String>(())).unwrap();
    let frame = frame_v4(64, 17, SERVER, &udp(1000, 53, b"payload"));
    let (mut traffic, mut lines) = ([Traffic::default(); WORKERS], Vec::new());
    let mut pump = |traffic: &mut [Traffic], ends: &mut [Ends]| {
        for (traffic, end) in traffic.iter_mut().zip(ends) {
            traffic.pump(end, &mut pool, &frame);
        }
    };
    let deadline = Instant::now() + Duration::from_secs(120);
    for swap in 0..SWAPS {
        let ruleset = if swap % 2 == 0 { &b } else { &a };
        engine.publish(generation(swap + 2, ruleset, WORKERS), clock.now_ns());
        while !engine.adoption().is_complete() {
            assert!(
                Instant::now() < deadline,
                "worker stuck: {:?}",
                engine.adoption()
            );
            pump(&mut traffic, &mut ends);
            engine.step(clock.now_ns(), &mut lines);
        }
        pump(&mut traffic, &mut ends);
    }
    for (traffic, end) in traffic.iter_mut().zip(&mut ends) {
        while traffic.received < traffic.sent {
            assert!(
                Instant::now() < deadline,
                "{} of {}",
                traffic.received,
                traffic.sent
            );
            traffic.take_in(end);
        }
    }
    engine.step(clock.now_ns(), &mut lines);
    running.stop();
    for (traffic, view) in traffic.iter().zip(engine.workers()) {
        assert_eq!(view.counters.drops.total(), 0);
        assert_eq!(view.counters.forwarded.get(), traffic.sent);
        assert!(traffic.sent > 0, "both workers took part");
    }
    let sent: u64 = traffic.iter().map(|traffic| traffic.sent).sum();
    assert!(sent > SWAPS, "the workers saw {sent} packets only");
}

#[test]
fn the_test_above_would_see_a_mix() {
    // What a walk would do that began in A and went on in B behind its second rule: policy DROP.
    let mut next = 1;
    let mixed = ruleset(&B.replacen("-A FORWARD -j ACCEPT\n", "", 1), &mut next);
    let mut pool = HeapPool::new(64, 2048);
    let (engine, mut workers, mut ends) = engine(1, generation(1, &mixed, 1), &pool);
    let frame = frame_v4(64, 17, SERVER, &udp(1000, 53, b"payload"));
    assert!(ends[0].lan.inject(&mut pool, &frame));
    workers[0].turn(1);
    assert!(ends[0].wan.receive().is_none());
    assert_eq!(engine.workers()[0].counters.drops.total(), 1);
}

#[test]
fn counters_are_carried_by_handle_over_swaps() {
    const HITS: u64 = 100;
    let mut next = 1;
    let one = ruleset(B, &mut next);
    // The same rules, one more in front; handles stay.
    let mut two = one.clone();
    let table = two
        .table_mut(rules::Family::Ipv4, rules::TableName::Filter)
        .unwrap();
    let forward = table.chain_mut(&"FORWARD".parse().unwrap()).unwrap();
    let mut counting = forward.rules[0].clone();
    counting.handle = rules::RuleHandle(0);
    counting.target = rules::Target::None;
    counting.counters = rules::Counters {
        packets: 1000,
        bytes: 7,
    };
    forward.rules.insert(0, counting);
    let kept = forward.rules[1].handle;
    two.assign_handles(&mut next);
    let table = two
        .table(rules::Family::Ipv4, rules::TableName::Filter)
        .unwrap();
    let new = table.chain(&"FORWARD".parse().unwrap()).unwrap().rules[0].handle;

    let mut pool = HeapPool::new(64, 2048);
    let (mut engine, mut workers, mut ends) = engine(1, generation(1, &one, 1), &pool);
    let frame = frame_v4(64, 17, SERVER, &udp(1000, 53, b"payload"));
    let mut forward = |ends: &mut [Ends]| {
        for _ in 0..HITS {
            assert!(ends[0].lan.inject(&mut pool, &frame));
            workers[0].turn(1);
            workers[0].quiescent();
            assert!(ends[0].wan.receive().is_some());
        }
    };
    let packets = |engine: &weir_dataplane::engine::Engine, handle| {
        let values = engine.ledger().values(|owner| owner.handle == handle);
        values.first().map(|value| value.counters.packets)
    };
    forward(&mut ends);
    assert_eq!(packets(&engine, kept), Some(HITS));
    engine.publish(generation(2, &two, 1), 0);
    // The worker has not left the first generation: both count.
    assert!(!engine.adoption().is_complete());
    forward(&mut ends);
    engine.step(0, &mut Vec::new());
    assert!(engine.adoption().is_complete());
    forward(&mut ends);
    assert_eq!(packets(&engine, kept), Some(3 * HITS));
    assert_eq!(packets(&engine, new), Some(1000 + 2 * HITS));
    let zeroed = engine.ledger_mut().zero(|owner| owner.handle == kept);
    assert_eq!(zeroed[0].counters.packets, 3 * HITS);
    assert_eq!(packets(&engine, kept), Some(0));
    forward(&mut ends);
    assert_eq!(packets(&engine, kept), Some(HITS));
    engine.publish(generation(3, &one, 1), 0);
    assert_eq!(packets(&engine, new), None);
    assert_eq!(packets(&engine, kept), Some(HITS));
}
