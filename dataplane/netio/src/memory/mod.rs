//! Ports and buffers in plain memory: for tests, and for benchmarks without a device.
//!
//! Nothing here allocates after construction but a pool made [`HeapPool::on_demand`]:
//! [`HeapPool::new`] makes every buffer at once and a dropped buffer returns to its pool, from
//! whichever thread drops it. [`link()`] gives the two ends of a wire; a test holds one and the
//! worker under test polls the other.

mod buf;
mod generator;
mod link;

pub use buf::{HEADROOM_BYTES, HeapBuf, HeapPool};
pub use generator::GeneratorPort;
pub use link::{MemoryPort, link};
