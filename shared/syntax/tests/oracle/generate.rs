//! Sequences made at random: mostly sensible, with a mistake now and then.

use rules::Family;
use syntax::Program;

use super::{
    case::{Sequence, Step},
    rng::Rng,
};

const TABLES: [&str; 8] = [
    "filter", "filter", "filter", "filter", "raw", "mangle", "nat", "security",
];

/// Adds up to six rules of every make to a table.
pub fn rules(rng: &Rng, family: Family) -> Sequence {
    let table = rng.pick(&TABLES);
    let mut sequence = start("rules", family, table);
    for _ in 0..=rng.below(6) {
        let chain = chain(rng, table);
        let mut words = vec!["-t".to_owned(), table.to_owned()];
        words.extend(match rng.below(6) {
            0 => vec!["-I".to_owned(), chain.to_owned()],
            1 => vec!["--append".to_owned(), chain.to_owned()],
            _ => vec!["-A".to_owned(), chain.to_owned()],
        });
        words.extend(rule(rng, family));
        if rng.one_in(8) {
            words.push("-v".to_owned());
        }
        push(&mut sequence, words);
    }
    sequence.observe(&[table]);
    sequence
}

/// Commands of every kind on a table with a few rules.
pub fn commands(rng: &Rng, family: Family) -> Sequence {
    let table = rng.pick(&TABLES);
    let mut sequence = start("commands", family, table);
    let mut specs: Vec<Vec<String>> = Vec::new();
    for _ in 0..4 + rng.below(10) {
        let mut words = vec!["-t".to_owned(), table.to_owned()];
        words.extend(command(rng, family, table, &mut specs));
        push(&mut sequence, words);
    }
    sequence.observe(&[table]);
    sequence
}

/// A restore on a table with a few rules.
pub fn restore(rng: &Rng, family: Family) -> Sequence {
    let table = rng.pick(&TABLES);
    let mut sequence = start("restore", family, table);
    for _ in 0..rng.below(3) {
        let mut words = vec!["-t".to_owned(), table.to_owned(), "-A".to_owned()];
        words.push(chain(rng, table).to_owned());
        words.extend(rule(rng, family));
        push(&mut sequence, words);
    }
    for _ in 0..=rng.below(2) {
        let mut args = Vec::new();
        for (option, rarity) in [("-c", 2), ("-n", 2), ("--noflush", 6), ("-v", 4), ("-w", 8)] {
            if rng.one_in(rarity) {
                args.push(option);
            }
        }
        if rng.one_in(8) {
            args.extend(["-T", table]);
        }
        let mut step = Step::new(Program::Restore, &args);
        step.stdin = dump(rng, family, table);
        sequence.steps.push(step);
    }
    sequence.observe(&[table]);
    sequence
}

fn start(kind: &str, family: Family, table: &str) -> Sequence {
    let new = |chain| Step::new(Program::Iptables, &["-t", table, "-N", chain]);
    Sequence {
        name: format!("{kind} in {table}"),
        family,
        steps: vec![new("web"), new("Abc"), new("log_drop")],
    }
}

fn push(sequence: &mut Sequence, words: Vec<String>) {
    sequence.steps.push(Step {
        program: Program::Iptables,
        args: words,
        stdin: String::new(),
    });
}

fn chain(rng: &Rng, table: &str) -> &'static str {
    let own: &[&str] = match table {
        "raw" => &["PREROUTING", "OUTPUT"],
        "mangle" => &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        "nat" => &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        _ => &["INPUT", "FORWARD", "OUTPUT"],
    };
    match rng.below(20) {
        0 => rng.pick(&[
            "nochain",
            "INPUT",
            "PREROUTING",
            "input",
            "a_name_of_29_bytes_is_too_long",
        ]),
        1..=6 => rng.pick(&["web", "Abc", "log_drop"]),
        _ => {
            let at = rng.below(own.len());
            match own[at] {
                "PREROUTING" => "PREROUTING",
                "INPUT" => "INPUT",
                "FORWARD" => "FORWARD",
                "OUTPUT" => "OUTPUT",
                _ => "POSTROUTING",
            }
        }
    }
}

