//! The DPDK back end on kernel interfaces, between network namespaces: frames pass, and the kernel's
//! own stack stays out of it. Needs root, `ip`, `ping`, `nft` and `ethtool`; run with `--ignored`.
//!
//! Weir's namespace is the test thread's own and goes with it; those at the far ends have names.

#![cfg(feature = "dpdk")]

use std::net::TcpListener;
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use netio::NetIo;
use netio::dpdk::{
    Device, DpdkPort, Eal, EalSettings, HugePages, Iface, IfaceSettings, Lcore, Mbuf, Mempool,
};
use packet::{Buffer, Burst, Pool};

const NEEDS: &str = "needs root: sudo cargo test -p netio --test namespaces -- --ignored";

/// One EAL and one pool for all tests, one test at a time.
fn dpdk() -> (Eal, Mempool, MutexGuard<'static, ()>) {
    static DPDK: OnceLock<(Eal, Mempool)> = OnceLock::new();
    static LOCK: Mutex<()> = Mutex::new(());
    let lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let (eal, mempool) = DPDK.get_or_init(|| {
        let settings = EalSettings {
            memory_mib: 160,
            huge_pages: HugePages::Off,
            ..EalSettings::default()
        };
        let eal = Eal::init(&settings).expect("EAL starts without huge pages");
        let mempool = Mempool::create(&eal, "test", 40_000, 2048).expect("160 MiB are enough");
        (eal, mempool)
    });
    (eal.clone(), *mempool, lock)
}

fn run(command: &str) -> Output {
    let output = Command::new("sh")
        .args(["-ec", command])
        .output()
        .expect("sh runs");
    assert!(
        output.status.success(),
        "{command}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn succeeds(command: &str) -> bool {
    Command::new("sh")
        .args(["-ec", command])
        .output()
        .expect("sh runs")
        .status
        .success()
}

/// A namespace with one end of a veth; removed when dropped, and the veth with it.
struct Peer {
    name: String,
    /// The end in Weir's namespace.
    weir: String,
}

impl Peer {
    /// `10.9.SUBNET.2/24` at the far end of a veth with `queues` queues.
    fn new(role: &str, subnet: u8, queues: u16) -> Self {
        let peer = Self {
            name: format!("dpdk-netio-{}-{role}", std::process::id()),
            weir: format!("weir-{role}"),
        };
        let (name, weir) = (&peer.name, &peer.weir);
        run(&format!(
            "ip netns add {name}
             ip link add {weir} numrxqueues {queues} numtxqueues {queues} type veth \
                 peer name eth0 netns {name} numrxqueues {queues} numtxqueues {queues}
             ip -n {name} link set lo up
             ip netns exec {name} sysctl -qw net.ipv6.conf.eth0.accept_dad=0
             sysctl -qw net.ipv6.conf.{weir}.accept_dad=0
             ip netns exec {name} ethtool -K eth0 tx off tso off gso off gro off
             ip -n {name} address add 10.9.{subnet}.2/24 dev eth0
             ip -n {name} link set eth0 up
             ip link set {weir} up"
        ));
        peer
    }

    fn exec(&self, command: &str) -> bool {
        succeeds(&format!("ip netns exec {} {command}", self.name))
    }

    /// Numbers of the peer's interface: `rx_packets`, `tx_packets`.
    fn counter(&self, name: &str) -> u64 {
        let output = run(&format!(
            "ip netns exec {} cat /sys/class/net/eth0/statistics/{name}",
            self.name
        ));
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .expect("a number")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        succeeds(&format!("ip netns del {}", self.name));
    }
}

/// Moves this thread into a new, empty network namespace.
fn enter_own_namespace() {
    // SAFETY: a new network namespace touches no memory and no descriptor of other threads.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNET) }.expect(NEEDS);
    run("ip link set lo up");
}

fn open(eal: &Eal, mempool: &Mempool, name: &str, device: &str, queues: u16) -> Iface {
    let settings = IfaceSettings {
        name: name.to_owned(),
        device: Device::parse(device).expect("well formed"),
        queues,
        mtu: None,
        mac: None,
        foreign_macs: true,
        rx_descriptors: None,
        tx_descriptors: None,
        rss_seed: 0x1234,
    };
    Iface::open(eal, mempool, &settings).unwrap_or_else(|error| panic!("{error}"))
}

/// Carries frames between two ports until `until` says enough; returns how many each received.
fn forward(a: &mut DpdkPort, b: &mut DpdkPort, mut until: impl FnMut() -> bool) -> (usize, usize) {
    let (mut there, mut back) = (Burst::<Mbuf>::new(), Burst::<Mbuf>::new());
    let mut seen = (0, 0);
    while !until() {
        seen.0 += a.rx_burst(&mut there);
        b.tx_burst(&mut there);
        seen.1 += b.rx_burst(&mut back);
        a.tx_burst(&mut back);
    }
    seen
}

/// Forwards on a thread of its own, a registered lcore, while `command` runs; returns whether it
/// succeeded, the ports, and what each received.
fn forward_while(
    eal: &Eal,
    mut pairs: Vec<(DpdkPort, DpdkPort)>,
    command: impl FnOnce() -> bool,
) -> (bool, Vec<(usize, usize)>) {
    let done = std::sync::Arc::new(Mutex::new(false));
    let workers: Vec<_> = pairs
        .drain(..)
        .map(|(mut a, mut b)| {
            let (done, eal) = (done.clone(), eal.clone());
            std::thread::spawn(move || {
                let _lcore = Lcore::register(&eal).expect("lcores are left");
                forward(&mut a, &mut b, || {
                    std::thread::yield_now();
                    *done.lock().expect("no panic holds it")
                })
            })
        })
        .collect();
    // A failed assertion must not leave workers that poll for ever.
    let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(command));
    *done.lock().expect("no panic holds it") = true;
    let join = |worker: std::thread::JoinHandle<_>| worker.join().expect("no panic");
    let seen = workers.into_iter().map(join).collect();
    (
        ok.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        seen,
    )
}

