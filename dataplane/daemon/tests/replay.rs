//! `--offline` from its arguments to its files.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Parser;
use netio::pcap::{CaptureReader, CaptureWriter};
use serde_json::Value;
use support::{SERVER, WEIR_TOML, frame_v4, udp};
use tempfile::TempDir;
use weir_dataplane::{args::Args, offline};

const RULES: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                     -A FORWARD -p udp -m udp --dport 53 -j ACCEPT\n\
                     -A FORWARD -p udp -m udp --dport 54 -j LOG --log-prefix \"54 \"\n\
                     -A FORWARD -p udp -m udp --dport 55 -j REJECT\nCOMMIT\n";
const CLOSED: &str =
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
const START_NS: u64 = 1_700_000_000_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// A folder with a configuration, rules, and captures.
struct Case {
    directory: TempDir,
}

impl Case {
    fn new(config: &str) -> Self {
        let case = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        case.file("weir.toml", config);
        case.file("rules", RULES);
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes a capture of frames at seconds after the start.
    fn capture(&self, name: &str, frames: &[(f64, Vec<u8>)]) {
        let mut capture = CaptureWriter::create(&self.path(name)).unwrap();
        for (seconds, frame) in frames {
            capture
                .frame(START_NS + (seconds * 1e9) as u64, frame)
                .unwrap();
        }
        capture.finish().unwrap();
    }

    /// Runs with these arguments, in which `@` stands for the folder; returns the answers.
    fn try_run(&self, args: &[&str], dialogue: &str) -> Result<String, String> {
        let folder = format!("{}/", self.directory.path().display());
        let config = self.path("weir.toml");
        let head = [
            "weir-dataplane",
            "--offline",
            "--config",
            config.to_str().unwrap(),
        ];
        let args = args.iter().map(|arg| arg.replace('@', &folder));
        let args = Args::try_parse_from(head.map(str::to_owned).into_iter().chain(args))
            .map_err(|error| error.to_string())?;
        let mut answers = Vec::new();
        offline::run(
            &args.config,
            &args.replay,
            (dialogue.as_bytes(), &mut answers),
        )
        .map_err(|error| error.to_string().replace(&folder, "@"))?;
        Ok(String::from_utf8(answers).unwrap())
    }

    #[track_caller]
    fn run(&self, args: &[&str]) {
        self.try_run(args, "").unwrap();
    }

    fn report(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }
}

fn frames_of(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let mut reader = CaptureReader::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(record) = reader.next_whole().unwrap() {
        frames.push((record.timestamp_ns - START_NS, record.bytes.to_vec()));
    }
    frames
}

fn datagram(port: u16) -> Vec<u8> {
    frame_v4(64, 17, SERVER, &udp(9, port, b"x"))
}

/// What a frame from `lan` looks like behind the router.
fn forwarded(frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[..12].copy_from_slice(&[2, 0, 0xc6, 0x33, 0x64, 0x14, 2, 0xff, 0, 0, 0, 2]);
    frame[22] -= 1;
    frame[24..26].fill(0);
    let sum = wire::checksum::checksum(&frame[14..34]).to_be_bytes();
    frame[24..26].copy_from_slice(&sum);
    frame
}

#[test]
fn every_packet_is_reported_and_what_left_is_captured() {
    let case = Case::new(WEIR_TOML);
    let ping = frame_v4(64, 1, [10, 0, 1, 1], &[8, 0, 0xf7, 0xfd, 0, 1, 0, 1]);
    let packets = [
        (0.0, datagram(53)),
        (0.5, datagram(54)),
        (1.0, datagram(55)),
        (1.5, ping.clone()),
        (2.0, frame_v4(1, 17, SERVER, &udp(9, 53, b"x"))),
        (2.5, vec![1, 2, 3]),
    ];
    case.capture("lan.pcap", &packets);
    case.run(&[
        "--rules",
        "@rules",
        "--in",
        "lan=@lan.pcap",
        "--out",
        "@out",
        "--report",
        "@report",
        "--counters",
        "@counters",
    ]);
    let wan = frames_of(&case.path("out/wan.pcap"));
    assert_eq!(wan, [(0, forwarded(&datagram(53)))]);
    let host = frames_of(&case.path("out/host.pcap"));
    assert_eq!(host, [(3 * SECOND_NS / 2, ping)]);
    // Port unreachable, echo reply, time exceeded: each to the client.
    let lan = frames_of(&case.path("out/lan.pcap"));
    let icmp: Vec<_> = lan
        .iter()
        .map(|(at, frame)| (*at, frame[34], frame[35]))
        .collect();
    assert_eq!(
        icmp,
        [
            (SECOND_NS, 3, 3),
            (3 * SECOND_NS / 2, 0, 0),
            (2 * SECOND_NS, 11, 0)
        ]
    );

    let report = case.report("report");
    let told: Vec<_> = report["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let text = |key: &str| event[key].as_str().unwrap_or("-").to_owned();
            let words = ["outcome", "verdict", "hook", "chain", "drop", "egress"].map(text);
            format!(
                "{} {} {}",
                words.join(" "),
                event["rule"],
                event["out"].as_array().unwrap().len()
            )
        })
        .collect();
    let expected = [
        "forwarded accept FORWARD FORWARD - wan 1 1",
        "dropped drop FORWARD FORWARD policy - null 0",
        "dropped reject FORWARD FORWARD reject - 3 1",
        "delivered accept INPUT INPUT - - null 1",
        "dropped drop - - ttl_exceeded - null 1",
        "dropped drop - - ethernet_short - null 0",
    ];
    assert_eq!(told, expected);
    assert_eq!(report["events"][0]["tuple"]["dport"], 53);
    assert_eq!(report["events"][1]["t"], 0.5);
    let log = report["events"][1]["log"][0].as_str().unwrap();
    assert!(
        log.starts_with("54 IN=lan OUT=wan MAC=02:ff:00:00:00:01:"),
        "{log}"
    );
    let totals = &report["totals"];
    assert_eq!(
        (&totals["received"], &totals["forwarded"]),
        (&6.into(), &1.into())
    );
    assert_eq!(totals["dropped"]["policy"], 1);

