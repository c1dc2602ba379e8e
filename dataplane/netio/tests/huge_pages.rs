//! EAL on huge pages: a process of its own, since EAL starts once. Needs root, to reserve the pages.

#![cfg(feature = "dpdk")]

use std::fs;

use netio::NetIo;
use netio::dpdk::{Device, Eal, EalSettings, HugePages, Iface, IfaceSettings, Mempool, Pages};
use packet::Burst;

const RESERVED: &str = "/proc/sys/vm/nr_hugepages";

/// Reserves pages, and gives them back when dropped.
struct Reserved(String);

impl Reserved {
    fn more(pages: u64) -> Self {
        let before = fs::read_to_string(RESERVED).expect("the kernel has huge pages");
        let count: u64 = before.trim().parse().expect("a number");
        let wanted = (count + pages).to_string();
        fs::write(RESERVED, &wanted).expect("needs root: cargo test -p netio -- --ignored");
        let got = fs::read_to_string(RESERVED).expect("was read before");
        assert_eq!(
            got.trim(),
            wanted,
            "memory is too fragmented for {pages} more huge pages"
        );
        Self(before)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let _ = fs::write(RESERVED, &self.0);
    }
}

#[test]
#[ignore = "needs root"]
fn memory_comes_from_huge_pages_when_there_are_enough() {
    let _reserved = Reserved::more(64);
    let settings = EalSettings {
        memory_mib: 64,
        huge_pages: HugePages::Auto,
        ..EalSettings::default()
    };
    let eal = Eal::init(&settings).expect("EAL starts on huge pages");
    assert_eq!(eal.pages(), Pages::Huge { mib: 64 });
    assert_eq!(eal.pages().to_string(), "huge pages, 64 MiB");
    let smaps = fs::read_to_string("/proc/self/smaps").expect("our own");
    let huge: u64 = smaps
        .lines()
        .filter_map(|line| line.strip_prefix("Private_Hugetlb:"))
        .chain(
            smaps
                .lines()
                .filter_map(|line| line.strip_prefix("Shared_Hugetlb:")),
        )
        .filter_map(|kib| kib.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .sum();
    assert!(huge >= 64 * 1024, "{huge} KiB are on huge pages");

    let mempool = Mempool::create(&eal, "test", 4096, 2048).expect("64 MiB are enough");
    let null = IfaceSettings {
        name: "wan".to_owned(),
        device: Device::parse("net_null0").expect("well formed"),
        queues: 1,
        mtu: None,
        mac: None,
        foreign_macs: false,
        rx_descriptors: None,
        tx_descriptors: None,
        rss_seed: 0,
    };
    let mut iface = Iface::open(&eal, &mempool, &null).expect("opens");
    let mut ports = iface.start().expect("starts");
    let mut burst = Burst::new();
    assert_eq!(ports[0].rx_burst(&mut burst), 32);
    assert_eq!(ports[0].tx_burst(&mut burst), 32);
    drop(ports);
    iface.stop().expect("no port is held");
    let ours = format!("/run/dpdk/weir-{}", std::process::id());
    assert!(
        !fs::exists(&ours).expect("readable"),
        "EAL left {ours} behind"
    );
}