/// Ping and a TCP transfer between two namespaces, over Weir's ports, with `queues` workers.
fn passes_traffic(driver: &str, queues: u16) {
    let (eal, mempool, _lock) = dpdk();
    enter_own_namespace();
    let client = Peer::new("client", 1, queues);
    let server = Peer::new("server", 2, queues);
    // One wire from client to server: same subnet for both.
    run(&format!(
        "ip -n {} address add 10.9.1.3/24 dev eth0",
        server.name
    ));
    let mut wan = open(
        &eal,
        &mempool,
        "wan",
        &format!("{driver}0,iface={}", client.weir),
        queues,
    );
    let mut lan = open(
        &eal,
        &mempool,
        "lan",
        &format!("{driver}100,iface={}", server.weir),
        queues,
    );
    let pairs: Vec<_> = wan
        .start()
        .expect("wan starts")
        .into_iter()
        .zip(lan.start().expect("lan starts"))
        .collect();
    assert_eq!(pairs.len(), usize::from(queues));
    wait_until("the links are up", || wan.link().is_up && lan.link().is_up);
    let (ok, seen) = forward_while(&eal, pairs, || {
        // Each stream has its own ports, so that two queues both get some.
        let streams = "for i in 1 2 3 4 5 6 7 8; do
             head -c 2000000 /dev/zero | timeout 20 bash -c 'cat > /dev/tcp/10.9.1.3/7777'; done";
        let listen = format!(
            "ip netns exec {} timeout 60 python3 -c '
import socket
s = socket.create_server((\"10.9.1.3\", 7777)); n = 0
for _ in range(8):
    c = s.accept()[0]
    while (b := c.recv(65536)): n += len(b)
open(\"/dev/stdout\", \"w\").write(str(n))'",
            server.name
        );
        let listener = std::thread::spawn(move || run(&listen));
        let pinged = client.exec("ping -c 20 -i 0.01 -W 2 10.9.1.3");
        let sent = client.exec(&format!("bash -c \"sleep 0.3; {streams}\""));
        let received = listener.join().expect("the listener ends");
        let received = String::from_utf8_lossy(&received.stdout).into_owned();
        assert_eq!(received, "16000000");
        pinged && sent
    });
    assert!(ok, "traffic passes: {seen:?}");
    for (there, back) in &seen {
        assert!(*there > 0 && *back > 0, "each worker has frames: {seen:?}");
    }
    let stats = wan.stats();
    assert!(stats.rx_pkts > 10_000 && stats.tx_pkts > 1_000, "{stats:?}");
    wan.stop().expect("no port is held");
    lan.stop().expect("no port is held");
}

#[test]
#[ignore = "needs root and network namespaces"]
fn af_packet_passes_traffic() {
    passes_traffic("net_af_packet", 1);
}

#[test]
#[ignore = "needs root and network namespaces"]
fn af_packet_passes_traffic_with_two_workers() {
    passes_traffic("net_af_packet", 2);
}

#[test]
#[ignore = "needs root and network namespaces"]
fn af_xdp_passes_traffic() {
    passes_traffic("net_af_xdp", 1);
}

#[test]
#[ignore = "needs root and network namespaces"]
fn af_xdp_passes_traffic_with_two_workers() {
    passes_traffic("net_af_xdp", 2);
}

/// What of Weir's namespace answers to the peer: ping, TCP, IPv6 link-local.
fn answers(peer: &Peer, link_local: &str) -> [bool; 3] {
    // So that the peer asks for addresses again.
    run(&format!("ip -n {} neigh flush all", peer.name));
    [
        peer.exec("ping -c 1 -W 1 10.9.1.1"),
        peer.exec("timeout 1 bash -c '</dev/tcp/10.9.1.1/7777'"),
        peer.exec(&format!("ping -6 -c 1 -W 1 {link_local}%eth0")),
    ]
}

/// Polls for what the kernel does in its own time, for at most 5 seconds.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(5);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits for the kernel to take a link-local address after IPv6 comes back.
fn wait_for_link_local(iface: &str) -> String {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let output = run(&format!(
            "ip -6 -o address show dev {iface} scope link -tentative"
        ));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some((_, rest)) = text.split_once("inet6 ") {
            return rest.split('/').next().unwrap_or_default().to_owned();
        }
        assert!(Instant::now() < end, "no link-local address on {iface}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn received(port: &mut DpdkPort) -> Vec<Vec<u8>> {
    let (mut frames, mut burst) = (Vec::new(), Burst::<Mbuf>::new());
    while port.rx_burst(&mut burst) > 0 {
        frames.extend(burst.drain(..).map(|mbuf| mbuf.bytes().to_vec()));
    }
    frames
}

fn sysctls(iface: &str) -> String {
    let output = run(&format!(
        "sysctl net.ipv4.conf.{iface}.forwarding net.ipv6.conf.{iface}.disable_ipv6"
    ));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn kernel_stays_out(driver: &str) {
    let (eal, mempool, _lock) = dpdk();
    enter_own_namespace();
    let peer = Peer::new("client", 1, 1);
    run(&format!(
        "ip address add 10.9.1.1/24 dev {0}; sysctl -qw net.ipv4.conf.{0}.forwarding=1",
        peer.weir
    ));
    let _listener = TcpListener::bind("0.0.0.0:7777").expect("a free port");
    let link_local = wait_for_link_local(&peer.weir);
    let before = sysctls(&peer.weir);
    assert_eq!(
        answers(&peer, &link_local),
        [true; 3],
        "the kernel answers without the guard"
    );

    let device = format!("{driver}0,iface={}", peer.weir);
    let mut iface = open(&eal, &mempool, "wan", &device, 1);
    // Not started: the guard stands before the first frame could be received.
    assert_eq!(answers(&peer, &link_local), [false; 3]);
    let mut ports = iface.start().expect("starts");
    received(&mut ports[0]);
    assert_eq!(answers(&peer, &link_local), [false; 3]);
    let frames = received(&mut ports[0]);
    let kinds = |kind: [u8; 2]| frames.iter().filter(|frame| frame[12..14] == kind).count();
    assert!(
        kinds([0x08, 0x06]) > 0,
        "Weir sees the peer's ARP: {frames:?}"
    );
    assert!(
        kinds([0x86, 0xdd]) > 0,
        "Weir sees the peer's ND: {frames:?}"
    );

    let sent = peer.counter("rx_packets");
    assert!(
        !succeeds("ping -c 2 -i 0.2 -W 1 10.9.1.2"),
        "the kernel cannot send past Weir"
    );
    assert_eq!(
        peer.counter("rx_packets"),
        sent,
        "the peer sees nothing of it"
    );
    let frames = received(&mut ports[0]);
    let reflected = frames.iter().find(|frame| frame[6..12] == iface.mac());
    assert!(
        reflected.is_none(),
        "nor does Weir take it for received: {reflected:?}"
    );

    drop(ports);
    iface.stop().expect("no port is held");
    assert_eq!(sysctls(&peer.weir), before);
    wait_for_link_local(&peer.weir);
    assert_eq!(answers(&peer, &link_local), [true; 3], "all is as before");
    assert!(!succeeds("nft list tables | grep weir_guard"));
}

#[test]
#[ignore = "needs root and network namespaces"]
fn the_kernel_stays_out_of_af_packet() {
    kernel_stays_out("net_af_packet");
}

#[test]
#[ignore = "needs root and network namespaces"]
fn the_kernel_stays_out_of_af_xdp() {
    kernel_stays_out("net_af_xdp");
}

#[test]
#[ignore = "needs root and network namespaces"]
fn a_killed_process_leaves_the_guard_and_the_next_one_restores_what_was_before() {
    let (eal, mempool, _lock) = dpdk();
    enter_own_namespace();
    let peer = Peer::new("client", 1, 1);
    run(&format!(
        "sysctl -qw net.ipv4.conf.{}.forwarding=1",
        peer.weir
    ));
    let before = sysctls(&peer.weir);
    let device = |number: u8| format!("net_af_packet{number},iface={}", peer.weir);
    // What a killed process leaves: table and sysctls, and nobody to undo them.
    std::mem::forget(open(&eal, &mempool, "wan", &device(7), 1));
    assert_ne!(sysctls(&peer.weir), before);
    let iface = open(&eal, &mempool, "wan", &device(8), 1);
    iface.stop().expect("no port was made");
    assert_eq!(sysctls(&peer.weir), before);
    assert!(!succeeds("nft list tables | grep weir_guard"));
}

#[test]
#[ignore = "needs root and network namespaces"]
fn a_tap_carries_frames_to_and_from_the_kernel() {
    let (eal, mempool, _lock) = dpdk();
    enter_own_namespace();
    let mut iface = open(&eal, &mempool, "host", "net_tap0,iface=weir-tap", 1);
    let mut ports = iface.start().expect("starts");
    run("ip address add 10.9.3.1/24 dev weir-tap; ip link set weir-tap up");
    received(&mut ports[0]);
    assert!(!succeeds("ping -c 1 -W 1 10.9.3.2"));
    let frames = received(&mut ports[0]);
    let request = frames.iter().find(|frame| frame[12..14] == [0x08, 0x06]);
    // The same request back, from a neighbour: the kernel learns it and answers.
    let mut asked = request.expect("the kernel asks for 10.9.3.2").clone();
    let neighbour = [2, 0, 0, 0, 0, 9];
    asked[6..12].copy_from_slice(&neighbour);
    asked[22..28].copy_from_slice(&neighbour);
    asked[28..32].copy_from_slice(&[10, 9, 3, 2]);
    asked[38..42].copy_from_slice(&[10, 9, 3, 1]);
    let mut burst = Burst::<Mbuf>::new();
    let mut mbuf = mempool.pool().alloc().expect("the pool has room");
    mbuf.append(asked.len()).expect("an mbuf has 2,048 bytes");
    mbuf.bytes_mut().copy_from_slice(&asked);
    burst.push(mbuf);
    assert_eq!(ports[0].tx_burst(&mut burst), 1);
    wait_until("the kernel answers", || {
        received(&mut ports[0])
            .iter()
            .any(|frame| frame[20..22] == [0, 2])
    });
    drop(ports);
    iface.stop().expect("no port is held");
}

#[test]
#[ignore = "needs root and network namespaces"]
fn link_vlan_tags_mtu_and_queues_on_a_veth() {
    let (eal, mempool, _lock) = dpdk();
    enter_own_namespace();
    let peer = Peer::new("client", 1, 2);
    let device = format!("net_af_packet0,iface={}", peer.weir);
    run(&format!("ip link set {} mtu 1400", peer.weir));
    let mut iface = open(&eal, &mempool, "wan", &device, 1);
    assert_eq!(iface.mtu(), 1400);
    let mac = run(&format!(
        "cat /proc/self/net/dev >/dev/null; ip -br link show {}",
        peer.weir
    ));
    let text = String::from_utf8_lossy(&mac.stdout).into_owned();
    let [a, b, c, d, e, f] = iface.mac();
    assert!(
        text.contains(&format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")),
        "{text}"
    );
    let mut ports = iface.start().expect("starts");
    // A tag that the kernel took out of the frame comes back.
    received(&mut ports[0]);
    let tagged = "ff".repeat(6) + "020000000001" + "81000014" + "0806" + &"5a".repeat(46);
    let send = "import socket,sys; s=socket.socket(17,3); s.bind((\"eth0\",0)); \
                s.send(bytes.fromhex(sys.argv[1]))";
    assert!(peer.exec(&format!("python3 -c '{send}' {tagged}")));
    let frames = received(&mut ports[0]);
    let hex = |frame: &Vec<u8>| {
        frame
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert!(
        frames.iter().any(|frame| hex(frame) == tagged),
        "{frames:?}"
    );

    wait_until("the link is up", || iface.link().is_up);
    run(&format!("ip -n {} link set eth0 down", peer.name));
    wait_until("the link is down", || !iface.link().is_up);
    let mut burst = Burst::new();
    assert_eq!(ports[0].rx_burst(&mut burst), 0);
    run(&format!("ip -n {} link set eth0 up", peer.name));
    drop(ports);
    iface.stop().expect("no port is held");

    let settings = |device: &str| IfaceSettings {
        name: "wan".to_owned(),
        device: Device::parse(device).expect("well formed"),
        queues: 1,
        mtu: None,
        mac: None,
        foreign_macs: false,
        rx_descriptors: None,
        tx_descriptors: None,
        rss_seed: 0,
    };
    let xdp = settings(&format!("net_af_xdp0,iface={}", peer.weir));
    let error = Iface::open(&eal, &mempool, &xdp)
        .expect_err("one of two is unpolled")
        .to_string();
    assert!(
        error.contains("1 workers need 1 queues, the device has 2"),
        "{error}"
    );
    let packet = settings(&format!("{device},qpairs=2"));
    let error = Iface::open(&eal, &mempool, &packet).expect_err("one of two is unpolled");
    assert!(error.to_string().contains("leave it out"), "{error}");
    assert!(
        !succeeds("nft list tables | grep weir_guard"),
        "nothing stays behind"
    );
}