/// A rule specification: options of every rule, a protocol with its match, a target, in any order.
fn rule(rng: &Rng, family: Family) -> Vec<String> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    for (option, rarity) in [("-s", 2), ("-d", 3)] {
        if rng.one_in(rarity) {
            let name = match (option, rng.below(4)) {
                ("-s", 0) => "--source",
                ("-s", 1) => "--src",
                ("-d", 0) => "--dst",
                ("-d", 1) => "--destination",
                (option, _) => option,
            };
            parts.push(negatable(rng, 5, &[name, address(rng, family)]));
        }
    }
    for (option, rarity) in [("-i", 4), ("-o", 4)] {
        if rng.one_in(rarity) {
            let name = rng.pick(&[
                "eth0",
                "eth+",
                "lo",
                "br-lan.10",
                "a_name_15_bytes",
                "ppp+",
                "eth/0",
            ]);
            let name = if rng.one_in(20) {
                "sixteen_bytes_xx"
            } else {
                name
            };
            parts.push(negatable(rng, 5, &[option, name]));
        }
    }
    if rng.one_in(10) {
        parts.push(negatable(rng, 3, &["-f"]));
    }
    if rng.one_in(6) {
        parts.push(words(&[
            "-c",
            rng.pick(&["0", "7", "123456", "99999999", "x"]),
            "4200000",
        ]));
    }
    if !rng.one_in(6) {
        parts.push(jump(rng, family));
    }
    rng.shuffle(&mut parts);
    let mut line: Vec<String> = parts.concat();
    let at = if rng.one_in(2) { 0 } else { line.len() };
    let protocol = protocol(rng, family);
    line.splice(at..at, protocol);
    if rng.one_in(30) {
        let at = rng.below(line.len() + 1);
        let junk = rng.pick(&[
            "!", "junk", "--bogus", "-q", "-m", "--sport", "-s", "", "-n", "--",
        ]);
        line.insert(at, junk.to_owned());
    }
    line
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn negatable(rng: &Rng, rarity: usize, option: &[&str]) -> Vec<String> {
    let mut line = words(option);
    if rng.one_in(rarity) {
        line.insert(0, "!".to_owned());
    }
    line
}

fn address(rng: &Rng, family: Family) -> &'static str {
    let (good, bad): (&[&str], &[&str]) = match family {
        Family::Ipv4 => (
            &[
                "10.0.0.0/8",
                "192.168.1.7",
                "203.0.113.0/24",
                "10.1.2.3/16",
                "172.16.0.0/255.240.0.0",
                "10.0.0.1/255.0.255.0",
                "0.0.0.0/0",
                "10/8",
                "1.2",
                "8.8.8.8,9.9.9.9/30",
                "any/0",
                "255.255.255.255",
                "010.1.1.1",
                "1.2.3.4/0x18",
            ],
            &[
                "1.2.3.4/33",
                "1.2.3.256",
                "1.2.3.4/x",
                "2001:db8::1",
                "1.2.3.4/",
                "",
                "1.2.3.4.5",
                "10.0.0.0/255.0.0",
            ],
        ),
        Family::Ipv6 => (
            &[
                "2001:db8::/32",
                "::1",
                "fe80::/10",
                "2001:db8::1,2001:db8::2/127",
                "::/0",
                "::ffff:10.0.0.0/104",
                "ff02::1",
                "2001:DB8:0:0:1::/ffff:ffff::",
                "::1.2.3.4",
                "2001:db8::5/121",
                "::/8",
                "1::/0",
                "fe80::1/ffff::ffff",
                "::5",
            ],
            &[
                "2001:db8::/129",
                "10.0.0.0/8",
                ":::",
                "2001:db8::1/",
                "2001:db8::1%lo",
                "",
                "::1/x",
            ],
        ),
    };
    if rng.one_in(12) {
        rng.pick(bad)
    } else {
        rng.pick(good)
    }
}

fn protocol(rng: &Rng, family: Family) -> Vec<String> {
    let icmp = match family {
        Family::Ipv4 => "icmp",
        Family::Ipv6 => "icmpv6",
    };
    let mut line = Vec::new();
    match rng.below(10) {
        0 => {}
        1 => {
            let names = [
                "all",
                "gre",
                "47",
                "0",
                "sctp",
                "255",
                "esp",
                "ipv6-icmp",
                "igmp",
                "GRE",
                "nonsense",
                "256",
                "112",
            ];
            line.extend(negatable(rng, 6, &["-p", rng.pick(&names)]));
        }
        2..=5 => {
            line.extend(negatable(
                rng,
                20,
                &[
                    rng.pick(&["-p", "--protocol", "--proto"]),
                    rng.pick(&["tcp", "TCP", "6"]),
                ],
            ));
            loading(rng, "tcp", &mut line);
            line.extend(tcp(rng));
        }
        6..=7 => {
            line.extend(negatable(rng, 20, &["-p", rng.pick(&["udp", "17"])]));
            loading(rng, "udp", &mut line);
            line.extend(udp(rng));
        }
        8 => {
            line.extend(words(&["-p", icmp]));
            loading(rng, rng_name(icmp), &mut line);
            line.extend(icmp_type(rng, family));
        }
        _ => {
            let name = rng.pick(&[
                "tcp",
                "udp",
                "icmp",
                "icmp6",
                "nomatch",
                "a_match_with_a_name_of_29_byte",
            ]);
            line.extend(words(&["-m", name]));
            line.extend(if name == "udp" { udp(rng) } else { tcp(rng) });
        }
    }
    line
}

