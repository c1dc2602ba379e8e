//! A kernel network interface under a DPDK device: whether it is there, up, how many receive queues
//! it has. Asked through ioctls, which see the process's own network namespace (sysfs may be
//! another's).

#![allow(unsafe_code)]

use std::os::fd::OwnedFd;

use rustix::ioctl::{Opcode, Updater, ioctl};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::Errno;

const SIOCGIFFLAGS: Opcode = 0x8913;
const SIOCSIFFLAGS: Opcode = 0x8914;
const SIOCGIFMTU: Opcode = 0x8921;
const SIOCGIFINDEX: Opcode = 0x8933;
const SIOCETHTOOL: Opcode = 0x8946;

const IFF_UP: u16 = 1;
const IFF_RUNNING: u16 = 0x40;

const ETHTOOL_GFLAGS: u32 = 0x25;
const ETHTOOL_SFLAGS: u32 = 0x26;
const ETHTOOL_GGRO: u32 = 0x2b;
const ETHTOOL_SGRO: u32 = 0x2c;
const ETHTOOL_GCHANNELS: u32 = 0x3c;

/// `ETH_FLAG_LRO` of `ETHTOOL_GFLAGS`.
const ETH_FLAG_LRO: u32 = 1 << 15;

/// `struct ifreq` of 64-bit systems: a name, and a union of 24 bytes.
#[repr(C)]
struct IfReq {
    name: [u8; 16],
    value: [u64; 3],
}

/// An interface of this network namespace, by name.
#[derive(Debug)]
pub(super) struct KernelIface {
    name: String,
    socket: OwnedFd,
}

/// Whether the kernel merged received frames before Weir turned it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merging {
    gro: bool,
    lro: bool,
}

impl KernelIface {
    /// The interface called `name`; `None` if there is none.
    pub(super) fn find(name: &str) -> Result<Option<Self>, Errno> {
        let socket = socket_with(
            AddressFamily::INET,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let iface = Self {
            name: name.to_owned(),
            socket,
        };
        match iface.request::<SIOCGIFINDEX>(0) {
            Ok(_) => Ok(Some(iface)),
            Err(Errno::ENODEV) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Bytes.
    pub(super) fn mtu(&self) -> Result<u32, Errno> {
        Ok(low_u32(self.request::<SIOCGIFMTU>(0)?))
    }

    /// Whether it is up and has a carrier.
    pub(super) fn is_running(&self) -> Result<bool, Errno> {
        let flags = self.flags()?;
        Ok(flags & IFF_UP != 0 && flags & IFF_RUNNING != 0)
    }

    /// As `ip link set NAME up`.
    pub(super) fn set_up(&self) -> Result<(), Errno> {
        let flags = self.flags()?;
        if flags & IFF_UP == 0 {
            let mut value = [0; 8];
            value[..2].copy_from_slice(&(flags | IFF_UP).to_ne_bytes());
            self.request::<SIOCSIFFLAGS>(u64::from_ne_bytes(value))?;
        }
        Ok(())
    }

    /// Receive queues in use; 1 if the driver does not tell.
    pub(super) fn rx_queues(&self) -> Result<u16, Errno> {
        // Maxima (rx, tx, other, combined), then the same four in use.
        let mut channels = [0; 9];
        channels[0] = ETHTOOL_GCHANNELS;
        match self.ethtool(&mut channels) {
            Ok(()) => Ok(u16::try_from(channels[5] + channels[8])
                .unwrap_or(u16::MAX)
                .max(1)),
            Err(Errno::ENOTSUP) => Ok(1),
            Err(errno) => Err(errno),
        }
    }

    /// Keeps the kernel from merging received frames (GRO, LRO) into ones that fit no ring slot.
    /// Returns what was on.
    pub(super) fn stop_merging(&self) -> Result<Merging, Errno> {
        let gro = self.flag_word(ETHTOOL_GGRO)? != 0;
        let flags = self.flag_word(ETHTOOL_GFLAGS)?;
        let lro = flags & ETH_FLAG_LRO != 0;
        if gro {
            self.ethtool(&mut [ETHTOOL_SGRO, 0])?;
        }
        if lro {
            self.ethtool(&mut [ETHTOOL_SFLAGS, flags & !ETH_FLAG_LRO])?;
        }
        Ok(Merging { gro, lro })
    }

    /// Undoes [`stop_merging`](Self::stop_merging).
    pub(super) fn restore_merging(&self, merging: Merging) -> Result<(), Errno> {
        if merging.gro {
            self.ethtool(&mut [ETHTOOL_SGRO, 1])?;
        }
        if merging.lro {
            let flags = self.flag_word(ETHTOOL_GFLAGS)?;
            self.ethtool(&mut [ETHTOOL_SFLAGS, flags | ETH_FLAG_LRO])?;
        }
        Ok(())
    }

    fn flags(&self) -> Result<u16, Errno> {
        Ok(low_u32(self.request::<SIOCGIFFLAGS>(0)?) as u16)
    }

    /// What `command` reads; 0 if the driver does not know it.
    fn flag_word(&self, command: u32) -> Result<u32, Errno> {
        let mut words = [command, 0];
        match self.ethtool(&mut words) {
            Ok(()) => Ok(words[1]),
            Err(Errno::ENOTSUP) => Ok(0),
            Err(errno) => Err(errno),
        }
    }

    /// One ethtool command: a structure of `N` words, the first the command.
    fn ethtool<const N: usize>(&self, words: &mut [u32; N]) -> Result<(), Errno> {
        let address = (&raw mut *words).expose_provenance() as u64;
        self.request::<SIOCETHTOOL>(address).map(|_| ())
    }

    /// One ioctl on the interface. The eight bytes behind the name hold `value`, and its result.
    fn request<const OPCODE: Opcode>(&self, value: u64) -> Result<u64, Errno> {
        let mut request = IfReq {
            name: [0; 16],
            value: [value, 0, 0],
        };
        let name = self.name.as_bytes();
        // One byte stays 0: the kernel reads a C string.
        let len = name.len().min(request.name.len() - 1);
        request.name[..len].copy_from_slice(&name[..len]);
        // SAFETY: the opcodes above all take a `struct ifreq`; SIOCETHTOOL's pointer comes from
        // `ethtool`, whose arrays are as long as their commands need.
        let update = unsafe { Updater::<OPCODE, IfReq>::new(&mut request) };
        // SAFETY: the kernel writes within the request, and within the array it points to.
        unsafe { ioctl(&self.socket, update) }?;
        Ok(request.value[0])
    }
}

/// The first four bytes of the union, where the kernel writes an `int` or a `short`.
fn low_u32(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_ne_bytes();
    u32::from_ne_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_answers() {
        let lo = KernelIface::find("lo")
            .expect("ioctls work")
            .expect("every namespace has it");
        assert!(lo.mtu().expect("it has one") >= 1280);
        assert_eq!(lo.rx_queues(), Ok(1));
        assert_eq!(
            KernelIface::find("no-such-iface")
                .expect("ioctls work")
                .map(|i| i.name),
            None
        );
    }
}
