//! The data plane on DPDK ports: the one file of the daemon that knows them.
//!
//! Order of a start: configuration, state, control socket (which also makes sure that no other
//! data plane runs here), rules; then EAL and devices, behind their guards; then workers. Packets
//! flow only when the rules are there. A stop goes the other way round.

use std::{
    hash::{BuildHasher, Hasher},
    io,
    os::{fd::AsFd, unix::net::UnixStream},
    path::{Path, PathBuf},
};

use netio::dpdk::{
    BadDevice, Device, DpdkError, Eal, EalSettings, HugePages as DpdkPages, Iface, IfaceSettings,
    Lcore, LogLevel, Mempool,
};
use route::NetworkError;

use crate::{
    boot::{self, First},
    config::{Config, HugePages},
    control::{DeviceStatus, Facts, Server},
    engine::{Engine, EngineConfig, WorkerPorts},
    log::{Log, level},
    network,
    plane::{Devices, Plane, PlaneConfig},
    program::program,
    state::Journal,
    threads::{self, Clock, SpawnError, Workers},
};

/// Mbufs for one queue of one interface: its descriptors both ways, what af_xdp keeps in its
/// rings (4,096), bursts and packets that wait.
const MBUFS_PER_QUEUE: u32 = 8192;
/// MiB that EAL and drivers need besides mbufs.
const EAL_MIB: u32 = 64;
/// Bytes before the IP packet: Ethernet and two VLAN tags.
const L2_BYTES: u16 = 22;
/// MTU where the configuration does not say.
const MTU_BYTES: u16 = 1500;

/// Why the data plane did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// A directory cannot be used.
    #[error("{0}: {1}")]
    Directory(PathBuf, io::Error),
    /// The control socket cannot be used.
    #[error("{path}: {why}")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A device's text makes no sense.
    #[error("interface `{0}': {1}")]
    Device(String, BadDevice),
    /// DPDK, a device, or its guard.
    #[error(transparent)]
    Dpdk(#[from] DpdkError),
    /// Interfaces and routes do not fit together.
    #[error("weir.toml: {0}")]
    Network(#[from] NetworkError),
    /// A worker did not start.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// A system call failed that does not fail.
    #[error("{0}")]
    System(#[from] io::Error),
    /// A worker's thread ended.
    #[error("a worker ended by itself: the data plane stops, so that it can be started anew")]
    WorkerEnded,
}

/// Runs the data plane until SIGTERM or SIGINT.
///
/// # Errors
/// It did not start, or a worker ended.
pub fn run(config: &Config) -> Result<(), LiveError> {
    let clock = Clock::start();
    let mut log = Log::to_stderr();
    let stop = signals()?;
    let directory = config.paths.state.join("dataplane");
    let (mut journal, server) = open_state(config, &directory)?;
    let first = boot::first(
        &directory,
        &mut journal,
        config.initial,
        config.cores.len(),
        config.ruleset_memory_bytes,
        clock.started_unix_ms(),
    )
    .map_err(|why| LiveError::Directory(directory.to_owned(), why))?;
    log.line(clock.now_ns(), level::NOTICE, &first.describe());

    threads::leave_cores(&config.cores);
    let mut ports = Ports::open(config)?;
    let pages = ports.eal.pages();
    log.line(
        clock.now_ns(),
        level::NOTICE,
        &format!("DPDK runs on {pages}"),
    );
    let next_generation = first.next_generation;
    let (first, facts) = facts(config, first, clock, pages.to_string());
    let network = network::network(config, &ports.macs(), &ports.mtus())?;
    let worker_ports = ports.start()?;
    let (engine, workers) = Engine::new(engine_config(config), network, first, worker_ports);
    let eal = ports.eal.clone();
    let enter = move || Lcore::register(&eal).map_err(|error| error.to_string());
    let running = Workers::start(workers, &config.cores, clock, enter)?;
    let mut plane = Plane::new(PlaneConfig {
        engine,
        server,
        journal,
        state_directory: directory,
        ruleset_memory_bytes: config.ruleset_memory_bytes,
        next_generation,
        facts,
        clock,
    })?;
    plane.say(level::NOTICE, "ready");
    plane.run(stop.as_fd(), &mut ports, || running.has_failed())?;
    let has_failed = running.has_failed();
    plane.say(level::NOTICE, "stopping");
    running.stop();
    ports.stop()?;
    if has_failed {
        Err(LiveError::WorkerEnded)
    } else {
        Ok(())
    }
}

fn engine_config(config: &Config) -> EngineConfig {
    EngineConfig {
        settings: config.sysctl.settings.clone(),
        neighbours: network::neighbours(config, random()),
        idle: config.idle,
        seed: random(),
    }
}

/// The first generation, and what is told of this process.
fn facts(
    config: &Config,
    first: First,
    clock: Clock,
    memory: String,
) -> (pipeline::Generation, Facts) {
    let compiled = first.compiled;
    let facts = Facts {
        program: program(),
        started_unix_ms: clock.started_unix_ms(),
        source: first.source,
        hash: compiled.hash,
        blob: compiled.blob,
        hooks: compiled.hooks,
        memory,
        warnings: Vec::new(),
        cores: config.cores.clone(),
    };
    let workers = config.cores.len();
    let first = pipeline::Generation::new(first.generation, compiled.classifier, workers);
    (first, facts)
}

/// Readable once SIGTERM or SIGINT came.
fn signals() -> io::Result<UnixStream> {
    let (readable, writable) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGTERM, writable.try_clone()?)?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGINT, writable)?;
    Ok(readable)
}