fn rng_name(icmp: &str) -> &'static str {
    if icmp == "icmp" { "icmp" } else { "icmp6" }
}

fn loading(rng: &Rng, name: &str, line: &mut Vec<String>) {
    for _ in 0..2 {
        if rng.one_in(3) {
            line.extend(words(&["-m", name]));
        }
    }
}

fn tcp(rng: &Rng) -> Vec<String> {
    let mut line = Vec::new();
    let ports = [
        "22",
        "ssh",
        "80:443",
        ":1023",
        "1024:",
        "0x50",
        "domain",
        "65535",
        "0",
        "http:https",
    ];
    let bad = [
        "65536",
        "nosuchservice",
        "443:80",
        "",
        "1:2:3",
        "-1",
        "ssh:x",
    ];
    for (option, rarity) in [
        ("--dport", 2),
        ("--sport", 3),
        ("--destination-port", 8),
        ("--source-port", 9),
        ("--dpo", 20),
    ] {
        if rng.one_in(rarity) {
            let value = if rng.one_in(15) {
                rng.pick(&bad)
            } else {
                rng.pick(&ports)
            };
            line.extend(negatable(rng, 5, &[option, value]));
        }
    }
    if rng.one_in(6) {
        line.extend(negatable(rng, 4, &["--syn"]));
    }
    if rng.one_in(6) {
        let mask = rng.pick(&["SYN,ACK", "ALL", "syn,fin,rst,psh,ack,urg", "FIN", "BAD"]);
        let set = rng.pick(&["SYN", "NONE", "ALL", "FIN,ACK", "bad", "-x"]);
        line.extend(negatable(rng, 4, &["--tcp-flags", mask, set]));
    }
    if rng.one_in(8) {
        line.extend(negatable(
            rng,
            4,
            &["--tcp-option", rng.pick(&["8", "255", "0", "x", "0x2"])],
        ));
    }
    line
}

fn udp(rng: &Rng) -> Vec<String> {
    let mut line = Vec::new();
    let ports = [
        "53", "domain", "67:68", ":1023", "1024:", "65535", "ntp", "syslog",
    ];
    let bad = ["nosuchservice", "1:2:3", "x:y"];
    for (option, rarity) in [
        ("--dport", 2),
        ("--sport", 3),
        ("--destination-port", 8),
        ("--sp", 12),
    ] {
        if rng.one_in(rarity) {
            let value = if rng.one_in(15) {
                rng.pick(&bad)
            } else {
                rng.pick(&ports)
            };
            line.extend(negatable(rng, 5, &[option, value]));
        }
    }
    line
}

fn icmp_type(rng: &Rng, family: Family) -> Vec<String> {
    let (option, names): (_, &[&str]) = match family {
        Family::Ipv4 => (
            "--icmp-type",
            &[
                "echo-request",
                "8",
                "3/4",
                "any",
                "ping",
                "pong",
                "time-ex",
                "network-unreachable",
                "fragmentation-needed",
                "5/0",
                "0",
                "11/0",
                "redirect",
                "TOS-host-redirect",
                "host-prohibited",
                "ttl-zero-during-transit",
                "parameter-problem",
                "17",
                "bogus",
                "256",
                "3/256",
                "8/x",
                "ec",
                "3/1/2",
                "3:4",
                "0x3",
            ],
        ),
        Family::Ipv6 => (
            "--icmpv6-type",
            &[
                "echo-request",
                "128",
                "1/4",
                "133",
                "router-solicitation",
                "neighbour-solicitation",
                "neighbor-advertisement",
                "packet-too-big",
                "1",
                "no-route",
                "137",
                "ping",
                "bad-header",
                "255",
                "bogus",
                "300",
                "1/256",
                "1/x",
                "redirect",
                "router",
                "4/2",
            ],
        ),
    };
    let mut line = Vec::new();
    if !rng.one_in(8) {
        line.extend(negatable(rng, 5, &[option, rng.pick(names)]));
    }
    if rng.one_in(20) {
        line.extend(words(&[option, "1"]));
    }
    line
}

