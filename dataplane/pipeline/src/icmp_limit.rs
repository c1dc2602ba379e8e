//! How many ICMP messages may be made: `net/ipv4/icmp.c` `icmp_global_allow`, `net/ipv4/inetpeer.c`
//! `inet_peer_xrlim_allow`, `net/ipv4/route.c` `ip_error`.
//!
//! Three token buckets: one for all messages, one a destination, one a destination for "no route".
//! Each worker has its own; the global rate is divided among the workers, so that their sum is
//! what was configured. The kernel consumes a random 0 to 2 tokens of the global bucket a message
//! against probing by timing; here it is 1, its mean, so that a replay is repeatable.

use std::net::IpAddr;

use crate::settings::Settings;

/// Destinations remembered; of 8 that share a set the one unused longest is forgotten.
const SETS: usize = 512;
const WAYS: usize = 8;

const MS_NS: u64 = 1_000_000;

/// `XRLIM_BURST_FACTOR`: a destination can save up so many messages.
const BURST_FACTOR: u64 = 6;

/// What is remembered of one destination. `inet_peer` uses one pair for both limits; so do we.
#[derive(Clone, Copy)]
struct Peer {
    addr: Option<IpAddr>,
    tokens_ns: u64,
    last_ns: u64,
}

const NOBODY: Peer = Peer {
    addr: None,
    tokens_ns: 0,
    last_ns: 0,
};

pub(crate) struct IcmpLimit {
    credit: u64,
    stamp_ns: Option<u64>,
    per_sec: u64,
    burst: u64,
    key: u64,
    peers: Box<[[Peer; WAYS]]>,
}

impl IcmpLimit {
    pub(crate) fn new(settings: &Settings, workers: usize, key: u64) -> Self {
        let share = |whole: u32| u64::from(whole).div_ceil(workers.max(1) as u64);
        let burst = share(settings.icmp_msgs_burst);
        Self {
            credit: burst,
            stamp_ns: None,
            per_sec: share(settings.icmp_msgs_per_sec),
            burst,
            key,
            peers: vec![[NOBODY; WAYS]; SETS].into_boxed_slice(),
        }
    }

    /// Whether a limited message to `addr` may go now: the global bucket must have a token, the
    /// destination `interval_ms` worth of them.
    pub(crate) fn allow(&mut self, addr: IpAddr, interval_ms: u32, now_ns: u64) -> bool {
        self.refill(now_ns);
        if self.credit == 0 {
            return false;
        }
        let cost_ns = u64::from(interval_ms) * MS_NS;
        if !self.peer_allow(addr, cost_ns, BURST_FACTOR * cost_ns, now_ns) {
            return false;
        }
        self.credit -= 1;
        true
    }

    /// Whether "no route" may be answered to `addr` (`ip_error`); the message's own limit follows.
    pub(crate) fn allow_route_error(
        &mut self,
        addr: IpAddr,
        settings: &Settings,
        now_ns: u64,
    ) -> bool {
        let cost_ns = u64::from(settings.route_error_cost_ms) * MS_NS;
        let burst_ns = u64::from(settings.route_error_burst_ms) * MS_NS;
        self.peer_allow(addr, cost_ns, burst_ns, now_ns)
    }

    fn refill(&mut self, now_ns: u64) {
        const SECOND_NS: u64 = 1_000_000_000;
        let Some(stamp_ns) = self.stamp_ns else {
            self.stamp_ns = Some(now_ns);
            return;
        };
        let passed_ns = now_ns.saturating_sub(stamp_ns).min(SECOND_NS);
        let earned = self.per_sec * passed_ns / SECOND_NS;
        if earned > 0 {
            self.credit = (self.credit + earned).min(self.burst);
            self.stamp_ns = Some(now_ns);
        }
    }

    fn peer_allow(&mut self, addr: IpAddr, cost_ns: u64, most_ns: u64, now_ns: u64) -> bool {
        if cost_ns == 0 {
            return true;
        }
        let peer = self.peer(addr, most_ns, now_ns);
        peer.tokens_ns = most_ns.min(peer.tokens_ns + now_ns.saturating_sub(peer.last_ns));
        peer.last_ns = now_ns;
        let is_enough = peer.tokens_ns >= cost_ns;
        if is_enough {
            peer.tokens_ns -= cost_ns;
        }
        is_enough
    }

