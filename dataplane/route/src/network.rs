//! The snapshot that workers forward by, and the check of the configuration it is made from.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use crate::{
    Fib, Iface, IfaceAddr, IfaceId, MacAddr, Neighbours, NetworkError, Route, RouteKind, RpFilter,
    fib::FibEntry,
    iface::{eui64_link_local, mask_v4, mask_v6},
    source_address::{select_v4, select_v6},
};

/// An interface as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfaceConfig {
    /// Its name.
    pub name: String,
    /// Its Ethernet address.
    pub mac: MacAddr,
    /// Longest IP packet in bytes.
    pub mtu: u32,
    /// Its addresses.
    pub addrs: Vec<IfaceAddr>,
    /// `net.ipv4.conf.IFACE.rp_filter`, the larger of this and `all`.
    pub rp_filter: RpFilter,
    /// Adds the link-local address made from the MAC address: `addr_gen_mode` 0. With `false`
    /// (mode 1) there is none, and neighbours cannot be solicited by IPv6.
    pub link_local: bool,
}

/// A static route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConfig {
    /// Destination; no bits behind the prefix.
    pub to: IpAddr,
    /// Length of the prefix.
    pub prefix_len: u8,
    /// The gateway; without one, destinations are on the link of `iface`.
    pub via: Option<IpAddr>,
    /// Out interface; found from the gateway if not given.
    pub iface: Option<IfaceId>,
}

/// A neighbour that is never asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticNeighbour {
    /// Its address.
    pub addr: IpAddr,
    /// Its MAC address.
    pub mac: MacAddr,
    /// The interface that it is behind.
    pub iface: IfaceId,
}

/// Interfaces and routes as configured; interface numbers are places in `ifaces`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkConfig {
    /// The interfaces.
    pub ifaces: Vec<IfaceConfig>,
    /// The static routes.
    pub routes: Vec<RouteConfig>,
}

/// All that forwarding reads, unchanging.
#[derive(Clone, Debug)]
pub struct Network {
    ifaces: Arc<[Iface]>,
    loopback: Arc<Iface>,
    fib: Arc<Fib>,
    /// By interface: how link-local IPv6 destinations are reached.
    link_routes: Arc<[Option<Route>]>,
    neighbours: Neighbours,
    version: u64,
}

impl Network {
    /// Checks a configuration and builds the first snapshot, without neighbours.
    ///
    /// # Errors
    /// The first fault found.
    pub fn new(config: &NetworkConfig) -> Result<Self, NetworkError> {
        let ifaces = build_ifaces(&config.ifaces)?;
        check_addresses(&ifaces)?;
        let mut entries = address_entries(&ifaces);
        entries.extend(static_entries(&ifaces, &config.routes)?);
        Ok(Self {
            link_routes: ifaces.iter().map(link_route).collect(),
            ifaces: ifaces.into(),
            loopback: Arc::new(loopback()),
            fib: Arc::new(Fib::new(entries)),
            neighbours: Neighbours::default(),
            version: 0,
        })
    }

    /// The same interfaces and routes with other neighbours, one version later.
    pub fn with_neighbours(&self, neighbours: Neighbours) -> Self {
        Self {
            ifaces: Arc::clone(&self.ifaces),
            loopback: Arc::clone(&self.loopback),
            fib: Arc::clone(&self.fib),
            link_routes: Arc::clone(&self.link_routes),
            neighbours,
            version: self.version + 1,
        }
    }

    /// Checks a static neighbour against the interfaces.
    ///
    /// # Errors
    /// Its interface does not exist, or its addresses are no other station's.
    pub fn check_neighbour(&self, neighbour: &StaticNeighbour) -> Result<(), NetworkError> {
        let &StaticNeighbour { addr, mac, iface } = neighbour;
        let bad = |why| Err(NetworkError::BadNeighbour { addr, why });
        if self.iface(iface).is_none() {
            return Err(NetworkError::UnknownIface(iface.0));
        }
        if addr.is_multicast() || addr.is_unspecified() || addr.is_loopback() {
            return bad("the address is no unicast address");
        }
        if self.ifaces.iter().any(|own| own.has_addr(addr)) {
            return bad("the address is one of the own addresses");
        }
        if !mac.is_unicast() {
            return bad("the MAC address is no station's");
        }
        Ok(())
    }