fn jump(rng: &Rng, family: Family) -> Vec<String> {
    match rng.below(12) {
        0..=3 => words(&["-j", rng.pick(&["ACCEPT", "DROP", "RETURN"])]),
        4 => words(&[
            rng.pick(&["-j", "--jump", "-g", "--goto"]),
            rng.pick(&["web", "Abc", "log_drop"]),
        ]),
        5..=6 => {
            let mut line = words(&["-j", "REJECT"]);
            if !rng.one_in(3) {
                let with: &[&str] = match family {
                    Family::Ipv4 => &[
                        "icmp-net-unreachable",
                        "icmp-host-unreach",
                        "port-unreach",
                        "tcp-reset",
                        "tcp-rst",
                        "icmp-admin-prohibited",
                        "icmp",
                        "bogus",
                        "host-prohib",
                        "TCP-RESET",
                        "icmp6-no-route",
                    ],
                    Family::Ipv6 => &[
                        "icmp6-no-route",
                        "adm-prohibited",
                        "icmp6-port-unreachable",
                        "tcp-reset",
                        "policy-fail",
                        "icmp6",
                        "bogus",
                        "no-route",
                        "icmp6-reject-route",
                        "icmp-host-unreachable",
                    ],
                };
                line.extend(negatable(rng, 20, &["--reject-with", rng.pick(with)]));
            }
            line
        }
        7..=9 => log(rng),
        10 => words(&[
            "-j",
            rng.pick(&[
                "ACCESPT",
                "nochain",
                "INPUT",
                "OUTPUT",
                "two words",
                "",
                "a_target_with_a_name_of_29_byte",
            ]),
        ]),
        _ => words(&[
            "-g",
            rng.pick(&["web", "ACCEPT", "nochain", "INPUT", "DROP"]),
        ]),
    }
}

fn log(rng: &Rng) -> Vec<String> {
    let mut line = words(&["-j", "LOG"]);
    if rng.one_in(2) {
        let prefix = rng.pick(&[
            "dropped: ",
            "plain",
            "with \"quotes\" \\ and 'more'",
            "a prefix of more than twenty-nine bytes",
            "",
            "tab\there",
            "#",
            "-x",
            "$(id)",
        ]);
        line.extend(words(&["--log-prefix", prefix]));
    }
    if rng.one_in(2) {
        let level = rng.pick(&[
            "info", "debug", "4", "warning", "emerg", "7", "8", "err", "error", "panic", "0",
            "0x5", "crit",
        ]);
        line.extend(words(&["--log-level", level]));
    }
    for option in [
        "--log-tcp-sequence",
        "--log-tcp-options",
        "--log-ip-options",
        "--log-uid",
        "--log-macdecode",
    ] {
        if rng.one_in(4) {
            line.extend(negatable(rng, 30, &[option]));
        }
    }
    if rng.one_in(15) {
        line.extend(words(&["--log-uid"]));
    }
    line
}

fn command(rng: &Rng, family: Family, table: &str, specs: &mut Vec<Vec<String>>) -> Vec<String> {
    let chain = chain(rng, table).to_owned();
    let number = rng
        .pick(&["1", "1", "2", "3", "9", "0", "x", "-1"])
        .to_owned();
    let with = |first: &str, rest: &[String]| {
        let mut line = vec![first.to_owned(), chain.clone()];
        line.extend(rest.iter().cloned());
        line
    };
    match rng.below(22) {
        0..=3 => {
            let spec = rule(rng, family);
            specs.push(spec.clone());
            with("-A", &spec)
        }
        4 => {
            let mut spec = rule(rng, family);
            specs.push(spec.clone());
            spec.insert(0, number);
            with(rng.pick(&["-I", "-R", "--insert", "--replace"]), &spec)
        }
        5..=7 => {
            let spec = match specs.len() {
                0 => rule(rng, family),
                count => specs[rng.below(count)].clone(),
            };
            // ip6tables-legacy 1.8.9 compares only the first bytes of a rule for `-C`.
            let names: &[&str] = match family {
                Family::Ipv4 => &["-D", "-C", "--delete", "--check"],
                Family::Ipv6 => &["-D", "--delete"],
            };
            let mut line = with(rng.pick(names), &spec);
            if rng.one_in(4) {
                line.push("-v".to_owned());
            }
            line
        }
        8 => with("-D", &[number]),
        9 => with("-Z", &[number]),
        10 => vec![
            rng.pick(&["-Z", "-F", "-X", "-Zv", "-Fv", "-Xv", "--zero", "--flush"])
                .to_owned(),
        ],
        11 => with(rng.pick(&["-Z", "-F", "-X"]), &[]),
        12 => {
            let name = rng.pick(&[
                "new",
                "zz",
                "web",
                "INPUT",
                "ACCEPT",
                "LOG",
                "-x",
                "!y",
                "a b",
                "",
                "MASQUERADE",
                "a_name_of_29_bytes_is_too_long",
            ]);
            words(&["-N", name])
        }
        13 => words(&[
            "-E",
            rng.pick(&["web", "Abc", "INPUT", "none"]),
            rng.pick(&["renamed", "web", "log_drop", "FORWARD"]),
        ]),
        14..=15 => {
            let mut line = with(
                "-P",
                &words(&[rng.pick(&["ACCEPT", "DROP", "REJECT", "RETURN"])]),
            );
            if rng.one_in(3) {
                line.extend(words(&["-c", "12,3456"]));
            }
            line
        }
        16..=17 => {
            let flags = [
                "-n",
                "-v",
                "-x",
                "--line-numbers",
                "-vn",
                "--line",
                "-Z",
                "--exact",
                "-t",
                "-w",
            ];
            let mut line = with(rng.pick(&["-L", "-S", "--list", "--list-rules"]), &[]);
            if rng.one_in(3) {
                line.push(number);
            }
            for _ in 0..rng.below(4) {
                line.push(rng.pick(&flags).to_owned());
            }
            line
        }
        18 => words(&["-c", rng.pick(&["5,6", "5", "x,1"])]),
        19 => {
            let mut line = with("-A", &rule(rng, family));
            line.extend(words(&[
                rng.pick(&["-L", "-n", "-x", "-4", "-6", "-t", "-b", "-A"])
            ]));
            line
        }
        20 => words(&[rng.pick(&["-V", "-4", "-6", "-h", "--help"])]),
        _ => with("-L", &words(&["-Z", "-v"])),
    }
}

