//! The DPDK back end on drivers that need no device and no root: rings, null, capture files. EAL
//! starts once a process, so all of it lives in one test binary.

#![cfg(feature = "dpdk")]

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use netio::NetIo;
use netio::dpdk::{
    Device, DpdkError, DpdkPort, Eal, EalSettings, HugePages, Iface, IfaceSettings, Lcore, Mbuf,
    Mempool, Pages,
};
use netio::pcap::{CaptureReader, CaptureWriter};
use packet::{Buffer, Burst, NoRoom, Pool};
use proptest::prelude::*;

const MBUFS: u32 = 4096;

/// One EAL and one pool; the lock keeps tests from seeing each other's mbufs.
fn dpdk() -> (Eal, Mempool, MutexGuard<'static, ()>) {
    static DPDK: OnceLock<(Eal, Mempool)> = OnceLock::new();
    static LOCK: Mutex<()> = Mutex::new(());
    let lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let (eal, mempool) = DPDK.get_or_init(|| {
        let settings = EalSettings {
            memory_mib: 64,
            huge_pages: HugePages::Off,
            ..EalSettings::default()
        };
        let eal = Eal::init(&settings).expect("EAL starts without huge pages");
        let mempool = Mempool::create(&eal, "test", MBUFS, 2048).expect("64 MiB are enough");
        (eal, mempool)
    });
    (eal.clone(), *mempool, lock)
}

fn settings(device: &str, queues: u16) -> IfaceSettings {
    IfaceSettings {
        name: "wan".to_owned(),
        device: Device::parse(device).expect("well formed"),
        queues,
        mtu: None,
        mac: None,
        foreign_macs: false,
        rx_descriptors: None,
        tx_descriptors: None,
        rss_seed: 0x1234,
    }
}

fn started(eal: &Eal, mempool: &Mempool, device: &str, queues: u16) -> (Iface, Vec<DpdkPort>) {
    let mut iface = Iface::open(eal, mempool, &settings(device, queues)).expect("opens");
    let ports = iface.start().expect("starts");
    (iface, ports)
}

fn frame(pool: &mut impl Pool<Buf = Mbuf>, content: &[u8]) -> Mbuf {
    let mut mbuf = pool.alloc().expect("the pool has room");
    mbuf.append(content.len()).expect("an mbuf has 2,048 bytes");
    mbuf.bytes_mut().copy_from_slice(content);
    mbuf
}

fn open_error(device: &str, queues: u16) -> String {
    let (eal, mempool, _lock) = dpdk();
    let error = Iface::open(&eal, &mempool, &settings(device, queues)).expect_err("cannot open");
    error.to_string()
}

#[test]
fn eal_says_which_memory_it_has_and_starts_once() {
    let (eal, _, _lock) = dpdk();
    assert!(matches!(eal.pages(), Pages::Plain { mib: 64, .. }));
    assert!(
        eal.pages().to_string().starts_with("no huge pages"),
        "{}",
        eal.pages()
    );
    let again = Eal::init(&EalSettings {
        huge_pages: HugePages::Off,
        ..EalSettings::default()
    });
    assert!(matches!(again, Err(DpdkError::AlreadyInitialised)));
    let left = std::fs::read_dir("/run/dpdk")
        .map(|dir| dir.count())
        .unwrap_or(0);
    let ours = Path::new("/run/dpdk").join(format!("weir-{}", std::process::id()));
    assert!(
        !ours.exists(),
        "EAL left {} behind, {left} in all",
        ours.display()
    );
}

#[test]
fn frames_come_back_from_a_ring_in_order_and_all_mbufs_return() {
    let (eal, mempool, _lock) = dpdk();
    let (iface, mut ports) = started(&eal, &mempool, "net_ring0", 1);
    let before = mempool.available();
    let (mut pool, mut tx, mut rx) = (mempool.pool(), Burst::new(), Burst::new());
    for round in 0..100u8 {
        for number in 0..32u8 {
            tx.push(frame(&mut pool, &[round, number, 3, 4]));
        }
        assert_eq!(ports[0].tx_burst(&mut tx), 32);
        assert!(tx.is_empty());
        assert_eq!(ports[0].rx_burst(&mut rx), 32);
        for (number, mbuf) in (0..32u8).zip(rx.drain(..)) {
            assert_eq!(mbuf.bytes(), [round, number, 3, 4]);
        }
    }
    assert_eq!(mempool.available(), before);
    let stats = iface.stats();
    assert_eq!((stats.rx_pkts, stats.tx_pkts), (3200, 3200));
    assert!(iface.link().is_up);
    drop(ports);
    iface.stop().expect("no port is held");
}

