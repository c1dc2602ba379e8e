//! The trait every back end implements and the worker loop is generic over.

use packet::{Buffer, Burst};

/// One queue pair of one interface.
pub trait NetIo {
    /// The buffers of this back end.
    type Buf: Buffer;

    /// Receives up to the free room of `rx` and appends it. Never blocks. Returns how many.
    fn rx_burst(&mut self, rx: &mut Burst<Self::Buf>) -> usize;

    /// Sends from the front of `tx` and removes what was taken; what the queue had no room for
    /// stays in `tx`. Never blocks. Returns how many were taken.
    fn tx_burst(&mut self, tx: &mut Burst<Self::Buf>) -> usize;
}
