//! Configurations that are refused, each by the message an operator sees.

use std::{net::IpAddr, path::Path, time::Duration};

use route::RpFilter;
use rules::Policy;

use super::*;

const SAMPLE: &str = r#"schema_version = 1
[dataplane]
cores = [1]
host_path = "none"
initial = "closed"
[interfaces.wan]
device = "net_af_packet0,iface=veth-wan,qpairs=1"
addresses = ["203.0.113.1/24"]
[interfaces.lan]
device = "net_af_packet1,iface=veth-lan,qpairs=1"
addresses = ["192.168.1.1/24", "2001:db8::1/64"]
[[routes]]
to = "0.0.0.0/0"
via = "203.0.113.254"
[[neighbours]]
address = "203.0.113.254"
mac = "02:00:00:00:00:fe"
interface = "wan"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("weir.toml"), Some(&[0, 1]))
}

/// The sample with one text in place of another is refused with exactly this message.
#[track_caller]
fn refused(from: &str, to: &str, message: &str) {
    assert!(SAMPLE.contains(from), "{from}");
    let error = parse(&SAMPLE.replacen(from, to, 1)).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn the_sample_means_what_it_says() {
    let config = parse(SAMPLE).unwrap();
    assert_eq!(config.cores, [1]);
    assert_eq!(config.initial, Policy::Drop);
    assert_eq!(config.idle.sleep, Duration::from_micros(50));
    let names: Vec<_> = config
        .interfaces
        .iter()
        .map(|iface| iface.name.as_str())
        .collect();
    assert_eq!(names, ["wan", "lan"]);
    assert_eq!(
        config.interfaces[1].addresses[0],
        (IpAddr::from([192, 168, 1, 1]), 24)
    );
    assert_eq!(config.routes[0].via, Some(IpAddr::from([203, 0, 113, 254])));
    assert_eq!(config.neighbours[0].interface, 0);
    assert_eq!(config.ruleset_memory_bytes, 1 << 30);
}

#[test]
fn text_that_is_no_toml() {
    let error = parse("schema_version = 1\n[dataplane\n").unwrap_err();
    assert!(error.to_string().starts_with("weir.toml:2: "), "{error}");
}

#[test]
fn unknown_keys() {
    let error = parse(&SAMPLE.replace("initial =", "inital ="))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(
            "weir.toml:5: dataplane.inital: unknown field `inital`, expected one of `cores`"
        ),
        "{error}"
    );
    let error = parse(&format!("{SAMPLE}[interfacs.x]\n"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("weir.toml:19: interfacs.x: unknown field `interfacs`"),
        "{error}"
    );
}

#[test]
fn missing_and_mistyped_keys() {
    let error = parse(&SAMPLE.replace("schema_version = 1\n", ""))
        .unwrap_err()
        .to_string();
    assert!(error.contains("missing field `schema_version`"), "{error}");
    let error = parse(&SAMPLE.replace("cores = [1]", "cores = \"1\""))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("weir.toml:3: dataplane.cores: invalid type: string"),
        "{error}"
    );
}

#[test]
fn values_out_of_range() {
    refused(
        "schema_version = 1",
        "schema_version = 2",
        "weir.toml:1: schema_version: schema 2 is unknown: expected 1",
    );
    refused(
        "cores = [1]",
        "cores = [7]",
        "weir.toml:3: dataplane.cores: core 7 is not one this process may run on: expected one of 0, 1",
    );
    refused(
        "cores = [1]",
        "cores = [1, 1]",
        "weir.toml:3: dataplane.cores: core 1 stands twice: each worker needs its own",
    );
    refused(
        "cores = [1]",
        "cores = []",
        "weir.toml:3: dataplane.cores: 0 workers: expected 1 to 256",
    );
    refused(
        "initial = \"closed\"",
        "initial = \"shut\"",
        "weir.toml:5: dataplane.initial: unknown value \"shut\": expected \"closed\" or \"open\"",
    );
    refused(
        "initial = \"closed\"",
        "rx_queue_size = 7",
        "weir.toml:5: dataplane.rx_queue_size: 7 is out of range: expected 32 to 32768",
    );
}

#[test]
fn features_that_are_not_there_are_refused_by_name() {
    let error = parse(&SAMPLE.replace("\"none\"", "\"tap\""))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("weir.toml:4: dataplane.host_path: \"tap\" is not in"),
        "{error}"
    );
    for section in ["management", "conntrack"] {
        let error = parse(&format!("{SAMPLE}[{section}]\nmax = 1\n"))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with(&format!("remove [{section}]")), "{error}");
    }
    let error = parse(&format!(
        "{SAMPLE}[interfaces.dmz]\nparent = \"lan\"\nvlan = 20\n"
    ));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("VLAN subinterfaces are not")
    );
}

#[test]
fn addresses_that_cannot_be() {
    refused(
        "\"192.168.1.1/24\"",
        "\"192.168.1.1\"",
        "weir.toml:11: interfaces.lan.addresses: `192.168.1.1' is no address with a prefix length: \
         expected a form as 192.0.2.1/24 (0 to 32) or 2001:db8::1/64 (0 to 128)",
    );
    refused(
        "\"192.168.1.1/24\"",
        "\"192.168.1.255/24\"",
        "weir.toml:11: interfaces.lan.addresses: 192.168.1.255/24 is no address that a host can have",
    );
    refused(
        "\"192.168.1.1/24\"",
        "\"203.0.113.1/24\"",
        "weir.toml:11: interfaces.lan.addresses: 203.0.113.1 is an address of `wan' already",
    );
    refused(
        "\"192.168.1.1/24\"",
        "\"203.0.113.130/25\"",
        "weir.toml:11: interfaces.lan.addresses: 203.0.113.130/25 overlaps 203.0.113.1/24 of `wan': \
         two links cannot have the same addresses",
    );
}

