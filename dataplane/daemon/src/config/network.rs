//! Interfaces, routes and neighbours, checked against each other: what is on which link.

use std::{collections::BTreeMap, net::IpAddr, ops::Range};

use rules::matches::ip::IFACE_NAME_MAX_BYTES;
use toml::Spanned;

use super::{
    Interface, StaticNeighbour, StaticRoute,
    fault::Faults,
    raw::{RawInterface, RawNeighbour, RawRoute},
    value,
};

/// Names that are no interface's: the host path of a replay, the kernel's directories of
/// settings, and what loops back.
const RESERVED_NAMES: [&str; 4] = ["host", "all", "default", "lo"];

/// Least and most MTU in bytes: RFC 791's 576, or 1280 where there is IPv6 (RFC 8200 5); and
/// what an mbuf of one segment holds.
const MTU_BYTES: std::ops::RangeInclusive<i64> = 576..=9_000;
const MTU_MIN_BYTES_IPV6: u16 = 1_280;

/// An address of an interface, and where it stands in the file.
struct Placed {
    interface: usize,
    address: IpAddr,
    prefix_len: u8,
}

/// The interfaces in the order of the file, which numbers them.
pub(super) fn interfaces(
    raw: &BTreeMap<Spanned<String>, RawInterface>,
    faults: &mut Faults<'_>,
) -> Vec<Interface> {
    let mut in_file_order: Vec<_> = raw.iter().collect();
    in_file_order.sort_by_key(|(name, _)| name.span().start);
    if in_file_order.is_empty() {
        faults.note(
            &(0..0),
            "no interface is configured: expected [interfaces.NAME] sections",
        );
    }
    let mut taken: Vec<(&str, &str)> = Vec::new();
    let mut placed = Vec::new();
    let mut interfaces = Vec::new();
    for (index, (name, raw)) in in_file_order.into_iter().enumerate() {
        check_name(name, faults);
        let device = device(name, raw, &mut taken, faults);
        let addresses = addresses(index, raw, &mut placed, &interfaces, faults);
        let mtu = mtu(raw, &addresses, faults);
        interfaces.push(Interface {
            name: name.get_ref().clone(),
            device,
            addresses,
            mtu,
            mac: raw.mac.as_ref().and_then(|mac| value::mac(mac, faults)),
        });
    }
    interfaces
}

fn mtu(raw: &RawInterface, addresses: &[(IpAddr, u8)], faults: &mut Faults<'_>) -> Option<u16> {
    let given = raw.mtu.as_ref()?;
    let mtu = value::number(Some(given), 1500, MTU_BYTES, faults);
    if mtu < MTU_MIN_BYTES_IPV6 && addresses.iter().any(|(address, _)| address.is_ipv6()) {
        faults.note(
            &given.span(),
            format!("IPv6 needs an MTU of at least {MTU_MIN_BYTES_IPV6}"),
        );
    }
    Some(mtu)
}

fn check_name(name: &Spanned<String>, faults: &mut Faults<'_>) {
    let given = name.get_ref().as_str();
    if given.is_empty() || given.len() > IFACE_NAME_MAX_BYTES {
        let why = format!("`{given}': an interface's name has 1 to {IFACE_NAME_MAX_BYTES} bytes");
        faults.note(&name.span(), why);
    }
    if !given
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"/+:=!".contains(&byte))
    {
        let why = format!("`{given}': an interface's name has no blanks and none of / + : = !");
        faults.note(&name.span(), why);
    }
    if RESERVED_NAMES.contains(&given) || given.starts_with('.') {
        faults.note(
            &name.span(),
            format!("`{given}' is reserved: choose another name"),
        );
    }
}

fn device<'a>(
    name: &'a Spanned<String>,
    raw: &'a RawInterface,
    taken: &mut Vec<(&'a str, &'a str)>,
    faults: &mut Faults<'_>,
) -> String {
    for vlan in [&raw.parent, &raw.vlan].into_iter().flatten() {
        let why = "VLAN subinterfaces are not in this version: give each interface a device";
        faults.note(&vlan.span(), why);
    }
    let Some(device) = &raw.device else {
        if raw.parent.is_none() && raw.vlan.is_none() {
            let why = "device is missing: expected a DPDK vdev or a PCI address";
            faults.note(&name.span(), why);
        }
        return String::new();
    };
    let given = device.get_ref();
    if given.trim().is_empty() {
        faults.note(
            &device.span(),
            "empty: expected a DPDK vdev or a PCI address",
        );
        return String::new();
    }
    for key in [Some(device_key(given)), kernel_iface(given)]
        .into_iter()
        .flatten()
    {
        if let Some((_, other)) = taken.iter().find(|(other, _)| *other == key) {
            let why = format!("`{key}' is the device of interface `{other}' already");
            faults.note(&device.span(), why);
            break;
        }
        taken.push((key, name.get_ref()));
    }
    given.clone()
}

