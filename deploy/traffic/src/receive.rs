//! Counts numbered datagrams: how many came, which numbers are missing, came twice or late.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use clap::Args;

use crate::send::NUMBER_BYTES;

/// Bytes. The kernel's receive queue, so that a receiver which is not scheduled loses nothing.
const QUEUE_BYTES: usize = 64 << 20;

/// When to stop.
#[derive(Args)]
pub(crate) struct Plan {
    /// Where to listen.
    #[arg(long)]
    bind: SocketAddr,
    /// How long to wait for the first datagram, in milliseconds.
    #[arg(long, default_value = "10000", value_parser = super::millis)]
    first: Duration,
    /// After how long a silence the stream is over, in milliseconds.
    #[arg(long, default_value = "1000", value_parser = super::millis)]
    idle: Duration,
}

/// Which numbers have come.
#[derive(Debug, Default)]
struct Tally {
    received: u64,
    duplicates: u64,
    /// Came after a higher number.
    late: u64,
    /// One above the highest number that came.
    end: u64,
    /// The longest time between two datagrams: an outage, if there was one.
    longest_gap: Duration,
    /// One bit per number.
    seen: Vec<u64>,
}

impl Tally {
    fn add(&mut self, number: u64) {
        let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
        if word >= self.seen.len() {
            self.seen.resize(word + 1, 0);
        }
        if self.seen[word] & bit != 0 {
            self.duplicates += 1;
            return;
        }
        self.seen[word] |= bit;
        self.received += 1;
        if number < self.end {
            self.late += 1;
        }
        self.end = self.end.max(number + 1);
    }

    /// Numbers below the highest that never came.
    fn missing(&self) -> u64 {
        self.end - self.received
    }
}

/// Receives until the stream is over; says what came.
///
/// # Errors
/// If the socket cannot be made or read.
pub(crate) fn run(plan: &Plan) -> io::Result<String> {
    let socket = UdpSocket::bind(plan.bind)?;
    // Without CAP_NET_ADMIN the kernel's own limit holds.
    let forced = rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, QUEUE_BYTES);
    forced.or_else(|_| rustix::net::sockopt::set_socket_recv_buffer_size(&socket, QUEUE_BYTES))?;
    let mut tally = Tally::default();
    let mut bytes = [0; 65_536];
    let mut began = None;
    let mut last = Instant::now();
    socket.set_read_timeout(Some(plan.first))?;
    loop {
        let taken = match socket.recv(&mut bytes) {
            Ok(taken) => taken,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        };
        let now = Instant::now();
        if began.is_none() {
            began = Some(now);
            socket.set_read_timeout(Some(plan.idle))?;
        } else {
            tally.longest_gap = tally.longest_gap.max(now - last);
        }
        last = now;
        if let Some(number) = bytes[..taken].first_chunk::<NUMBER_BYTES>() {
            tally.add(u64::from_be_bytes(*number));
        }
    }
    let seconds = began.map_or(0.0, |began| (last - began).as_secs_f64());
    Ok(report(&tally, seconds))
}

fn report(tally: &Tally, seconds: f64) -> String {
    format!(
        "{{\"received\":{},\"missing\":{},\"duplicates\":{},\"late\":{},\"seconds\":{seconds:.6},\
         \"longest_gap_ms\":{:.3}}}",
        tally.received,
        tally.missing(),
        tally.duplicates,
        tally.late,
        tally.longest_gap.as_secs_f64() * 1e3,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_late_and_twice_are_told_apart() {
        let mut tally = Tally::default();
        for number in [0, 1, 5, 3, 3, 200] {
            tally.add(number);
        }
        assert_eq!((tally.received, tally.duplicates, tally.late), (5, 1, 1));
        assert_eq!(tally.missing(), 201 - 5);
    }

    #[test]
    fn an_unbroken_stream_misses_nothing() {
        let mut tally = Tally::default();
        (0..1000).for_each(|number| tally.add(number));
        assert_eq!((tally.received, tally.missing(), tally.late), (1000, 0, 0));
    }
}