    /// The entry of `addr`; a new one has saved all it can.
    fn peer(&mut self, addr: IpAddr, most_ns: u64, now_ns: u64) -> &mut Peer {
        let set = &mut self.peers[set_of(addr, self.key)];
        let known = set.iter().position(|peer| peer.addr == Some(addr));
        let at = known.unwrap_or_else(|| {
            let mut oldest = 0;
            for (at, peer) in set.iter().enumerate() {
                let is_older = peer.last_ns < set[oldest].last_ns;
                if set[oldest].addr.is_some() && (peer.addr.is_none() || is_older) {
                    oldest = at;
                }
            }
            set[oldest] = Peer {
                addr: Some(addr),
                tokens_ns: most_ns,
                last_ns: now_ns,
            };
            oldest
        });
        &mut set[at]
    }
}

/// A keyed mix, so that nobody outside can choose addresses that share a set.
fn set_of(addr: IpAddr, key: u64) -> usize {
    let bits = match addr {
        IpAddr::V4(addr) => u128::from(addr.to_bits()),
        IpAddr::V6(addr) => addr.to_bits(),
    };
    let mut mixed = key;
    for half in [bits as u64, (bits >> 64) as u64] {
        mixed = (mixed ^ half).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^= mixed >> 29;
    }
    mixed as usize % SETS
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn addr(n: u32) -> IpAddr {
        IpAddr::from(n.to_be_bytes())
    }

    fn allowed(limit: &mut IcmpLimit, to: IpAddr, tries: usize, now_ns: u64) -> usize {
        (0..tries).filter(|_| limit.allow(to, 1000, now_ns)).count()
    }

    #[test]
    fn a_destination_gets_six_at_once_then_one_a_second() {
        let mut limit = IcmpLimit::new(&Settings::default(), 1, 7);
        assert_eq!(allowed(&mut limit, addr(1), 20, 0), 6);
        assert_eq!(allowed(&mut limit, addr(1), 20, SECOND), 1);
        assert_eq!(allowed(&mut limit, addr(1), 20, 3 * SECOND), 2);
        assert_eq!(allowed(&mut limit, addr(2), 20, 3 * SECOND), 6);
    }

    #[test]
    fn all_destinations_share_a_burst_of_fifty() {
        let mut limit = IcmpLimit::new(&Settings::default(), 1, 7);
        let sum: usize = (0..100).map(|n| allowed(&mut limit, addr(n), 1, 0)).sum();
        assert_eq!(sum, 50);
        let later: usize = (100..200)
            .map(|n| allowed(&mut limit, addr(n), 1, SECOND / 100))
            .sum();
        assert_eq!(later, 10);
    }

    #[test]
    fn limits_can_be_switched_off() {
        let settings = Settings {
            icmp_msgs_per_sec: 0,
            ..Settings::default()
        };
        let mut limit = IcmpLimit::new(&settings, 2, 7);
        let free = (0..25).filter(|_| limit.allow(addr(1), 0, 0)).count();
        assert_eq!(free, 25, "half of the burst, no limit a destination");
    }

    #[test]
    fn route_errors_have_a_burst_of_five() {
        let settings = Settings::default();
        let mut limit = IcmpLimit::new(&settings, 1, 7);
        let sent = (0..9)
            .filter(|_| limit.allow_route_error(addr(1), &settings, 0))
            .count();
        assert_eq!(sent, 5);
    }

    #[test]
    fn old_destinations_make_room() {
        let mut limit = IcmpLimit::new(&Settings::default(), 1, 7);
        for n in 0..100_000 {
            limit.peer_allow(addr(n), 1, 10, u64::from(n));
        }
        assert!(!(0..20).all(|_| limit.peer_allow(addr(99_999), SECOND, 2 * SECOND, 100_000)));
    }
}
