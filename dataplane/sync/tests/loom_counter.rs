//! A counter's one writer against a reader; a flag that carries what was written before it.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p sync --release --test loom_counter`

#![cfg(loom)]

use loom::{cell::UnsafeCell, sync::Arc, thread};
use sync::{Counter, Flag, Gauge};

#[test]
fn a_reader_sees_a_counter_grow() {
    loom::model(|| {
        let counter = Arc::new(Counter::new(0));
        let written = Arc::clone(&counter);
        let writer = thread::spawn(move || {
            written.add(1);
            written.add(2);
        });
        let first = counter.get();
        let second = counter.get();
        assert!(first <= second);
        assert!([0, 1, 3].contains(&second));
        writer.join().expect("adding does not fail");
        assert_eq!(counter.get(), 3);
    });
}

#[test]
fn a_gauge_loses_no_addition() {
    loom::model(|| {
        let gauge = Arc::new(Gauge::new(0));
        let adders = [1, 2].map(|n| {
            let gauge = Arc::clone(&gauge);
            thread::spawn(move || gauge.add(n))
        });
        for adder in adders {
            adder.join().expect("adding does not fail");
        }
        assert_eq!(gauge.get(), 3);
    });
}

struct Parcel {
    content: UnsafeCell<u32>,
    is_ready: Flag,
}

// SAFETY: the flag orders the accesses to the cell, and loom checks that it does.
unsafe impl Sync for Parcel {}

#[test]
fn a_raised_flag_shows_what_came_before() {
    loom::model(|| {
        let parcel = Arc::new(Parcel {
            content: UnsafeCell::new(0),
            is_ready: Flag::new(),
        });
        let sent = Arc::clone(&parcel);
        let sender = thread::spawn(move || {
            sent.content.with_mut(|content| {
                // SAFETY: loom's cell has checked that no other access is concurrent.
                unsafe { *content = 7 }
            });
            sent.is_ready.raise();
        });
        if parcel.is_ready.is_raised() {
            let content = parcel.content.with(|content| {
                // SAFETY: loom's cell has checked that no write is concurrent.
                unsafe { *content }
            });
            assert_eq!(content, 7);
        }
        sender.join().expect("sending does not fail");
    });
}
