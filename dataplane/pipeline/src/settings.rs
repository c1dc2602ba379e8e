//! The kernel's settings that the pipeline knows, under the kernel's names and in its units.

/// A `[sysctl]` entry that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No setting of this name is known here.
    #[error("unknown setting `{0}'")]
    Unknown(String),
    /// The value does not fit.
    #[error("{name}: `{value}' is no {expected}")]
    Value {
        /// The setting.
        name: String,
        /// What was given.
        value: String,
        /// What it takes.
        expected: &'static str,
    },
}

/// All settings; the default is Linux's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `net.ipv4.ip_default_ttl`: time to live of packets made here.
    pub ip_default_ttl: u8,
    /// `net.ipv4.icmp_ratelimit`: milliseconds between two errors to one destination; 0 is off.
    pub icmp_ratelimit_ms: u32,
    /// `net.ipv4.icmp_ratemask`: the types that are limited, a bit each.
    pub icmp_ratemask: u32,
    /// `net.ipv4.icmp_msgs_per_sec`: limited messages a second, both families; 0 is none at all.
    pub icmp_msgs_per_sec: u32,
    /// `net.ipv4.icmp_msgs_burst`: that many of them at once.
    pub icmp_msgs_burst: u32,
    /// `net.ipv4.icmp_echo_ignore_all`.
    pub icmp_echo_ignore_all: bool,
    /// `net.ipv4.icmp_echo_ignore_broadcasts`.
    pub icmp_echo_ignore_broadcasts: bool,
    /// `net.ipv4.icmp_errors_use_inbound_ifaddr`: errors come from the interface of arrival.
    pub icmp_errors_use_inbound_ifaddr: bool,
    /// `net.ipv4.route.error_cost`: milliseconds that a "no route" answer costs its destination.
    pub route_error_cost_ms: u32,
    /// `net.ipv4.route.error_burst`: milliseconds that a destination can save up.
    pub route_error_burst_ms: u32,
    /// `net.ipv6.conf.all.hop_limit`: hop limit of packets made here.
    pub ipv6_hop_limit: u8,
    /// `net.ipv6.icmp.ratelimit`: milliseconds between two errors to one destination; 0 is off.
    pub icmpv6_ratelimit_ms: u32,
    /// `net.ipv6.icmp.ratemask`: the types that are limited, a bit each.
    pub icmpv6_ratemask: [u64; 4],
    /// `net.ipv6.icmp.echo_ignore_all`.
    pub icmpv6_echo_ignore_all: bool,
    /// `net.ipv6.icmp.echo_ignore_multicast`.
    pub icmpv6_echo_ignore_multicast: bool,
    /// `net.ipv6.icmp.echo_ignore_anycast`.
    pub icmpv6_echo_ignore_anycast: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ip_default_ttl: 64,
            icmp_ratelimit_ms: 1000,
            // Destination unreachable, source quench, time exceeded, parameter problem.
            icmp_ratemask: 0x1818,
            icmp_msgs_per_sec: 1000,
            icmp_msgs_burst: 50,
            icmp_echo_ignore_all: false,
            icmp_echo_ignore_broadcasts: true,
            icmp_errors_use_inbound_ifaddr: false,
            route_error_cost_ms: 1000,
            route_error_burst_ms: 5000,
            ipv6_hop_limit: 64,
            icmpv6_ratelimit_ms: 1000,
            // "0-1,3-127": all errors but packet too big.
            icmpv6_ratemask: [!(1 << 2), !0, 0, 0],
            icmpv6_echo_ignore_all: false,
            icmpv6_echo_ignore_multicast: false,
            icmpv6_echo_ignore_anycast: false,
        }
    }
}

impl Settings {
    /// Every name that [`Settings::set`] takes.
    pub const NAMES: [&'static str; 16] = [
        "net.ipv4.ip_default_ttl",
        "net.ipv4.icmp_ratelimit",
        "net.ipv4.icmp_ratemask",
        "net.ipv4.icmp_msgs_per_sec",
        "net.ipv4.icmp_msgs_burst",
        "net.ipv4.icmp_echo_ignore_all",
        "net.ipv4.icmp_echo_ignore_broadcasts",
        "net.ipv4.icmp_errors_use_inbound_ifaddr",
        "net.ipv4.route.error_cost",
        "net.ipv4.route.error_burst",
        "net.ipv6.conf.all.hop_limit",
        "net.ipv6.icmp.ratelimit",
        "net.ipv6.icmp.ratemask",
        "net.ipv6.icmp.echo_ignore_all",
        "net.ipv6.icmp.echo_ignore_multicast",
        "net.ipv6.icmp.echo_ignore_anycast",
    ];

