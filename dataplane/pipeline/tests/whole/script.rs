//! Runs `tests/scripts/*.pkt`: packets in time order with what must come of each.
//!
//! ```text
//! iface NAME MAC mtu N ADDR/LEN...      (then `link-local`, `rp_filter N`)
//! route PREFIX/LEN via ADDR             neigh IFACE ADDR MAC
//! sysctl NAME VALUE                     host sink
//! rules | rules6                        up to a line `end`: iptables-restore's text
//! == TITLE                              starts a case
//! > IFACE PACKET                        comes in; `>host` is what the host sends
//! + SECONDS                             time passes; the main thread takes its turn
//! < IFACE PACKET                        must leave, in this order for an interface
//! <~ IFACE PACKET                       the same, made here: IPv4 id and flow label are free
//! log LINE                              must be logged
//! end REASON                            how the packet that came in ends: a drop reason,
//!                                       `sent`, `delivered`, `held`
//! ```
//! PACKET is `hex DIGITS` or the language of `text.rs`. A case says all that leaves and all that
//! is logged.

use std::{fmt::Write, fs, path::Path};

use packet::DropReason;
use pipeline::{HostPath, Outcome, Settings};
use route::{
    IfaceAddr, IfaceConfig, IfaceId, MacAddr, NetworkConfig, RouteConfig, RpFilter, StaticNeighbour,
};

use crate::{
    bench::{Bench, Setup, addr},
    hex, text,
};

/// One case: its set-up and its lines.
pub(crate) struct Case {
    pub(crate) title: String,
    pub(crate) setup: Setup,
    pub(crate) lines: Vec<String>,
}

/// What one `>` or `+` led to.
#[derive(Default, PartialEq, Eq)]
struct Result {
    frames: Vec<(String, String)>,
    logs: Vec<String>,
    ends: Vec<String>,
}

fn empty_setup() -> Setup {
    Setup {
        network: NetworkConfig::default(),
        neighbours: Vec::new(),
        settings: Settings::default(),
        rules4: String::new(),
        rules6: String::new(),
        host: HostPath::LocalStack,
    }
}

fn copy_setup(of: &Setup) -> Setup {
    Setup {
        network: of.network.clone(),
        neighbours: of.neighbours.clone(),
        settings: of.settings.clone(),
        rules4: of.rules4.clone(),
        rules6: of.rules6.clone(),
        host: of.host,
    }
}

/// Lines before the first `==` are every case's; those in a case that set up add to them.
fn cases(script: &str) -> Vec<Case> {
    let mut common = empty_setup();
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let line = line.strip_prefix("  ").unwrap_or(line);
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let setup = cases.last_mut().map_or(&mut common, |case| &mut case.setup);
        match word {
            "" | "#" => {}
            "==" => cases.push(Case {
                title: rest.to_owned(),
                setup: copy_setup(&common),
                lines: Vec::new(),
            }),
            "rules" | "rules6" => {
                let text: String = lines
                    .by_ref()
                    .take_while(|line| *line != "end")
                    .fold(String::new(), |all, line| all + line + "\n");
                *(if word == "rules" {
                    &mut setup.rules4
                } else {
                    &mut setup.rules6
                }) = text;
            }
            _ if set_up(setup, word, rest) => {}
            _ => cases
                .last_mut()
                .expect("a case")
                .lines
                .push(line.to_owned()),
        }
    }
    cases
}

/// Takes a line that sets up; false for any other.
fn set_up(setup: &mut Setup, word: &str, rest: &str) -> bool {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let network = &mut setup.network;
    match (word, &words[..]) {
        ("iface", [name, mac, options @ ..]) => network.ifaces.push(iface(name, mac, options)),
        ("route", [prefix, "via", via]) => {
            let own = prefix_of(prefix);
            network.routes.push(RouteConfig {
                to: own.addr,
                prefix_len: own.prefix_len,
                via: Some(addr(via)),
                iface: None,
            });
        }
        ("neigh", [iface, to, mac]) => setup.neighbours.push(StaticNeighbour {
            addr: addr(to),
            mac: mac.parse().expect("a MAC address"),
            iface: number_of(network, iface),
        }),
        ("sysctl", [name, value]) => setup.settings.set(name, value).expect("a setting"),
        ("sysctl", [name]) => setup.settings.set(name, "").expect("a setting"),
        ("host", ["sink"]) => setup.host = HostPath::Sink,
        _ => return false,
    }
    true
}

fn prefix_of(text: &str) -> IfaceAddr {
    let (to, len) = text.split_once('/').expect("ADDR/LEN");
    IfaceAddr {
        addr: addr(to),
        prefix_len: len.parse().expect("a length"),
    }
}

fn iface(name: &str, mac: &str, options: &[&str]) -> IfaceConfig {
    let mut config = IfaceConfig {
        name: name.to_owned(),
        mac: mac.parse::<MacAddr>().expect("a MAC address"),
        mtu: 1500,
        addrs: Vec::new(),
        rp_filter: RpFilter::Off,
        link_local: false,
    };
    let mut options = options.iter();
    while let Some(&option) = options.next() {
        match option {
            "mtu" => config.mtu = options.next().expect("mtu N").parse().expect("a number"),
            "link-local" => config.link_local = true,
            "rp_filter" => {
                config.rp_filter = match *options.next().expect("rp_filter N") {
                    "1" => RpFilter::Strict,
                    "2" => RpFilter::Loose,
                    _ => RpFilter::Off,
                }
            }
            prefix => config.addrs.push(prefix_of(prefix)),
        }
    }
    config
}

fn number_of(network: &NetworkConfig, name: &str) -> IfaceId {
    let place = network.ifaces.iter().position(|iface| iface.name == name);
    IfaceId(place.unwrap_or_else(|| panic!("no interface {name}")) as u16)
}

