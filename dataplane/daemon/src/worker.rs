//! One worker: the loop that every forwarded packet passes. No lock, no allocation, no system
//! call but the sleep of an idle worker.

use std::sync::Arc;

use netio::NetIo;
use packet::{Buffer, Burst, Pool};
use pipeline::{Generation, Pipeline};
use route::{IfaceId, Network};
use sync::{Consumer, Counter, Flag, Published, Reader};

use crate::{config::IdleBackoff, main_half::Order};

/// What a worker tells of itself; written by it, read by the main thread.
#[derive(Debug, Default)]
pub struct WorkerLoad {
    /// Turns that received packets.
    pub busy_polls: Counter,
    /// Turns that received none.
    pub idle_polls: Counter,
    /// Sleeps of an idle worker.
    pub sleeps: Counter,
}

/// One worker with its queue of each interface.
pub struct Worker<P: Pool, N> {
    /// By interface number.
    pub(crate) queues: Vec<Queue<P::Buf, N>>,
    pub(crate) pipeline: Pipeline<P>,
    pub(crate) reader: Reader,
    pub(crate) generation: Published<Arc<Generation>>,
    pub(crate) network: Published<Network>,
    pub(crate) orders: Consumer<Order>,
    pub(crate) load: Arc<WorkerLoad>,
    pub(crate) idle: IdleBackoff,
    pub(crate) empty_polls: u32,
    pub(crate) rx: Burst<P::Buf>,
}

/// A port, and the packets that it had no room for yet.
pub(crate) struct Queue<B: Buffer, N> {
    pub(crate) iface: IfaceId,
    pub(crate) port: N,
    pub(crate) tx: Burst<B>,
}

impl<P: Pool, N: NetIo<Buf = P::Buf>> Worker<P, N> {
    /// Runs until `stop` is raised. `now_ns` is a monotonic clock.
    pub fn run(&mut self, stop: &Flag, mut now_ns: impl FnMut() -> u64) {
        while !stop.is_raised() {
            let received = self.turn(now_ns());
            self.reader.quiescent();
            self.rest(received);
        }
        self.reader.park();
    }

    /// One turn: receive, judge, send. Returns how many packets were received.
    pub fn turn(&mut self, now_ns: u64) -> usize {
        let generation: &Arc<Generation> = self.reader.load(&self.generation);
        let network = self.reader.load(&self.network);
        let mut received = 0;
        for queue in &mut self.queues {
            received += queue.port.rx_burst(&mut self.rx);
            self.pipeline
                .process(generation, network, now_ns, queue.iface, &mut self.rx);
        }
        while let Some(order) = self.orders.pop() {
            match order {
                Order::Neighbour(action) => {
                    self.pipeline.order(generation, network, now_ns, action);
                }
                Order::Link { iface, is_up } => self.pipeline.set_link(iface, is_up),
            }
        }
        self.pipeline.poll(generation, network, now_ns);
        for queue in &mut self.queues {
            queue.transmit(&mut self.pipeline);
        }
        received
    }

    /// Ends every borrow of published values, as [`Worker::run`] does once a turn.
    pub fn quiescent(&mut self) {
        self.reader.quiescent();
    }

    /// Polls on while packets come; pauses, then sleeps when none do.
    fn rest(&mut self, received: usize) {
        if received > 0 {
            self.load.busy_polls.add(1);
            self.empty_polls = 0;
            return;
        }
        self.load.idle_polls.add(1);
        if self.empty_polls < self.idle.pause_polls || self.idle.sleep.is_zero() {
            self.empty_polls = self.empty_polls.saturating_add(1);
            std::hint::spin_loop();
        } else {
            self.sleep();
        }
    }

    /// Parked meanwhile, so that no publisher waits for a sleeper.
    #[cold]
    fn sleep(&mut self) {
        self.load.sleeps.add(1);
        self.reader.park();
        std::thread::sleep(self.idle.sleep);
        self.reader.unpark();
    }
}

impl<B: Buffer, N: NetIo<Buf = B>> Queue<B, N> {
    /// Sends until the pipeline has nothing left for this interface or the port takes no more.
    /// What stays is tried again next turn; the pipeline's own queue drops, and counts, when it
    /// overflows.
    fn transmit<P: Pool<Buf = B>>(&mut self, pipeline: &mut Pipeline<P>) {
        loop {
            if let Some(queue) = pipeline.tx(self.iface) {
                queue.fill(&mut self.tx);
            }
            if self.tx.is_empty() {
                return;
            }
            self.port.tx_burst(&mut self.tx);
            if !self.tx.is_empty() {
                return;
            }
        }
    }
}
