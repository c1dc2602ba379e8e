//! A client's day, as the demo's policy judges it: what passes, what is refused, what is dropped.
//! deploy/config/demo.rules is that policy; the numbers of packets here are what the demo expects.

use std::net::Ipv4Addr;

use wire::{EthernetHeader, MacAddr, TcpFlags, icmpv4};

use super::frame::Ends;

const SECOND_NS: u64 = 1_000_000_000;

const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);
const WEIR: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

const CLIENT_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x10]);
const SERVER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x20]);
/// Weir's own, on the side that receives.
const LAN_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const WAN_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);

/// A frame and when it arrives.
pub(crate) type Arrival = (u64, Vec<u8>);

const fn from_client(to: Ipv4Addr) -> Ends {
    Ends {
        macs: (CLIENT_MAC, LAN_MAC),
        addresses: (CLIENT, to),
        ttl: 64,
        id: 1,
    }
}

const fn from_server() -> Ends {
    Ends {
        macs: (SERVER_MAC, WAN_MAC),
        addresses: (SERVER, CLIENT),
        ttl: 64,
        id: 2,
    }
}

/// What arrives from the client, in the order of time.
pub(crate) fn client() -> Vec<Arrival> {
    let to_server = from_client(SERVER);
    let mut arrivals = Vec::new();
    for sequence in 1..=3 {
        arrivals.push((
            at(0, sequence),
            to_server.echo(icmpv4::ECHO_REQUEST, sequence as u16),
        ));
    }
    arrivals.extend(http_request(&to_server));
    // An upload to port 5201, as iperf3 does it: 200 full segments.
    for number in 0..200u32 {
        let numbers = (1 + number * 1448, 1);
        let segment = to_server.tcp((40_002, 5201), TcpFlags::ACK, numbers, &[0x55; 1448]);
        arrivals.push((at(2, u64::from(number)), segment));
    }
    // Telnet and DNS are refused, port 8080 is dropped: its SYN comes again and again.
    arrivals.push((
        at(3, 0),
        to_server.tcp((40_003, 23), TcpFlags::SYN, (1, 0), &[]),
    ));
    arrivals.push((
        at(3, 500),
        to_server.udp((40_004, 53), b"who is example.org?"),
    ));
    for (second, millisecond) in [(4, 0), (5, 0), (7, 0)] {
        let syn = to_server.tcp((40_005, 8080), TcpFlags::SYN, (1, 0), &[]);
        arrivals.push((at(second, millisecond), syn));
    }
    // Weir itself is asked, and a packet has come too far.
    arrivals.push((at(8, 0), from_client(WEIR).echo(icmpv4::ECHO_REQUEST, 1)));
    let tired = Ends {
        ttl: 1,
        ..to_server
    };
    arrivals.push((at(9, 0), tired.echo(icmpv4::ECHO_REQUEST, 1)));
    // One bit of this one fell over on the way.
    let mut damaged = to_server.echo(icmpv4::ECHO_REQUEST, 2);
    damaged[<EthernetHeader as wire::Header>::LEN + 8] ^= 1;
    arrivals.push((at(10, 0), damaged));
    arrivals
}

/// What arrives from the server.
pub(crate) fn server() -> Vec<Arrival> {
    let to_client = from_server();
    let mut arrivals = Vec::new();
    for sequence in 1..=3 {
        arrivals.push((
            at(0, sequence) + 500_000,
            to_client.echo(icmpv4::ECHO_REPLY, sequence as u16),
        ));
    }
    let ports = (80, 40_001);
    let page = b"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\nhello from the server\n";
    let syn_ack = TcpFlags::SYN | TcpFlags::ACK;
    arrivals.push((at(1, 1), to_client.tcp(ports, syn_ack, (900, 101), &[])));
    arrivals.push((
        at(1, 4),
        to_client.tcp(ports, TcpFlags::ACK | TcpFlags::PSH, (901, 119), page),
    ));
    let fin = TcpFlags::FIN | TcpFlags::ACK;
    arrivals.push((
        at(1, 6),
        to_client.tcp(ports, fin, (901 + page.len() as u32, 120), &[]),
    ));
    // Nobody asked for this one: a connection from outside.
    arrivals.push((
        at(6, 0),
        to_client.tcp((55_555, 22), TcpFlags::SYN, (1, 0), &[]),
    ));
    arrivals
}

/// The client's part of one request for a page.
fn http_request(to_server: &Ends) -> [Arrival; 5] {
    let ports = (40_001, 80);
    let (ack, fin) = (TcpFlags::ACK, TcpFlags::FIN | TcpFlags::ACK);
    [
        (at(1, 0), to_server.tcp(ports, TcpFlags::SYN, (100, 0), &[])),
        (at(1, 2), to_server.tcp(ports, ack, (101, 901), &[])),
        (
            at(1, 3),
            to_server.tcp(
                ports,
                ack | TcpFlags::PSH,
                (101, 901),
                b"GET / HTTP/1.1\r\n\r\n",
            ),
        ),
        (at(1, 5), to_server.tcp(ports, fin, (119, 962), &[])),
        (at(1, 7), to_server.tcp(ports, ack, (120, 963), &[])),
    ]
}

/// Nanoseconds since the capture began.
const fn at(seconds: u64, milliseconds: u64) -> u64 {
    seconds * SECOND_NS + milliseconds * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_in_the_order_of_time() {
        for arrivals in [client(), server()] {
            assert!(arrivals.is_sorted_by_key(|(time, _)| *time));
        }
        assert_eq!((client().len(), server().len()), (216, 7));
    }
}