    /// Counts the snapshots; a worker that sees a new number looks after its held packets.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// All interfaces, by number, but `lo`.
    pub fn ifaces(&self) -> &[Iface] {
        &self.ifaces
    }

    /// One interface; `lo` too.
    pub fn iface(&self, id: IfaceId) -> Option<&Iface> {
        if id == IfaceId::LOOPBACK {
            return Some(&self.loopback);
        }
        self.ifaces.get(id.index())
    }

    /// What packets of this host to itself leave and come by: rules see it as `lo`.
    pub fn loopback(&self) -> &Iface {
        &self.loopback
    }

    /// The interface called `name`.
    pub fn iface_named(&self, name: &str) -> Option<&Iface> {
        self.ifaces.iter().find(|iface| &*iface.name == name)
    }

    /// The neighbours.
    pub fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    /// The forwarding table.
    pub fn fib(&self) -> &Fib {
        &self.fib
    }

    /// Where a packet for `destination` goes.
    pub fn route_v4(&self, destination: Ipv4Addr) -> Option<Route> {
        self.fib.lookup_v4(destination).copied()
    }

    /// Where a packet for `destination` goes. Link-local destinations are looked up on `link`,
    /// the interface of arrival or the one the sender chose.
    pub fn route_v6(&self, destination: Ipv6Addr, link: IfaceId) -> Option<Route> {
        if destination.is_unicast_link_local() {
            let kind = if self.iface(link)?.has_addr(destination.into()) {
                RouteKind::Local
            } else {
                RouteKind::Unicast
            };
            let route = *self.link_route(link)?;
            return Some(Route { kind, ..route });
        }
        self.fib.lookup_v6(destination).copied()
    }

    /// The route to link-local IPv6 destinations behind `link`; none without a link-local address.
    pub fn link_route(&self, link: IfaceId) -> Option<&Route> {
        self.link_routes.get(link.index())?.as_ref()
    }

    /// Whether `addr` is an address of ours, on any interface.
    pub fn is_local_v4(&self, addr: Ipv4Addr) -> bool {
        matches!(
            self.fib.lookup_v4(addr),
            Some(Route {
                kind: RouteKind::Local,
                ..
            })
        )
    }

    /// The source address for a packet made here that leaves by `iface` to the next hop or
    /// destination `toward` (`inet_select_addr`).
    pub fn source_v4(&self, iface: IfaceId, toward: Ipv4Addr) -> Option<Ipv4Addr> {
        select_v4(&self.ifaces, iface, toward)
    }

    /// The source address for a packet made here that leaves by `iface` to `destination`
    /// (`ipv6_dev_get_saddr`).
    pub fn source_v6(&self, iface: IfaceId, destination: Ipv6Addr) -> Option<Ipv6Addr> {
        select_v6(&self.ifaces, iface, destination)
    }
}

const LOOPBACK_NAME: &str = "lo";

/// The route to link-local destinations behind an interface that has such an address.
fn link_route(iface: &Iface) -> Option<Route> {
    Some(Route {
        kind: RouteKind::Unicast,
        iface: iface.id,
        gateway: None,
        prefix_len: 64,
        source: Some(iface.link_local()?.into()),
    })
}

fn loopback() -> Iface {
    Iface {
        id: IfaceId::LOOPBACK,
        name: LOOPBACK_NAME.into(),
        mac: MacAddr::ZERO,
        mtu: 65_536,
        addrs: Vec::new(),
        rp_filter: RpFilter::Off,
    }
}

fn build_ifaces(configs: &[IfaceConfig]) -> Result<Vec<Iface>, NetworkError> {
    if configs.len() > usize::from(u16::MAX) {
        return Err(NetworkError::TooManyIfaces(configs.len()));
    }
    let mut ifaces: Vec<Iface> = Vec::with_capacity(configs.len());
    for (index, config) in configs.iter().enumerate() {
        if config.name == LOOPBACK_NAME || ifaces.iter().any(|iface| *iface.name == *config.name) {
            return Err(NetworkError::DuplicateName(config.name.clone()));
        }
        if !(576..=65535).contains(&config.mtu) {
            return Err(NetworkError::BadMtu {
                iface: config.name.clone(),
                mtu: config.mtu,
            });
        }
        let mut addrs = config.addrs.clone();
        if config.link_local {
            let addr = eui64_link_local(config.mac).into();
            if !addrs.iter().any(|own| own.addr == addr) {
                addrs.push(IfaceAddr {
                    addr,
                    prefix_len: 64,
                });
            }
        }
        ifaces.push(Iface {
            id: IfaceId(index as u16),
            name: config.name.as_str().into(),
            mac: config.mac,
            mtu: config.mtu,
            addrs,
            rp_filter: config.rp_filter,
        });
    }
    Ok(ifaces)
}

