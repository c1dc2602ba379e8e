//! One worker's pipeline: what it keeps between bursts, and the calls of its worker.

use std::{collections::VecDeque, sync::Arc};

use packet::{Burst, Pool};
use route::{IfaceId, NeighbourEvent, Network};
use sync::Producer;

use crate::{
    Blind, Generation, LogRecord, Observer, Order, Settings, TxQueue, WorkerCounters, draft::Draft,
    icmp_limit::IcmpLimit, neighbour_queue::NeighbourQueue, process::Flight, random::Random,
};

/// What happens to packets for this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostPath {
    /// Weir answers as a kernel without sockets does: echo, ARP, ND, closed ports.
    LocalStack,
    /// They go to [`Pipeline::host_queue`]; the host answers, ARP and ND included.
    Sink,
}

/// What a pipeline is made of.
#[derive(Clone, Debug)]
pub struct PipelineConfig {
    /// Its worker's number, from 0.
    pub worker: usize,
    /// How many workers there are; rate limits are divided among them.
    pub workers: usize,
    /// Fixes every random choice.
    pub seed: u64,
    /// How many interfaces the network has.
    pub ifaces: usize,
    /// Frames that each transmit queue, and the host queue, holds at most.
    pub tx_queue_pkts: usize,
    /// The kernel's settings.
    pub settings: Settings,
    /// What happens to packets for this host.
    pub host: HostPath,
}

/// The rings to the main thread.
#[derive(Debug)]
pub struct Uplink {
    /// Neighbours to resolve, neighbours learned.
    pub events: Producer<NeighbourEvent>,
    /// What LOG rules want written.
    pub logs: Producer<LogRecord>,
}

/// One worker's half of the firewall.
pub struct Pipeline<P: Pool> {
    pub(crate) worker: usize,
    pub(crate) settings: Settings,
    pub(crate) host: HostPath,
    pub(crate) pool: P,
    pub(crate) uplink: Uplink,
    pub(crate) counters: Arc<WorkerCounters>,
    pub(crate) tx: Vec<TxQueue<P::Buf>>,
    pub(crate) host_queue: TxQueue<P::Buf>,
    pub(crate) waiting: NeighbourQueue<P::Buf>,
    pub(crate) icmp_limit: IcmpLimit,
    pub(crate) random: Random,
    /// Packets made here that are still to be sent, in order.
    pub(crate) own: VecDeque<Draft<P::Buf>>,
    network_version: Option<u64>,
}

impl<P: Pool> Pipeline<P> {
    /// A pipeline that has seen nothing. All memory it will use is allocated here.
    pub fn new(config: PipelineConfig, pool: P, uplink: Uplink) -> Self {
        let mut random = Random::new(config.seed ^ (config.worker as u64) << 56);
        let queue = || TxQueue::new(config.tx_queue_pkts);
        Self {
            worker: config.worker,
            icmp_limit: IcmpLimit::new(&config.settings, config.workers, random.next()),
            host: config.host,
            pool,
            uplink,
            counters: Arc::new(WorkerCounters::new(config.ifaces)),
            tx: (0..config.ifaces).map(|_| queue()).collect(),
            host_queue: queue(),
            waiting: NeighbourQueue::new(),
            random,
            own: VecDeque::with_capacity(OWN_MAX_PKTS),
            settings: config.settings,
            network_version: None,
        }
    }

    /// Takes every packet of a burst that came in by `iface` through its whole way. `now_ns` is
    /// nanoseconds of a clock that never goes back, best counted from the Unix epoch: IP
    /// timestamps tell it.
    pub fn process(
        &mut self,
        generation: &Generation,
        network: &Network,
        now_ns: u64,
        iface: IfaceId,
        burst: &mut Burst<P::Buf>,
    ) {
        self.process_observed(generation, network, now_ns, iface, burst, &mut Blind);
    }

