//! A bounded ring between one producer and one consumer.
//!
//! Head and tail only grow and are taken modulo the capacity, a power of two. Each side keeps a
//! copy of the other's index and looks again only when the copy says full or empty, so the
//! shared lines move between cores once per lap or burst rather than once per item.
//!
//! Allowed to use `unsafe`: slots are uninitialised memory that the indices hand back and forth.

#![allow(unsafe_code)]

use std::{fmt, mem::MaybeUninit};

use crossbeam::utils::CachePadded;

use crate::primitive::{Arc, AtomicUsize, Ordering, UnsafeCell};

struct Shared<T> {
    /// Index of the next item to take. Written by the consumer.
    head: CachePadded<AtomicUsize>,
    /// Index of the next slot to fill. Written by the producer.
    tail: CachePadded<AtomicUsize>,
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
}

// SAFETY: a slot is touched by the producer while it lies in [tail, head + capacity) and by the
// consumer while it lies in [head, tail); the Release stores of both indices hand it over.
unsafe impl<T: Send> Sync for Shared<T> {}
// SAFETY: the ring owns its items.
unsafe impl<T: Send> Send for Shared<T> {}

impl<T> Shared<T> {
    fn slot(&self, index: usize) -> &UnsafeCell<MaybeUninit<T>> {
        &self.slots[index & (self.slots.len() - 1)]
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // Relaxed: the last owner of the `Arc` has synchronised with the other side.
        let tail = self.tail.load(Ordering::Relaxed);
        let mut head = self.head.load(Ordering::Relaxed);
        while head != tail {
            self.slot(head).with_mut(|slot| {
                // SAFETY: `slot` points into `self.slots`, and both sides are gone.
                let slot = unsafe { &mut *slot };
                // SAFETY: slots in [head, tail) are filled.
                unsafe { slot.assume_init_drop() };
            });
            head = head.wrapping_add(1);
        }
    }
}

/// A ring for at least `capacity` items; the capacity is rounded up to a power of two, and is at
/// least 1.
pub fn ring<T: Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let capacity = capacity.max(1).next_power_of_two();
    let slot = |_| UnsafeCell::new(MaybeUninit::uninit());
    let shared = Arc::new(Shared {
        head: CachePadded::new(AtomicUsize::new(0)),
        tail: CachePadded::new(AtomicUsize::new(0)),
        slots: (0..capacity).map(slot).collect(),
    });
    let producer = Producer {
        shared: Arc::clone(&shared),
        tail: 0,
        head_seen: 0,
    };
    let consumer = Consumer {
        shared,
        head: 0,
        tail_seen: 0,
    };
    (producer, consumer)
}

/// The filling end.
pub struct Producer<T> {
    shared: Arc<Shared<T>>,
    tail: usize,
    /// The consumer's head when it was last looked at; the true one is there or beyond.
    head_seen: usize,
}

impl<T> Producer<T> {
    /// Puts an item in.
    ///
    /// # Errors
    /// The item, when the ring is full.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), T> {
        if self.room() == 0 {
            return Err(item);
        }
        self.fill(item);
        self.publish();
        Ok(())
    }

    /// Puts in from the front of `items` what there is room for, all seen at once by the
    /// consumer. Returns how many. What was not taken stays in the iterator.
    pub fn push_burst(&mut self, items: &mut impl Iterator<Item = T>) -> usize {
        let room = self.room_for_all();
        let mut pushed = 0;
        for item in items.take(room) {
            self.fill(item);
            pushed += 1;
        }
        if pushed > 0 {
            self.publish();
        }
        pushed
    }

    /// Items in the ring; the consumer may have taken some since.
    pub fn len(&self) -> usize {
        // Acquire: pairs with the Release in `Consumer::release`.
        let head = self.shared.head.load(Ordering::Acquire);
        self.tail.wrapping_sub(head)
    }

    /// Whether nothing is in the ring.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items the ring holds at most.
    pub fn capacity(&self) -> usize {
        self.shared.slots.len()
    }

    fn room(&mut self) -> usize {
        let room = self.capacity() - self.tail.wrapping_sub(self.head_seen);
        if room > 0 { room } else { self.room_for_all() }
    }

    fn room_for_all(&mut self) -> usize {
        // Acquire: pairs with the Release in `Consumer::release`: the consumer has read the
        // slots before head, so they may be filled again.
        self.head_seen = self.shared.head.load(Ordering::Acquire);
        self.capacity() - self.tail.wrapping_sub(self.head_seen)
    }

    fn fill(&mut self, item: T) {
        self.shared.slot(self.tail).with_mut(|slot| {
            // SAFETY: the callers saw room at `tail`, so the consumer is done with this slot
            // and will not look before `publish`.
            unsafe { slot.write(MaybeUninit::new(item)) };
        });
        self.tail = self.tail.wrapping_add(1);
    }

    fn publish(&self) {
        // Release: pairs with the Acquire in `Consumer::look`: the slots before tail are filled.
        self.shared.tail.store(self.tail, Ordering::Release);
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// The emptying end.
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    head: usize,
    /// The producer's tail when it was last looked at; the true one is there or beyond.
    tail_seen: usize,
}

