//! One knock at a port, and what a client sees of the answer.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

/// Where and how to knock.
#[derive(Args)]
pub(crate) struct Plan {
    /// The protocol.
    #[arg(value_enum)]
    protocol: Protocol,
    /// Where to.
    to: SocketAddr,
    /// From which address; the kernel chooses without it.
    #[arg(long)]
    bind: Option<SocketAddr>,
    /// How long to wait, in milliseconds.
    #[arg(long, default_value = "1500", value_parser = super::millis)]
    wait: Duration,
    /// Bytes to send over UDP.
    #[arg(long, default_value_t = 32)]
    size: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Protocol {
    Tcp,
    Udp,
}

/// What a client sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A handshake, or the echo of the datagram.
    Open,
    /// RST, or ICMP port unreachable.
    Refused,
    /// Another ICMP unreachable.
    Unreachable,
    /// The datagram is larger than the path takes.
    TooBig,
    /// Nothing at all.
    Timeout,
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TooBig => "too-big",
            Self::Timeout => "timeout",
        })
    }
}

/// Knocks once.
///
/// # Errors
/// What is no answer of the network: no such local address, no permission.
pub(crate) fn run(plan: &Plan) -> io::Result<Answer> {
    match plan.protocol {
        Protocol::Tcp => answer(TcpStream::connect_timeout(&plan.to, plan.wait).map(drop)),
        Protocol::Udp => answer(knock_udp(plan)),
    }
}

fn knock_udp(plan: &Plan) -> io::Result<()> {
    let any: SocketAddr = if plan.to.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(plan.bind.unwrap_or(any))?;
    socket.connect(plan.to)?;
    let payload: Vec<u8> = (0..plan.size).map(|at| at as u8).collect();
    socket.send(&payload)?;
    let end = Instant::now() + plan.wait;
    let mut echoed = vec![0; plan.size + 1];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        let taken = socket.recv(&mut echoed)?;
        if echoed[..taken] == payload[..] {
            return Ok(());
        }
    }
}

/// The word for what the kernel reports.
fn answer(outcome: io::Result<()>) -> io::Result<Answer> {
    let Err(error) = outcome else {
        return Ok(Answer::Open);
    };
    /// Linux's EMSGSIZE.
    const MESSAGE_TOO_LONG: i32 = 90;
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Ok(Answer::Refused),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Ok(Answer::Unreachable)
        }
        io::ErrorKind::PermissionDenied if error.raw_os_error() == Some(13) => {
            Ok(Answer::Unreachable)
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Ok(Answer::Timeout),
        _ if error.raw_os_error() == Some(MESSAGE_TOO_LONG) => Ok(Answer::TooBig),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_word() {
        let word = |kind: io::ErrorKind| answer(Err(kind.into())).map(|answer| answer.to_string());
        assert_eq!(
            word(io::ErrorKind::ConnectionRefused).ok().as_deref(),
            Some("refused")
        );
        assert_eq!(
            word(io::ErrorKind::HostUnreachable).ok().as_deref(),
            Some("unreachable")
        );
        assert_eq!(
            word(io::ErrorKind::WouldBlock).ok().as_deref(),
            Some("timeout")
        );
        assert!(word(io::ErrorKind::AddrNotAvailable).is_err());
    }
}
