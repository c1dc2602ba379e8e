//! Frames that are ready to leave by one interface, until the worker takes them to the port.

use std::collections::VecDeque;

use packet::Burst;

/// A bounded queue; it never grows.
#[derive(Debug)]
pub struct TxQueue<B> {
    frames: VecDeque<B>,
    capacity: usize,
    is_up: bool,
}

impl<B> TxQueue<B> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            frames: VecDeque::with_capacity(capacity),
            capacity,
            is_up: true,
        }
    }

    /// Moves frames, oldest first, to `burst` until it is full or nothing is left.
    pub fn fill(&mut self, burst: &mut Burst<B>) {
        while !burst.is_full()
            && let Some(frame) = self.frames.pop_front()
        {
            burst.push(frame);
        }
    }

    /// Frames waiting.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether the interface's link is up.
    pub fn is_up(&self) -> bool {
        self.is_up
    }

    pub(crate) fn set_up(&mut self, is_up: bool) {
        self.is_up = is_up;
    }

    pub(crate) fn room(&self) -> usize {
        self.capacity - self.frames.len()
    }

    /// Puts a frame in.
    ///
    /// # Errors
    /// The frame, when the queue is full.
    pub(crate) fn push(&mut self, frame: B) -> Result<(), B> {
        if self.room() == 0 {
            return Err(frame);
        }
        self.frames.push_back(frame);
        Ok(())
    }
}
