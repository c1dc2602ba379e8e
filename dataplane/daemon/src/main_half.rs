//! The half of the data plane that is no worker: neighbours and their timers, log lines, orders.
//! Pure but for its rings: live it is stepped by the main thread, in a replay between packets.

use std::collections::VecDeque;

use pipeline::{LogRecord, format_line};
use route::{IfaceId, NeighbourAction, NeighbourEvent, NeighbourTable, Network};
use sync::{Consumer, Producer};

/// What a worker is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Solicit a neighbour, or give up packets that wait for one.
    Neighbour(NeighbourAction),
    /// The link of an interface came up or went down.
    Link {
        /// The interface.
        iface: IfaceId,
        /// It is up.
        is_up: bool,
    },
}

/// A line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Syslog severity, 0 to 7.
    pub level: u8,
    /// The kernel's message text, without time or host.
    pub text: String,
}

/// The main half's ends of the rings to one worker.
#[derive(Debug)]
pub struct WorkerRings {
    /// What the worker saw of neighbours.
    pub events: Consumer<NeighbourEvent>,
    /// Packets that a LOG rule matched.
    pub logs: Consumer<LogRecord>,
    /// What it is to do.
    pub orders: Producer<Order>,
}

/// Neighbour timers, log lines and orders for all workers.
#[derive(Debug)]
pub struct MainHalf {
    neighbours: NeighbourTable,
    workers: Vec<WorkerRings>,
    /// Orders that a full ring had no room for, by worker.
    backlog: Vec<VecDeque<Order>>,
    actions: Vec<NeighbourAction>,
}

impl MainHalf {
    /// Takes over the table, with its static neighbours, and the rings.
    pub fn new(neighbours: NeighbourTable, workers: Vec<WorkerRings>) -> Self {
        let backlog = workers.iter().map(|_| VecDeque::new()).collect();
        Self {
            neighbours,
            workers,
            backlog,
            actions: Vec::new(),
        }
    }

    /// Does all there is to do at `now_ns`; adds to `lines`. The next network, if it changed.
    pub fn step(
        &mut self,
        now_ns: u64,
        network: &Network,
        lines: &mut Vec<LogLine>,
    ) -> Option<Network> {
        for worker in &mut self.workers {
            while let Some(record) = worker.logs.pop() {
                let text = format_line(&record, network);
                lines.push(LogLine {
                    level: record.level,
                    text,
                });
            }
            while let Some(event) = worker.events.pop() {
                self.neighbours.event(event, now_ns, &mut self.actions);
            }
        }
        self.neighbours.tick(now_ns, &mut self.actions);
        for action in std::mem::take(&mut self.actions) {
            match action {
                // One worker is enough to ask; each holds packets of its own.
                NeighbourAction::Solicit { .. } => self.order_one(0, Order::Neighbour(action)),
                NeighbourAction::Unreachable { .. } => self.order_all(Order::Neighbour(action)),
            }
        }
        self.send();
        self.neighbours
            .is_dirty()
            .then(|| network.with_neighbours(self.neighbours.snapshot()))
    }

    /// When the next neighbour timer runs out.
    pub fn next_timer_ns(&self) -> Option<u64> {
        self.neighbours.next_timer_ns()
    }

    /// Neighbours, to look at.
    pub fn neighbours(&self) -> &NeighbourTable {
        &self.neighbours
    }

    /// Tells every worker.
    pub fn order_all(&mut self, order: Order) {
        for worker in 0..self.workers.len() {
            self.order_one(worker, order);
        }
    }

    /// Takes in an event that no worker saw.
    pub fn learn(&mut self, event: NeighbourEvent, now_ns: u64) {
        self.neighbours.event(event, now_ns, &mut self.actions);
    }

    fn order_one(&mut self, worker: usize, order: Order) {
        if let Some(backlog) = self.backlog.get_mut(worker) {
            backlog.push_back(order);
        }
    }

    fn send(&mut self) {
        for (worker, backlog) in self.workers.iter_mut().zip(&mut self.backlog) {
            while let Some(order) = backlog.pop_front() {
                if let Err(order) = worker.orders.push(order) {
                    backlog.push_front(order);
                    break;
                }
            }
        }
    }
}