#[test]
fn a_full_ring_leaves_frames_with_the_sender() {
    let (eal, mempool, _lock) = dpdk();
    let (iface, mut ports) = started(&eal, &mempool, "net_ring1", 1);
    let (mut pool, mut tx) = (mempool.pool(), Burst::new());
    let mut taken = 0;
    loop {
        while !tx.is_full() {
            tx.push(frame(&mut pool, &[1; 60]));
        }
        match ports[0].tx_burst(&mut tx) {
            0 => break,
            some => taken += some,
        }
    }
    assert_eq!(tx.len(), 32);
    // A ring of 1,024 places holds one less.
    assert_eq!(taken, 1023);
    let mut rx = Burst::new();
    assert_eq!(ports[0].rx_burst(&mut rx), 32);
    assert_eq!(ports[0].tx_burst(&mut tx), 32);
    rx.clear();
    while ports[0].rx_burst(&mut rx) > 0 {
        rx.clear();
    }
    drop(ports);
    iface.stop().expect("no port is held");
}

#[test]
fn an_exhausted_pool_receives_nothing_and_recovers() {
    let (eal, mempool, _lock) = dpdk();
    let (iface, mut ports) = started(&eal, &mempool, "net_null0,size=80", 1);
    let mut pool = mempool.pool();
    let mut held: Vec<Mbuf> = std::iter::from_fn(|| pool.alloc()).collect();
    assert!(held.len() > MBUFS as usize / 2);
    let mut rx = Burst::new();
    assert_eq!(ports[0].rx_burst(&mut rx), 0);
    held.clear();
    assert_eq!(ports[0].rx_burst(&mut rx), 32);
    assert!(rx.iter().all(|mbuf| mbuf.bytes().len() == 80));
    assert_eq!(ports[0].tx_burst(&mut rx), 32);
    drop(ports);
    iface.stop().expect("no port is held");
}

#[test]
fn capture_files_go_through_whole_and_jumbo_frames_are_counted() {
    let (eal, mempool, _lock) = dpdk();
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (
        folder.path().join("in.pcap"),
        folder.path().join("out.pcap"),
    );
    let frames: Vec<Vec<u8>> = (0..100u8)
        .map(|n| vec![n; 60 + usize::from(n) * 14])
        .collect();
    let mut writer = CaptureWriter::create(&input).expect("a file");
    for (at, frame) in frames.iter().enumerate() {
        writer.frame(at as u64, frame).expect("a file");
    }
    writer.frame(100, &[0xee; 9000]).expect("a file");
    writer.finish().expect("a file");
    let device = format!(
        "net_pcap0,rx_pcap={},tx_pcap={}",
        input.display(),
        output.display()
    );
    let (iface, mut ports) = started(&eal, &mempool, &device, 1);
    let (mut burst, mut seen) = (Burst::new(), 0);
    while seen < frames.len() {
        let got = ports[0].rx_burst(&mut burst);
        assert!(got > 0, "{seen} of {} frames", frames.len());
        seen += got;
        assert_eq!(ports[0].tx_burst(&mut burst), got);
    }
    assert_eq!(ports[0].rx_burst(&mut burst), 0);
    assert_eq!(ports[0].counters().rx_multi_segment_pkts, 1);
    drop(ports);
    iface.stop().expect("no port is held");
    let mut reader = CaptureReader::open(&output).expect("written");
    for frame in &frames {
        let record = reader
            .next_whole()
            .expect("whole")
            .expect("as many as were sent");
        assert_eq!(record.bytes, frame);
    }
    assert!(reader.next_whole().expect("whole").is_none());
}