impl<T> Consumer<T> {
    /// Takes the oldest item.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.head == self.tail_seen && self.look() == 0 {
            return None;
        }
        let item = self.take();
        self.release();
        Some(item)
    }

    /// Takes up to `max` items, oldest first, and gives each to `sink`; their slots become free
    /// for the producer afterwards, all at once. Returns how many.
    pub fn pop_burst(&mut self, max: usize, mut sink: impl FnMut(T)) -> usize {
        let count = self.look().min(max);
        let burst = ReleaseAtEnd(self);
        for _ in 0..count {
            sink(burst.0.take());
        }
        count
    }

    /// Items in the ring; the producer may have put in more since.
    pub fn len(&self) -> usize {
        // Acquire: pairs with the Release in `Producer::publish`.
        let tail = self.shared.tail.load(Ordering::Acquire);
        tail.wrapping_sub(self.head)
    }

    /// Whether nothing is in the ring.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items the ring holds at most.
    pub fn capacity(&self) -> usize {
        self.shared.slots.len()
    }

    fn look(&mut self) -> usize {
        // Acquire: pairs with the Release in `Producer::publish`: the slots before tail are filled.
        self.tail_seen = self.shared.tail.load(Ordering::Acquire);
        self.tail_seen.wrapping_sub(self.head)
    }

    fn take(&mut self) -> T {
        let item = self.shared.slot(self.head).with(|slot| {
            // SAFETY: the callers saw `head` before `tail_seen`, so the producer has filled this
            // slot and will not touch it before `release`; `head` moves on, so it is read once.
            unsafe { slot.read() }
        });
        self.head = self.head.wrapping_add(1);
        // SAFETY: the slot was filled by `Producer::fill`.
        unsafe { item.assume_init() }
    }

    fn release(&self) {
        // Release: pairs with the Acquire in `Producer::room_for_all`: the slots before head
        // have been read.
        self.shared.head.store(self.head, Ordering::Release);
    }
}

/// Hands the taken slots back even if a sink panics, so that no item is taken twice.
struct ReleaseAtEnd<'a, T>(&'a mut Consumer<T>);

impl<T> Drop for ReleaseAtEnd<'_, T> {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_capacity_is_a_power_of_two() {
        for (asked, got) in [(0, 1), (1, 1), (3, 4), (4, 4), (1000, 1024)] {
            let (producer, consumer) = ring::<u8>(asked);
            assert_eq!((producer.capacity(), consumer.capacity()), (got, got));
        }
    }

    #[test]
    fn items_come_out_in_order_until_full_and_empty() {
        let (mut producer, mut consumer) = ring(4);
        // Several laps, so that indices go round the slots.
        for lap in 0..5 {
            for item in 0..4 {
                assert_eq!(producer.push(lap * 10 + item), Ok(()));
            }
            assert_eq!(producer.push(99), Err(99));
            assert_eq!((producer.len(), consumer.len()), (4, 4));
            for item in 0..4 {
                assert_eq!(consumer.pop(), Some(lap * 10 + item));
            }
            assert_eq!(consumer.pop(), None);
            assert!(producer.is_empty() && consumer.is_empty());
        }
    }

    #[test]
    fn bursts_take_what_there_is_room_for() {
        let (mut producer, mut consumer) = ring(4);
        let mut items = 0..6;
        assert_eq!(producer.push_burst(&mut items), 4);
        assert_eq!(producer.push_burst(&mut items), 0);
        assert_eq!(items.next(), Some(4), "what was not pushed stays");
        let mut taken = Vec::new();
        assert_eq!(consumer.pop_burst(3, |item| taken.push(item)), 3);
        assert_eq!(consumer.pop_burst(3, |item| taken.push(item)), 1);
        assert_eq!(taken, [0, 1, 2, 3]);
    }

    #[test]
    fn a_panicking_sink_loses_one_item_and_no_more() {
        let (mut producer, mut consumer) = ring(4);
        for item in 0..3 {
            assert_eq!(producer.push(Box::new(item)), Ok(()));
        }
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            consumer.pop_burst(3, |item| assert!(*item != 1));
        }));
        assert!(panicked.is_err());
        assert_eq!(consumer.pop(), Some(Box::new(2)));
    }

    #[test]
    fn what_is_left_is_dropped_with_the_ring() {
        let item = Arc::new(());
        let (mut producer, mut consumer) = ring(4);
        for _ in 0..3 {
            assert!(producer.push(Arc::clone(&item)).is_ok());
        }
        drop(consumer.pop());
        assert_eq!(Arc::strong_count(&item), 3);
        drop(producer);
        drop(consumer);
        assert_eq!(Arc::strong_count(&item), 1);
    }

    #[test]
    fn two_threads_pass_a_long_sequence() {
        const ITEMS: u64 = 100_000;
        let (mut producer, mut consumer) = ring::<u64>(64);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut items = (0..ITEMS).peekable();
                while items.peek().is_some() {
                    if producer.push_burst(&mut items) == 0 {
                        std::thread::yield_now();
                    }
                }
            });
            let mut expected = 0;
            while expected < ITEMS {
                let taken = consumer.pop_burst(7, |item| {
                    assert_eq!(item, expected);
                    expected += 1;
                });
                if taken == 0 {
                    std::thread::yield_now();
                }
            }
        });
    }
}