/// What names the device: the vdev's name or the PCI address, without arguments.
fn device_key(device: &str) -> &str {
    device.split(',').next().unwrap_or(device).trim()
}

/// The kernel's interface behind the device, for the drivers that take one as `iface=`.
fn kernel_iface(device: &str) -> Option<&str> {
    device
        .split(',')
        .find_map(|argument| argument.trim().strip_prefix("iface="))
}

fn addresses(
    interface: usize,
    raw: &RawInterface,
    placed: &mut Vec<Placed>,
    before: &[Interface],
    faults: &mut Faults<'_>,
) -> Vec<(IpAddr, u8)> {
    let mut addresses = Vec::new();
    for given in &raw.addresses {
        let Some((address, prefix_len)) = value::prefix(given, faults) else {
            continue;
        };
        match address_fault(interface, address, prefix_len, placed, before) {
            Some(why) => faults.note(&given.span(), why),
            None => {
                placed.push(Placed {
                    interface,
                    address,
                    prefix_len,
                });
                addresses.push((address, prefix_len));
            }
        }
    }
    addresses
}

fn address_fault(
    interface: usize,
    address: IpAddr,
    prefix_len: u8,
    placed: &[Placed],
    before: &[Interface],
) -> Option<String> {
    if !is_host_address(address, prefix_len) {
        return Some(format!(
            "{address}/{prefix_len} is no address that a host can have"
        ));
    }
    for other in placed {
        let owner = before
            .get(other.interface)
            .map_or("this interface", |iface| &iface.name);
        let (taken, length) = (other.address, other.prefix_len);
        // Link-local prefixes are the same on every link and belong to each.
        let is_link_local = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        if taken == address && (!is_link_local || other.interface == interface) {
            return Some(format!("{address} is an address of `{owner}' already"));
        }
        let shorter = length.min(prefix_len);
        if other.interface != interface
            && !is_link_local
            && taken.is_ipv4() == address.is_ipv4()
            && value::network(taken, shorter) == value::network(address, shorter)
        {
            return Some(format!(
                "{address}/{prefix_len} overlaps {taken}/{length} of `{owner}': two links cannot \
                 have the same addresses"
            ));
        }
    }
    None
}

/// Unicast, and neither the network's own address nor its broadcast address. Those two are
/// ordinary addresses on networks of one or two (RFC 3021).
fn is_host_address(address: IpAddr, prefix_len: u8) -> bool {
    let is_special = address.is_unspecified() || address.is_multicast() || address.is_loopback();
    match address {
        IpAddr::V4(v4) => {
            let host_bits = u32::MAX.checked_shr(u32::from(prefix_len)).unwrap_or(0);
            let host = v4.to_bits() & host_bits;
            let is_edge = prefix_len < 31 && (host == 0 || host == host_bits);
            !is_special && !is_edge && prefix_len > 0 && !v4.is_broadcast() && v4.octets()[0] < 224
        }
        IpAddr::V6(_) => !is_special && prefix_len > 0,
    }
}

