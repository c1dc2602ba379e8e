//! The network that both routers stand in: three interfaces, fixed addresses and MACs, every
//! on-link host known, so that nothing but the packets of a script is ever on a wire.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// One interface of the router.
#[derive(Debug)]
pub struct Interface {
    /// Its name.
    pub name: &'static str,
    /// The router's MAC address.
    pub mac: [u8; 6],
    /// The router's IPv4 address; the prefix length is 24.
    pub v4: Ipv4Addr,
    /// The router's IPv6 address; the prefix length is 64.
    pub v6: Ipv6Addr,
    /// MTU in bytes.
    pub mtu: u16,
}

/// The router's interfaces.
pub const INTERFACES: [Interface; 3] = [
    Interface {
        name: "lan",
        mac: [2, 0xff, 0, 0, 0, 1],
        v4: Ipv4Addr::new(10, 0, 1, 1),
        v6: Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1),
        mtu: 1500,
    },
    Interface {
        name: "wan",
        mac: [2, 0xff, 0, 0, 0, 2],
        v4: Ipv4Addr::new(198, 51, 100, 1),
        v6: Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1),
        mtu: 1400,
    },
    Interface {
        name: "dmz",
        mac: [2, 0xff, 0, 0, 0, 3],
        v4: Ipv4Addr::new(192, 168, 50, 1),
        v6: Ipv6Addr::new(0x2001, 0xdb8, 3, 0, 0, 0, 0, 1),
        mtu: 1500,
    },
];

/// Where the default routes point.
pub const GATEWAY_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 254);
/// The IPv6 default gateway.
pub const GATEWAY_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 0xfe);

/// The last 16 bits of the IPv6 hosts that exist on each link.
pub const HOSTS_V6: [u16; 6] = [2, 3, 4, 0x10, 0xfe, 0xffff];

/// The interface called `name`.
pub fn interface(name: &str) -> Option<&'static Interface> {
    INTERFACES.iter().find(|interface| interface.name == name)
}

/// The fixed MAC address of a host on a link.
pub fn host_mac(addr: IpAddr) -> [u8; 6] {
    match addr {
        IpAddr::V4(addr) => {
            let [a, b, c, d] = addr.octets();
            [2, 0, a, b, c, d]
        }
        IpAddr::V6(addr) => {
            let bytes = addr.octets();
            [2, 6, bytes[5], bytes[13], bytes[14], bytes[15]]
        }
    }
}

/// A MAC address as text.
pub fn mac_text(mac: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

/// Every host on the link of `interface` but the router.
fn hosts(interface: &Interface) -> impl Iterator<Item = IpAddr> {
    let [a, b, c, own] = interface.v4.octets();
    let v4 = (0..=254)
        .filter(move |&host| host != own)
        .map(move |host| IpAddr::V4(Ipv4Addr::new(a, b, c, host)));
    let net = interface.v6.segments();
    let v6 = HOSTS_V6
        .into_iter()
        .map(move |host| IpAddr::V6(Ipv6Addr::new(net[0], net[1], net[2], net[3], 0, 0, 0, host)));
    v4.chain(v6)
}

/// `weir.toml` of this network.
pub fn weir_toml() -> String {
    let mut text = String::from("schema_version = 1\n[dataplane]\ncores = [0]\n");
    text.push_str("host_path = \"none\"\ninitial = \"open\"\n");
    text.push_str("[sysctl]\n");
    for (name, value) in [
        ("net.ipv4.icmp_ratelimit", 0),
        ("net.ipv4.icmp_ratemask", 0),
        ("net.ipv4.icmp_msgs_per_sec", 1_000_000),
        ("net.ipv4.icmp_msgs_burst", 100_000),
        ("net.ipv6.icmp.ratelimit", 0),
    ] {
        let _ = writeln!(text, "\"{name}\" = {value}");
    }
    for interface in &INTERFACES {
        let Interface {
            name,
            mac,
            v4,
            v6,
            mtu,
        } = interface;
        let _ = writeln!(text, "[interfaces.{name}]\ndevice = \"net_null_{name}\"");
        let _ = writeln!(text, "mac = \"{}\"\nmtu = {mtu}", mac_text(*mac));
        let _ = writeln!(text, "addresses = [\"{v4}/24\", \"{v6}/64\"]");
    }
    for (to, via) in [
        ("0.0.0.0/0", IpAddr::V4(GATEWAY_V4)),
        ("::/0", IpAddr::V6(GATEWAY_V6)),
    ] {
        let _ = writeln!(text, "[[routes]]\nto = \"{to}\"\nvia = \"{via}\"");
    }
    for interface in &INTERFACES {
        for host in hosts(interface) {
            let mac = mac_text(host_mac(host));
            let _ = writeln!(
                text,
                "[[neighbours]]\naddress = \"{host}\"\nmac = \"{mac}\"\ninterface = \"{}\"",
                interface.name
            );
        }
    }
    text
}

/// What `ip -batch` is told in the kernel's namespace, once the devices are there.
pub fn ip_batch() -> String {
    let mut text = String::from("link set lo up\n");
    for interface in &INTERFACES {
        let Interface {
            name,
            mac,
            v4,
            v6,
            mtu,
        } = interface;
        let mac = mac_text(*mac);
        let _ = writeln!(
            text,
            "link set {name} address {mac} mtu {mtu} multicast off up"
        );
        let _ = writeln!(text, "addr add {v4}/24 brd + dev {name}");
        let _ = writeln!(text, "addr add {v6}/64 dev {name} nodad");
        for host in hosts(interface) {
            let mac = mac_text(host_mac(host));
            let _ = writeln!(
                text,
                "neigh replace {host} lladdr {mac} nud permanent dev {name}"
            );
        }
    }
    let _ = writeln!(text, "route add default via {GATEWAY_V4}");
    let _ = writeln!(text, "route add default via {GATEWAY_V6}");
    text
}

/// Settings under `/proc/sys` of the kernel's namespace before the devices are made.
pub const SYSCTLS: [(&str, &str); 27] = [
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv4/icmp_ratelimit", "0"),
    ("net/ipv4/icmp_ratemask", "0"),
    ("net/ipv4/icmp_msgs_per_sec", "1000000"),
    ("net/ipv4/icmp_msgs_burst", "100000"),
    ("net/ipv4/ip_default_ttl", "64"),
    ("net/ipv4/tcp_timestamps", "0"),
    // No time-out of a fragment queue falls into another case.
    ("net/ipv4/ipfrag_time", "86400"),
    ("net/ipv6/ip6frag_time", "86400"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv4/conf/all/accept_source_route", "0"),
    ("net/ipv4/conf/default/accept_source_route", "0"),
    ("net/ipv6/icmp/ratelimit", "0"),
    ("net/ipv6/icmp/ratemask", ""),
    ("net/ipv6/auto_flowlabels", "0"),
    ("net/ipv6/flowlabel_reflect", "0"),
    ("net/ipv6/conf/default/addr_gen_mode", "1"),
    ("net/ipv6/conf/default/accept_ra", "0"),
    ("net/ipv6/conf/default/autoconf", "0"),
    ("net/ipv6/conf/default/accept_dad", "0"),
    ("net/ipv6/conf/default/router_solicitations", "0"),
    ("net/ipv6/conf/default/accept_redirects", "0"),
    ("net/ipv6/conf/all/forwarding", "1"),
    ("net/ipv6/conf/default/forwarding", "1"),
];
