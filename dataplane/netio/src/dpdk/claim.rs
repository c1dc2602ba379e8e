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
        let guard = BypassGuard::install(name, sends_past_egress(device)).map_err(|source| {
            DpdkError::Guard {
                iface: iface.to_owned(),
                source,
            }
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

/// Whether the driver's own frames skip the device's egress hook.
fn sends_past_egress(device: &Device) -> bool {
    match device.driver() {
        "net_af_packet" => device.arg("qdisc_bypass").is_none_or(|value| value == "1"),
        "net_af_xdp" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_frames_that_skip_the_hook_allow_an_egress_guard() {
        for (device, skips) in [
            ("net_af_packet0,iface=a", true),
            ("net_af_packet0,iface=a,qdisc_bypass=1", true),
            ("net_af_packet0,iface=a,qdisc_bypass=0", false),
            ("net_af_xdp0,iface=a", true),
            ("net_pcap0,iface=a", false),
        ] {
            let device = Device::parse(device).expect("well formed");
            assert_eq!(sends_past_egress(&device), skips, "{device}");
        }
    }
}
