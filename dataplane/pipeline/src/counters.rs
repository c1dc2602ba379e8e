//! What one worker counts. One writer, the worker; any thread may read.

use packet::DropReason;
use sync::Counter;

/// A counter for each [`DropReason`].
#[derive(Debug)]
pub struct DropCounters([Counter; DropReason::COUNT]);

impl DropCounters {
    fn new() -> Self {
        Self(std::array::from_fn(|_| Counter::default()))
    }

    /// Packets dropped for `reason`.
    pub fn get(&self, reason: DropReason) -> u64 {
        self.0[reason.index()].get()
    }

    /// Packets dropped for any reason.
    pub fn total(&self) -> u64 {
        self.0.iter().map(Counter::get).sum()
    }

    pub(crate) fn count(&self, reason: DropReason) {
        self.0[reason.index()].add(1);
    }
}

/// Frames and bytes of one interface, as this worker saw them.
#[derive(Debug, Default)]
pub struct IfaceCounters {
    /// Frames taken from the receive queue.
    pub rx_pkts: Counter,
    /// Their bytes, Ethernet header included.
    pub rx_bytes: Counter,
    /// Frames put in the transmit queue.
    pub tx_pkts: Counter,
    /// Their bytes, Ethernet header included.
    pub tx_bytes: Counter,
    /// Packets dropped because the transmit queue was full.
    pub tx_full: Counter,
}

/// All counters of one worker.
///
/// Every packet that came in ends in exactly one place: see [`WorkerCounters::balance`]. Packets
/// made here (answers, ARP, solicits) are counted apart.
#[derive(Debug)]
pub struct WorkerCounters {
    /// Packets that came in: from interfaces and from the host.
    pub received: Counter,
    /// Those that left by an interface.
    pub forwarded: Counter,
    /// Those that ended at this host: handed to the host path, or consumed by the local stack.
    pub delivered: Counter,
    /// Those that wait for a neighbour now.
    pub held: Counter,
    /// Those dropped.
    pub drops: DropCounters,
    /// Packets made here.
    pub generated: Counter,
    /// Packets made here that left by an interface or ended at this host.
    pub generated_sent: Counter,
    /// Packets made here that wait for a neighbour now.
    pub generated_held: Counter,
    /// Packets made here that were dropped.
    pub generated_drops: DropCounters,
    /// ICMP messages not made because of a rate limit.
    pub icmp_limited: Counter,
    /// Log records lost because the ring was full.
    pub logs_lost: Counter,
    /// Neighbour events lost because the ring was full.
    pub events_lost: Counter,
    /// By interface number.
    pub ifaces: Box<[IfaceCounters]>,
}

impl WorkerCounters {
    pub(crate) fn new(ifaces: usize) -> Self {
        Self {
            received: Counter::default(),
            forwarded: Counter::default(),
            delivered: Counter::default(),
            held: Counter::default(),
            drops: DropCounters::new(),
            generated: Counter::default(),
            generated_sent: Counter::default(),
            generated_held: Counter::default(),
            generated_drops: DropCounters::new(),
            icmp_limited: Counter::default(),
            logs_lost: Counter::default(),
            events_lost: Counter::default(),
            ifaces: (0..ifaces).map(|_| IfaceCounters::default()).collect(),
        }
    }

    /// Checks that nothing was lost: received = forwarded + delivered + dropped + held, and the
    /// like for packets made here. Meaningful between two bursts only.
    ///
    /// # Errors
    /// The two sides that differ.
    pub fn balance(&self) -> Result<(), Imbalance> {
        let check = |came: u64, parts: [u64; 3]| {
            let went: u64 = parts.iter().sum();
            if came == went {
                Ok(())
            } else {
                Err(Imbalance { came, went })
            }
        };
        let passed = self.forwarded.get() + self.delivered.get();
        check(
            self.received.get(),
            [passed, self.drops.total(), self.held.get()],
        )?;
        check(
            self.generated.get(),
            [
                self.generated_sent.get(),
                self.generated_drops.total(),
                self.generated_held.get(),
            ],
        )
    }
}

/// Packets came in that went nowhere, or the reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{came} packets came, {went} are accounted for")]
pub struct Imbalance {
    /// Packets that came, or were made.
    pub came: u64,
    /// Packets sent, delivered, dropped or held.
    pub went: u64,
}