fn open_state(config: &Config, directory: &Path) -> Result<(Journal, Server), LiveError> {
    boot::make_directory(directory)
        .map_err(|why| LiveError::Directory(directory.to_owned(), why))?;
    let run = &config.paths.run;
    std::fs::create_dir_all(run).map_err(|why| LiveError::Directory(run.clone(), why))?;
    let path = config.paths.dataplane_socket();
    let server = Server::bind(&path).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "a data plane runs here already".to_owned(),
            _ => error.to_string(),
        };
        LiveError::Socket { path, why }
    })?;
    let journal =
        Journal::open(directory).map_err(|why| LiveError::Directory(directory.to_owned(), why))?;
    Ok((journal, server))
}

/// A number that nobody outside can guess: the standard library keys its hashers by the kernel's
/// random numbers.
fn random() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

/// EAL, its memory, and every interface in the order of the configuration.
struct Ports {
    eal: Eal,
    mempool: Mempool,
    ifaces: Vec<Iface>,
    /// The text of each device, and of its guard.
    devices: Vec<(String, String)>,
    workers: usize,
}

impl Ports {
    fn open(config: &Config) -> Result<Self, LiveError> {
        let devices = config
            .interfaces
            .iter()
            .map(|iface| {
                Device::parse(&iface.device)
                    .map_err(|bad| LiveError::Device(iface.name.clone(), bad))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let workers = config.cores.len();
        let queues = u32::try_from(workers * devices.len()).unwrap_or(u32::MAX);
        let mbufs = config
            .mbufs
            .unwrap_or(MBUFS_PER_QUEUE.saturating_mul(queues));
        let mtu = config
            .interfaces
            .iter()
            .map(|iface| iface.mtu.unwrap_or(MTU_BYTES))
            .max();
        let frame_bytes = mtu.unwrap_or(MTU_BYTES) + L2_BYTES;
        let needed_mib = Mempool::memory_mib(mbufs, frame_bytes) + EAL_MIB;
        let eal = Eal::init(&EalSettings {
            memory_mib: config.dpdk.memory_mb.unwrap_or(needed_mib),
            huge_pages: match config.dpdk.huge_pages {
                HugePages::Auto => DpdkPages::Auto,
                HugePages::Require => DpdkPages::Require,
                HugePages::Never => DpdkPages::Off,
            },
            devices: devices.clone(),
            log_level: LogLevel::Warning,
            args: config.dpdk.args.clone(),
        })?;
        let mempool = Mempool::create(&eal, "weir", mbufs, frame_bytes)?;
        let rss_seed = random() as u16;
        let mut ifaces = Vec::new();
        let mut texts = Vec::new();
        for (iface, device) in config.interfaces.iter().zip(devices) {
            texts.push((iface.device.clone(), guard(&device)));
            let settings = IfaceSettings {
                name: iface.name.clone(),
                device,
                queues: u16::try_from(workers).unwrap_or(u16::MAX),
                mtu: iface.mtu,
                mac: iface.mac,
                foreign_macs: false,
                rx_descriptors: Some(config.rx_queue_size),
                tx_descriptors: Some(config.tx_queue_size),
                rss_seed,
            };
            ifaces.push(Iface::open(&eal, &mempool, &settings)?);
        }
        Ok(Self {
            eal,
            mempool,
            ifaces,
            devices: texts,
            workers,
        })
    }

    fn macs(&self) -> Vec<[u8; 6]> {
        self.ifaces.iter().map(Iface::mac).collect()
    }

    fn mtus(&self) -> Vec<u16> {
        self.ifaces.iter().map(Iface::mtu).collect()
    }

    /// Lets packets flow; each worker gets its queue of each interface.
    fn start(
        &mut self,
    ) -> Result<Vec<WorkerPorts<netio::dpdk::DpdkPool, netio::dpdk::DpdkPort>>, LiveError> {
        let mut workers: Vec<_> = (0..self.workers)
            .map(|_| WorkerPorts {
                pool: self.mempool.pool(),
                ports: Vec::new(),
            })
            .collect();
        for iface in &mut self.ifaces {
            for (worker, port) in workers.iter_mut().zip(iface.start()?) {
                worker.ports.push(port);
            }
        }
        Ok(workers)
    }

    /// Closes the devices, then takes their guards down.
    fn stop(self) -> Result<(), LiveError> {
        for iface in self.ifaces {
            iface.stop()?;
        }
        Ok(())
    }
}

/// What keeps the kernel's own stack off `device`; empty where the kernel has no part in it.
fn guard(device: &Device) -> String {
    let ifaces = device.kernel_ifaces().join(", ");
    if ifaces.is_empty() {
        return ifaces;
    }
    format!("nft netdev chain with policy drop on {ifaces}")
}

impl Devices for Ports {
    fn status(&mut self) -> Vec<DeviceStatus> {
        let ifaces = self.ifaces.iter().zip(&self.devices);
        ifaces
            .map(|(iface, (device, guard))| {
                let stats = iface.stats();
                DeviceStatus {
                    device: device.clone(),
                    is_up: iface.link().is_up,
                    guard: guard.clone(),
                    rx_missed: stats.rx_missed_pkts,
                    rx_errors: stats.rx_errors_pkts,
                    tx_errors: stats.tx_errors_pkts,
                    rx_no_mbuf: stats.rx_nombuf,
                }
            })
            .collect()
    }
}
