//! Pools of mbufs. A pool lives until the process ends, so no mbuf outlives it.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::ptr::NonNull;

use dpdk_sys::rte_mempool;
use packet::Pool;

use super::{DpdkError, Eal, Mbuf, errno};

/// Bytes of a frame that every mbuf has room for, whatever is asked for: what [`Pool::alloc`] owes.
const FRAME_MIN_BYTES: u16 = 2048;

/// Mbufs that each lcore keeps for itself.
const CACHE_MBUFS: u32 = 256;

/// Bytes of an mbuf's own head, its mempool's, and padding; with 64 to spare.
const MBUF_OVERHEAD_BYTES: u32 = 128 + 64 + 64 + 64;

/// A pool of mbufs, which any thread may use.
#[derive(Clone, Copy, Debug)]
pub struct Mempool {
    raw: NonNull<rte_mempool>,
    room_bytes: u16,
    mbufs: u32,
}

// SAFETY: DPDK's default mempool is multi-producer and multi-consumer; the pool is never freed.
unsafe impl Send for Mempool {}
// SAFETY: as for Send.
unsafe impl Sync for Mempool {}

impl Mempool {
    /// Makes a pool of `mbufs` mbufs for frames of up to `frame_bytes` (at least 2,048 are given).
    /// `name` is at most 25 bytes, and no other pool's.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn create(_eal: &Eal, name: &str, mbufs: u32, frame_bytes: u16) -> Result<Self, DpdkError> {
        let room_bytes = frame_bytes.max(FRAME_MIN_BYTES);
        let c_name = CString::new(name).map_err(|_| DpdkError::Argument(name.to_owned()))?;
        // DPDK takes a cache of at most two thirds of the pool.
        let cache = CACHE_MBUFS.min(mbufs / 2);
        let headroom = dpdk_sys::RTE_PKTMBUF_HEADROOM as u16;
        let room = room_bytes.saturating_add(headroom);
        // SAFETY: EAL runs (`_eal`); the name is a C string that DPDK copies; -1 is SOCKET_ID_ANY.
        let raw = unsafe {
            dpdk_sys::rte_pktmbuf_pool_create(c_name.as_ptr(), mbufs, cache, 0, room, -1)
        };
        let raw = NonNull::new(raw).ok_or_else(|| DpdkError::Mempool {
            name: name.to_owned(),
            mbufs,
            room_bytes,
            needed_mib: Self::memory_mib(mbufs, room_bytes),
            errno: errno::last(),
        })?;
        Ok(Self {
            raw,
            room_bytes,
            mbufs,
        })
    }

    /// MiB that such a pool takes: what to add to [`EalSettings`](super::EalSettings).
    #[must_use]
    pub fn memory_mib(mbufs: u32, frame_bytes: u16) -> u32 {
        let frame = u32::from(frame_bytes.max(FRAME_MIN_BYTES)) + dpdk_sys::RTE_PKTMBUF_HEADROOM;
        let bytes = u64::from(mbufs) * u64::from(frame + MBUF_OVERHEAD_BYTES);
        u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX)
    }

    /// Where a worker takes new mbufs from.
    #[must_use]
    pub fn pool(&self) -> DpdkPool {
        DpdkPool { raw: self.raw }
    }

    /// Bytes of frame that an mbuf holds.
    #[must_use]
    pub fn room_bytes(&self) -> u16 {
        self.room_bytes
    }

    /// All mbufs, in use or not.
    #[must_use]
    pub fn mbufs(&self) -> u32 {
        self.mbufs
    }

    /// Mbufs that nobody holds, lcore caches included; a snapshot while others use the pool.
    #[must_use]
    pub fn available(&self) -> u32 {
        // SAFETY: the pool is never freed; the count may be read by any thread.
        unsafe { dpdk_sys::rte_mempool_avail_count(self.raw.as_ptr()) }
    }

    pub(super) fn as_ptr(self) -> *mut rte_mempool {
        self.raw.as_ptr()
    }
}

/// Takes mbufs from a [`Mempool`].
#[derive(Clone, Debug)]
pub struct DpdkPool {
    raw: NonNull<rte_mempool>,
}

// SAFETY: as for Mempool: any thread may take from the pool.
unsafe impl Send for DpdkPool {}

impl Pool for DpdkPool {
    type Buf = Mbuf;

    fn alloc(&mut self) -> Option<Mbuf> {
        // SAFETY: the pool is never freed; taking from it is safe on any thread.
        let raw = unsafe { dpdk_sys::shim_mbuf_alloc(self.raw.as_ptr()) };
        // SAFETY: a fresh mbuf is one empty segment that nobody else holds.
        NonNull::new(raw).map(|raw| unsafe { Mbuf::from_raw(raw) })
    }
}
