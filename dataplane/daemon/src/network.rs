//! From the configuration to what workers forward by.

use route::{
    IfaceAddr, IfaceConfig, IfaceId, MacAddr, NeighbourTable, Network, NetworkConfig, NetworkError,
    RouteConfig,
};

use crate::config::Config;

/// Interfaces and routes, with the MAC address and MTU of each device, by interface number.
///
/// # Errors
/// What the configuration's own check cannot see: a device's MTU that IP cannot use.
pub fn network(config: &Config, macs: &[[u8; 6]], mtus: &[u16]) -> Result<Network, NetworkError> {
    let devices = macs.iter().zip(mtus);
    let ifaces = config.interfaces.iter().zip(devices).enumerate();
    let ifaces = ifaces.map(|(number, (iface, (&mac, &mtu)))| IfaceConfig {
        name: iface.name.clone(),
        mac: MacAddr(mac),
        mtu: u32::from(mtu),
        addrs: iface
            .addresses
            .iter()
            .map(|&(addr, prefix_len)| IfaceAddr { addr, prefix_len })
            .collect(),
        rp_filter: config
            .sysctl
            .rp_filter
            .get(number)
            .copied()
            .unwrap_or_default(),
        link_local: config
            .sysctl
            .link_local
            .get(number)
            .copied()
            .unwrap_or(true),
    });
    let routes = config.routes.iter().map(|route| RouteConfig {
        to: route.to,
        prefix_len: route.prefix_len,
        via: route.via,
        iface: route.interface.map(iface_id),
    });
    Network::new(&NetworkConfig {
        ifaces: ifaces.collect(),
        routes: routes.collect(),
    })
}

/// The neighbour table with the static neighbours; `seed` fixes its random times.
pub fn neighbours(config: &Config, seed: u64) -> NeighbourTable {
    let mut table = NeighbourTable::new(config.sysctl.neighbours.clone(), seed);
    for neighbour in &config.neighbours {
        table.set_static(route::StaticNeighbour {
            addr: neighbour.address,
            mac: MacAddr(neighbour.mac),
            iface: iface_id(neighbour.interface),
        });
    }
    table
}

fn iface_id(index: usize) -> IfaceId {
    // The configuration holds far fewer interfaces than numbers.
    IfaceId(u16::try_from(index).unwrap_or(u16::MAX))
}
