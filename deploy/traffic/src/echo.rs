//! A UDP echo server.

use std::io;
use std::net::{SocketAddr, UdpSocket};

/// Answers until it is killed.
///
/// # Errors
/// If the socket cannot be made. What a client does to its own socket is no error here.
pub(crate) fn run(bind: SocketAddr) -> io::Result<()> {
    let socket = UdpSocket::bind(bind)?;
    let mut bytes = [0; 65_536];
    loop {
        // An ICMP error of an earlier answer may be reported here; the next datagram is unharmed.
        if let Ok((taken, from)) = socket.recv_from(&mut bytes) {
            let _ = socket.send_to(&bytes[..taken], from);
        }
    }
}
