//! DPDK's negative ints and `rte_errno`, with the names that its documentation uses.

use std::fmt;
use std::io;

/// An error number of the system, positive.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(i32);

/// The numbers that DPDK and the calls beneath it return, as Linux on x86 and arm numbers them.
const NAMES: &[(i32, &str)] = &[
    (1, "EPERM"),
    (2, "ENOENT"),
    (4, "EINTR"),
    (5, "EIO"),
    (6, "ENXIO"),
    (7, "E2BIG"),
    (9, "EBADF"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (14, "EFAULT"),
    (16, "EBUSY"),
    (17, "EEXIST"),
    (19, "ENODEV"),
    (22, "EINVAL"),
    (23, "ENFILE"),
    (24, "EMFILE"),
    (28, "ENOSPC"),
    (34, "ERANGE"),
    (36, "ENAMETOOLONG"),
    (38, "ENOSYS"),
    (71, "EPROTO"),
    (75, "EOVERFLOW"),
    (92, "ENOPROTOOPT"),
    (95, "ENOTSUP"),
    (97, "EAFNOSUPPORT"),
    (98, "EADDRINUSE"),
    (99, "EADDRNOTAVAIL"),
    (100, "ENETDOWN"),
    (105, "ENOBUFS"),
    (110, "ETIMEDOUT"),
    (114, "EALREADY"),
];

impl Errno {
    /// No such file, or the thing asked for is not there.
    pub const ENOENT: Self = Self(2);
    /// A name that no driver or bus knows, as `rte_devargs` says it.
    pub const EFAULT: Self = Self(14);
    /// The device or a name is there already.
    pub const EEXIST: Self = Self(17);
    /// No such device.
    pub const ENODEV: Self = Self(19);
    /// An argument is wrong.
    pub const EINVAL: Self = Self(22);
    /// The driver does not do this.
    pub const ENOTSUP: Self = Self(95);

    /// From what a DPDK call returned: a negative error number, or -1 with `rte_errno` set.
    pub(super) fn from_return(code: i32) -> Self {
        let rte_errno = last();
        Self(if code == -1 && rte_errno.0 != 0 {
            rte_errno.0
        } else {
            code.saturating_abs()
        })
    }

    /// The number as the system counts.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// Its name, where it is one that DPDK returns.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(number, _)| *number == self.0)
            .map(|(_, name)| *name)
    }
}

/// This thread's `rte_errno`.
#[allow(unsafe_code)]
pub(super) fn last() -> Errno {
    // SAFETY: reads a thread-local integer; valid in any thread, before EAL's start too.
    Errno(unsafe { dpdk_sys::shim_errno() })
}

impl From<rustix::io::Errno> for Errno {
    fn from(errno: rustix::io::Errno) -> Self {
        Self(errno.raw_os_error())
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = io::Error::from_raw_os_error(self.0).to_string();
        let text = text.split(" (os error").next().unwrap_or(&text);
        match self.name() {
            Some(name) => write!(f, "{name}, {text}"),
            None => write!(f, "error {}, {text}", self.0),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_with_the_system() {
        assert_eq!(
            Errno(rustix::io::Errno::NODEV.raw_os_error()),
            Errno::ENODEV
        );
        assert_eq!(Errno::ENODEV.to_string(), "ENODEV, No such device");
        assert_eq!(
            Errno(rustix::io::Errno::OPNOTSUPP.raw_os_error()),
            Errno::ENOTSUP
        );
        assert_eq!(Errno::from_return(-22), Errno::EINVAL);
        assert_eq!(Errno(4000).to_string(), "error 4000, Unknown error 4000");
    }
}