#[test]
fn workers_register_and_mbufs_cross_threads() {
    let (eal, mempool, _lock) = dpdk();
    let (iface, mut ports) = started(&eal, &mempool, "net_null1", 2);
    assert_eq!(
        ports.iter().map(DpdkPort::queue).collect::<Vec<_>>(),
        [0, 1]
    );
    let before = mempool.available();
    let (send, receive) = std::sync::mpsc::sync_channel::<Burst<Mbuf>>(4);
    let (mut other, mut port) = (ports.pop().expect("two"), ports.pop().expect("two"));
    let worker_eal = eal.clone();
    let sender = std::thread::spawn(move || {
        let lcore = Lcore::register(&worker_eal).expect("lcores are left");
        for _ in 0..200 {
            let mut burst = Burst::new();
            assert_eq!(port.rx_burst(&mut burst), 32);
            send.send(burst).expect("the other thread takes them");
        }
        lcore.id()
    });
    let receiver = std::thread::spawn(move || {
        let lcore = Lcore::register(&eal).expect("lcores are left");
        while let Ok(mut burst) = receive.recv() {
            assert_eq!(other.tx_burst(&mut burst), 32);
        }
        lcore.id()
    });
    let ids = [
        sender.join().expect("no panic"),
        receiver.join().expect("no panic"),
    ];
    assert!(
        ids[0] != ids[1] && ids.iter().all(|id| *id < 128),
        "{ids:?}"
    );
    assert_eq!(mempool.available(), before);
    iface.stop().expect("the ports went with their threads");
}

#[test]
fn an_interface_reopens_after_its_stop_and_not_before_its_ports_are_gone() {
    let (eal, mempool, _lock) = dpdk();
    for _ in 0..3 {
        let (mut iface, ports) = started(&eal, &mempool, "net_null2", 1);
        assert!(matches!(
            iface.start(),
            Err(DpdkError::AlreadyStarted { .. })
        ));
        drop(ports);
        iface.stop().expect("no port is held");
    }
    let (iface, ports) = started(&eal, &mempool, "net_null2", 1);
    let twice = Iface::open(&eal, &mempool, &settings("net_null2", 1)).expect_err("is open");
    assert!(
        twice
            .to_string()
            .contains("device net_null2 is open already"),
        "{twice}"
    );
    let error = iface.stop().expect_err("a port is held").to_string();
    assert_eq!(
        error,
        "interface wan is still polled: its ports must be dropped first"
    );
    drop(ports);
    let (iface, ports) = started(&eal, &mempool, "net_null2", 1);
    drop(ports);
    iface
        .stop()
        .expect("the device was closed with its last port");
}

#[test]
fn address_mtu_and_extended_statistics() {
    let (eal, mempool, _lock) = dpdk();
    let mac = [2, 0, 0, 0, 0, 0x17];
    let mut wanted = settings("net_null3", 1);
    wanted.mac = Some(mac);
    let mut iface = Iface::open(&eal, &mempool, &wanted).expect("opens");
    assert_eq!((iface.name(), iface.mac(), iface.mtu()), ("wan", mac, 1500));
    let mut ports = iface.start().expect("starts");
    let mut burst = Burst::new();
    ports[0].rx_burst(&mut burst);
    let xstats = iface.xstats();
    let rx = xstats.iter().find(|xstat| xstat.name == "rx_good_packets");
    assert_eq!(rx.map(|xstat| xstat.value), Some(32));
}