pub(super) fn routes(
    raw: &[RawRoute],
    interfaces: &[Interface],
    faults: &mut Faults<'_>,
) -> Vec<StaticRoute> {
    let mut routes: Vec<StaticRoute> = Vec::new();
    for route in raw {
        let interface = route
            .interface
            .as_ref()
            .and_then(|name| interface_named(name, interfaces, faults));
        let Some((to, prefix_len)) = value::prefix(&route.to, faults) else {
            continue;
        };
        if value::network(to, prefix_len) != to {
            let network = value::network(to, prefix_len);
            let why =
                format!("{to}/{prefix_len} has bits behind its prefix: {network}/{prefix_len}?");
            faults.note(&route.to.span(), why);
        }
        if routes
            .iter()
            .any(|other| (other.to, other.prefix_len) == (to, prefix_len))
        {
            let why = format!("there is a route to {to}/{prefix_len} already");
            faults.note(&route.to.span(), why);
        }
        let via = match &route.via {
            Some(via) => match value::address(via, faults) {
                Some(gateway) => {
                    check_gateway(gateway, to, interface, &via.span(), interfaces, faults);
                    Some(gateway)
                }
                None => continue,
            },
            None => None,
        };
        if via.is_none() && route.interface.is_none() {
            faults.note(
                &route.to.span(),
                "the route has neither `via' nor `interface'",
            );
        }
        routes.push(StaticRoute {
            to,
            prefix_len,
            via,
            interface,
        });
    }
    routes
}

fn check_gateway(
    gateway: IpAddr,
    to: IpAddr,
    interface: Option<usize>,
    span: &Range<usize>,
    interfaces: &[Interface],
    faults: &mut Faults<'_>,
) {
    if gateway.is_ipv4() != to.is_ipv4() {
        faults.note(
            span,
            format!("{gateway} is of another family than the destination {to}"),
        );
        return;
    }
    if interfaces
        .iter()
        .any(|iface| iface.addresses.iter().any(|(own, _)| *own == gateway))
    {
        faults.note(
            span,
            format!("{gateway} is an address of Weir itself: expected a neighbour's"),
        );
        return;
    }
    if matches!(gateway, IpAddr::V6(v6) if v6.is_unicast_link_local()) {
        if interface.is_none() {
            let why = format!("{gateway} is link-local: say behind which `interface'");
            faults.note(span, why);
        }
        return;
    }
    let link = on_link(gateway, interfaces);
    match (link, interface) {
        (None, _) => {
            faults.note(
                span,
                format!("gateway {gateway} is on no interface's network"),
            );
        }
        (Some(link), Some(wanted)) if link != wanted => {
            let name = interfaces.get(link).map_or("", |iface| &iface.name);
            faults.note(
                span,
                format!("gateway {gateway} is on the network of `{name}'"),
            );
        }
        _ => {}
    }
}

/// The interface whose link `address` is on.
fn on_link(address: IpAddr, interfaces: &[Interface]) -> Option<usize> {
    interfaces.iter().position(|iface| {
        iface.addresses.iter().any(|&(own, prefix_len)| {
            own.is_ipv4() == address.is_ipv4()
                && value::network(own, prefix_len) == value::network(address, prefix_len)
        })
    })
}

pub(super) fn neighbours(
    raw: &[RawNeighbour],
    interfaces: &[Interface],
    faults: &mut Faults<'_>,
) -> Vec<StaticNeighbour> {
    let mut neighbours: Vec<StaticNeighbour> = Vec::new();
    for neighbour in raw {
        let interface = interface_named(&neighbour.interface, interfaces, faults);
        let address = value::address(&neighbour.address, faults);
        let mac = value::mac(&neighbour.mac, faults);
        let (Some(interface), Some(address), Some(mac)) = (interface, address, mac) else {
            continue;
        };
        let span = neighbour.address.span();
        let is_own = interfaces
            .iter()
            .any(|iface| iface.addresses.iter().any(|(own, _)| *own == address));
        if is_own || address.is_multicast() || address.is_unspecified() {
            faults.note(&span, format!("{address} is no neighbour's address"));
        }
        let key = |other: &StaticNeighbour| (other.interface, other.address);
        if neighbours
            .iter()
            .any(|other| key(other) == (interface, address))
        {
            faults.note(&span, format!("neighbour {address} stands twice"));
        }
        neighbours.push(StaticNeighbour {
            address,
            mac,
            interface,
        });
    }
    neighbours
}

fn interface_named(
    name: &Spanned<String>,
    interfaces: &[Interface],
    faults: &mut Faults<'_>,
) -> Option<usize> {
    let given = name.get_ref();
    let found = interfaces.iter().position(|iface| iface.name == *given);
    if found.is_none() {
        let names: Vec<_> = interfaces.iter().map(|iface| iface.name.as_str()).collect();
        let why = format!(
            "no interface is called `{given}': expected one of {}",
            names.join(", ")
        );
        faults.note(&name.span(), why);
    }
    found
}
