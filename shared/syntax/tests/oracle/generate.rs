//! Sequences made at random: mostly sensible, with a mistake now and then.

use rules::Family;
use syntax::Program;

use super::{
    case::{Sequence, Step},
    generate_rule::{rule, words},
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
