//! The state machine, driven by hand: what is learned, asked, given up, collected.

use super::*;

const SECOND: u64 = 1_000_000_000;
const HERE: IfaceId = IfaceId(0);
const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const OTHER: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);

fn peer() -> IpAddr {
    IpAddr::from([10, 0, 0, 2])
}

/// A table and the orders it gave, driven step by step.
struct Bench {
    table: NeighbourTable,
    orders: Vec<NeighbourAction>,
}

impl Bench {
    fn new() -> Self {
        Self {
            table: NeighbourTable::new(NeighbourParams::default(), 1),
            orders: Vec::new(),
        }
    }

    fn event(&mut self, at: u64, event: NeighbourEvent) {
        self.table.event(event, at, &mut self.orders);
    }

    fn resolve(&mut self, at: u64) {
        self.event(
            at,
            NeighbourEvent::Resolve {
                iface: HERE,
                addr: peer(),
                source: None,
            },
        );
    }

    fn learn(&mut self, at: u64, mac: MacAddr, how: LearnKind) {
        self.event(
            at,
            NeighbourEvent::Learn {
                iface: HERE,
                addr: peer(),
                mac,
                how,
            },
        );
    }

    fn tick(&mut self, at: u64) -> Vec<NeighbourAction> {
        self.table.tick(at, &mut self.orders);
        std::mem::take(&mut self.orders)
    }

    fn state(&self) -> Option<NeighbourState> {
        self.table.entries().next().map(|(_, _, state, _)| state)
    }

    fn mac(&mut self) -> Option<MacAddr> {
        self.table
            .snapshot()
            .lookup(HERE, peer())
            .map(|neighbour| neighbour.mac)
    }
}

fn solicit(unicast: Option<MacAddr>) -> NeighbourAction {
    NeighbourAction::Solicit {
        iface: HERE,
        addr: peer(),
        source: None,
        unicast,
    }
}

const UNREACHABLE: fn() -> NeighbourAction = || NeighbourAction::Unreachable {
    iface: HERE,
    addr: peer(),
};

const REPLY: LearnKind = LearnKind::ArpReply {
    is_unicast_reply: true,
    is_gratuitous: false,
};
const HEARD: LearnKind = LearnKind::ArpReply {
    is_unicast_reply: false,
    is_gratuitous: false,
};
const GRATUITOUS: LearnKind = LearnKind::ArpReply {
    is_unicast_reply: false,
    is_gratuitous: true,
};

#[test]
fn three_multicast_solicits_a_second_apart_then_failed() {
    let mut bench = Bench::new();
    bench.resolve(0);
    assert_eq!(bench.tick(0), [solicit(None)]);
    bench.resolve(SECOND / 2);
    assert_eq!(bench.tick(SECOND / 2), []);
    assert_eq!(bench.tick(SECOND), [solicit(None)]);
    assert_eq!(bench.tick(2 * SECOND), [solicit(None)]);
    assert_eq!(bench.tick(3 * SECOND), [UNREACHABLE()]);
    assert_eq!(bench.state(), Some(NeighbourState::Failed));
    bench.resolve(4 * SECOND);
    assert_eq!(bench.tick(4 * SECOND), [solicit(None)]);
}

#[test]
fn an_answer_is_reachable_then_stale_then_probed() {
    let mut bench = Bench::new();
    bench.resolve(0);
    bench.tick(0);
    bench.learn(SECOND / 10, MAC, REPLY);
    assert_eq!(bench.state(), Some(NeighbourState::Reachable));
    assert!(bench.table.is_dirty());
    assert_eq!(bench.mac(), Some(MAC));
    assert!(!bench.table.is_dirty());
    // Reachable lasts 15 to 45 s.
    assert_eq!(bench.tick(14 * SECOND), []);
    assert_eq!(bench.state(), Some(NeighbourState::Reachable));
    assert_eq!(bench.tick(46 * SECOND), []);
    assert_eq!(bench.state(), Some(NeighbourState::Stale));
    let told = bench
        .table
        .snapshot()
        .lookup(HERE, peer())
        .unwrap()
        .tell_when_used;
    assert!(told);
    bench.event(
        50 * SECOND,
        NeighbourEvent::Used {
            iface: HERE,
            addr: peer(),
        },
    );
    assert_eq!(bench.state(), Some(NeighbourState::Delay));
    assert_eq!(bench.tick(54 * SECOND), []);
    for at in 55..58 {
        assert_eq!(bench.tick(at * SECOND), [solicit(Some(MAC))]);
        assert_eq!(bench.mac(), Some(MAC));
    }
    assert_eq!(bench.tick(58 * SECOND), [UNREACHABLE()]);
    assert_eq!(bench.mac(), None);
}