#[test]
fn two_interfaces_with_one_device() {
    refused(
        "net_af_packet1,iface=veth-lan",
        "net_af_packet0,iface=veth-lan",
        "weir.toml:10: interfaces.lan.device: `net_af_packet0' is the device of interface `wan' already",
    );
    refused(
        "net_af_packet1,iface=veth-lan",
        "net_af_packet1,iface=veth-wan",
        "weir.toml:10: interfaces.lan.device: `veth-wan' is the device of interface `wan' already",
    );
}

#[test]
fn routes_that_lead_nowhere() {
    refused(
        "via = \"203.0.113.254\"",
        "via = \"198.51.100.1\"",
        "weir.toml:14: routes.via: gateway 198.51.100.1 is on no interface's network",
    );
    refused(
        "via = \"203.0.113.254\"",
        "interface = \"dmz\"",
        "weir.toml:14: routes.interface: no interface is called `dmz': expected one of wan, lan",
    );
    refused(
        "via = \"203.0.113.254\"\n",
        "",
        "weir.toml:13: routes.to: the route has neither `via' nor `interface'",
    );
    refused(
        "to = \"0.0.0.0/0\"",
        "to = \"10.0.0.1/8\"",
        "weir.toml:13: routes.to: 10.0.0.1/8 has bits behind its prefix: 10.0.0.0/8?",
    );
}

#[test]
fn neighbours_that_cannot_be() {
    refused(
        "02:00:00:00:00:fe",
        "03:00:00:00:00:fe",
        "weir.toml:17: neighbours.mac: `03:00:00:00:00:fe' is a group address: expected one station's",
    );
    refused(
        "address = \"203.0.113.254\"",
        "address = \"203.0.113.1\"",
        "weir.toml:16: neighbours.address: 203.0.113.1 is no neighbour's address",
    );
}

#[test]
fn sysctl_takes_the_kernels_names_and_no_others() {
    let with = |line: &str| parse(&format!("{SAMPLE}[sysctl]\n{line}\n"));
    let config =
        with("\"net.ipv4.conf.lan.rp_filter\" = 1\n\"net.ipv4.conf.all.rp_filter\" = 0").unwrap();
    assert_eq!(config.sysctl.rp_filter, [RpFilter::Off, RpFilter::Strict]);
    let config = with("\"net.ipv4.neigh.default.retrans_time_ms\" = 250").unwrap();
    assert_eq!(config.sysctl.neighbours.retrans_ns, 250_000_000);
    let config =
        with("\"net.ipv4.icmp_ratelimit\" = 0\n\"net.ipv6.icmp.ratemask\" = \"0-1\"").unwrap();
    assert_eq!(config.sysctl.settings.icmp_ratelimit_ms, 0);
    assert_eq!(config.sysctl.settings.icmpv6_ratemask, [3, 0, 0, 0]);
    let error = with("\"net.ipv4.icmp_ratelimit\" = -1")
        .unwrap_err()
        .to_string();
    assert!(error.contains("`-1' is no whole number"), "{error}");
    let error = with("\"net.ipv4.tcp_ecn\" = 1").unwrap_err().to_string();
    assert!(error.starts_with("weir.toml:20: sysctl."), "{error}");
    assert!(
        error.contains("unknown setting `net.ipv4.tcp_ecn'"),
        "{error}"
    );
    let error = with("\"net.ipv4.conf.lan.rp_filter\" = 3")
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("3 is out of range: expected 0 to 2"),
        "{error}"
    );
}

#[test]
fn every_fault_is_told() {
    let text = SAMPLE
        .replace("cores = [1]", "cores = [9]")
        .replace("\"closed\"", "\"no\"");
    assert_eq!(parse(&text).unwrap_err().faults.len(), 2);
}

/// The file that shows every key.
const SHOWN: &str = include_str!("../../../../deploy/config/weir.toml");

#[test]
fn the_sample_file_shows_every_key_with_its_default() {
    let shown = parse(SHOWN).unwrap();
    // What it only mentions is right too.
    let uncommented: String = SHOWN
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let all = parse(&uncommented).unwrap();
    assert!(all.mbufs.is_some() && all.dpdk.memory_mb.is_some() && all.interfaces[0].mac.is_some());
    for key in [
        "schema_version",
        "run",
        "state",
        "cores",
        "host_path",
        "initial",
        "rx_queue_size",
        "tx_queue_size",
        "mbufs",
        "idle_pause_polls",
        "idle_sleep_us",
        "ruleset_memory",
        "args",
        "memory_mb",
        "huge_pages",
        "device",
        "addresses",
        "mtu",
        "mac",
        "to",
        "via",
        "interface",
        "address",
    ] {
        let is_shown = uncommented
            .lines()
            .any(|line| line.starts_with(&format!("{key} = ")));
        assert!(is_shown, "{key}");
    }
    // Without the two sections nothing but the default is left.
    let (head, rest) = SHOWN.split_once("[dataplane]").unwrap();
    let rest = &rest[rest.find("[interfaces.lan]").unwrap()..];
    let bare = parse(&format!("{head}{rest}")).unwrap();
    assert_eq!(format!("{bare:?}"), format!("{shown:?}"));
}
