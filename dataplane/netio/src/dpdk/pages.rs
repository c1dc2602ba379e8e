//! Huge pages: how many are free, and whether EAL is told to use them.

use std::fmt;
use std::fs;
use std::path::Path;

use super::DpdkError;

/// Whether to use huge pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HugePages {
    /// If enough are free; plain memory otherwise.
    #[default]
    Auto,
    /// Always; an error if too few are free.
    Require,
    /// Never.
    Off,
}

/// The memory that EAL got. Its text is what an operator is told at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// Huge pages.
    Huge {
        /// MiB taken.
        mib: u32,
    },
    /// Plain memory (`--no-huge`).
    Plain {
        /// MiB taken.
        mib: u32,
        /// MiB that were free in huge pages.
        free_huge_mib: u64,
    },
}

impl Pages {
    /// Decides for `mib` MiB of memory.
    pub(super) fn choose(wanted: HugePages, mib: u32) -> Result<Self, DpdkError> {
        let free_huge_mib = free_mib(Path::new("/sys/kernel/mm/hugepages"));
        let enough = free_huge_mib >= u64::from(mib);
        match wanted {
            HugePages::Auto | HugePages::Require if enough => Ok(Self::Huge { mib }),
            HugePages::Auto | HugePages::Off => Ok(Self::Plain { mib, free_huge_mib }),
            HugePages::Require => Err(DpdkError::HugePages {
                needed_mib: mib,
                free_mib: free_huge_mib,
            }),
        }
    }
}

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Huge { mib } => write!(f, "huge pages, {mib} MiB"),
            Self::Plain { mib, free_huge_mib } => {
                write!(
                    f,
                    "no huge pages ({free_huge_mib} MiB of them free), {mib} MiB"
                )
            }
        }
    }
}

/// MiB in free huge pages of all sizes; 0 if the kernel has none.
fn free_mib(sizes: &Path) -> u64 {
    let Ok(sizes) = fs::read_dir(sizes) else {
        return 0;
    };
    let free_kib = |size: &Path| {
        let name = size.file_name()?.to_str()?;
        let kib: u64 = name
            .strip_prefix("hugepages-")?
            .strip_suffix("kB")?
            .parse()
            .ok()?;
        let free: u64 = fs::read_to_string(size.join("free_hugepages"))
            .ok()?
            .trim()
            .parse()
            .ok()?;
        kib.checked_mul(free)
    };
    sizes
        .flatten()
        .filter_map(|size| free_kib(&size.path()))
        .sum::<u64>()
        / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_pages_of_all_sizes_are_summed() {
        let sizes = tempfile::tempdir().expect("a folder");
        for (name, free) in [
            ("hugepages-2048kB", "3\n"),
            ("hugepages-1048576kB", "2\n"),
            ("x", "9"),
        ] {
            let size = sizes.path().join(name);
            fs::create_dir(&size).expect("a folder");
            fs::write(size.join("free_hugepages"), free).expect("a file");
        }
        assert_eq!(free_mib(sizes.path()), 2054);
        assert_eq!(free_mib(Path::new("/nonexistent")), 0);
    }

    #[test]
    fn a_demand_that_cannot_be_met_says_what_to_do() {
        let error = Pages::choose(HugePages::Require, u32::MAX).expect_err("4 PiB");
        assert!(
            error
                .to_string()
                .contains("sysctl vm.nr_hugepages=2147483648"),
            "{error}"
        );
        assert!(matches!(
            Pages::choose(HugePages::Off, 64),
            Ok(Pages::Plain { mib: 64, .. })
        ));
    }
}
