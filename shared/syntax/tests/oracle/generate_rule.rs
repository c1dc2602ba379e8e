//! Rule specifications made at random.

use rules::Family;

use super::rng::Rng;

/// A rule specification: options of every rule, a protocol with its match, a target, in any order.
pub fn rule(rng: &Rng, family: Family) -> Vec<String> {
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

pub fn words(words: &[&str]) -> Vec<String> {
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
