//! Rulesets from a grammar with one producer for each match and target that Weir evaluates.

use std::fmt::Write;

use super::{dice::Dice, pool::Pool};

/// Produces the options of one match or target.
type Producer = fn(&mut Dice, &Pool, &Style) -> String;

/// What the rules of a case are made for.
pub struct Style {
    /// `ip6tables`.
    pub v6: bool,
    /// Rules may log.
    pub log: bool,
    /// More chains, jumps, gotos and RETURNs.
    pub chains: bool,
    /// Most rules have no target: they count and the packet goes on.
    pub counts: bool,
}

/// Matches by the name that `rules::support` lists, each with the `-p` it needs.
pub const MATCHES: &[(&str, Producer)] =
    &[("tcp", tcp), ("udp", udp), ("icmp", icmp), ("icmp6", icmp)];

/// Terminating and non-terminating targets by the name that `rules::support` lists.
pub const TARGETS: &[(&str, Producer)] = &[
    ("ACCEPT", |_, _, _| "-j ACCEPT".to_owned()),
    ("DROP", |_, _, _| "-j DROP".to_owned()),
    ("RETURN", |_, _, _| "-j RETURN".to_owned()),
    ("REJECT", reject),
    ("LOG", log),
];

fn not(dice: &mut Dice) -> &'static str {
    if dice.chance(25) { "! " } else { "" }
}

fn ports(text: &mut String, dice: &mut Dice, pool: &Pool) {
    for option in ["--sport", "--dport"] {
        if dice.chance(50) {
            let _ = write!(text, " {}{option} {}", not(dice), pool.port_range(dice));
        }
    }
}

fn flag_list(dice: &mut Dice) -> String {
    let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
    match dice.below(8) {
        0 => return "NONE".to_owned(),
        1 => return "ALL".to_owned(),
        _ => {}
    }
    let some: Vec<&str> = names.into_iter().filter(|_| dice.chance(40)).collect();
    if some.is_empty() {
        "SYN".to_owned()
    } else {
        some.join(",")
    }
}

fn tcp(dice: &mut Dice, pool: &Pool, _: &Style) -> String {
    let mut text = String::from("-p tcp -m tcp");
    ports(&mut text, dice, pool);
    match dice.below(5) {
        0 => {
            let _ = write!(text, " {}--syn", not(dice));
        }
        1 => {
            let (mask, set) = (flag_list(dice), flag_list(dice));
            let _ = write!(text, " {}--tcp-flags {mask} {set}", not(dice));
        }
        2 => {
            let _ = write!(
                text,
                " {}--tcp-option {}",
                not(dice),
                dice.pick(&[1, 2, 3, 4, 8, 254])
            );
        }
        _ => {}
    }
    text
}

fn udp(dice: &mut Dice, pool: &Pool, _: &Style) -> String {
    let mut text = String::from("-p udp -m udp");
    ports(&mut text, dice, pool);
    text
}

/// The match of the family's own ICMP.
fn icmp(dice: &mut Dice, _: &Pool, style: &Style) -> String {
    let not = not(dice);
    if style.v6 {
        let kinds = [
            "echo-request",
            "echo-reply",
            "128",
            "1/4",
            "1",
            "packet-too-big",
            "129/0",
            "135",
        ];
        return format!(
            "-p ipv6-icmp -m icmp6 {not}--icmpv6-type {}",
            dice.pick(&kinds)
        );
    }
    let kinds = [
        "echo-request",
        "echo-reply",
        "any",
        "8",
        "3/1",
        "3",
        "time-exceeded",
        "0/0",
        "13",
        "255",
    ];
    format!("-p icmp -m icmp {not}--icmp-type {}", dice.pick(&kinds))
}

fn reject(dice: &mut Dice, _: &Pool, style: &Style) -> String {
    let v4 = [
        "icmp-net-unreachable",
        "icmp-host-unreachable",
        "icmp-proto-unreachable",
        "icmp-port-unreachable",
        "icmp-net-prohibited",
        "icmp-host-prohibited",
        "icmp-admin-prohibited",
    ];
    let v6 = [
        "icmp6-no-route",
        "icmp6-adm-prohibited",
        "icmp6-addr-unreachable",
        "icmp6-port-unreachable",
        "icmp6-policy-fail",
        "icmp6-reject-route",
    ];
    let with = if style.v6 {
        *dice.pick(&v6)
    } else {
        *dice.pick(&v4)
    };
    if dice.chance(30) {
        "-j REJECT".to_owned()
    } else {
        format!("-j REJECT --reject-with {with}")
    }
}

fn log(dice: &mut Dice, _: &Pool, style: &Style) -> String {
    if !style.log {
        return String::new();
    }
    let mut text = String::from("-j LOG");
    if dice.chance(60) {
        let prefixes = ["fw: ", "\"two words \"", "x", "\"a \\\"quote\\\" \""];
        let _ = write!(text, " --log-prefix {}", dice.pick(&prefixes));
    }
    for option in [
        "--log-tcp-sequence",
        "--log-tcp-options",
        "--log-ip-options",
        "--log-macdecode",
        "--log-uid",
    ] {
        if dice.chance(25) {
            let _ = write!(text, " {option}");
        }
    }
    if dice.chance(30) {
        let _ = write!(
            text,
            " --log-level {}",
            dice.pick(&["debug", "info", "4", "7"])
        );
    }
    text
}

