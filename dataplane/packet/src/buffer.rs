//! Owned packet buffers, whatever holds the bytes: the pipeline is generic over these two traits
//! and knows nothing of mbufs. A buffer is one contiguous segment that starts with the Ethernet
//! header; dropping it gives its memory back.

use arrayvec::ArrayVec;

/// Packets received or sent in one call.
pub const BURST_MAX_PKTS: usize = 32;

/// Up to [`BURST_MAX_PKTS`] buffers.
pub type Burst<B> = ArrayVec<B, BURST_MAX_PKTS>;

/// The buffer has no room for the bytes asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

/// One packet's bytes, owned.
pub trait Buffer: Sized {
    /// The frame, from the Ethernet header on, without the checksum trailer.
    fn bytes(&self) -> &[u8];

    /// The frame, to change it.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Adds `len` bytes before the frame; their content is unspecified.
    ///
    /// # Errors
    /// [`NoRoom`] if the headroom is shorter.
    fn prepend(&mut self, len: usize) -> Result<(), NoRoom>;

    /// Adds `len` bytes behind the frame; their content is unspecified.
    ///
    /// # Errors
    /// [`NoRoom`] if the tailroom is shorter.
    fn append(&mut self, len: usize) -> Result<(), NoRoom>;

    /// Removes `len` bytes, at most all, from the front of the frame.
    fn trim_front(&mut self, len: usize);

    /// Shortens the frame to `len` bytes; does nothing if it is not longer.
    fn truncate(&mut self, len: usize);
}

/// Where new buffers come from: ICMP errors, fragments, ARP. One per worker; never blocks.
pub trait Pool {
    /// What it hands out.
    type Buf: Buffer;

    /// An empty buffer (length 0) with at least 128 bytes of headroom and 2,048 bytes of room
    /// behind it, or `None` when the pool is exhausted.
    fn alloc(&mut self) -> Option<Self::Buf>;
}
