//! `[sysctl]`: the kernel's own names and units, for what the data plane honours. Any other name
//! is an error: a setting that does nothing would deceive.

use std::collections::BTreeMap;

use pipeline::Settings;
use route::{NeighbourParams, RpFilter};
use toml::{Spanned, Value};

use super::fault::Faults;

/// The settings; the default is the kernel's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sysctl {
    /// What the pipeline knows.
    pub settings: Settings,
    /// `net.ipv4.neigh.default.*`, for neighbours of both families.
    pub neighbours: NeighbourParams,
    /// `net.ipv4.conf.IFACE.rp_filter`, or `all` where that is larger, by interface.
    pub rp_filter: Vec<RpFilter>,
    /// `net.ipv6.conf.IFACE.addr_gen_mode` is 0, by interface: there is a link-local address.
    pub link_local: Vec<bool>,
}

/// Sets one thing to the value given.
type Setter<T> = fn(&mut T, u64);

const MS_NS: u64 = 1_000_000;
const SECOND_NS: u64 = 1_000 * MS_NS;
/// A tick of the clock that user space sees (`USER_HZ` is 100), in which `locktime` counts.
const USER_TICK_NS: u64 = SECOND_NS / 100;
/// A day: longer than any of these times makes sense, short enough for nanoseconds in 64 bits.
const DAY_SECONDS: u64 = 86_400;

/// `net.ipv4.neigh.default.NAME`: the largest value and what it sets.
const NEIGHBOUR: [(&str, u64, Setter<NeighbourParams>); 10] = [
    ("mcast_solicit", 100, |params, count| {
        params.mcast_solicit = count as u32
    }),
    ("ucast_solicit", 100, |params, count| {
        params.ucast_solicit = count as u32
    }),
    ("retrans_time_ms", 1000 * DAY_SECONDS, |params, ms| {
        params.retrans_ns = ms * MS_NS
    }),
    (
        "base_reachable_time_ms",
        1000 * DAY_SECONDS,
        |params, ms| {
            params.base_reachable_ns = ms * MS_NS;
        },
    ),
    ("delay_first_probe_time", DAY_SECONDS, |params, s| {
        params.delay_probe_ns = s * SECOND_NS
    }),
    ("locktime", 100 * DAY_SECONDS, |params, ticks| {
        params.locktime_ns = ticks * USER_TICK_NS
    }),
    ("gc_stale_time", DAY_SECONDS, |params, s| {
        params.gc_stale_ns = s * SECOND_NS
    }),
    ("gc_thresh1", 1 << 20, |params, count| {
        params.gc_thresh1 = count as usize
    }),
    ("gc_thresh2", 1 << 20, |params, count| {
        params.gc_thresh2 = count as usize
    }),
    ("gc_thresh3", 1 << 20, |params, count| {
        params.gc_thresh3 = count as usize
    }),
];

/// What one `net.ipv4.conf.WHERE.NAME` speaks of.
enum Scope {
    All,
    Interface(usize),
}

/// A name that is honoured here; the others are [`Settings::set`]'s.
enum Name {
    Neighbour(u64, Setter<NeighbourParams>),
    RpFilter(Scope),
    ArpAccept,
    AddrGenMode(Scope),
}

impl Sysctl {
    /// Notes names that are not honoured and values out of range. `interfaces` are the
    /// interfaces' names in their order.
    pub(super) fn check(
        raw: &BTreeMap<Spanned<String>, Spanned<Value>>,
        interfaces: &[&str],
        faults: &mut Faults<'_>,
    ) -> Self {
        let mut sysctl = Self {
            settings: Settings::default(),
            neighbours: NeighbourParams::default(),
            rp_filter: vec![RpFilter::Off; interfaces.len()],
            link_local: vec![true; interfaces.len()],
        };
        let mut rp_filter = vec![0; interfaces.len()];
        let mut rp_filter_all = 0;
        for (name, value) in raw {
            let outcome = match parse_name(name.get_ref(), interfaces) {
                Some(Name::Neighbour(most, set)) => {
                    ranged(value, most).map(|value| set(&mut sysctl.neighbours, value))
                }
                Some(Name::RpFilter(Scope::All)) => {
                    ranged(value, 2).map(|mode| rp_filter_all = mode)
                }
                Some(Name::RpFilter(Scope::Interface(at))) => {
                    ranged(value, 2).map(|mode| rp_filter[at] = mode)
                }
                Some(Name::ArpAccept) => {
                    ranged(value, 1).map(|on| sysctl.neighbours.arp_accept = on == 1)
                }
                Some(Name::AddrGenMode(Scope::All)) => {
                    ranged(value, 1).map(|mode| sysctl.link_local.fill(mode == 0))
                }
                Some(Name::AddrGenMode(Scope::Interface(at))) => {
                    ranged(value, 1).map(|mode| sysctl.link_local[at] = mode == 0)
                }
                None => sysctl
                    .settings
                    .set(name.get_ref(), &text(value.get_ref()))
                    .map_err(|error| error.to_string()),
            };
            if let Err(why) = outcome {
                faults.note(&value.span(), why);
            }
        }
        sysctl.rp_filter = rp_filter
            .iter()
            .map(|&own| mode(own.max(rp_filter_all)))
            .collect();
        sysctl
    }
}

/// The value as the kernel's files show it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(is_on) => u8::from(*is_on).to_string(),
        other => other.to_string(),
    }
}

/// The value as a number from 0 to `most`.
fn ranged(value: &Spanned<Value>, most: u64) -> Result<u64, String> {
    let given = text(value.get_ref());
    match given.parse() {
        Ok(number) if number <= most => Ok(number),
        _ => Err(format!("{given} is out of range: expected 0 to {most}")),
    }
}

fn parse_name(name: &str, interfaces: &[&str]) -> Option<Name> {
    if let Some(name) = name.strip_prefix("net.ipv4.neigh.default.") {
        let (_, most, set) = NEIGHBOUR.iter().find(|(known, ..)| *known == name)?;
        return Some(Name::Neighbour(*most, *set));
    }
    if name == "net.ipv4.conf.all.arp_accept" {
        return Some(Name::ArpAccept);
    }
    let scope = |place: &str| match place {
        "all" => Some(Scope::All),
        _ => interfaces
            .iter()
            .position(|&iface| iface == place)
            .map(Scope::Interface),
    };
    if let Some(rest) = name.strip_prefix("net.ipv4.conf.") {
        return rest
            .strip_suffix(".rp_filter")
            .and_then(scope)
            .map(Name::RpFilter);
    }
    let rest = name.strip_prefix("net.ipv6.conf.")?;
    rest.strip_suffix(".addr_gen_mode")
        .and_then(scope)
        .map(Name::AddrGenMode)
}

fn mode(number: u64) -> RpFilter {
    match number {
        0 => RpFilter::Off,
        1 => RpFilter::Strict,
        _ => RpFilter::Loose,
    }
}