/// `-s -d -i -o -p -f`; `-p` only where no match brings its own.
fn basics(dice: &mut Dice, pool: &Pool, style: &Style, hook: Option<&str>) -> String {
    let mut text = String::new();
    for option in ["-s", "-d"] {
        if dice.chance(25) {
            let _ = write!(
                text,
                "{}{option} {} ",
                not(dice),
                pool.prefix(dice, style.v6)
            );
        }
    }
    let ifaces = ["lan", "wan", "dmz", "l+", "wan+", "+", "la", "eth9"];
    if dice.chance(15) && hook != Some("OUTPUT") {
        let _ = write!(text, "{}-i {} ", not(dice), dice.pick(&ifaces));
    }
    if dice.chance(15) && hook != Some("INPUT") {
        let _ = write!(text, "{}-o {} ", not(dice), dice.pick(&ifaces));
    }
    if dice.chance(8) && !style.v6 {
        let _ = write!(text, "{}-f ", not(dice));
    }
    text
}

fn matches(dice: &mut Dice, pool: &Pool, style: &Style) -> (String, bool) {
    if dice.chance(55) {
        let (name, produce) = *dice.pick(MATCHES);
        let text = produce(dice, pool, style);
        let plain_tcp = name == "tcp";
        return (text + " ", plain_tcp);
    }
    if dice.chance(25) {
        let names: &[&str] = if style.v6 {
            &["tcp", "udp", "ipv6-icmp", "47", "59", "132"]
        } else {
            &["tcp", "udp", "icmp", "47", "132", "255", "0"]
        };
        let protocol = *dice.pick(names);
        let not = if protocol == "0" { "" } else { not(dice) };
        return (
            format!("{not}-p {protocol} "),
            protocol == "tcp" && not.is_empty(),
        );
    }
    (String::new(), false)
}

fn target(dice: &mut Dice, pool: &Pool, style: &Style, later: &[String], is_tcp: bool) -> String {
    if !later.is_empty() && dice.chance(if style.chains { 45 } else { 15 }) {
        let how = if dice.chance(25) { "-g" } else { "-j" };
        return format!("{how} {}", dice.pick(later));
    }
    if is_tcp && dice.chance(12) {
        return "-j REJECT --reject-with tcp-reset".to_owned();
    }
    if dice.chance(if style.counts { 60 } else { 12 }) {
        return String::new();
    }
    let (_, produce) = *dice.pick(TARGETS);
    produce(dice, pool, style)
}

/// The filter table of one case, as `iptables-restore` takes it.
pub fn filter(dice: &mut Dice, pool: &Pool, style: &Style) -> String {
    let count = if style.chains {
        dice.between(2, 6)
    } else {
        dice.below(3)
    };
    let user: Vec<String> = (0..count).map(|at| format!("chain{at}")).collect();
    let mut text = String::from("*filter\n");
    for chain in ["INPUT", "FORWARD", "OUTPUT"] {
        let policy = if dice.chance(25) { "DROP" } else { "ACCEPT" };
        let _ = writeln!(text, ":{chain} {policy} [0:0]");
    }
    for chain in &user {
        let _ = writeln!(text, ":{chain} - [0:0]");
    }
    for chain in ["INPUT", "FORWARD", "OUTPUT"] {
        rules(&mut text, dice, pool, style, chain, Some(chain), &user);
    }
    for (at, chain) in user.iter().enumerate() {
        rules(&mut text, dice, pool, style, chain, None, &user[at + 1..]);
    }
    text.push_str("COMMIT\n");
    text
}

fn rules(
    text: &mut String,
    dice: &mut Dice,
    pool: &Pool,
    style: &Style,
    chain: &str,
    hook: Option<&str>,
    later: &[String],
) {
    for _ in 0..dice.below(7) {
        let basics = basics(dice, pool, style, hook);
        let (matches, is_tcp) = matches(dice, pool, style);
        let target = target(dice, pool, style, later, is_tcp);
        let line = format!("-A {chain} {basics}{matches}{target}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use rules::support::{self, Entry, Support};

    use super::{MATCHES, Producer, TARGETS};

    /// A match or target that Weir says it evaluates and that no case uses is not proved.
    #[test]
    fn every_evaluated_name_has_a_producer() {
        let missing = |entries: &[Entry], produced: &[(&str, Producer)]| -> Vec<&str> {
            let evaluated = entries
                .iter()
                .filter(|entry| entry.support == Support::Evaluated);
            evaluated
                .map(|entry| entry.name)
                .filter(|name| produced.iter().all(|(known, _)| known != name))
                .collect()
        };
        assert_eq!(missing(support::MATCHES, MATCHES), Vec::<&str>::new());
        assert_eq!(missing(support::TARGETS, TARGETS), Vec::<&str>::new());
    }
}