    /// As [`Pipeline::process`], and tells `observer` what happens.
    pub fn process_observed<O: Observer>(
        &mut self,
        generation: &Generation,
        network: &Network,
        now_ns: u64,
        iface: IfaceId,
        burst: &mut Burst<P::Buf>,
        observer: &mut O,
    ) {
        // Who waits goes first.
        self.poll_observed(generation, network, now_ns, observer);
        Flight {
            pipe: self,
            generation,
            network,
            now_ns,
            observer,
        }
        .receive(iface, burst);
    }

    /// Takes every packet that the host sends through OUTPUT and on. Frames start with an Ethernet
    /// header, of which only the type counts.
    pub fn process_host(
        &mut self,
        generation: &Generation,
        network: &Network,
        now_ns: u64,
        burst: &mut Burst<P::Buf>,
    ) {
        self.process_host_observed(generation, network, now_ns, burst, &mut Blind);
    }

    /// As [`Pipeline::process_host`], and tells `observer` what happens.
    pub fn process_host_observed<O: Observer>(
        &mut self,
        generation: &Generation,
        network: &Network,
        now_ns: u64,
        burst: &mut Burst<P::Buf>,
        observer: &mut O,
    ) {
        Flight {
            pipe: self,
            generation,
            network,
            now_ns,
            observer,
        }
        .receive_from_host(burst);
    }

    /// Carries out an order of the main thread.
    pub fn order(&mut self, generation: &Generation, network: &Network, now_ns: u64, order: Order) {
        self.order_observed(generation, network, now_ns, order, &mut Blind);
    }

    /// As [`Pipeline::order`], and tells `observer` what happens.
    pub fn order_observed<O: Observer>(
        &mut self,
        generation: &Generation,
        network: &Network,
        now_ns: u64,
        order: Order,
        observer: &mut O,
    ) {
        Flight {
            pipe: self,
            generation,
            network,
            now_ns,
            observer,
        }
        .carry_out(order);
    }

    /// Looks after packets that wait for a neighbour: sends what can be sent, gives up what has
    /// waited too long. To be called once a turn of the worker's loop; costs a comparison when
    /// nothing waits.
    pub fn poll(&mut self, generation: &Generation, network: &Network, now_ns: u64) {
        self.poll_observed(generation, network, now_ns, &mut Blind);
    }

    /// As [`Pipeline::poll`], and tells `observer` what happens.
    pub fn poll_observed<O: Observer>(
        &mut self,
        generation: &Generation,
        network: &Network,
        now_ns: u64,
        observer: &mut O,
    ) {
        if self.waiting.is_empty() {
            return;
        }
        let is_new = self.network_version.replace(network.version()) != Some(network.version());
        Flight {
            pipe: self,
            generation,
            network,
            now_ns,
            observer,
        }
        .look_after_waiting(is_new);
    }

    /// The frames that are ready to leave by `iface`; `None` for an interface there is not.
    pub fn tx(&mut self, iface: IfaceId) -> Option<&mut TxQueue<P::Buf>> {
        self.tx.get_mut(iface.index())
    }

    /// The frames for this host, with [`HostPath::Sink`].
    pub fn host_queue(&mut self) -> &mut TxQueue<P::Buf> {
        &mut self.host_queue
    }

    /// Says whether the link of `iface` is up; frames for one that is down are dropped.
    pub fn set_link(&mut self, iface: IfaceId, is_up: bool) {
        if let Some(queue) = self.tx.get_mut(iface.index()) {
            queue.set_up(is_up);
        }
    }

    /// The counters, to be read from any thread.
    pub fn counters(&self) -> Arc<WorkerCounters> {
        Arc::clone(&self.counters)
    }

    /// Packets that wait for a neighbour.
    pub fn waiting_pkts(&self) -> usize {
        self.waiting.len()
    }
}

/// Packets made here that one step may leave to be sent.
pub(crate) const OWN_MAX_PKTS: usize = 256;
