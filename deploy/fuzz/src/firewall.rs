//! Both halves of the data plane in one thread: a pipeline with two interfaces and rules of every
//! kind, and the main thread's part. What leaves is looked at.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use classifier::Classifier;
use netio::memory::{HeapBuf, HeapPool};
use packet::{Buffer, Burst, Ip, L4Checksum, Network as Carried};
use pipeline::{Generation, HostPath, Pipeline, PipelineConfig, Settings, Uplink, WorkerCounters};
use route::{
    IfaceAddr, IfaceConfig, IfaceId, NeighbourEvent, NeighbourParams, NeighbourTable, Network,
    NetworkConfig, RouteConfig, RpFilter,
};
use rules::{Family, Ruleset};
use sync::Consumer;
use syntax::Program;
use wire::{EthernetHeader, Header, MacAddr};

use crate::{Applet, Arrival};

/// MTUs of the two interfaces, bytes: packets of the first need not fit the second.
const MTUS: [u32; 2] = [1_500, 1_280];

/// Buffers; fewer than a long input can hold back, so that the pool runs dry too.
const POOL_BUFFERS: usize = 48;

const RULES: &str = "*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:seen - [0:0]
-A INPUT -p tcp --dport 22 -j LOG --log-prefix \"in \" --log-tcp-sequence --log-tcp-options --log-ip-options
-A INPUT -p tcp --dport 23 -j REJECT --reject-with tcp-reset
-A INPUT -p udp --dport 24 -j DROP
-A FORWARD -j seen
-A FORWARD -p tcp --syn --dport 80 -j ACCEPT
-A FORWARD -p tcp --tcp-option 2 -j REJECT --reject-with tcp-reset
-A FORWARD -p udp --dport 1000:2000 -j REJECT
-A FORWARD ! -p tcp -j ACCEPT
-A seen -i lan -j LOG --log-macdecode
-A seen -o wan -j RETURN
-A OUTPUT -j LOG
COMMIT
";

/// The data plane.
pub struct Firewall {
    pipeline: Pipeline<HeapPool>,
    counters: Arc<WorkerCounters>,
    generation: Generation,
    network: Network,
    table: NeighbourTable,
    events: Consumer<NeighbourEvent>,
    logs: Consumer<pipeline::LogRecord>,
    pool: HeapPool,
    now_ns: u64,
    /// The host sent something, with whatever checksums.
    host_sent: bool,
}

impl Firewall {
    /// The MAC addresses of its interfaces.
    pub const STATIONS: [MacAddr; 2] = [MacAddr([2, 0, 0, 0, 0, 1]), MacAddr([2, 0, 0, 0, 0, 2])];

    /// One that has seen nothing.
    pub fn new() -> Self {
        let pool = HeapPool::new(POOL_BUFFERS, 2_048);
        let (event_producer, events) = sync::ring(64);
        let (log_producer, logs) = sync::ring(64);
        let config = PipelineConfig {
            worker: 0,
            workers: 1,
            seed: 1,
            ifaces: 2,
            tx_queue_pkts: 32,
            settings: Settings::default(),
            host: HostPath::LocalStack,
        };
        let uplink = Uplink {
            events: event_producer,
            logs: log_producer,
        };
        let pipeline = Pipeline::new(config, pool.clone(), uplink);
        Self {
            counters: pipeline.counters(),
            pipeline,
            generation: generation(),
            network: network(),
            table: NeighbourTable::new(NeighbourParams::default(), 1),
            events,
            logs,
            pool,
            now_ns: 1_700_000_000_000_000_000,
            host_sent: false,
        }
    }

    /// Takes a frame in, and does all that follows from it.
    pub fn take(&mut self, arrival: &Arrival) {
        self.now_ns += arrival.wait_ns;
        // An exhausted pool loses frames before anybody sees them.
        let Some(buf) = self.pool.frame(&arrival.frame) else {
            return;
        };
        let mut burst = Burst::new();
        burst.push(buf);
        let (generation, network) = (&self.generation, &self.network);
        match arrival.iface {
            Some(iface) => {
                let iface = IfaceId(iface);
                self.pipeline
                    .process(generation, network, self.now_ns, iface, &mut burst);
            }
            None => {
                self.host_sent = true;
                self.pipeline
                    .process_host(generation, network, self.now_ns, &mut burst);
            }
        }
        assert!(burst.is_empty());
        self.settle();
    }