#[test]
fn an_answer_to_a_probe_makes_it_reachable_again() {
    let mut bench = Bench::new();
    bench.learn(0, MAC, LearnKind::ArpRequest);
    assert_eq!(bench.state(), Some(NeighbourState::Stale));
    bench.event(
        SECOND,
        NeighbourEvent::Used {
            iface: HERE,
            addr: peer(),
        },
    );
    assert_eq!(bench.tick(6 * SECOND), [solicit(Some(MAC))]);
    bench.learn(6 * SECOND + 1, MAC, REPLY);
    assert_eq!(bench.state(), Some(NeighbourState::Reachable));
}

#[test]
fn only_requests_for_us_and_solicitations_make_entries() {
    for how in [REPLY, HEARD, GRATUITOUS] {
        let mut bench = Bench::new();
        bench.learn(0, MAC, how);
        assert_eq!(bench.state(), None, "{how:?}");
    }
    let advertised = LearnKind::Advertisement {
        is_solicited: true,
        overrides: true,
    };
    let mut bench = Bench::new();
    bench.learn(0, MAC, advertised);
    assert_eq!(bench.state(), None);
    bench.learn(0, MAC, LearnKind::Solicitation);
    assert_eq!(bench.state(), Some(NeighbourState::Stale));
    bench.learn(1, MAC, advertised);
    assert_eq!(bench.state(), Some(NeighbourState::Reachable));
}

#[test]
fn of_answers_back_to_back_the_first_counts_and_later_ones_replace() {
    let mut bench = Bench::new();
    bench.resolve(0);
    bench.learn(10, MAC, REPLY);
    bench.learn(20, OTHER, REPLY);
    assert_eq!(bench.mac(), Some(MAC));
    bench.learn(SECOND + 11, OTHER, REPLY);
    assert_eq!(bench.mac(), Some(OTHER));
    bench.learn(SECOND + 12, MAC, GRATUITOUS);
    assert_eq!(bench.mac(), Some(MAC));
    assert_eq!(bench.state(), Some(NeighbourState::Stale));
}

#[test]
fn an_advertisement_without_override_only_casts_doubt() {
    let mut bench = Bench::new();
    bench.learn(0, MAC, LearnKind::Solicitation);
    bench.learn(
        1,
        MAC,
        LearnKind::Advertisement {
            is_solicited: true,
            overrides: true,
        },
    );
    bench.learn(
        2,
        OTHER,
        LearnKind::Advertisement {
            is_solicited: true,
            overrides: false,
        },
    );
    assert_eq!(bench.mac(), Some(MAC));
    assert_eq!(bench.state(), Some(NeighbourState::Stale));
}

#[test]
fn static_neighbours_never_change() {
    let mut bench = Bench::new();
    bench.table.set_static(StaticNeighbour {
        addr: peer(),
        mac: MAC,
        iface: HERE,
    });
    bench.learn(0, OTHER, LearnKind::ArpRequest);
    assert_eq!(bench.mac(), Some(MAC));
    assert_eq!(bench.tick(1000 * SECOND), []);
    assert_eq!(bench.state(), Some(NeighbourState::Permanent));
}

#[test]
fn the_table_is_bounded_and_old_entries_make_room() {
    let mut bench = Bench::new();
    let addr = |n: u32| IpAddr::from((0x0a00_0000u32 + n).to_be_bytes());
    for n in 0..2000 {
        let event = NeighbourEvent::Resolve {
            iface: HERE,
            addr: addr(n),
            source: None,
        };
        bench.event(0, event);
    }
    assert_eq!(bench.table.entries().count(), 1024);
    assert_eq!(bench.table.overflows(), 2000 - 1024);
    for at in 1..=3 {
        bench.tick(at * SECOND);
    }
    bench.event(
        4 * SECOND,
        NeighbourEvent::Resolve {
            iface: HERE,
            addr: addr(5000),
            source: None,
        },
    );
    assert!(bench.table.entries().count() < 1024);
    assert!(
        bench
            .table
            .entries()
            .any(|(_, other, ..)| other == addr(5000))
    );
}

#[test]
fn equal_seeds_give_equal_reachable_times() {
    let stale_at = |seed| {
        let mut table = NeighbourTable::new(NeighbourParams::default(), seed);
        let mut orders = Vec::new();
        let learn = |how| NeighbourEvent::Learn {
            iface: HERE,
            addr: peer(),
            mac: MAC,
            how,
        };
        table.event(learn(LearnKind::ArpRequest), 0, &mut orders);
        table.event(learn(REPLY), 1, &mut orders);
        table.next_timer_ns().unwrap()
    };
    assert_eq!(stale_at(7), stale_at(7));
    assert_ne!(stale_at(7), stale_at(8));
    assert!((15 * SECOND..46 * SECOND).contains(&stale_at(9)));
}
