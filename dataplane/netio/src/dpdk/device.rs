//! The `device` key of an interface: a vdev with its arguments, or a PCI address. Read here, once;
//! what Weir must add to a vdev's arguments is decided here too.

use std::fmt;

use thiserror::Error;

/// What stands behind an interface, in EAL's own notation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// A device that a driver makes: `net_af_packet0,iface=veth-wan`.
    Vdev {
        /// Driver and number: `net_af_packet0`.
        name: String,
        /// `key=value`, in the order they were written.
        args: Vec<(String, String)>,
    },
    /// A device on the PCI bus: `0000:03:00.0`, perhaps with arguments.
    Pci {
        /// Domain, bus, device, function.
        address: String,
        /// Driver arguments as written.
        args: String,
    },
}

/// Why a text is no device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadDevice {
    /// Nothing, or a name with other characters.
    #[error(
        "expected a vdev such as net_af_packet0,iface=eth1, or a PCI address such as 0000:03:00.0"
    )]
    Name,
    /// An argument that is not `key=value`.
    #[error("expected key=value after each comma")]
    Argument,
    /// DPDK takes 63 bytes.
    #[error("the name is longer than 63 bytes")]
    NameTooLong,
    /// A driver on a kernel interface that is not told which.
    #[error("expected iface=NAME, the kernel interface it stands on")]
    NoIface,
    /// A kernel interface's name that nft and sysfs cannot take.
    #[error("iface= is no name of a kernel interface")]
    IfaceName,
}

impl Device {
    /// Reads a device string.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadDevice> {
        let (name, rest) = text.split_once(',').unwrap_or((text, ""));
        if let Some(address) = pci_address(name) {
            return Ok(Self::Pci {
                address,
                args: rest.to_owned(),
            });
        }
        let well_formed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(well_formed) {
            return Err(BadDevice::Name);
        }
        if name.len() >= dpdk_sys::RTE_ETH_NAME_MAX_LEN as usize {
            return Err(BadDevice::NameTooLong);
        }
        let mut args = Vec::new();
        for arg in rest.split(',').filter(|_| !rest.is_empty()) {
            let (key, value) = arg.split_once('=').ok_or(BadDevice::Argument)?;
            args.push((key.to_owned(), value.to_owned()));
        }
        let device = Self::Vdev {
            name: name.to_owned(),
            args,
        };
        device.check_kernel_iface()?;
        Ok(device)
    }

    /// The driver: a vdev's name without its number. Empty for PCI, whose driver follows from its ids.
    #[must_use]
    pub fn driver(&self) -> &str {
        match self {
            Self::Pci { .. } => "",
            Self::Vdev { name, .. } => match name.trim_end_matches(|c: char| c.is_ascii_digit()) {
                // Names of before DPDK 17, which drivers still answer to.
                "eth_af_packet" => "net_af_packet",
                "eth_pcap" => "net_pcap",
                driver => driver,
            },
        }
    }

    /// The value of a vdev's argument; the first, if it is repeated.
    #[must_use]
    pub fn arg(&self, key: &str) -> Option<&str> {
        let Self::Vdev { args, .. } = self else {
            return None;
        };
        args.iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// The kernel interfaces whose frames this device shares with the kernel's own stack.
    #[must_use]
    pub fn kernel_ifaces(&self) -> Vec<&str> {
        let keys: &[&str] = match self.driver() {
            "net_af_packet" | "net_af_xdp" => &["iface"],
            "net_pcap" => &["iface", "rx_iface", "rx_iface_in", "tx_iface"],
            _ => return Vec::new(),
        };
        let Self::Vdev { args, .. } = self else {
            return Vec::new();
        };
        let named = args.iter().filter(|(key, _)| keys.contains(&key.as_str()));
        let mut ifaces: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
        ifaces.sort_unstable();
        ifaces.dedup();
        ifaces
    }

    /// This device with an argument added at the end, unless the operator gave it.
    pub(super) fn with_default(mut self, key: &str, default: impl fmt::Display) -> Self {
        if self.arg(key).is_none()
            && let Self::Vdev { args, .. } = &mut self
        {
            args.push((key.to_owned(), default.to_string()));
        }
        self
    }

    /// The bus, as `rte_eal_hotplug_add` calls it.
    pub(super) fn bus(&self) -> &'static str {
        match self {
            Self::Vdev { .. } => "vdev",
            Self::Pci { .. } => "pci",
        }
    }

    /// The name that DPDK knows it by.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Vdev { name, .. } => name,
            Self::Pci { address, .. } => address,
        }
    }

    /// The arguments behind the name.
    pub(super) fn args(&self) -> String {
        match self {
            Self::Pci { args, .. } => args.clone(),
            Self::Vdev { args, .. } => {
                let args: Vec<String> = args
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                args.join(",")
            }
        }
    }

    fn check_kernel_iface(&self) -> Result<(), BadDevice> {
        let driver = self.driver();
        if matches!(driver, "net_af_packet" | "net_af_xdp") && self.arg("iface").is_none() {
            return Err(BadDevice::NoIface);
        }
        // What the kernel's dev_valid_name() refuses, and quotes, which an nft script cannot hold.
        let bad = |name: &&str| {
            name.is_empty()
                || name.len() > 15
                || matches!(*name, "." | "..")
                || name
                    .contains(|c: char| "/:\"\\".contains(c) || c.is_whitespace() || c.is_control())
        };
        if self.kernel_ifaces().iter().any(bad) {
            Err(BadDevice::IfaceName)
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let args = self.args();
        if args.is_empty() {
            Ok(())
        } else {
            write!(f, ",{args}")
        }
    }
}

