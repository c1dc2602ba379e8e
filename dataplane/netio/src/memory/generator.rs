//! A port that makes its own input and swallows its output, for benchmarks: buffers are recycled,
//! so that a run touches the same memory as a device with a small ring would.

use packet::{Burst, Pool};

use super::{HeapBuf, HeapPool};
use crate::NetIo;

/// Stamps frames into buffers of a pool; what is sent to it is counted and returns to the pool.
#[derive(Debug)]
pub struct GeneratorPort<F> {
    pool: HeapPool,
    stamp: F,
    sent_pkts: u64,
}

impl<F: FnMut(&mut HeapBuf)> GeneratorPort<F> {
    /// `stamp` gets an empty buffer and appends the next frame to it.
    pub fn new(pool: HeapPool, stamp: F) -> Self {
        Self {
            pool,
            stamp,
            sent_pkts: 0,
        }
    }

    /// Frames that were sent to this port.
    #[must_use]
    pub fn sent_pkts(&self) -> u64 {
        self.sent_pkts
    }
}

impl<F: FnMut(&mut HeapBuf)> NetIo for GeneratorPort<F> {
    type Buf = HeapBuf;

    fn rx_burst(&mut self, rx: &mut Burst<HeapBuf>) -> usize {
        let before = rx.len();
        while !rx.is_full() {
            let Some(mut buf) = self.pool.alloc() else {
                break;
            };
            (self.stamp)(&mut buf);
            rx.push(buf);
        }
        rx.len() - before
    }

    fn tx_burst(&mut self, tx: &mut Burst<HeapBuf>) -> usize {
        let taken = tx.len();
        tx.clear();
        self.sent_pkts += taken as u64;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use packet::Buffer;

    #[test]
    fn frames_are_stamped_sent_and_recycled() {
        let pool = HeapPool::new(20, 2048);
        let mut next = 0u8;
        let mut port = GeneratorPort::new(pool.clone(), |buf: &mut HeapBuf| {
            buf.append(60).expect("a buffer has 2,048 bytes of room");
            buf.bytes_mut().fill(next);
            next = next.wrapping_add(1);
        });
        let mut burst = Burst::new();
        assert_eq!(port.rx_burst(&mut burst), 20);
        assert_eq!(burst[19].bytes(), [19; 60]);
        assert_eq!(port.tx_burst(&mut burst), 20);
        assert_eq!((port.sent_pkts(), pool.available()), (20, 20));
        assert_eq!(port.rx_burst(&mut burst), 20);
        // The free list is first in, first out: the oldest buffer is stamped anew.
        assert_eq!(burst[0].bytes(), [20; 60]);
    }
}
