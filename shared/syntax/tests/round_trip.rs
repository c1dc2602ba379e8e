//! Text and model say the same: what is saved is read back to the same ruleset, and no words and
//! no lines make a call panic or change something in failing.

use proptest::prelude::*;
use rules::{
    Family, Negatable, Rule, RuleHandle, Ruleset, arbitrary,
    matches::{
        Match,
        tcp::{PortRange, TcpFlags},
    },
};
use syntax::{Invocation, Names, Outcome, Program, Stamp, run};

fn names() -> Names {
    Names::from_text(
        "ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\nhttp 80/tcp www\n",
        "ip 0 IP\ngre 47 GRE\n",
    )
}

fn call(
    program: Program,
    family: Family,
    args: &[String],
    stdin: &str,
    ruleset: &Ruleset,
) -> Outcome {
    let call = Invocation {
        program,
        family,
        args,
        stdin,
        stamp: Stamp {
            version: "0.1.0",
            unix_time_s: 1_795_449_761,
        },
    };
    run(&call, ruleset, &names())
}

fn save(family: Family, ruleset: &Ruleset) -> String {
    call(Program::Save, family, &["-c".to_owned()], "", ruleset).stdout
}

/// A ruleset as text can carry it: without identities, chains by name.
fn content(mut ruleset: Ruleset) -> Ruleset {
    for family in [&mut ruleset.ipv4, &mut ruleset.ipv6] {
        for table in &mut family.tables {
            let builtins = table.name.hooks().len();
            table.chains[builtins..].sort_by(|a, b| a.name.cmp(&b.name));
            for chain in &mut table.chains {
                if let Some(policy) = &mut chain.policy {
                    policy.handle = RuleHandle::default();
                }
                for rule in &mut chain.rules {
                    rule.handle = RuleHandle::default();
                }
            }
        }
    }
    ruleset
}

/// A ruleset as iptables lets it be typed: no `-o` where packets come in, no `-i` where they go
/// out, and options that hold for every packet left out, as they come out of the parser.
fn typed(mut ruleset: Ruleset) -> Ruleset {
    for family in [&mut ruleset.ipv4, &mut ruleset.ipv6] {
        for chain in family.tables.iter_mut().flat_map(|table| &mut table.chains) {
            for rule in &mut chain.rules {
                match chain.name.as_str() {
                    "PREROUTING" | "INPUT" => rule.ip.out_iface = None,
                    "POSTROUTING" | "OUTPUT" => rule.ip.in_iface = None,
                    _ => {}
                }
                leave_out_what_says_nothing(rule);
            }
        }
    }
    ruleset
}

fn leave_out_what_says_nothing(rule: &mut Rule) {
    for addr in [&mut rule.ip.source, &mut rule.ip.destination] {
        addr.take_if(|given| !given.negated && given.value.mask.is_unspecified());
    }
    for iface in [&mut rule.ip.in_iface, &mut rule.ip.out_iface] {
        iface.take_if(|given| {
            !given.negated && given.value.is_prefix && given.value.name.is_empty()
        });
    }
    let every_protocol = Negatable::plain(0);
    rule.ip.protocol.take_if(|given| *given == every_protocol);
    let every_port = Negatable::plain(PortRange::ALL);
    for loaded in &mut rule.matches {
        let ports = match loaded {
            Match::Tcp(tcp) => {
                let no_flags = Negatable::plain(TcpFlags { mask: 0, set: 0 });
                tcp.flags.take_if(|given| *given == no_flags);
                [&mut tcp.source_port, &mut tcp.destination_port]
            }
            Match::Udp(udp) => [&mut udp.source_port, &mut udp.destination_port],
            Match::Icmp(_) | Match::Icmp6(_) => continue,
        };
        for port in ports {
            port.take_if(|given| *given == every_port);
        }
    }
}

fn restored(ruleset: &Ruleset) -> Result<Ruleset, String> {
    let mut result = Ruleset::new();
    for family in Family::ALL {
        let text = save(family, ruleset);
        let outcome = call(Program::Restore, family, &["-c".to_owned()], &text, &result);
        if outcome.exit_code != 0 {
            return Err(format!("{}\nof\n{text}", outcome.stderr));
        }
        result = outcome.ruleset.unwrap_or(result);
    }
    Ok(result)
}

