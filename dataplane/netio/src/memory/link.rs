//! A wire in memory: what one end sends, the other receives, in order, across threads. A direction
//! holds a fixed number of frames; when it is full `tx_burst` takes none, as a full TX ring does.

use std::sync::Arc;

use crossbeam::queue::ArrayQueue;
use packet::{Buffer, Burst};

use super::{HeapBuf, HeapPool};
use crate::NetIo;

/// The two ends of a wire that holds `capacity_pkts` frames (at least 1) in each direction.
#[must_use]
pub fn link<B: Buffer>(capacity_pkts: usize) -> (MemoryPort<B>, MemoryPort<B>) {
    let there = Arc::new(ArrayQueue::new(capacity_pkts.max(1)));
    let back = Arc::new(ArrayQueue::new(capacity_pkts.max(1)));
    let near = MemoryPort {
        rx: Arc::clone(&back),
        tx: Arc::clone(&there),
    };
    (
        near,
        MemoryPort {
            rx: there,
            tx: back,
        },
    )
}

/// One end of a [`link`].
#[derive(Debug)]
pub struct MemoryPort<B: Buffer = HeapBuf> {
    rx: Arc<ArrayQueue<B>>,
    tx: Arc<ArrayQueue<B>>,
}

impl<B: Buffer> MemoryPort<B> {
    /// Sends one frame to the other end; gives it back if the wire is full.
    ///
    /// # Errors
    /// The frame itself, when there is no room for it.
    pub fn send(&mut self, frame: B) -> Result<(), B> {
        self.tx.push(frame)
    }

    /// The next frame from the other end.
    pub fn receive(&mut self) -> Option<B> {
        self.rx.pop()
    }

    /// Frames that wait to be received here.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.rx.len()
    }
}

impl MemoryPort<HeapBuf> {
    /// Sends a copy of `frame`; false if `pool` or the wire has no room.
    #[must_use]
    pub fn inject(&mut self, pool: &mut HeapPool, frame: &[u8]) -> bool {
        pool.frame(frame).is_some_and(|buf| self.send(buf).is_ok())
    }
}

impl<B: Buffer> NetIo for MemoryPort<B> {
    type Buf = B;

    fn rx_burst(&mut self, rx: &mut Burst<B>) -> usize {
        let before = rx.len();
        while !rx.is_full() {
            let Some(frame) = self.rx.pop() else { break };
            rx.push(frame);
        }
        rx.len() - before
    }

    fn tx_burst(&mut self, tx: &mut Burst<B>) -> usize {
        // This end is the only producer, so the room seen here can only grow.
        let room = self.tx.capacity() - self.tx.len();
        let taken = room.min(tx.len());
        for frame in tx.drain(..taken) {
            // Cannot fail: see above. A frame that were lost here would still return to its pool.
            let _ = self.tx.push(frame);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use packet::Pool;

    fn numbered(pool: &mut HeapPool, number: u8) -> HeapBuf {
        pool.frame(&[number; 60]).expect("the pool has room")
    }

    #[test]
    fn a_full_wire_leaves_the_rest_in_the_burst() {
        let mut pool = HeapPool::new(8, 2048);
        let (mut near, mut far) = link(3);
        let mut burst = Burst::new();
        (0..5).for_each(|n| burst.push(numbered(&mut pool, n)));
        assert_eq!(near.tx_burst(&mut burst), 3);
        let left: Vec<u8> = burst.iter().map(|frame| frame.bytes()[0]).collect();
        assert_eq!(left, [3, 4]);
        assert_eq!(near.tx_burst(&mut burst), 0);
        let mut got = Burst::new();
        assert_eq!(far.rx_burst(&mut got), 3);
        let seen: Vec<u8> = got.iter().map(|frame| frame.bytes()[0]).collect();
        assert_eq!(seen, [0, 1, 2]);
    }

    #[test]
    fn rx_fills_only_the_free_room() {
        let mut pool = HeapPool::new(64, 2048);
        let (mut near, mut far) = link(64);
        let mut burst = Burst::new();
        for n in 0..30 {
            burst.push(numbered(&mut pool, n));
        }
        for n in 0..10 {
            assert!(far.inject(&mut pool, &[n; 60]));
        }
        assert_eq!(near.rx_burst(&mut burst), 2);
        assert_eq!((burst.len(), near.pending()), (32, 8));
    }

    #[test]
    fn frames_cross_threads_in_order_and_all_return() {
        const FRAMES: u32 = 20_000;
        let mut pool = HeapPool::new(64, 2048);
        let (mut near, mut far) = link::<HeapBuf>(32);
        let echo = std::thread::spawn(move || {
            let (mut burst, mut echoed) = (Burst::new(), 0);
            while echoed < FRAMES {
                far.rx_burst(&mut burst);
                echoed += u32::try_from(far.tx_burst(&mut burst)).expect("at most 32");
                std::thread::yield_now();
            }
        });
        let (mut sent, mut seen) = (0u32, 0u32);
        while seen < FRAMES {
            if sent < FRAMES && near.inject(&mut pool, &sent.to_be_bytes()) {
                sent += 1;
            }
            while let Some(frame) = near.receive() {
                assert_eq!(frame.bytes(), seen.to_be_bytes());
                seen += 1;
            }
        }
        echo.join().expect("the echo thread does not panic");
        assert_eq!(pool.available(), pool.capacity());
        assert!(pool.alloc().is_some());
    }
}
