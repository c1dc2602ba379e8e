//! What an operator typed in weir.toml: every key, none of its meaning. A key that is not here is
//! an error.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) schema_version: Spanned<i64>,
    #[serde(default)]
    pub(super) paths: api::Paths,
    /// The control plane's own section.
    #[serde(default, rename = "access")]
    pub(super) _access: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) dataplane: RawDataplane,
    #[serde(default)]
    pub(super) dpdk: RawDpdk,
    #[serde(default)]
    pub(super) interfaces: BTreeMap<Spanned<String>, RawInterface>,
    #[serde(default)]
    pub(super) routes: Vec<RawRoute>,
    #[serde(default)]
    pub(super) neighbours: Vec<RawNeighbour>,
    #[serde(default)]
    pub(super) sysctl: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    /// Known sections whose feature this version lacks: refused by name.
    pub(super) management: Option<Spanned<IgnoredAny>>,
    pub(super) conntrack: Option<Spanned<IgnoredAny>>,
    pub(super) bridges: Option<Spanned<IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDataplane {
    pub(super) cores: Option<Spanned<Vec<Spanned<i64>>>>,
    pub(super) host_path: Option<Spanned<String>>,
    pub(super) initial: Option<Spanned<String>>,
    pub(super) rx_queue_size: Option<Spanned<i64>>,
    pub(super) tx_queue_size: Option<Spanned<i64>>,
    pub(super) mbufs: Option<Spanned<i64>>,
    pub(super) idle_pause_polls: Option<Spanned<i64>>,
    pub(super) idle_sleep_us: Option<Spanned<i64>>,
    pub(super) ruleset_memory: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDpdk {
    #[serde(default)]
    pub(super) args: Vec<String>,
    pub(super) memory_mb: Option<Spanned<i64>>,
    pub(super) huge_pages: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInterface {
    pub(super) device: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) addresses: Vec<Spanned<String>>,
    pub(super) mtu: Option<Spanned<i64>>,
    pub(super) mac: Option<Spanned<String>>,
    /// VLAN subinterfaces: refused by name.
    pub(super) parent: Option<Spanned<IgnoredAny>>,
    pub(super) vlan: Option<Spanned<IgnoredAny>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoute {
    pub(super) to: Spanned<String>,
    pub(super) via: Option<Spanned<String>>,
    pub(super) interface: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNeighbour {
    pub(super) address: Spanned<String>,
    pub(super) mac: Spanned<String>,
    pub(super) interface: Spanned<String>,
}
