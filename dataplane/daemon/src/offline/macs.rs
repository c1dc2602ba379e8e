//! MAC addresses that a replay has to make up: a capture does not say which are this host's, and
//! frames to other stations would be dropped, as live.

use std::net::IpAddr;

use packet::{Network, parse};

/// The MAC address of interface number `iface` where nothing tells: locally administered,
/// "weir" and the number.
pub(super) fn made_up(iface: u16) -> [u8; 6] {
    // 0x02 0x77 ("w") 0x65 ("e") 0x72 ("r"), number.
    let [high, low] = iface.to_be_bytes();
    [0x02, 0x77, 0x65, 0x72, high, low]
}

/// The station that an IP frame is addressed to: on the interface of a router, the router.
pub(super) fn addressed_to(frame: &[u8]) -> Option<[u8; 6]> {
    let parsed = parse(frame).ok()?;
    let Network::Ip(_) = parsed.network else {
        return None;
    };
    let mac: [u8; 6] = *frame.first_chunk()?;
    (mac[0] & 1 == 0).then_some(mac)
}

/// The MAC address that `--resolve-neighbours` answers with for `address`.
pub(super) fn of_neighbour(address: IpAddr) -> [u8; 6] {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            [0x02, 0x00, a, b, c, d]
        }
        IpAddr::V6(v6) => {
            let [.., a, b, c, d] = v6.octets();
            [0x02, 0x06, a, b, c, d]
        }
    }
}