/// Each address is unicast, stands once, and no two interfaces claim overlapping networks.
/// Link-local networks are every interface's own.
fn check_addresses(ifaces: &[Iface]) -> Result<(), NetworkError> {
    let mut seen: Vec<(&Iface, &IfaceAddr)> = Vec::new();
    for iface in ifaces {
        for own in &iface.addrs {
            check_address(iface, own)?;
            if is_link_local(own.addr) {
                continue;
            }
            for &(first, other) in &seen {
                if other.addr == own.addr {
                    return Err(NetworkError::DuplicateAddress {
                        addr: own.addr,
                        first: first.name.to_string(),
                        second: iface.name.to_string(),
                    });
                }
                let overlaps = other.contains(own.addr) || own.contains(other.addr);
                if overlaps && first.id != iface.id {
                    return Err(NetworkError::OverlappingPrefix {
                        first: first.name.to_string(),
                        first_addr: format!("{}/{}", other.addr, other.prefix_len),
                        second: iface.name.to_string(),
                        second_addr: format!("{}/{}", own.addr, own.prefix_len),
                    });
                }
            }
            seen.push((iface, own));
        }
    }
    Ok(())
}

fn check_address(iface: &Iface, own: &IfaceAddr) -> Result<(), NetworkError> {
    let (bits, is_unicast) = match own.addr {
        IpAddr::V4(addr) => (
            32,
            !(addr.is_multicast()
                || addr.is_broadcast()
                || addr.is_loopback()
                || addr.octets()[0] == 0
                || own.broadcast() == Some(addr)),
        ),
        IpAddr::V6(addr) => (
            128,
            !(addr.is_multicast() || addr.is_loopback() || addr.is_unspecified()),
        ),
    };
    if own.prefix_len > bits {
        return Err(NetworkError::BadPrefixLen {
            addr: own.addr,
            prefix_len: own.prefix_len,
        });
    }
    if !is_unicast {
        return Err(NetworkError::NotUnicast {
            iface: iface.name.to_string(),
            addr: own.addr,
        });
    }
    Ok(())
}

fn is_link_local(addr: IpAddr) -> bool {
    matches!(addr, IpAddr::V6(addr) if addr.is_unicast_link_local())
}

/// What the kernel adds with an address: the address itself, its broadcast address, the network
/// behind the interface, and the subnet-router anycast address (RFC 4291 2.6.1; not for /127 and
/// longer, RFC 6164).
fn address_entries(ifaces: &[Iface]) -> Vec<FibEntry> {
    let mut entries = Vec::new();
    for iface in ifaces {
        for own in iface.addrs.iter().filter(|own| !is_link_local(own.addr)) {
            let route = |kind, prefix_len| Route {
                kind,
                iface: iface.id,
                gateway: None,
                prefix_len,
                source: Some(own.addr),
            };
            let full = if own.addr.is_ipv4() { 32 } else { 128 };
            entries.push(FibEntry {
                to: own.addr,
                prefix_len: own.prefix_len,
                route: route(RouteKind::Unicast, own.prefix_len),
            });
            if own.addr.is_ipv6() && own.prefix_len < 127 {
                entries.push(FibEntry {
                    to: first_of(own),
                    prefix_len: 128,
                    route: route(RouteKind::Anycast, 128),
                });
            }
            if let Some(broadcast) = own.broadcast() {
                entries.push(FibEntry {
                    to: broadcast.into(),
                    prefix_len: 32,
                    route: route(RouteKind::Broadcast, 32),
                });
            }
            entries.push(FibEntry {
                to: own.addr,
                prefix_len: full,
                route: route(RouteKind::Local, full),
            });
        }
    }
    // The last of equal prefixes wins: an own address over another's broadcast or anycast one.
    entries.sort_by_key(|entry| match entry.route.kind {
        RouteKind::Unicast => 0,
        RouteKind::Anycast | RouteKind::Broadcast => 1,
        RouteKind::Local => 2,
    });
    entries
}

