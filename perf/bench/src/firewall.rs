//! The firewall that is measured: two interfaces, a route, rules in iptables syntax, and frames
//! that pass them.

use std::net::{IpAddr, Ipv4Addr};

use classifier::Classifier;
use pipeline::Generation;
use route::{
    IfaceAddr, IfaceConfig, IfaceId, MacAddr, NeighbourParams, NeighbourTable, Network,
    NetworkConfig, RouteConfig, RpFilter, StaticNeighbour,
};
use rules::{Family, Ruleset};
use syntax::{Invocation, Names, Program, Stamp};
use wire::{EtherType, EthernetHeader, Header, Ipv4Header, UdpHeader, ipv4::Ipv4Fields, protocol};
use zerocopy::IntoBytes;

/// Flows that the frames belong to.
const FLOWS: u16 = 1024;
/// Payload that makes a frame of 60 bytes, 64 with its checksum.
const PAYLOAD_BYTES: usize = 18;
/// Where the payload starts, which holds a time stamp of 8 bytes.
pub(crate) const STAMP_AT: usize = EthernetHeader::LEN + Ipv4Header::LEN + UdpHeader::LEN;

const GATEWAY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 254);
const LAN_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

/// `lan` is interface 0, `wan` interface 1; 198.18.0.0/15 (RFC 2544) is behind a gateway that
/// everybody knows.
pub(crate) fn network() -> (Network, NeighbourTable) {
    let iface = |name: &str, mac, addr: [u8; 4]| IfaceConfig {
        name: name.to_owned(),
        mac,
        mtu: 1500,
        addrs: vec![IfaceAddr {
            addr: IpAddr::from(addr),
            prefix_len: 24,
        }],
        rp_filter: RpFilter::Off,
        link_local: false,
    };
    let config = NetworkConfig {
        ifaces: vec![
            iface("lan", LAN_MAC, [192, 168, 1, 1]),
            iface("wan", MacAddr([2, 0, 0, 0, 0, 2]), [203, 0, 113, 1]),
        ],
        routes: vec![RouteConfig {
            to: IpAddr::from([198, 18, 0, 0]),
            prefix_len: 15,
            via: Some(GATEWAY.into()),
            iface: None,
        }],
    };
    let mut neighbours = NeighbourTable::new(NeighbourParams::default(), 1);
    neighbours.set_static(StaticNeighbour {
        addr: GATEWAY.into(),
        mac: MacAddr([2, 0, 0, 0, 0, 0xfe]),
        iface: IfaceId(1),
    });
    let network = Network::new(&config).expect("interfaces and routes fit together");
    (network, neighbours)
}

/// A FORWARD chain whose last of `count` rules accepts every frame of [`frames`]; those before
/// look at `10.{second}.0.0/16` and fit none.
pub(crate) fn ruleset(count: u32, second: u8) -> Ruleset {
    let mut text = String::from("*filter\n:FORWARD DROP\n");
    for number in 1..count {
        let (third, port) = (number % 256, 3000 + number);
        text += &format!("-A FORWARD -s 10.{second}.{third}.0/24 -p udp --dport {port} -j DROP\n");
    }
    text += "-A FORWARD -i lan -o wan -j ACCEPT\nCOMMIT\n";
    let call = Invocation {
        program: Program::Restore,
        family: Family::Ipv4,
        args: &[],
        stdin: &text,
        stamp: Stamp {
            version: "0",
            unix_time_s: 0,
        },
    };
    let outcome = syntax::run(&call, &Ruleset::new(), &Names::from_text("", ""));
    let mut ruleset = outcome.ruleset.expect("the text is right");
    ruleset.assign_handles(&mut 1);
    ruleset
}

/// What the data plane makes of a ruleset.
pub(crate) fn generation(number: u64, ruleset: &Ruleset, workers: usize) -> Generation {
    let classifier = Classifier::new(ruleset).expect("the rules are valid");
    Generation::new(number, classifier, workers)
}

/// One small UDP datagram of each flow, without a UDP checksum: its payload will change.
pub(crate) fn frames() -> Vec<Vec<u8>> {
    (0..FLOWS).map(frame).collect()
}

fn frame(flow: u16) -> Vec<u8> {
    let sender = MacAddr([2, 0, 0, 0, 0, 0x10]);
    let link = EthernetHeader::new(LAN_MAC, sender, EtherType::IPV4);
    let network = Ipv4Header::new(&Ipv4Fields {
        src: Ipv4Addr::new(192, 168, 1, 10),
        dst: Ipv4Addr::from(u32::from_be_bytes([198, 18, 0, 1]) + (u32::from(flow) << 4)),
        protocol: protocol::UDP,
        ttl: 64,
        tos: 0,
        id: flow,
        dont_fragment: true,
        payload_length: (UdpHeader::LEN + PAYLOAD_BYTES) as u16,
    });
    let transport = UdpHeader::new(1024 + flow, 2000 + flow % 1000, PAYLOAD_BYTES as u16);
    [
        link.as_bytes(),
        network.as_bytes(),
        transport.as_bytes(),
        &[0; PAYLOAD_BYTES],
    ]
    .concat()
}
