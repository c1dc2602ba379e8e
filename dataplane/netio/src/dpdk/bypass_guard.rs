//! Keeps the kernel's own stack off a device that it shares with Weir.
//!
//! A packet socket sees each frame, and then the kernel's stack gets it as well: it would answer for
//! its local addresses and forward, past every rule. An nft chain of family `netdev` on the device's
//! ingress, with policy drop and no rule, ends each frame behind the packet sockets (and XDP programs)
//! and before everything else: ARP, IP, bridges, VLAN and macvlan interfaces. Chains of families `inet`
//! and `arp` drop what the kernel itself would send there, made here or forwarded from elsewhere; a
//! packet socket would even take it for received. (Not at the egress hook: the packet sockets' own
//! frames pass it, with `qdisc_bypass` too.) Forwarding and IPv6 are turned off on the device as well,
//! so that it takes no address by itself.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

/// The kernel's stack could not be kept off a device.
#[derive(Debug, Error)]
pub enum GuardError {
    /// The `nft` binary is missing or did not start.
    #[error("the kernel bypass guard needs nft (apt-get install nftables): {0}")]
    NoNft(io::Error),
    /// nft refused the guard's table.
    #[error("the kernel bypass guard on {kernel_iface} could not be installed: nft: {message}")]
    Nft {
        /// The device.
        kernel_iface: String,
        /// What nft said.
        message: String,
    },
    /// A sysctl could not be read or set.
    #[error("the kernel bypass guard could not set {}: {source}", path.display())]
    Sysctl {
        /// The file below `/proc/sys`.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The guard of one kernel interface. Dropping it takes it down and puts the sysctls back, so it must
/// outlive the device. What a killed process left is replaced by the next one's.
#[derive(Debug)]
pub struct BypassGuard {
    kernel_iface: String,
    saved: Vec<(PathBuf, String)>,
}

impl BypassGuard {
    /// Installs the guard on a device of this network namespace.
    ///
    /// # Errors
    /// Whatever could not be done; nothing is left behind then.
    pub fn install(kernel_iface: &str) -> Result<Self, GuardError> {
        let mut guard = Self {
            kernel_iface: kernel_iface.to_owned(),
            saved: Vec::new(),
        };
        let left = left_over(kernel_iface)?;
        let sysctls = sysctls(Path::new("/proc/sys"), kernel_iface);
        let read = |path: &PathBuf| {
            fs::read_to_string(path)
                .map(|value| value.trim().to_owned())
                .map_err(|source| GuardError::Sysctl {
                    path: path.clone(),
                    source,
                })
        };
        let mut originals = Vec::new();
        for (at, (path, _)) in sysctls.iter().enumerate() {
            // A killed process's table remembers what the values were before it.
            let original = left.as_ref().and_then(|left| left.get(at).cloned());
            originals.push(original.map_or_else(|| read(path), Ok)?);
        }
        nft(kernel_iface, &script(kernel_iface, &originals))?;
        // From here on the drop of `guard` undoes what was done.
        for ((path, value), original) in sysctls.into_iter().zip(originals) {
            guard.saved.push((path.clone(), original));
            fs::write(&path, value).map_err(|source| GuardError::Sysctl { path, source })?;
        }
        Ok(guard)
    }

    /// The device.
    #[must_use]
    pub fn kernel_iface(&self) -> &str {
        &self.kernel_iface
    }
}

impl Drop for BypassGuard {
    fn drop(&mut self) {
        // The device may be gone, and its sysctls and chains with it: nothing is left to undo then.
        for (path, value) in &self.saved {
            let _ = fs::write(path, value);
        }
        let _ = nft(&self.kernel_iface, &removal(&self.kernel_iface));
    }
}

/// What must hold on the device, in the order they are saved: file and value.
fn sysctls(root: &Path, kernel_iface: &str) -> Vec<(PathBuf, &'static str)> {
    let conf = |family: &str, key: &str| {
        root.join("net")
            .join(family)
            .join("conf")
            .join(kernel_iface)
            .join(key)
    };
    let mut sysctls = vec![(conf("ipv4", "forwarding"), "0")];
    // A kernel booted without IPv6 has nothing to turn off.
    if root.join("net/ipv6").is_dir() {
        sysctls.push((conf("ipv6", "disable_ipv6"), "1"));
    }
    sysctls
}

/// The table's name: nft takes letters, digits and `_`; other bytes are written as hex.
fn table(kernel_iface: &str) -> String {
    let mut name = "weir_guard_".to_owned();
    for byte in kernel_iface.bytes() {
        if byte.is_ascii_alphanumeric() {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("_{byte:02x}"));
        }
    }
    name
}

/// Families of nft in which the guard has a table.
const FAMILIES: [&str; 3] = ["netdev", "inet", "arp"];

fn removal(kernel_iface: &str) -> String {
    let table = table(kernel_iface);
    // Adding what is there changes nothing, and makes the deletion safe.
    let remove =
        |family: &str| format!("add table {family} {table}\ndelete table {family} {table}\n");
    FAMILIES.map(remove).concat()
}

/// One transaction: older tables go and these come.
fn script(kernel_iface: &str, originals: &[String]) -> String {
    let (table, originals) = (table(kernel_iface), originals.join(","));
    let removal = removal(kernel_iface);
    format!(
        "{removal}\
         table netdev {table} {{
           comment \"{COMMENT}{originals}\"
           chain ingress {{ type filter hook ingress device \"{kernel_iface}\" priority -500; policy drop; }}
         }}
         table inet {table} {{
           chain output {{ type filter hook output priority -500; oifname \"{kernel_iface}\" drop; }}
           chain forward {{ type filter hook forward priority -500; oifname \"{kernel_iface}\" drop; }}
         }}
         table arp {table} {{
           chain output {{ type filter hook output priority -500; oifname \"{kernel_iface}\" drop; }}
         }}
"
    )
}

/// What stands in the table's comment before the sysctls' original values.
const COMMENT: &str = "weir bypass guard; before: ";

/// The original values that a killed process's table holds; `None` without such a table.
fn left_over(kernel_iface: &str) -> Result<Option<Vec<String>>, GuardError> {
    let output = command()
        .args(["list", "table", "netdev", &table(kernel_iface)])
        .stdin(Stdio::null())
        .output()
        .map_err(GuardError::NoNft)?;
    let listing = String::from_utf8_lossy(&output.stdout);
    Ok(output
        .status
        .success()
        .then(|| originals(&listing))
        .flatten())
}

fn originals(listing: &str) -> Option<Vec<String>> {
    let (_, rest) = listing.split_once(COMMENT)?;
    let (values, _) = rest.split_once('"')?;
    Some(values.split(',').map(str::to_owned).collect())
}

/// Runs a script through nft's standard input.
fn nft(kernel_iface: &str, script: &str) -> Result<(), GuardError> {
    let mut child = command()
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(GuardError::NoNft)?;
    if let Some(mut stdin) = child.stdin.take() {
        // If nft ends without reading, its message and exit code tell why.
        let _ = stdin.write_all(script.as_bytes());
    }
    let output = child.wait_with_output().map_err(GuardError::NoNft)?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.lines().next().unwrap_or("no message").to_owned();
    Err(GuardError::Nft {
        kernel_iface: kernel_iface.to_owned(),
        message,
    })
}

/// nft, also where a daemon's PATH lacks the folder that Debian puts it in.
fn command() -> Command {
    let debian = Path::new("/usr/sbin/nft");
    Command::new(if debian.exists() {
        debian
    } else {
        Path::new("nft")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_replaces_older_tables() {
        let script = script("veth-a.1", &["1".to_owned(), "0".to_owned()]);
        for family in FAMILIES {
            let table = format!("table {family} weir_guard_veth_2da_2e1");
            let replaced = format!("add {table}\ndelete {table}\n");
            assert!(
                script.contains(&replaced) && script.contains(&format!("{table} {{")),
                "{script}"
            );
        }
        assert!(
            script.contains("device \"veth-a.1\" priority -500; policy drop;"),
            "{script}"
        );
        assert_eq!(
            script.matches("oifname \"veth-a.1\" drop;").count(),
            3,
            "{script}"
        );
    }

    #[test]
    fn a_left_over_table_tells_the_original_values() {
        let listing = script("a", &["1".to_owned(), "0".to_owned()]);
        assert_eq!(
            super::originals(&listing),
            Some(vec!["1".to_owned(), "0".to_owned()])
        );
        assert_eq!(super::originals("table netdev x {\n}\n"), None);
    }

    #[test]
    fn without_ipv6_only_forwarding_is_set() {
        let root = tempfile::tempdir().expect("a folder");
        assert_eq!(sysctls(root.path(), "a").len(), 1);
        fs::create_dir_all(root.path().join("net/ipv6")).expect("a folder");
        let set = sysctls(root.path(), "a");
        assert!(set[1].0.ends_with("net/ipv6/conf/a/disable_ipv6"));
    }
}