    /// Sets one setting by its kernel name.
    ///
    /// # Errors
    /// The name is not known, or the value is none that the setting takes.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let wrong = |expected| SettingError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            expected,
        };
        let number = || {
            value
                .parse::<u32>()
                .map_err(|_| wrong("whole number from 0 on"))
        };
        let flag = || match value {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(wrong("0 or 1")),
        };
        let hops = || match value.parse::<u8>() {
            Ok(hops) if hops > 0 => Ok(hops),
            _ => Err(wrong("number from 1 to 255")),
        };
        match name {
            "net.ipv4.ip_default_ttl" => self.ip_default_ttl = hops()?,
            "net.ipv4.icmp_ratelimit" => self.icmp_ratelimit_ms = number()?,
            "net.ipv4.icmp_ratemask" => self.icmp_ratemask = number()?,
            "net.ipv4.icmp_msgs_per_sec" => self.icmp_msgs_per_sec = number()?,
            "net.ipv4.icmp_msgs_burst" => self.icmp_msgs_burst = number()?,
            "net.ipv4.icmp_echo_ignore_all" => self.icmp_echo_ignore_all = flag()?,
            "net.ipv4.icmp_echo_ignore_broadcasts" => self.icmp_echo_ignore_broadcasts = flag()?,
            "net.ipv4.icmp_errors_use_inbound_ifaddr" => {
                self.icmp_errors_use_inbound_ifaddr = flag()?;
            }
            "net.ipv4.route.error_cost" => self.route_error_cost_ms = number()?,
            "net.ipv4.route.error_burst" => self.route_error_burst_ms = number()?,
            "net.ipv6.conf.all.hop_limit" => self.ipv6_hop_limit = hops()?,
            "net.ipv6.icmp.ratelimit" => self.icmpv6_ratelimit_ms = number()?,
            "net.ipv6.icmp.ratemask" => {
                let expected = "list of types, like 0-1,3-127";
                self.icmpv6_ratemask = bitmap(value).ok_or_else(|| wrong(expected))?;
            }
            "net.ipv6.icmp.echo_ignore_all" => self.icmpv6_echo_ignore_all = flag()?,
            "net.ipv6.icmp.echo_ignore_multicast" => self.icmpv6_echo_ignore_multicast = flag()?,
            "net.ipv6.icmp.echo_ignore_anycast" => self.icmpv6_echo_ignore_anycast = flag()?,
            _ => return Err(SettingError::Unknown(name.to_owned())),
        }
        Ok(())
    }
}

/// Numbers up to 255 and ranges of them between commas; empty is none (`bitmap_parselist`).
fn bitmap(list: &str) -> Option<[u64; 4]> {
    let mut bits = [0; 4];
    for part in list.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u8>().ok()?, last.parse::<u8>().ok()?);
        if first > last {
            return None;
        }
        for bit in usize::from(first)..=usize::from(last) {
            bits[bit / 64] |= 1 << (bit % 64);
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_taken_and_refuses_nonsense() {
        for name in Settings::NAMES {
            let mut settings = Settings::default();
            assert_eq!(settings.set(name, "1"), Ok(()), "{name}");
            assert!(settings.set(name, "many").is_err(), "{name}");
        }
        let unknown = Settings::default().set("net.ipv4.tcp_rmem", "1");
        assert_eq!(
            unknown,
            Err(SettingError::Unknown("net.ipv4.tcp_rmem".to_owned()))
        );
    }

    #[test]
    fn the_default_mask_of_icmpv6_is_the_kernels() {
        assert_eq!(
            bitmap("0-1,3-127"),
            Some(Settings::default().icmpv6_ratemask)
        );
        assert_eq!(bitmap(""), Some([0; 4]));
        assert_eq!(bitmap("3-1"), None);
        assert_eq!(bitmap("256"), None);
    }
}
