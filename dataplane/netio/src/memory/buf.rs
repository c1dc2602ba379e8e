//! Heap buffers that return to their pool when dropped. A pool's size is fixed when it is made: an
//! empty pool hands out nothing, as an exhausted mempool does.

use std::fmt;
use std::mem;
use std::sync::Arc;

use crossbeam::queue::ArrayQueue;
use packet::{Buffer, NoRoom, Pool};

/// Bytes free in front of a fresh buffer's frame; the same as DPDK's `RTE_PKTMBUF_HEADROOM`.
pub const HEADROOM_BYTES: usize = 128;

/// Storage that is in no packet at the moment.
#[derive(Debug)]
struct FreeList {
    storage: ArrayQueue<Box<[u8]>>,
    /// Bytes of each buffer. Storage that is shorter was never used and is made when it is.
    buffer_bytes: usize,
}

impl FreeList {
    fn make(&self) -> Box<[u8]> {
        vec![0; self.buffer_bytes].into_boxed_slice()
    }
}

/// A bounded set of equal buffers. Clones share the same buffers.
#[derive(Clone, Debug)]
pub struct HeapPool {
    free: Arc<FreeList>,
}

impl HeapPool {
    /// Makes `count` buffers (at least 1), each with [`HEADROOM_BYTES`] and `room_bytes` behind.
    #[must_use]
    pub fn new(count: usize, room_bytes: usize) -> Self {
        let pool = Self::on_demand(count, room_bytes);
        for _ in 0..pool.capacity() {
            if let Some(unused) = pool.free.storage.pop() {
                drop(unused);
                let _ = pool.free.storage.push(pool.free.make());
            }
        }
        pool
    }

    /// The same, but the memory of each buffer is taken when it is first handed out: for a process
    /// that may need few of them.
    #[must_use]
    pub fn on_demand(count: usize, room_bytes: usize) -> Self {
        let storage = ArrayQueue::new(count.max(1));
        while storage.push(Box::default()).is_ok() {}
        let buffer_bytes = HEADROOM_BYTES + room_bytes;
        Self {
            free: Arc::new(FreeList {
                storage,
                buffer_bytes,
            }),
        }
    }

    /// Buffers that can be handed out now.
    #[must_use]
    pub fn available(&self) -> usize {
        self.free.storage.len()
    }

    /// All buffers, handed out or not.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.free.storage.capacity()
    }

    /// A buffer that holds a copy of `frame`; `None` when the pool is exhausted or `frame` is longer
    /// than a buffer's room.
    #[must_use]
    pub fn frame(&mut self, frame: &[u8]) -> Option<HeapBuf> {
        let mut buf = self.alloc()?;
        buf.append(frame.len()).ok()?;
        buf.bytes_mut().copy_from_slice(frame);
        Some(buf)
    }
}

impl Pool for HeapPool {
    type Buf = HeapBuf;

    fn alloc(&mut self) -> Option<HeapBuf> {
        let mut storage = self.free.storage.pop()?;
        if storage.is_empty() {
            storage = self.free.make();
        }
        Some(HeapBuf {
            storage,
            start: HEADROOM_BYTES,
            len: 0,
            home: Arc::clone(&self.free),
        })
    }
}

/// One frame in memory of a [`HeapPool`].
pub struct HeapBuf {
    storage: Box<[u8]>,
    /// Offset of the frame in `storage`. Invariant: `start + len <= storage.len()`.
    start: usize,
    len: usize,
    home: Arc<FreeList>,
}

impl Buffer for HeapBuf {
    fn bytes(&self) -> &[u8] {
        &self.storage[self.start..self.start + self.len]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.storage[self.start..self.start + self.len]
    }

    fn prepend(&mut self, len: usize) -> Result<(), NoRoom> {
        self.start = self.start.checked_sub(len).ok_or(NoRoom)?;
        self.len += len;
        Ok(())
    }

    fn append(&mut self, len: usize) -> Result<(), NoRoom> {
        if len > self.storage.len() - self.start - self.len {
            return Err(NoRoom);
        }
        self.len += len;
        Ok(())
    }

    fn trim_front(&mut self, len: usize) {
        let cut = len.min(self.len);
        self.start += cut;
        self.len -= cut;
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

impl Drop for HeapBuf {
    fn drop(&mut self) {
        // The list has a place for every buffer of the pool, so the push cannot fail.
        let _ = self.home.storage.push(mem::take(&mut self.storage));
    }
}

impl fmt::Debug for HeapBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HeapBuf").field(&self.bytes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buffers_come_back() {
        let mut pool = HeapPool::new(2, 2048);
        let first = pool.alloc().expect("two are free");
        let second = pool.alloc().expect("one is free");
        assert!(pool.alloc().is_none());
        std::thread::spawn(move || drop(first))
            .join()
            .expect("no panic");
        assert_eq!(pool.available(), 1);
        drop(second);
        assert_eq!((pool.available(), pool.capacity()), (2, 2));
    }

    #[test]
    fn a_frame_longer_than_the_room_is_refused_and_nothing_leaks() {
        let mut pool = HeapPool::new(1, 64);
        assert!(pool.frame(&[7; 65]).is_none());
        assert_eq!(pool.available(), 1);
        assert_eq!(pool.frame(&[7; 64]).expect("fits").bytes(), [7; 64]);
    }

    #[derive(Clone, Debug)]
    enum Change {
        Prepend(usize),
        Append(usize),
        TrimFront(usize),
        Truncate(usize),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            (0usize..100).prop_map(Change::Prepend),
            (0usize..100).prop_map(Change::Append),
            (0usize..100).prop_map(Change::TrimFront),
            (0usize..200).prop_map(Change::Truncate),
        ]
    }

    proptest! {
        /// The buffer behaves as a vector with a bounded front and back does.
        #[test]
        fn behaves_as_a_vector(changes in prop::collection::vec(change(), 0..50)) {
            let room = 256;
            let mut buf = HeapPool::new(1, room).alloc().expect("one is free");
            let (mut front, mut model) = (HEADROOM_BYTES, Vec::<u8>::new());
            for (step, change) in changes.into_iter().enumerate() {
                let mark = step as u8;
                match change {
                    Change::Prepend(n) => {
                        prop_assert_eq!(buf.prepend(n).is_ok(), n <= front);
                        if n <= front {
                            front -= n;
                            buf.bytes_mut()[..n].fill(mark);
                            model.splice(0..0, vec![mark; n]);
                        }
                    }
                    Change::Append(n) => {
                        let fits = front + model.len() + n <= HEADROOM_BYTES + room;
                        prop_assert_eq!(buf.append(n).is_ok(), fits);
                        if fits {
                            let old = model.len();
                            buf.bytes_mut()[old..].fill(mark);
                            model.resize(old + n, mark);
                        }
                    }
                    Change::TrimFront(n) => {
                        let cut = n.min(model.len());
                        buf.trim_front(n);
                        front += cut;
                        model.drain(..cut);
                    }
                    Change::Truncate(n) => {
                        buf.truncate(n);
                        model.truncate(n);
                    }
                }
                prop_assert_eq!(buf.bytes(), &model[..]);
            }
        }
    }
}
