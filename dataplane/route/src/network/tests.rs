//! A configuration that holds, and one for each fault.

use super::*;

fn iface(name: &str, addrs: &[&str]) -> IfaceConfig {
    let addrs = addrs
        .iter()
        .map(|text| {
            let (addr, len) = text.split_once('/').unwrap();
            IfaceAddr {
                addr: addr.parse().unwrap(),
                prefix_len: len.parse().unwrap(),
            }
        })
        .collect();
    IfaceConfig {
        name: name.to_owned(),
        mac: MacAddr([2, 0xff, 0, 0, 0, name.len() as u8]),
        mtu: 1500,
        addrs,
        rp_filter: RpFilter::Off,
        link_local: false,
    }
}

fn route(to: &str, prefix_len: u8, via: Option<&str>) -> RouteConfig {
    RouteConfig {
        to: to.parse().unwrap(),
        prefix_len,
        via: via.map(|text| text.parse().unwrap()),
        iface: None,
    }
}

fn two_links() -> NetworkConfig {
    NetworkConfig {
        ifaces: vec![
            iface("lan", &["10.0.1.1/24", "2001:db8:1::1/64"]),
            iface("wan", &["198.51.100.1/24", "2001:db8:2::1/64"]),
        ],
        routes: vec![
            route("0.0.0.0", 0, Some("198.51.100.254")),
            route("::", 0, Some("2001:db8:2::fe")),
        ],
    }
}

#[test]
fn addresses_make_local_broadcast_and_connected_routes() {
    let net = Network::new(&two_links()).unwrap();
    let kind = |text: &str| {
        net.route_v4(text.parse().unwrap())
            .map(|r| (r.kind, r.iface.0))
    };
    assert_eq!(kind("10.0.1.1"), Some((RouteKind::Local, 0)));
    assert_eq!(kind("10.0.1.255"), Some((RouteKind::Broadcast, 0)));
    assert_eq!(kind("10.0.1.0"), Some((RouteKind::Unicast, 0)));
    assert_eq!(kind("10.0.1.77"), Some((RouteKind::Unicast, 0)));
    assert_eq!(kind("8.8.8.8"), Some((RouteKind::Unicast, 1)));
    let far = net.route_v4("8.8.8.8".parse().unwrap()).unwrap();
    assert_eq!(far.gateway, Some("198.51.100.254".parse().unwrap()));
    assert_eq!(far.source, Some("198.51.100.1".parse().unwrap()));
    let any = net
        .route_v6("2001:db8:1::".parse().unwrap(), IfaceId(1))
        .unwrap();
    assert_eq!(any.kind, RouteKind::Anycast);
}

#[test]
fn link_local_destinations_belong_to_the_link() {
    let mut config = two_links();
    config.ifaces[0].link_local = true;
    let net = Network::new(&config).unwrap();
    let own = net.ifaces()[0].link_local().unwrap();
    assert_eq!(
        net.route_v6(own, IfaceId(0)).unwrap().kind,
        RouteKind::Local
    );
    assert_eq!(net.route_v6(own, IfaceId(1)), None);
    let other: Ipv6Addr = "fe80::9".parse().unwrap();
    let there = net.route_v6(other, IfaceId(0)).unwrap();
    assert_eq!((there.kind, there.iface), (RouteKind::Unicast, IfaceId(0)));
}

#[test]
fn faults_are_named() {
    let fault = |change: &dyn Fn(&mut NetworkConfig)| {
        let mut config = two_links();
        change(&mut config);
        Network::new(&config).unwrap_err()
    };
    assert!(matches!(
        fault(&|c| c.ifaces[1].name = "lan".to_owned()),
        NetworkError::DuplicateName(name) if name == "lan"
    ));
    assert!(matches!(
        fault(&|c| c.ifaces[1].name = "lo".to_owned()),
        NetworkError::DuplicateName(name) if name == "lo"
    ));
    assert!(matches!(
        fault(&|c| c.ifaces[1].addrs[0] = c.ifaces[0].addrs[0]),
        NetworkError::DuplicateAddress { .. }
    ));
    assert!(matches!(
        fault(&|c| c.ifaces.push(iface("dmz", &["10.0.0.1/16"]))),
        NetworkError::OverlappingPrefix { .. }
    ));
    assert!(matches!(
        fault(&|c| c.routes[0].via = Some("203.0.113.1".parse().unwrap())),
        NetworkError::GatewayNotOnLink { index: 0, .. }
    ));
    assert!(matches!(
        fault(&|c| c.routes[0].via = Some("10.0.1.1".parse().unwrap())),
        NetworkError::GatewayIsLocal { index: 0, .. }
    ));
    assert!(matches!(
        fault(&|c| c.routes.push(route("10.9.0.1", 24, Some("10.0.1.2")))),
        NetworkError::HostBits { index: 2, .. }
    ));
    assert!(matches!(
        fault(&|c| c.routes.push(route("0.0.0.0", 0, Some("10.0.1.2")))),
        NetworkError::DuplicateRoute { index: 2, .. }
    ));
    assert!(matches!(
        fault(&|c| c.routes.push(route("10.9.0.0", 16, None))),
        NetworkError::NoNextHop { index: 2 }
    ));
    assert!(matches!(
        fault(&|c| c.routes.push(route("10.9.0.0", 16, Some("2001:db8:2::fe")))),
        NetworkError::FamilyMismatch { index: 2, .. }
    ));
    assert!(matches!(
        fault(&|c| c.ifaces[0].addrs[0].prefix_len = 33),
        NetworkError::BadPrefixLen { prefix_len: 33, .. }
    ));
    assert!(matches!(
        fault(&|c| c.ifaces.push(iface("dmz", &["10.2.0.255/24"]))),
        NetworkError::NotUnicast { .. }
    ));
    assert!(matches!(
        fault(&|c| c.ifaces[0].mtu = 100),
        NetworkError::BadMtu { mtu: 100, .. }
    ));
}

#[test]
fn neighbours_are_other_stations() {
    let net = Network::new(&two_links()).unwrap();
    let check = |addr: &str, mac: MacAddr, iface| {
        let addr = addr.parse().unwrap();
        net.check_neighbour(&StaticNeighbour {
            addr,
            mac,
            iface: IfaceId(iface),
        })
    };
    let mac = MacAddr([2, 0, 0, 0, 0, 1]);
    assert_eq!(check("198.51.100.254", mac, 1), Ok(()));
    assert_eq!(
        check("198.51.100.254", mac, 2),
        Err(NetworkError::UnknownIface(2))
    );
    for (addr, mac) in [
        ("198.51.100.1", mac),
        ("224.0.0.1", mac),
        ("10.0.1.2", MacAddr::ZERO),
    ] {
        assert!(
            matches!(check(addr, mac, 0), Err(NetworkError::BadNeighbour { .. })),
            "{addr}"
        );
    }
}
