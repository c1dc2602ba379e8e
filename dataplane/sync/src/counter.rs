//! Numbers that one thread writes and others read. Nothing is ordered by them: a reader sees each
//! number at some recent moment, and two numbers not necessarily at the same one.

use crate::primitive::{AtomicBool, AtomicU64, Ordering};

/// A counter with ONE writer: adding is a load and a store, not a locked instruction. A second
/// writer would not be unsafe, but counts would be lost. Readers are free.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// A counter at `value`.
    pub fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    /// Adds `n`; called by the one writer only. Wraps at 2^64.
    #[inline]
    pub fn add(&self, n: u64) {
        let sum = self.0.load(Ordering::Relaxed).wrapping_add(n);
        self.0.store(sum, Ordering::Relaxed);
    }

    /// The sum so far.
    #[inline]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A level that any thread may set and read.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// A gauge at `value`.
    pub fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    /// Sets the level.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds `n`, any number of writers; returns the level before. Wraps at 2^64.
    pub fn add(&self, n: u64) -> u64 {
        self.0.fetch_add(n, Ordering::Relaxed)
    }

    /// The level.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A flag that any thread may raise, lower and read; what was written before it was raised is
/// seen by who sees it raised.
#[derive(Debug, Default)]
pub struct Flag(AtomicBool);

impl Flag {
    /// A flag that is down.
    pub fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Raises the flag.
    pub fn raise(&self) {
        // Release: pairs with the Acquire in `is_raised`.
        self.0.store(true, Ordering::Release);
    }

    /// Lowers the flag.
    pub fn lower(&self) {
        // Release: pairs with the Acquire in `is_raised`.
        self.0.store(false, Ordering::Release);
    }

    /// Whether it is up.
    #[inline]
    pub fn is_raised(&self) -> bool {
        // Acquire: pairs with the Release in `raise` and `lower`.
        self.0.load(Ordering::Acquire)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_counter_sums_and_wraps() {
        let counter = Counter::new(u64::MAX);
        counter.add(3);
        assert_eq!(counter.get(), 2);
    }

    #[test]
    fn a_gauge_takes_many_writers() {
        let gauge = Gauge::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        gauge.add(1);
                    }
                });
            }
        });
        assert_eq!(gauge.get(), 4000);
        gauge.set(7);
        assert_eq!(gauge.get(), 7);
    }

    #[test]
    fn a_flag_goes_up_and_down() {
        let flag = Flag::new();
        assert!(!flag.is_raised());
        flag.raise();
        assert!(flag.is_raised());
        flag.lower();
        assert!(!flag.is_raised());
    }
}