    let counters = fs::read_to_string(case.path("counters")).unwrap();
    for line in [
        ":FORWARD DROP [1:29]",
        "[1:29] -A FORWARD -p udp -m udp --dport 53 -j ACCEPT",
        "[1:29] -A FORWARD -p udp -m udp --dport 55 -j REJECT --reject-with icmp-port-unreachable",
        "# Generated by ip6tables-save",
    ] {
        assert!(counters.contains(line), "{line} is not in {counters}");
    }
}

#[test]
fn equal_replays_give_equal_bytes_for_any_number_of_workers() {
    let case = Case::new(WEIR_TOML);
    let frames: Vec<_> = (0..200u16)
        .map(|n| {
            let mut frame = datagram(50 + n % 8);
            // Several senders, so that several workers have a turn.
            frame[29] = 10 + (n % 5) as u8;
            frame[24..26].fill(0);
            let sum = wire::checksum::checksum(&frame[14..34]).to_be_bytes();
            frame[24..26].copy_from_slice(&sum);
            (f64::from(n) * 0.01, frame)
        })
        .collect();
    case.capture("lan.pcap", &frames);
    let run = |name: &str, workers: &str| {
        case.run(&[
            "--rules",
            "@rules",
            "--in",
            "lan=@lan.pcap",
            "--workers",
            workers,
            "--seed",
            "7",
            "--out",
            &format!("@{name}"),
            "--report",
            &format!("@{name}.json"),
            "--counters",
            &format!("@{name}.counters"),
            "--resolve-neighbours",
        ]);
    };
    run("a", "1");
    run("b", "1");
    run("c", "4");
    for file in ["/lan.pcap", "/wan.pcap", "/host.pcap", ".json", ".counters"] {
        let bytes = |name: &str| fs::read(case.path(&format!("{name}{file}"))).unwrap();
        assert_eq!(bytes("a"), bytes("b"), "{file}");
    }
    let verdicts = |name: &str| {
        let report = case.report(&format!("{name}.json"));
        let events = report["events"].as_array().unwrap().iter();
        events
            .map(|event| (event["outcome"].clone(), event["rule"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(verdicts("a"), verdicts("c"));
    assert!(
        verdicts("a")
            .iter()
            .any(|(outcome, _)| outcome == "forwarded")
    );
    let counters = |name: &str| fs::read(case.path(&format!("{name}.counters"))).unwrap();
    assert_eq!(counters("a"), counters("c"));
}

#[test]
fn rules_change_in_the_middle() {
    let case = Case::new(WEIR_TOML);
    case.file("closed", CLOSED);
    let frames: Vec<_> = (0..4).map(|n| (f64::from(n), datagram(53))).collect();
    case.capture("lan.pcap", &frames);
    case.run(&[
        "--rules",
        "@rules",
        "--in",
        "lan=@lan.pcap",
        "--at",
        "2=@closed",
        "--at",
        "2.5=@rules",
        "--report",
        "@report",
    ]);
    let report = case.report("report");
    let outcomes = [0, 1, 2, 3].map(|n| report["events"][n]["outcome"].clone());
    assert_eq!(outcomes, ["forwarded", "forwarded", "dropped", "forwarded"]);
}

#[test]
fn captures_are_merged_by_time_and_ties_by_order() {
    let case = Case::new(WEIR_TOML);
    case.capture("a.pcap", &[(0.0, datagram(53)), (2.0, datagram(53))]);
    case.capture("b.pcap", &[(0.0, datagram(53)), (1.0, datagram(53))]);
    case.run(&[
        "--in",
        "wan=@b.pcap",
        "--in",
        "lan=@a.pcap",
        "--report",
        "@report",
    ]);
    let report = case.report("report");
    let order = [0, 1, 2, 3].map(|n| report["events"][n]["in"].clone());
    assert_eq!(order, ["wan", "lan", "wan", "lan"]);
}

#[test]
fn the_host_sends_through_output() {
    let case = Case::new(WEIR_TOML);
    let mut frame = datagram(53);
    frame[26..30].copy_from_slice(&[198, 51, 100, 1]);
    frame[24..26].fill(0);
    let sum = wire::checksum::checksum(&frame[14..34]).to_be_bytes();
    frame[24..26].copy_from_slice(&sum);
    case.capture("host.pcap", &[(0.0, frame)]);
    case.run(&[
        "--in",
        "host=@host.pcap",
        "--report",
        "@report",
        "--out",
        "@out",
    ]);
    let event = &case.report("report")["events"][0];
    assert_eq!(
        (&event["outcome"], &event["hook"]),
        (&"forwarded".into(), &"OUTPUT".into())
    );
    assert_eq!(frames_of(&case.path("out/wan.pcap")).len(), 1);
}

/// The configuration without neighbours and MAC addresses.
fn bare_config() -> String {
    let end = WEIR_TOML.find("[[neighbours]]").unwrap();
    let lines = WEIR_TOML[..end]
        .lines()
        .filter(|line| !line.starts_with("mac = "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn neighbours_are_asked_for_learned_from_the_capture_or_made_up() {
    let case = Case::new(&bare_config());
    let mut answer = vec![2, 0xff, 0, 0, 0, 2, 2, 0, 0xc6, 0x33, 0x64, 0x14];
    answer.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0xc6, 0x33, 0x64, 0x14]);
    answer.extend([198, 51, 100, 20, 2, 0xff, 0, 0, 0, 2, 198, 51, 100, 1]);
    case.capture("lan.pcap", &[(0.0, datagram(53))]);
    // From `wan`'s capture the replay takes the station's address, and the neighbour's.
    let mut to_us = datagram(53);
    to_us[..6].copy_from_slice(&[2, 0xff, 0, 0, 0, 2]);
    case.capture("wan.pcap", &[(0.5, answer.clone()), (9.0, to_us)]);
    let run = |arguments: &[&str]| {
        let head = [
            "--rules",
            "@rules",
            "--report",
            "@report",
            "--in",
            "lan=@lan.pcap",
        ];
        case.run(&[&head, arguments].concat());
        case.report("report")
    };
    let learned = run(&["--in", "wan=@wan.pcap"]);
    let event = &learned["events"][0];
    assert_eq!(event["outcome"], "held");
    assert!(
        event["out"][0]["hex"]
            .as_str()
            .unwrap()
            .starts_with("ffffffffffff02ff000000020806")
    );
    let event = &learned["events"][1];
    assert_eq!(event["released"][0], "forwarded");
    assert!(
        event["out"][0]["hex"]
            .as_str()
            .unwrap()
            .starts_with("0200c633641402ff000000020800")
    );

    let held = run(&[]);
    assert_eq!(held["totals"]["held"], 1);
    let made_up = run(&["--resolve-neighbours"]);
    let event = &made_up["events"][0];
    assert_eq!(event["outcome"], "forwarded");
    assert!(
        event["out"][0]["hex"]
            .as_str()
            .unwrap()
            .starts_with("0200c6336414")
    );
}

#[test]
fn a_dialogue_answers_each_line() {
    let case = Case::new(&bare_config());
    let hex: String = datagram(53)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let line = format!("{{\"t\":0,\"if\":\"lan\",\"hex\":\"{hex}\"}}\n\n{{\"t\":5}}\n");
    let answers = case
        .try_run(
            &["--interactive", "--rules", "@rules", "--counters", "@c"],
            &line,
        )
        .unwrap();
    let answers: Vec<Value> = answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["outcome"], "held");
    // Two more solicits, then nobody is asked any more.
    let timers = answers[1]["timers"].as_array().unwrap();
    assert!(timers.len() >= 3, "{timers:?}");
    let gave_up = |timer: &Value| timer["released"][0] == "neighbour_failed";
    assert!(timers.iter().any(gave_up), "{timers:?}");
    assert!(
        fs::read_to_string(case.path("c"))
            .unwrap()
            .contains("[1:29] -A FORWARD")
    );
}

#[test]
fn what_makes_no_sense_is_told() {
    let case = Case::new(WEIR_TOML);
    case.capture("lan.pcap", &[(0.0, datagram(53))]);
    case.file("bad", "*filter\n-A FORWARD -p udp --dport\nCOMMIT\n");
    case.file("no.pcap", "not a capture");
    let refused = |args: &[&str], dialogue: &str, words: &str| {
        let error = case.try_run(args, dialogue).unwrap_err();
        assert!(error.contains(words), "{args:?}: {error}");
    };
    let lan = "lan=@lan.pcap";
    refused(&[], "", "nothing to replay");
    refused(
        &["--in", "dmz=@lan.pcap"],
        "",
        "no interface is called `dmz': expected one of lan, wan, host",
    );
    refused(&["--in", "lan"], "", "expected an interface and a file");
    refused(&["--in", "lan=@missing"], "", "@missing");
    refused(&["--in", "lan=@no.pcap"], "", "@no.pcap");
    refused(
        &["--in", lan, "--rules", "@bad"],
        "",
        "@bad: iptables-restore",
    );
    refused(
        &["--in", lan, "--at", "x=@rules"],
        "",
        "expected seconds and a file",
    );
    refused(
        &["--in", lan, "--conntrack", "@c"],
        "",
        "connection tracking is not in this version",
    );
    refused(&["--in", lan, "--workers", "0"], "", "0 is not in 1..=256");
    refused(&["--interactive", "--in", lan], "", "cannot be used with");
    refused(
        &["--interactive"],
        "{\"t\":0}\nnonsense\n",
        "standard input, line 2: ",
    );
    refused(
        &["--interactive"],
        "{\"t\":1}\n{\"t\":0}\n",
        "line 2: t 0: expected seconds that never go back",
    );
    refused(
        &["--interactive"],
        "{\"if\":\"lan\",\"hex\":\"0\"}\n",
        "line 1: hex: expected pairs",
    );
    refused(&["--interactive"], "{\"if\":\"lan\"}\n", "go together");
    case.file(
        "weir.toml",
        "schema_version = 1\n[interfaces.lan]\nadress = []\n",
    );
    refused(
        &["--in", lan],
        "",
        "weir.toml:3: interfaces.lan.adress: unknown field `adress`",
    );
}