impl Case {
    /// Runs the case; what is wrong with it, if anything.
    fn run(&self) -> String {
        let mut bench = Bench::new(&self.setup);
        let mut wrong = String::new();
        let mut lines = self.lines.iter().peekable();
        while let Some(line) = lines.next() {
            let (word, rest) = line.split_once(' ').expect("WORD REST");
            let frame = |packet: &str| text::frame(packet);
            match word {
                ">" => {
                    let (iface, packet) = rest.split_once(' ').expect("IFACE PACKET");
                    bench.receive(number_of(&self.setup.network, iface), &frame(packet));
                }
                ">host" => bench.send_from_host(&frame(rest)),
                "+" => {
                    let seconds: f64 = rest.parse().expect("seconds");
                    bench.now_ns += (seconds * 1e9) as u64;
                    bench.main_turn();
                }
                _ => panic!("{}: what is `{line}'?", self.title),
            }
            let mut expected = Result::default();
            let mut free = Vec::new();
            let is_expectation = |line: &&String| {
                ["< ", "<~ ", "log ", "end "]
                    .iter()
                    .any(|start| line.starts_with(start))
            };
            while let Some(line) = lines.next_if(is_expectation) {
                expect(line, &mut expected, &mut free);
            }
            self.by_iface(&mut expected, &mut free);
            let actual = self.result(&mut bench, &expected, &free);
            if actual != expected {
                let _ = writeln!(wrong, "{}: {line}", self.title);
                let _ = writeln!(wrong, "{}", show("expected", &expected));
                let _ = writeln!(wrong, "{}", show("but was", &actual));
            }
        }
        wrong
    }

    /// What an interface sends is in order; interfaces are compared one after the other.
    fn by_iface(&self, expected: &mut Result, free: &mut Vec<bool>) {
        let mut both: Vec<_> = expected.frames.drain(..).zip(free.drain(..)).collect();
        both.sort_by_key(|((iface, _), _)| number_of(&self.setup.network, iface));
        (expected.frames, *free) = both.into_iter().unzip();
    }

    fn result(&self, bench: &mut Bench, expected: &Result, free: &[bool]) -> Result {
        let mut actual = Result::default();
        for (iface, frame) in bench.sent() {
            let name = self.setup.network.ifaces[iface.index()].name.clone();
            actual.frames.push((name, hex::encode(&frame)));
        }
        for ((_, frame), _) in actual
            .frames
            .iter_mut()
            .zip(free)
            .filter(|(_, free)| **free)
        {
            *frame = hex::encode(&without_free(hex::decode(frame)));
        }
        actual.logs = bench.log_lines();
        actual.ends = bench.ends().into_iter().map(end_name).collect();
        if expected.ends.is_empty() {
            actual.ends.clear();
        }
        actual
    }
}

fn expect(line: &str, expected: &mut Result, free: &mut Vec<bool>) {
    let (word, rest) = line.split_once(' ').expect("WORD REST");
    match word {
        "log" => expected.logs.push(rest.to_owned()),
        "end" => expected.ends.push(rest.to_owned()),
        _ => {
            let (iface, packet) = rest.split_once(' ').expect("IFACE PACKET");
            let mut frame = text::frame(packet);
            if word == "<~" {
                frame = without_free(frame);
            }
            free.push(word == "<~");
            expected
                .frames
                .push((iface.to_owned(), hex::encode(&frame)));
        }
    }
}

/// The frame with its IPv4 id, or its flow label, zeroed: a sender's free choice.
fn without_free(mut frame: Vec<u8>) -> Vec<u8> {
    match frame.get(12..14) {
        Some([0x08, 0x00]) => {
            frame[18..20].fill(0);
            wire::ipv4::fill_header_checksum(&mut frame[14..]).expect("an IPv4 header");
        }
        Some([0x86, 0xdd]) => {
            frame[15] &= 0xf0;
            frame[16..18].fill(0);
        }
        _ => {}
    }
    frame
}

fn end_name(end: Outcome) -> String {
    match end {
        Outcome::Sent(_) => "sent".to_owned(),
        Outcome::Delivered => "delivered".to_owned(),
        Outcome::Held(_) => "held".to_owned(),
        Outcome::Dropped(reason) => DropReason::name(reason).to_owned(),
    }
}

fn show(title: &str, result: &Result) -> String {
    let mut text = format!("  {title}:");
    for (iface, frame) in &result.frames {
        let _ = write!(
            text,
            "\n    < {iface} {}",
            text::describe(&hex::decode(frame))
        );
        let _ = write!(text, "\n      hex {frame}");
    }
    for line in &result.logs {
        let _ = write!(text, "\n    log {line}");
    }
    for end in &result.ends {
        let _ = write!(text, "\n    end {end}");
    }
    text
}

/// Every case of every script, with the script's path; in the paths' order.
pub(crate) fn all_by_file() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the scripts' folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "pkt"))
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let script = fs::read_to_string(&path).expect("a script");
        let name = path.display().to_string();
        all.extend(cases(&script).into_iter().map(|case| (name.clone(), case)));
    }
    all
}

/// Every case of every script.
pub(crate) fn all() -> Vec<Case> {
    all_by_file().into_iter().map(|(_, case)| case).collect()
}

#[test]
fn scripts() {
    let mut wrong = String::new();
    let mut packets = 0;
    for (path, case) in all_by_file() {
        packets += case
            .lines
            .iter()
            .filter(|line| line.starts_with('>'))
            .count();
        let fault = case.run();
        if !fault.is_empty() {
            let _ = writeln!(wrong, "{path}: {fault}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(
        packets >= 300,
        "{packets} packets are too few: was the folder found?"
    );
}