/// `text` with its domain, if it is a PCI address.
fn pci_address(text: &str) -> Option<String> {
    let hex =
        |part: &str, len: usize| part.len() == len && part.chars().all(|c| c.is_ascii_hexdigit());
    let (bus, function) = text.rsplit_once('.')?;
    let mut parts: Vec<&str> = bus.split(':').collect();
    if parts.len() == 2 {
        parts.insert(0, "0000");
    }
    let [domain, bus, device] = parts[..] else {
        return None;
    };
    let ok = (4..=8).any(|len| hex(domain, len)) && hex(bus, 2) && hex(device, 2);
    let function_ok = matches!(function.as_bytes(), [b'0'..=b'7']);
    (ok && function_ok).then(|| format!("{domain}:{bus}:{device}.{function}").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_their_arguments() {
        let device = Device::parse("net_af_packet0,iface=veth-wan,qpairs=2").expect("well formed");
        assert_eq!((device.driver(), device.bus()), ("net_af_packet", "vdev"));
        assert_eq!(device.kernel_ifaces(), ["veth-wan"]);
        let device = device
            .with_default("qpairs", 9)
            .with_default("framecnt", 64);
        assert_eq!(
            device.to_string(),
            "net_af_packet0,iface=veth-wan,qpairs=2,framecnt=64"
        );
        let device = Device::parse("03:00.1,representor=0").expect("well formed");
        assert_eq!(
            (device.name(), device.args()),
            ("0000:03:00.1", "representor=0".to_owned())
        );
        let device =
            Device::parse("net_pcap0,rx_iface=a,tx_iface=a,rx_iface=b").expect("well formed");
        assert_eq!(device.kernel_ifaces(), ["a", "b"]);
        let device = Device::parse("net_pcap0,rx_pcap=/tmp/a.pcap").expect("well formed");
        assert!(device.kernel_ifaces().is_empty());
        assert_eq!(
            Device::parse("net_ring0").expect("well formed").to_string(),
            "net_ring0"
        );
    }

    #[test]
    fn what_is_no_device() {
        for (text, why) in [
            ("", BadDevice::Name),
            ("net null", BadDevice::Name),
            ("0000:03:00", BadDevice::Name),
            ("net_null0,,", BadDevice::Argument),
            ("net_null0,size", BadDevice::Argument),
            ("net_af_packet0", BadDevice::NoIface),
            ("net_af_xdp0,start_queue=1", BadDevice::NoIface),
            ("net_af_packet0,iface=a\"b", BadDevice::IfaceName),
            ("net_af_packet0,iface=", BadDevice::IfaceName),
            (
                "net_af_packet0,iface=sixteen-letters-",
                BadDevice::IfaceName,
            ),
        ] {
            assert_eq!(Device::parse(text), Err(why), "{text}");
        }
        let long = format!("net_null{}", "0".repeat(64));
        assert_eq!(Device::parse(&long), Err(BadDevice::NameTooLong));
    }
}
