//! Numbered datagrams at a steady rate. The number is the payload's first eight bytes,
//! big-endian, from 0 without a gap: the receiver needs nothing else to know what was lost.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

/// Bytes of a datagram's number.
pub(crate) const NUMBER_BYTES: usize = 8;

/// How long the sender sleeps when it is ahead of its rate. Shorter sleeps cost more than they
/// smooth: the kernel's timer slack is 50 µs.
const NAP: Duration = Duration::from_micros(200);

/// Datagrams between two looks whether the process that the stream accompanies still runs.
const LOOKS_EVERY: u64 = 256;

/// What to send.
#[derive(Args)]
pub(crate) struct Plan {
    /// Where to.
    #[arg(long)]
    to: SocketAddr,
    /// From which address.
    #[arg(long)]
    bind: Option<SocketAddr>,
    /// How many datagrams; without it, as many as the time allows.
    #[arg(long, default_value_t = u64::MAX)]
    count: u64,
    /// How long at most, in milliseconds.
    #[arg(long, default_value = "10000", value_parser = super::millis)]
    time: Duration,
    /// Datagrams per second; 0 is as fast as it goes.
    #[arg(long, default_value_t = 0)]
    rate: u64,
    /// Payload bytes.
    #[arg(long, default_value_t = 64)]
    size: usize,
    /// Stop early when this process has ended.
    #[arg(long)]
    while_pid: Option<u32>,
    /// How many sockets, hence source ports, take turns: flows spread over queues.
    #[arg(long, default_value_t = 1)]
    flows: usize,
}

/// Sends by `plan`; says how many datagrams left and in which time.
///
/// # Errors
/// If a socket cannot be made. A datagram that the kernel refuses (an ICMP error that came back,
/// a full queue) is sent again under the same number.
pub(crate) fn run(plan: &Plan) -> io::Result<String> {
    let sockets = connect(plan)?;
    let mut payload = vec![0; plan.size.max(NUMBER_BYTES)];
    let start = Instant::now();
    let mut sent = 0u64;
    let mut refused = 0u64;
    let mut is_wanted = true;
    while is_wanted && sent < plan.count && start.elapsed() < plan.time {
        if sent.is_multiple_of(LOOKS_EVERY) {
            is_wanted = plan.while_pid.is_none_or(is_running);
        }
        let due = due(plan.rate, start.elapsed()).min(plan.count);
        if sent >= due {
            thread::sleep(NAP);
            continue;
        }
        payload[..NUMBER_BYTES].copy_from_slice(&sent.to_be_bytes());
        match sockets[(sent % sockets.len() as u64) as usize].send(&payload) {
            Ok(_) => sent += 1,
            Err(_) => {
                refused += 1;
                thread::sleep(NAP);
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(format!(
        "{{\"sent\":{sent},\"refused\":{refused},\"seconds\":{seconds:.6}}}"
    ))
}

fn is_running(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

/// How many datagrams should have left after `elapsed`.
fn due(rate: u64, elapsed: Duration) -> u64 {
    match rate {
        0 => u64::MAX,
        rate => (elapsed.as_secs_f64() * rate as f64) as u64,
    }
}

fn connect(plan: &Plan) -> io::Result<Vec<UdpSocket>> {
    let any: SocketAddr = if plan.to.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0u16; 8], 0).into()
    };
    let mut sockets = Vec::with_capacity(plan.flows.max(1));
    for _ in 0..plan.flows.max(1) {
        let socket = UdpSocket::bind(plan.bind.unwrap_or(any))?;
        socket.connect(plan.to)?;
        sockets.push(socket);
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_over_time() {
        assert_eq!(due(1000, Duration::from_millis(2500)), 2500);
        assert_eq!(due(0, Duration::ZERO), u64::MAX);
    }
}
