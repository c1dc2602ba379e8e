//! A kernel interface taken from the kernel's own stack for as long as a device stands on it.

use super::kernel_iface::{KernelIface, Merging};
use super::{BypassGuard, Device, DpdkError, Errno, Step};

/// Held by every device that stands on the interface, so that the guard goes after the last of them.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) kernel: KernelIface,
    merging: Merging,
    _guard: BypassGuard,
}

impl Claim {
    /// Claims the kernel interface `name` for the operator's `iface`.
    pub(super) fn new(iface: &str, device: &Device, name: &str) -> Result<Self, DpdkError> {
        let failed = |step| {
            move |errno: Errno| DpdkError::Setup {
                iface: iface.to_owned(),
                step,
                errno,
            }
        };
        let kernel = KernelIface::find(name).map_err(failed(Step::KernelRead))?;
        let kernel = kernel.ok_or_else(|| DpdkError::NoKernelIface {
            iface: iface.to_owned(),
            device: device.to_string(),
            kernel_iface: name.to_owned(),
        })?;
        let guard = BypassGuard::install(name).map_err(|source| DpdkError::Guard {
            iface: iface.to_owned(),
            source,
        })?;
        let merging = kernel.stop_merging().map_err(failed(Step::KernelGro))?;
        Ok(Self {
            kernel,
            merging,
            _guard: guard,
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The interface may have gone meanwhile; then there is nothing to restore.
        let _ = self.kernel.restore_merging(self.merging);
    }
}