    /// The main thread's part, and what the transmit queues hold.
    fn settle(&mut self) {
        let mut orders = Vec::new();
        while let Some(event) = self.events.pop() {
            self.table.event(event, self.now_ns, &mut orders);
        }
        self.table.tick(self.now_ns, &mut orders);
        if self.table.is_dirty() {
            self.network = self.network.with_neighbours(self.table.snapshot());
        }
        for order in orders {
            self.pipeline
                .order(&self.generation, &self.network, self.now_ns, order);
        }
        self.pipeline
            .poll(&self.generation, &self.network, self.now_ns);
        while let Some(record) = self.logs.pop() {
            let line = pipeline::format_line(&record, &self.network);
            assert!(!line.contains('\n'), "{line:?}");
        }
        for (iface, mtu) in MTUS.into_iter().enumerate() {
            self.drain(IfaceId(iface as u16), mtu as usize);
        }
        self.counters
            .balance()
            .expect("every packet ends somewhere");
        let held = self.counters.held.get() + self.counters.generated_held.get();
        let out = self.pool.capacity() - self.pool.available();
        assert_eq!(out as u64, held, "buffers out and packets held");
    }

    fn drain(&mut self, iface: IfaceId, mtu: usize) {
        let host_sent = self.host_sent;
        let queue = self.pipeline.tx(iface).expect("one of two");
        while !queue.is_empty() {
            let mut burst = Burst::new();
            queue.fill(&mut burst);
            for frame in burst {
                let ip = look_at(&frame, iface, mtu);
                // Nobody else may use its addresses, so this was made here.
                if let Some(ip) = ip.filter(|ip| is_own(ip.src) && !host_sent) {
                    let checksum = packet::l4_checksum(frame.bytes(), &ip);
                    assert_ne!(checksum, L4Checksum::Wrong, "{:02x?}", frame.bytes());
                }
            }
        }
    }
}

impl Default for Firewall {
    fn default() -> Self {
        Self::new()
    }
}

/// What leaves is well formed, fits its link and comes from this station.
fn look_at(frame: &HeapBuf, iface: IfaceId, mtu: usize) -> Option<Ip> {
    let bytes = frame.bytes();
    let parsed = packet::parse(bytes).unwrap_or_else(|reason| panic!("{reason:?}: {bytes:02x?}"));
    assert_eq!(parsed.link.src, Firewall::STATIONS[iface.index()]);
    assert_eq!(parsed.link.vlan_tags, 0);
    assert!(bytes.len() <= EthernetHeader::LEN + mtu);
    match parsed.network {
        Carried::Ip(ip) => Some(ip),
        Carried::Arp(_) => None,
    }
}

/// Whether the address is one of its own that no other may use.
fn is_own(addr: IpAddr) -> bool {
    ADDRESSES.iter().any(|text| text.parse() == Ok(addr))
}

/// The IPv4 addresses of the interfaces. (IPv6 does not refuse its own addresses as sources.)
const ADDRESSES: [&str; 2] = ["10.0.1.1", "10.0.2.1"];

/// The rules, read once.
static RULESET: LazyLock<Ruleset> = LazyLock::new(|| {
    let mut applet = Applet::new(Family::Ipv4);
    for family in [Family::Ipv4, Family::Ipv6] {
        applet.family = family;
        let outcome = applet.call(Program::Restore, &[], RULES);
        assert_eq!(outcome.exit_code, 0, "{}", outcome.stderr);
    }
    applet.ruleset
});

fn generation() -> Generation {
    let classifier = Classifier::new(&RULESET).expect("rules that hold");
    Generation::new(1, classifier, 1)
}

fn network() -> Network {
    let addr = |text: &str, prefix_len| IfaceAddr {
        addr: text.parse().expect("an address"),
        prefix_len,
    };
    let iface = |place: usize, name: &str, v6: &str| IfaceConfig {
        name: name.to_owned(),
        mac: Firewall::STATIONS[place],
        mtu: MTUS[place],
        addrs: vec![addr(ADDRESSES[place], 24), addr(v6, 64)],
        rp_filter: RpFilter::default(),
        link_local: true,
    };
    let route = |to: &str, via: &str| RouteConfig {
        to: to.parse().expect("an address"),
        prefix_len: 0,
        via: via.parse().ok(),
        iface: None,
    };
    Network::new(&NetworkConfig {
        ifaces: vec![iface(0, "lan", "fd00:1::1"), iface(1, "wan", "fd00:2::1")],
        routes: vec![route("0.0.0.0", "10.0.2.254"), route("::", "fd00:2::fe")],
    })
    .expect("a network that holds")
}
