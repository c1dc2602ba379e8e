//! One writer, readers that never wait, reclamation by quiescent state (QSBR).
//!
//! The publisher swaps a pointer, then advances the domain's epoch. Each worker owns a slot: 0
//! while it is parked, else the epoch that it last saw at a quiescent point. A worker whose slot
//! has reached the epoch of a swap has dropped every borrow from before it, so once all have (or
//! are parked) the publisher gets the old value back, as a box: its destructor runs on the
//! publisher's thread.
//!
//! # Why it holds
//!
//! *Online worker.* It stores e in its slot, having loaded e from the epoch. If e has reached
//! the swap's epoch, that load synchronised with the publisher's advance, which came after the
//! swap: every later load of the pointer sees the new value. And the slot's Release store orders
//! all reads through old borrows before the publisher's Acquire load of the slot.
//!
//! *Parked worker.* Coming online is: store e in the slot; SeqCst fence (R); load the pointer.
//! Publishing is: swap the pointer; SeqCst fence (P); look at the slot. All SeqCst fences have
//! one order. If R is first, the publisher's look, after P, sees the slot online (or a later
//! state of it) and waits. If P is first, the worker's load, after R, sees the swapped pointer.
//! Either way no worker can hold the old value while its slot reads as parked. Neither fence can
//! be weaker: it is a store before a load of another word on both sides.
//!
//! Allowed to use `unsafe`: values are kept as raw pointers between swap and reclamation.

#![allow(unsafe_code)]

use std::{cell::Cell, fmt};

use crossbeam::utils::CachePadded;

use crate::primitive::{Arc, AtomicBool, AtomicPtr, AtomicU64, Ordering, fence};

/// A slot's value while its worker is parked. Epochs start above it.
const PARKED: u64 = 0;
const FIRST_EPOCH: u64 = 1;

/// One worker's word. Written by the worker once a burst, read by publishers that wait.
struct Slot {
    seen: AtomicU64,
    is_taken: AtomicBool,
}

struct Shared {
    /// Written by publishers at each publish, read by every worker once a burst.
    epoch: CachePadded<AtomicU64>,
    slots: Box<[CachePadded<Slot>]>,
}

/// The workers that share quiescent points. Any number of values can be published to them.
#[derive(Clone)]
pub struct Domain {
    shared: Arc<Shared>,
}

impl Domain {
    /// A domain of `workers` workers, all parked.
    pub fn new(workers: usize) -> Self {
        let slot = || {
            CachePadded::new(Slot {
                seen: AtomicU64::new(PARKED),
                is_taken: AtomicBool::new(false),
            })
        };
        Self {
            shared: Arc::new(Shared {
                epoch: CachePadded::new(AtomicU64::new(FIRST_EPOCH)),
                slots: (0..workers).map(|_| slot()).collect(),
            }),
        }
    }

    /// How many workers it has.
    pub fn workers(&self) -> usize {
        self.shared.slots.len()
    }

    /// The reader of worker number `worker`, parked. `None` if there is no such worker or its
    /// reader is in use; a dropped reader can be taken again.
    pub fn reader(&self, worker: usize) -> Option<Reader> {
        let slot = self.shared.slots.get(worker)?;
        // AcqRel: pairs with the Release in `Reader::drop`, so that two owners of a slot follow
        // each other.
        if slot.is_taken.swap(true, Ordering::AcqRel) {
            return None;
        }
        Some(Reader {
            domain: self.clone(),
            worker,
            is_online: Cell::new(false),
        })
    }

    fn is_same(&self, other: &Domain) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Whether `worker` can hold nothing from before the publish that made `epoch`.
    fn has_passed(&self, worker: usize, epoch: u64) -> bool {
        // Acquire: pairs with the Release in `Reader::quiescent`, `Reader::park` and
        // `Reader::come_online`: the worker's reads through old borrows come before.
        let seen = self.shared.slots[worker].seen.load(Ordering::Acquire);
        seen == PARKED || seen >= epoch
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain")
            .field("workers", &self.workers())
            .finish_non_exhaustive()
    }
}