/// The lowest address of the network.
fn first_of(own: &IfaceAddr) -> IpAddr {
    match own.addr {
        IpAddr::V4(addr) => Ipv4Addr::from_bits(addr.to_bits() & mask_v4(own.prefix_len)).into(),
        IpAddr::V6(addr) => Ipv6Addr::from_bits(addr.to_bits() & mask_v6(own.prefix_len)).into(),
    }
}

fn static_entries(ifaces: &[Iface], routes: &[RouteConfig]) -> Result<Vec<FibEntry>, NetworkError> {
    let mut entries: Vec<FibEntry> = Vec::with_capacity(routes.len());
    for (index, config) in routes.iter().enumerate() {
        let &RouteConfig {
            to,
            prefix_len,
            via,
            ..
        } = config;
        check_destination(ifaces, &entries, index, config)?;
        let iface = out_iface(ifaces, index, config)?;
        let source = match (to, via) {
            (IpAddr::V4(_), Some(IpAddr::V4(toward))) | (IpAddr::V4(toward), _) => {
                select_v4(ifaces, iface, toward).map(IpAddr::V4)
            }
            // IPv6 selects by destination, packet by packet.
            (IpAddr::V6(_), _) => None,
        };
        let route = Route {
            kind: RouteKind::Unicast,
            iface,
            gateway: via,
            prefix_len,
            source,
        };
        entries.push(FibEntry {
            to,
            prefix_len,
            route,
        });
    }
    Ok(entries)
}

/// The destination is a prefix that nobody has a route to yet.
fn check_destination(
    ifaces: &[Iface],
    entries: &[FibEntry],
    index: usize,
    config: &RouteConfig,
) -> Result<(), NetworkError> {
    let &RouteConfig { to, prefix_len, .. } = config;
    if prefix_len > if to.is_ipv4() { 32 } else { 128 } {
        return Err(NetworkError::BadPrefixLen {
            addr: to,
            prefix_len,
        });
    }
    if first_of(&IfaceAddr {
        addr: to,
        prefix_len,
    }) != to
    {
        return Err(NetworkError::HostBits {
            index,
            to,
            prefix_len,
        });
    }
    let is_connected = |iface: &Iface| {
        let mut own = iface.addrs.iter();
        own.any(|own| own.prefix_len == prefix_len && first_of(own) == to)
    };
    let is_known = entries
        .iter()
        .any(|e| e.to == to && e.prefix_len == prefix_len);
    if is_known || ifaces.iter().any(is_connected) {
        return Err(NetworkError::DuplicateRoute {
            index,
            to,
            prefix_len,
        });
    }
    Ok(())
}

fn out_iface(
    ifaces: &[Iface],
    index: usize,
    config: &RouteConfig,
) -> Result<IfaceId, NetworkError> {
    if let Some(id) = config.iface
        && id.index() >= ifaces.len()
    {
        return Err(NetworkError::UnknownIface(id.0));
    }
    let Some(via) = config.via else {
        return config.iface.ok_or(NetworkError::NoNextHop { index });
    };
    if via.is_ipv4() != config.to.is_ipv4() {
        return Err(NetworkError::FamilyMismatch { index, via });
    }
    if ifaces.iter().any(|iface| iface.has_addr(via)) {
        return Err(NetworkError::GatewayIsLocal { index, via });
    }
    // A link-local gateway is on every link, so the interface must be named.
    if is_link_local(via) {
        return config
            .iface
            .ok_or(NetworkError::GatewayNotOnLink { index, via });
    }
    ifaces
        .iter()
        .filter(|iface| config.iface.is_none_or(|id| id == iface.id))
        .find(|iface| iface.addrs.iter().any(|own| own.contains(via)))
        .map(|iface| iface.id)
        .ok_or(NetworkError::GatewayNotOnLink { index, via })
}

#[cfg(test)]
mod tests;