/// Words as a line of a restore carries them.
fn quoted(words: &[String]) -> String {
    let quote = |word: &String| {
        if word.is_empty() || word.contains([' ', '"', '\\', '\t']) {
            format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            word.clone()
        }
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

fn dump(rng: &Rng, family: Family, table: &str) -> String {
    let mut text = String::from("# a comment\n");
    let name = if rng.one_in(20) { "nosuchtable" } else { table };
    text.push_str(&format!("*{name}\n"));
    for chain in ["INPUT", "OUTPUT", "web", "Abc", "fresh", "log_drop"] {
        let is_builtin = chain.chars().all(|c| c.is_ascii_uppercase());
        if rng.one_in(2) || chain == "web" {
            let policy = match (is_builtin, rng.below(10)) {
                (true, 0) => "QUEUE",
                (true, 1..=4) => "DROP",
                (true, 5) => "-",
                (true, _) => "ACCEPT",
                (false, 0) => "ACCEPT",
                (false, _) => "-",
            };
            let counters = rng.pick(&["[0:0]", "[12:3400]", "[5:6]", "", "[x]"]);
            text.push_str(&format!(":{chain} {policy} {counters}\n"));
        }
    }
    for _ in 0..rng.below(6) {
        if rng.one_in(3) {
            text.push_str(rng.pick(&[
                "[0:0] ",
                "[7:700]",
                "[1:2] ",
                "[99999999:1234567890123] ",
                "[5 ",
            ]));
        }
        let chain = match rng.below(3) {
            0 => rng.pick(&["INPUT", "OUTPUT"]),
            _ => rng.pick(&["web", "OUTPUT", "Abc", "fresh"]),
        };
        let mut line = words(&["-A", chain]);
        line.extend(rule(rng, family));
        text.push_str(&quoted(&line));
        text.push('\n');
    }
    match rng.below(24) {
        0 => text.push_str("-L\n"),
        1 => text.push_str("-N late\n-A late -j web\n"),
        2 => text.push_str("-t filter -A OUTPUT\n"),
        3 => text.push_str("-4 -A OUTPUT -j ACCEPT\n"),
        4 => text.push_str("-6 -A OUTPUT -j ACCEPT\n"),
        5 => text.push_str("\n   \n"),
        6 => text.push_str("junk\n"),
        7 => text.push_str("-D OUTPUT 1\n-P OUTPUT DROP\n"),
        8 => text.push_str("-Z\n-A OUTPUT\n"),
        9 => text.push_str(":a_name_of_29_bytes_is_too_long - [0:0]\n"),
        10 => text.push_str("-w -A OUTPUT\n"),
        11 => text.push_str(":OUTPUT\n"),
        _ => {}
    }
    match rng.below(16) {
        0 => {}
        1 => text.push_str("COMMIT"),
        _ => text.push_str("COMMIT\n"),
    }
    text
}