/// One worker's access to published values. It stays on the worker's thread while in use.
#[derive(Debug)]
pub struct Reader {
    domain: Domain,
    worker: usize,
    /// Mirrors the slot; the worker alone writes both.
    is_online: Cell<bool>,
}

impl Reader {
    /// The worker's number.
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// The newest value. The borrow lasts at most to the next [`Reader::quiescent`] or
    /// [`Reader::park`]. A parked reader comes online first.
    ///
    /// # Panics
    /// If `published` belongs to another domain: the program is wired wrongly.
    #[inline]
    pub fn load<'a, T>(&'a self, published: &'a Published<T>) -> &'a T {
        let channel = &*published.channel;
        assert!(
            channel.domain.is_same(&self.domain),
            "a reader loads only values published in its own domain"
        );
        if !self.is_online.get() {
            self.come_online();
        }
        // Acquire: pairs with the AcqRel swap in `Publisher::publish`, and with the making of
        // the channel for its first value.
        let value = channel.current.load(Ordering::Acquire);
        // SAFETY: `value` comes from `Box::into_raw` in `channel` or `publish`, and whoever
        // swapped it out waits in `Retired` until this worker's slot, online since before the
        // load, has passed; `quiescent` and `park` take `&mut self` and so end this borrow.
        // While it is still current, `published` keeps the channel that owns it.
        unsafe { &*value }
    }

    /// Declares that the worker holds nothing: one load and one store, once a burst. The `&mut`
    /// ends every borrow. Does nothing while parked.
    #[inline]
    pub fn quiescent(&mut self) {
        if self.is_online.get() {
            // Acquire: pairs with the AcqRel advance in `Publisher::publish`.
            let epoch = self.domain.shared.epoch.load(Ordering::Acquire);
            // Release: pairs with the Acquire in `Domain::has_passed`.
            self.slot().seen.store(epoch, Ordering::Release);
        }
    }

    /// Goes offline before the worker sleeps: no publisher waits for it. Ends every borrow.
    pub fn park(&mut self) {
        self.is_online.set(false);
        // Release: pairs with the Acquire in `Domain::has_passed`.
        self.slot().seen.store(PARKED, Ordering::Release);
    }

    /// Comes online after sleep. [`Reader::load`] does so by itself where this was forgotten.
    pub fn unpark(&mut self) {
        if !self.is_online.get() {
            self.come_online();
        }
    }

    /// Whether the worker is parked.
    pub fn is_parked(&self) -> bool {
        !self.is_online.get()
    }

    #[cold]
    fn come_online(&self) {
        // Acquire: pairs with the AcqRel advance in `Publisher::publish`; an epoch that is seen
        // here promises that its value will be seen too.
        let epoch = self.domain.shared.epoch.load(Ordering::Acquire);
        // Release: pairs with the Acquire in `Domain::has_passed`. A publisher may see this store
        // without ever seeing the park before it, and then takes the worker to have passed.
        self.slot().seen.store(epoch, Ordering::Release);
        // SeqCst: pairs with the fence in `Publisher::publish`; the proof heads this file.
        fence(Ordering::SeqCst);
        self.is_online.set(true);
    }

    fn slot(&self) -> &Slot {
        &self.domain.shared.slots[self.worker]
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.park();
        // Release: pairs with the AcqRel in `Domain::reader`.
        self.slot().is_taken.store(false, Ordering::Release);
    }
}

/// What a publisher and its readers share. Owns the current value.
struct Channel<T> {
    current: AtomicPtr<T>,
    domain: Domain,
}

impl<T> Drop for Channel<T> {
    fn drop(&mut self) {
        // Relaxed: the last owner of the `Arc` has synchronised with all others.
        let value = self.current.load(Ordering::Relaxed);
        // SAFETY: `value` comes from `Box::into_raw`; only `publish` takes it out, and it puts
        // another in. Borrows of it borrow a `Published`, and there is none left.
        drop(unsafe { Box::from_raw(value) });
    }
}

/// Makes a published value: the writer's end, and the handle that readers load by.
pub fn channel<T: Send + Sync>(domain: &Domain, value: Box<T>) -> (Publisher<T>, Published<T>) {
    let channel = Arc::new(Channel {
        current: AtomicPtr::new(Box::into_raw(value)),
        domain: domain.clone(),
    });
    let published = Published {
        channel: Arc::clone(&channel),
    };
    (Publisher { channel }, published)
}

