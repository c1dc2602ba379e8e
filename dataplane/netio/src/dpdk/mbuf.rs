//! One packet in DPDK's memory.

#![allow(unsafe_code)]

use std::fmt;
use std::mem;
use std::ptr::NonNull;
use std::slice;

use dpdk_sys::rte_mbuf;
use packet::{Buffer, NoRoom};

/// An mbuf of one segment, owned: dropping it returns it to its mempool, on any thread.
///
/// Invariant: nobody else holds the mbuf, and `data_off + data_len <= buf_len`.
#[repr(transparent)]
pub struct Mbuf {
    raw: NonNull<rte_mbuf>,
}

// SAFETY: an mbuf is plain memory with one owner; mempools take mbufs back from any thread.
unsafe impl Send for Mbuf {}

impl Mbuf {
    /// Takes ownership.
    ///
    /// # Safety
    /// `raw` is an mbuf of one segment and reference count 1 that nobody else uses from here on.
    pub(super) unsafe fn from_raw(raw: NonNull<rte_mbuf>) -> Self {
        Self { raw }
    }

    /// Gives ownership to DPDK.
    pub(super) fn into_raw(self) -> NonNull<rte_mbuf> {
        let raw = self.raw;
        mem::forget(self);
        raw
    }

    /// The pointer, for a call that takes ownership only if it succeeds.
    pub(super) fn as_ptr(&self) -> *mut rte_mbuf {
        self.raw.as_ptr()
    }

    fn head(&self) -> &rte_mbuf {
        // SAFETY: the mbuf is valid and owned (invariant), its fields are initialised by the mempool.
        unsafe { self.raw.as_ref() }
    }

    fn head_mut(&mut self) -> &mut rte_mbuf {
        // SAFETY: as in `head`, and `&mut self` is the only way in.
        unsafe { self.raw.as_mut() }
    }

    /// Where the frame starts, and its length.
    fn span(&self) -> (*mut u8, usize) {
        let head = self.head();
        let start = head.buf_addr.cast::<u8>();
        // SAFETY: `data_off <= buf_len` (invariant): inside the segment, or one past its end.
        let start = unsafe { start.add(usize::from(head.data_off)) };
        (start, usize::from(head.data_len))
    }

    /// Puts back the VLAN tag that the device took out of the frame: 802.1Q, the only kind that
    /// drivers strip here.
    pub(super) fn insert_vlan_tag(&mut self) -> Result<(), NoRoom> {
        const ADDRESSES_BYTES: usize = 12;
        if self.bytes().len() < ADDRESSES_BYTES {
            return Err(NoRoom);
        }
        let tci = self.head().vlan_tci;
        self.prepend(4)?;
        let frame = self.bytes_mut();
        frame.copy_within(4..4 + ADDRESSES_BYTES, 0);
        frame[ADDRESSES_BYTES..ADDRESSES_BYTES + 2].copy_from_slice(&0x8100_u16.to_be_bytes());
        frame[ADDRESSES_BYTES + 2..ADDRESSES_BYTES + 4].copy_from_slice(&tci.to_be_bytes());
        self.head_mut().ol_flags &= !dpdk_sys::SHIM_MBUF_RX_VLAN_STRIPPED;
        Ok(())
    }

    /// Whether the device took a VLAN tag out of the frame.
    pub(super) fn is_vlan_stripped(&self) -> bool {
        self.head().ol_flags & dpdk_sys::SHIM_MBUF_RX_VLAN_STRIPPED != 0
    }

    /// Notes that the frame is now `len` bytes from `data_off` on.
    fn set(&mut self, data_off: u16, len: u16) {
        let head = self.head_mut();
        head.data_off = data_off;
        head.data_len = len;
        head.pkt_len = u32::from(len);
    }
}

impl Buffer for Mbuf {
    fn bytes(&self) -> &[u8] {
        let (start, len) = self.span();
        // SAFETY: `len` bytes from `start` lie in the segment (invariant); mempool memory is zeroed
        // when it is mapped, so all of it is initialised.
        unsafe { slice::from_raw_parts(start, len) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        let (start, len) = self.span();
        // SAFETY: as in `bytes`, and `&mut self` makes the borrow unique.
        unsafe { slice::from_raw_parts_mut(start, len) }
    }

    fn prepend(&mut self, len: usize) -> Result<(), NoRoom> {
        let (data_off, data_len) = (self.head().data_off, self.head().data_len);
        let len = u16::try_from(len).map_err(|_| NoRoom)?;
        let start = data_off.checked_sub(len).ok_or(NoRoom)?;
        // Cannot overflow: the sum is at most `buf_len`.
        self.set(start, data_len + len);
        Ok(())
    }

    fn append(&mut self, len: usize) -> Result<(), NoRoom> {
        let head = self.head();
        let (data_off, data_len) = (head.data_off, head.data_len);
        if len > usize::from(head.buf_len - data_off - data_len) {
            return Err(NoRoom);
        }
        self.set(data_off, data_len + len as u16);
        Ok(())
    }

    fn trim_front(&mut self, len: usize) {
        let (data_off, data_len) = (self.head().data_off, self.head().data_len);
        let cut = u16::try_from(len).unwrap_or(u16::MAX).min(data_len);
        self.set(data_off + cut, data_len - cut);
    }

    fn truncate(&mut self, len: usize) {
        let (data_off, data_len) = (self.head().data_off, self.head().data_len);
        let len = u16::try_from(len).unwrap_or(u16::MAX).min(data_len);
        self.set(data_off, len);
    }
}

impl Drop for Mbuf {
    fn drop(&mut self) {
        // SAFETY: the mbuf is owned (invariant) and not used again.
        unsafe { dpdk_sys::shim_mbuf_free(self.raw.as_ptr()) };
    }
}

impl fmt::Debug for Mbuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mbuf").field(&self.bytes()).finish()
    }
}