#[test]
fn errors_name_the_interface_and_what_to_do() {
    let unknown = open_error("net_nul0", 1);
    assert!(
        unknown.starts_with("interface wan: no DPDK driver takes \"net_nul0\": "),
        "{unknown}"
    );
    let missing = open_error("net_af_packet0,iface=nowhere0", 1);
    assert_eq!(
        missing,
        "interface wan: device \"net_af_packet0,iface=nowhere0\": there is no kernel interface \
         nowhere0 in this network namespace (`ip link` lists them)"
    );
    let pci = open_error("0000:fe:1f.7", 1);
    assert_eq!(
        pci,
        "interface wan: no PCI device 0000:fe:1f.7 (`lspci -D` lists them)"
    );
    let queues = open_error("net_null5", 2000);
    let expected = "interface wan: 2000 workers need 2000 queues, the device has 1024: use fewer";
    assert!(queues.starts_with(expected), "{queues}");
    let file = open_error("net_pcap1,rx_pcap=/nonexistent.pcap", 1);
    assert!(file.starts_with("interface wan: "), "{file}");
    let (eal, mempool, _lock) = dpdk();
    let mut wanted = settings("net_null4", 1);
    wanted.mtu = Some(9000);
    let mtu = Iface::open(&eal, &mempool, &wanted)
        .expect_err("9000 > 2048")
        .to_string();
    assert!(mtu.starts_with("interface wan: "), "{mtu}");
    let pool = Mempool::create(&eal, "huge", 10_000_000, 2048)
        .expect_err("64 MiB")
        .to_string();
    assert!(
        pool.starts_with("mempool huge: 10000000 mbufs of 2048 bytes: ENOMEM"),
        "{pool}"
    );
}

#[test]
fn drivers_load_by_themselves() {
    let (eal, mempool, _lock) = dpdk();
    let folder = tempfile::tempdir().expect("a folder");
    let vhost = format!("net_vhost0,iface={}", folder.path().join("vhost").display());
    let (iface, ports) = started(&eal, &mempool, &vhost, 1);
    assert!(!iface.link().is_up, "nobody is at the other end");
    drop(ports);
    iface.stop().expect("no port is held");
    // These need a peer or root to open; what matters is that a driver answers to the name.
    for device in ["virtio_user0,path=/nonexistent", "net_tap0,mac=nonsense"] {
        let error = Iface::open(&eal, &mempool, &settings(device, 1)).expect_err("cannot open");
        assert!(matches!(error, DpdkError::Probe { .. }), "{error}");
    }
}

#[derive(Clone, Debug)]
enum Change {
    Prepend(usize),
    Append(usize),
    TrimFront(usize),
    Truncate(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (0usize..100).prop_map(Change::Prepend),
        (0usize..1500).prop_map(Change::Append),
        (0usize..100).prop_map(Change::TrimFront),
        (0usize..3000).prop_map(Change::Truncate),
    ]
}

/// A vector with the room of an mbuf in front and behind.
struct Model {
    front: usize,
    bytes: Vec<u8>,
}

impl Model {
    fn apply(&mut self, change: &Change, mark: u8, mbuf: &mut Mbuf) -> Result<(), TestCaseError> {
        let back = 128 + 2048 - self.front - self.bytes.len();
        let expected = |fits| if fits { Ok(()) } else { Err(NoRoom) };
        match *change {
            Change::Prepend(n) => {
                prop_assert_eq!(mbuf.prepend(n), expected(n <= self.front));
                if n <= self.front {
                    self.front -= n;
                    self.bytes.splice(0..0, vec![mark; n]);
                    mbuf.bytes_mut()[..n].fill(mark);
                }
            }
            Change::Append(n) => {
                prop_assert_eq!(mbuf.append(n), expected(n <= back));
                if n <= back {
                    let old = self.bytes.len();
                    self.bytes.resize(old + n, mark);
                    mbuf.bytes_mut()[old..].fill(mark);
                }
            }
            Change::TrimFront(n) => {
                let cut = n.min(self.bytes.len());
                self.front += cut;
                self.bytes.drain(..cut);
                mbuf.trim_front(n);
            }
            Change::Truncate(n) => {
                self.bytes.truncate(n);
                mbuf.truncate(n);
            }
        }
        prop_assert_eq!(mbuf.bytes(), &self.bytes[..]);
        Ok(())
    }
}

proptest! {
    #[test]
    fn an_mbuf_behaves_as_a_vector(changes in prop::collection::vec(change(), 0..50)) {
        let (_, mempool, _lock) = dpdk();
        let mut mbuf = mempool.pool().alloc().expect("the pool has room");
        let mut model = Model { front: 128, bytes: Vec::new() };
        for (change, mark) in changes.iter().zip(1..) {
            model.apply(change, mark, &mut mbuf)?;
        }
        prop_assert!(mbuf.prepend(usize::MAX).is_err() && mbuf.append(usize::MAX).is_err());
    }
}