const WORDS: &[&str] = &[
    "-A",
    "-I",
    "-D",
    "-R",
    "-C",
    "-L",
    "-S",
    "-F",
    "-Z",
    "-N",
    "-X",
    "-E",
    "-P",
    "-s",
    "-d",
    "-i",
    "-o",
    "-p",
    "-j",
    "-g",
    "-m",
    "-f",
    "-c",
    "-t",
    "-n",
    "-v",
    "-x",
    "-w",
    "-W",
    "-h",
    "-V",
    "-4",
    "-6",
    "!",
    "--",
    "-",
    "--line",
    "--dport",
    "--sport",
    "--syn",
    "--tcp-flags",
    "--tcp-option",
    "--icmp-type",
    "--icmpv6-type",
    "--reject-with",
    "--log-prefix",
    "--log-level",
    "--log-uid",
    "INPUT",
    "OUTPUT",
    "FORWARD",
    "web",
    "filter",
    "nat",
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "icmpv6",
    "ACCEPT",
    "DROP",
    "RETURN",
    "REJECT",
    "LOG",
    "1",
    "2",
    "22",
    "1:2",
    "ssh",
    "10.0.0.0/8",
    "::1",
    "1.2.3.4,5.6.7.8",
    "eth0",
    "eth+",
    "SYN",
    "ALL",
    "any",
    "8/0",
    "tcp-reset",
    "info",
    "5,6",
    "",
    "*filter\n",
    ":web - [0:0]\n",
    ":INPUT DROP [1:2]\n",
    "[1:2]",
    "COMMIT\n",
    "\n",
    "\"",
    "\\",
    "#",
    "é",
    "\u{0}",
];

fn words() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        8 => prop::sample::select(WORDS).prop_map(str::to_owned),
        1 => "[ -~]{0,6}",
        1 => any::<String>(),
    ];
    prop::collection::vec(word, 0..14)
}

fn programs() -> impl Strategy<Value = Program> {
    prop::sample::select(
        &[
            Program::Iptables,
            Program::Iptables,
            Program::Save,
            Program::Restore,
        ][..],
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_saved_restores_to_the_same(ruleset in arbitrary::ruleset().prop_map(typed)) {
        let again = restored(&ruleset).map_err(TestCaseError::fail)?;
        prop_assert_eq!(content(again.clone()), content(ruleset.clone()));
        for family in Family::ALL {
            prop_assert_eq!(save(family, &again), save(family, &ruleset));
        }
    }

    #[test]
    fn rules_of_s_can_be_typed_again(ruleset in arbitrary::filter_ruleset().prop_map(typed)) {
        // A restore line and `-S` carry a rule in the same words; deleting by them finds it.
        for family in Family::ALL {
            let text = save(family, &ruleset);
            let deletions: Vec<String> = text
                .lines()
                .filter_map(|line| line.split_once("] -A ").map(|(_, rule)| format!("-D {rule}\n")))
                .collect();
            let script = format!("*filter\n{}COMMIT\n", deletions.concat());
            let outcome = call(Program::Restore, family, &["-n".to_owned()], &script, &ruleset);
            prop_assert_eq!(outcome.exit_code, 0, "{}\nof\n{}", outcome.stderr, script);
            let left = outcome.ruleset.unwrap_or_else(|| ruleset.clone());
            let table = left.table(family, rules::TableName::Filter).expect("filter");
            prop_assert!(table.chains.iter().all(|chain| chain.rules.is_empty()));
        }
    }

    #[test]
    fn no_words_panic(program in programs(), args in words(), line in words(), is_ipv6: bool) {
        let family = if is_ipv6 { Family::Ipv6 } else { Family::Ipv4 };
        let stdin = format!("*filter\n{}", line.join(" "));
        let outcome = call(program, family, &args, &stdin, &Ruleset::new());
        if outcome.exit_code != 0 {
            prop_assert!(outcome.ruleset.is_none() && outcome.zero.is_empty());
            prop_assert!(!outcome.stderr.is_empty());
        }
        if let Some(ruleset) = outcome.ruleset {
            let again = restored(&ruleset).map_err(TestCaseError::fail)?;
            prop_assert_eq!(content(again), content(ruleset));
        }
    }
}
