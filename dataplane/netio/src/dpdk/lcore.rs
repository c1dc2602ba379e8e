//! Worker threads are Weir's own; registering gives them an lcore id, and with it their own cache of
//! mbufs in each mempool.

#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::{DpdkError, Eal, errno};

/// The calling thread's registration; it ends when this is dropped. Bound to its thread.
#[derive(Debug)]
pub struct Lcore {
    id: u32,
    /// Not `Send`: the registration is thread-local.
    thread: PhantomData<*const ()>,
}

impl Lcore {
    /// Registers the calling thread. Pin it first: EAL notes the CPUs that it may run on.
    ///
    /// # Errors
    /// No lcore id is left.
    pub fn register(_eal: &Eal) -> Result<Self, DpdkError> {
        // SAFETY: EAL runs (`_eal`); a thread may register at any time.
        if unsafe { dpdk_sys::rte_thread_register() } < 0 {
            return Err(DpdkError::Lcore {
                errno: errno::last(),
            });
        }
        // SAFETY: reads a thread-local integer.
        let id = unsafe { dpdk_sys::shim_lcore_id() };
        Ok(Self {
            id,
            thread: PhantomData,
        })
    }

    /// The lcore's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for Lcore {
    fn drop(&mut self) {
        // SAFETY: this thread registered in `register`, and `Lcore` cannot leave it.
        unsafe { dpdk_sys::rte_thread_unregister() };
    }
}