/// Handle by which readers load a value.
pub struct Published<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Clone for Published<T> {
    fn clone(&self) -> Self {
        Self {
            channel: Arc::clone(&self.channel),
        }
    }
}

impl<T> fmt::Debug for Published<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published").finish_non_exhaustive()
    }
}

/// The one writer of a published value. When it and all its [`Published`] are gone, the value
/// that is current then is dropped by whoever goes last.
pub struct Publisher<T> {
    channel: Arc<Channel<T>>,
}

impl<T: Send + Sync> Publisher<T> {
    /// Makes `value` current and returns the one before, which workers may still read.
    pub fn publish(&mut self, value: Box<T>) -> Retired<T> {
        let domain = &self.channel.domain;
        // AcqRel. Release: pairs with the Acquire in `Reader::load`. Acquire: the old value may
        // have been published on another thread, and is dropped on this one.
        let old = self
            .channel
            .current
            .swap(Box::into_raw(value), Ordering::AcqRel);
        // AcqRel: pairs with the Acquire in `Reader::quiescent`. The chain of advances by all
        // publishers is one release sequence, so an epoch vouches for all swaps before it.
        let before = domain.shared.epoch.fetch_add(1, Ordering::AcqRel);
        // SeqCst: pairs with the fence in `Reader::come_online`; the proof heads this file.
        fence(Ordering::SeqCst);
        Retired {
            value: old,
            epoch: before + 1,
            domain: domain.clone(),
        }
    }

    /// The current value.
    pub fn current(&self) -> &T {
        // Relaxed: this publisher stored it, or was handed over with synchronisation.
        let value = self.channel.current.load(Ordering::Relaxed);
        // SAFETY: `value` comes from `Box::into_raw`; only `publish`, which takes `&mut self`,
        // replaces it, so it outlives this borrow.
        unsafe { &*value }
    }
}

impl<T> fmt::Debug for Publisher<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").finish_non_exhaustive()
    }
}

/// A value that is no longer current but that workers may still read. Dropping it frees the
/// value if every worker has passed, and otherwise leaks it: a destructor cannot wait.
#[must_use = "the old value is freed only by `reclaim`, once every worker has passed"]
pub struct Retired<T> {
    value: *mut T,
    epoch: u64,
    domain: Domain,
}

// SAFETY: it is a `Box<T>` that may not be opened yet, plus a `Domain`, which is `Send`. Other
// threads read the value by `&T` meanwhile, hence `Sync`.
unsafe impl<T: Send + Sync> Send for Retired<T> {}

impl<T> Retired<T> {
    /// The workers that have not yet passed a quiescent point since the swap. Never waits: how
    /// long to ask is the caller's business.
    pub fn pending(&self) -> impl Iterator<Item = usize> {
        (0..self.domain.workers()).filter(|&worker| !self.domain.has_passed(worker, self.epoch))
    }

    /// The old value, once nobody can read it any more.
    ///
    /// # Errors
    /// `self`, while a worker is pending.
    pub fn reclaim(self) -> Result<Box<T>, Retired<T>> {
        if self.pending().next().is_some() {
            return Err(self);
        }
        let retired = std::mem::ManuallyDrop::new(self);
        // SAFETY: `domain` is read out once; `retired` is never dropped nor used after.
        drop(unsafe { std::ptr::read(&raw const retired.domain) });
        // SAFETY: `value` comes from `Box::into_raw`, was swapped out once, and every worker has
        // passed since: none holds a borrow of it or can load it again.
        Ok(unsafe { Box::from_raw(retired.value) })
    }
}

impl<T> Drop for Retired<T> {
    fn drop(&mut self) {
        if self.pending().next().is_none() {
            // SAFETY: as in `reclaim`; a reclaimed value never gets here.
            drop(unsafe { Box::from_raw(self.value) });
        }
    }
}

impl<T> fmt::Debug for Retired<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retired")
            .field("epoch", &self.epoch)
            .field("pending", &self.pending().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
