//! What calls leave behind besides text: identities and counters, and nothing after a failure.

use rules::{Counters, Family, Policy, Rule, RuleHandle, Ruleset, Table, TableName};
use syntax::{Invocation, Names, Outcome, Program, Stamp, run};

/// A ruleset and what keeps it, as the control plane does.
struct Keeper {
    ruleset: Ruleset,
    next_handle: u64,
}

impl Keeper {
    fn new() -> Self {
        let mut keeper = Self {
            ruleset: Ruleset::new(),
            next_handle: 1,
        };
        keeper.ruleset.assign_handles(&mut keeper.next_handle);
        keeper
    }

    fn call(&self, program: Program, line: &str, stdin: &str) -> Outcome {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let call = Invocation {
            program,
            family: Family::Ipv4,
            args: &args,
            stdin,
            stamp: Stamp {
                version: "0.1.0",
                unix_time_s: 1_795_449_761,
            },
        };
        run(&call, &self.ruleset, &Names::from_text("", ""))
    }

    /// Runs a call that must succeed. Gives the ruleset as the call left it.
    fn keep(&mut self, program: Program, line: &str, stdin: &str) -> Ruleset {
        let outcome = self.call(program, line, stdin);
        assert_eq!(outcome.exit_code, 0, "{line}: {}", outcome.stderr);
        let left = outcome.ruleset.expect("a change");
        self.ruleset = left.clone();
        self.ruleset.assign_handles(&mut self.next_handle);
        left
    }

    fn iptables(&mut self, line: &str) -> Ruleset {
        self.keep(Program::Iptables, line, "")
    }

    fn table(&self) -> &Table {
        filter(&self.ruleset)
    }
}

fn filter(ruleset: &Ruleset) -> &Table {
    ruleset
        .table(Family::Ipv4, TableName::Filter)
        .expect("filter")
}

fn input(ruleset: &Ruleset) -> &[Rule] {
    &filter(ruleset).chains[0].rules
}

fn handles(ruleset: &Ruleset) -> Vec<u64> {
    input(ruleset).iter().map(|rule| rule.handle.0).collect()
}

fn three_rules() -> Keeper {
    let mut keeper = Keeper::new();
    for protocol in ["tcp", "udp", "icmp"] {
        keeper.iptables(&format!("-A INPUT -p {protocol} -c 5 60"));
    }
    keeper
}

#[test]
fn rules_keep_their_handles_and_new_ones_have_none() {
    let mut keeper = three_rules();
    let [tcp, udp, icmp] = handles(&keeper.ruleset)[..] else {
        panic!("three rules");
    };
    assert!(tcp != 0 && udp != 0 && icmp != 0);
    assert_eq!(
        handles(&keeper.iptables("-I INPUT 2 -p 47")),
        [tcp, 0, udp, icmp]
    );
    assert_eq!(handles(&keeper.iptables("-D INPUT 2")), [tcp, udp, icmp]);
    let replaced = keeper.iptables("-R INPUT 2 -p 50");
    assert_eq!(handles(&replaced), [tcp, 0, icmp]);
    assert_eq!(input(&replaced)[1].counters, Counters::default());
    assert_eq!(input(&replaced)[0].counters.packets, 5);
    keeper.iptables("-N web");
    assert_eq!(handles(&keeper.iptables("-E web www"))[0], tcp);
}

#[test]
fn a_restore_makes_all_rules_new_and_noflush_keeps_them() {
    let mut keeper = three_rules();
    let before = handles(&keeper.ruleset);
    let text = "*filter\n:INPUT DROP [7:70]\n[3:30] -A INPUT -p tcp\nCOMMIT\n";
    let left = keeper.keep(Program::Restore, "--noflush", text);
    assert_eq!(handles(&left), [&before[..], &[0]].concat());
    let left = keeper.keep(Program::Restore, "", text);
    assert_eq!(handles(&left), [0]);
    assert_eq!(input(&left)[0].counters, Counters::default());
    let policy = filter(&left).chains[0].policy.expect("a policy");
    assert_eq!((policy.handle.0, policy.counters.packets), (0, 0));
    let left = keeper.keep(Program::Restore, "-c", text);
    assert_eq!(input(&left)[0].counters.packets, 3);
    let policy = filter(&left).chains[0].policy.expect("a policy");
    assert_eq!((policy.handle.0, policy.counters.bytes), (0, 70));
    let other = filter(&left).chains[1].policy.expect("a policy");
    assert_ne!(
        other.handle,
        RuleHandle::default(),
        "FORWARD was not spoken of"
    );
}

#[test]
fn a_policy_that_is_set_starts_to_count_anew() {
    let mut keeper = Keeper::new();
    let before = keeper.table().chains[0].policy.expect("a policy").handle;
    let policy = |ruleset: &Ruleset| filter(ruleset).chains[0].policy.expect("a policy");
    let left = keeper.iptables("-P INPUT DROP -c 5 60");
    assert_eq!(policy(&left).verdict, Policy::Drop);
    assert_eq!(
        (policy(&left).handle.0, policy(&left).counters.bytes),
        (0, 60)
    );
    let left = keeper.iptables("-A OUTPUT -p tcp");
    assert_eq!(policy(&left).counters.bytes, 60);
    assert!(policy(&left).handle > before);
    let left = keeper.iptables("-P INPUT DROP");
    assert_eq!(
        (policy(&left).handle.0, policy(&left).counters.bytes),
        (0, 0)
    );
}

#[test]
fn zeroing_names_counters_and_changes_no_rules() {
    let keeper = three_rules();
    let rules = handles(&keeper.ruleset);
    let policy = keeper.table().chains[0].policy.expect("a policy").handle.0;
    let zeroed = |line: &str| -> Vec<(String, Option<u32>, Vec<u64>)> {
        let outcome = keeper.call(Program::Iptables, line, "");
        assert_eq!((outcome.exit_code, outcome.ruleset), (0, None), "{line}");
        let targets = outcome.zero.into_iter();
        targets
            .map(|target| {
                let handles = target.handles.iter().map(|handle| handle.0).collect();
                (target.chain.to_string(), target.rule, handles)
            })
            .collect()
    };
    let all = [&[policy][..], &rules].concat();
    assert_eq!(
        zeroed("-Z INPUT 2"),
        [("INPUT".to_owned(), Some(2), vec![rules[1]])]
    );
    assert_eq!(
        zeroed("-Z INPUT"),
        [("INPUT".to_owned(), None, all.clone())]
    );
    assert_eq!(zeroed("-L INPUT -Z")[0].2, all);
    let chains: Vec<String> = zeroed("-Z").into_iter().map(|(chain, ..)| chain).collect();
    assert_eq!(chains, ["INPUT", "FORWARD", "OUTPUT"]);
    let both = keeper.call(
        Program::Restore,
        "-n",
        "*filter\n-Z INPUT\n-A INPUT -c 1 2\nCOMMIT\n",
    );
    let left = both.ruleset.expect("a new rule");
    assert_eq!(input(&left)[0].counters, Counters::default());
    assert_eq!(input(&left)[3].counters.bytes, 2);
    assert_eq!(both.zero[0].handles.len(), 4);
}

#[test]
fn reading_and_failing_change_nothing() {
    let keeper = three_rules();
    let two_tables = "*mangle\n-A INPUT -p tcp\nCOMMIT\n*filter\n-A INPUT -j nochain\nCOMMIT\n";
    for (program, line, stdin, exit_code) in [
        (Program::Iptables, "-L -v", "", 0),
        (Program::Iptables, "-S", "", 0),
        (Program::Iptables, "-C INPUT -p tcp", "", 0),
        (Program::Iptables, "-F FORWARD", "", 0),
        (Program::Save, "-c", "", 0),
        (Program::Restore, "--test", "*filter\n-A INPUT\nCOMMIT\n", 0),
        (Program::Restore, "", two_tables, 2),
        (Program::Restore, "", "*filter\n-A INPUT\n", 1),
        (Program::Iptables, "-A INPUT -j nochain", "", 2),
        (Program::Iptables, "-D INPUT 9", "", 1),
        (Program::Iptables, "-t nosuch -L", "", 3),
        (Program::Iptables, "-D INPUT -s 1.1.1.1,2.2.2.2", "", 1),
        (Program::Iptables, "-Z INPUT 9", "", 1),
    ] {
        let outcome = keeper.call(program, line, stdin);
        assert_eq!(outcome.exit_code, exit_code, "{line}: {}", outcome.stderr);
        assert_eq!(outcome.ruleset, None, "{line}");
        assert_eq!(outcome.zero, [], "{line}");
    }
}

#[test]
fn a_refusal_says_why() {
    let keeper = Keeper::new();
    for (line, says) in [
        (
            "-A INPUT -j REJECT --reject-with tcp-reset",
            "iptables: Invalid argument: chain INPUT, rule 1: --reject-with tcp-reset needs",
        ),
        (
            "-A INPUT -j SNAT",
            "Couldn't load target `SNAT':not supported by Weir",
        ),
        (
            "-A INPUT -m conntrack",
            "Couldn't load match `conntrack':not supported by Weir",
        ),
        ("-A INPUT -s example.org", "host names are not resolved"),
        (
            "-A INPUT -j QUEUE",
            "Couldn't load target `QUEUE':not supported by Weir",
        ),
    ] {
        let outcome = keeper.call(Program::Iptables, line, "");
        assert!(outcome.stderr.contains(says), "{line}: {}", outcome.stderr);
        assert_ne!(outcome.exit_code, 0);
    }
    let bad = "*filter\n:a - [0:0]\n-A INPUT -j a\n-A a -j a\nCOMMIT\n";
    let outcome = keeper.call(Program::Restore, "", bad);
    let says =
        "iptables-restore: line 5 failed: Too many levels of symbolic links: chain a, rule 1";
    assert!(outcome.stderr.starts_with(says), "{}", outcome.stderr);
}

#[test]
fn a_saved_table_carries_its_maker_and_time() {
    let outcome = Keeper::new().call(Program::Save, "", "");
    let expected = "# Generated by iptables-save (Weir 0.1.0) on Mon Nov 23 16:02:41 2026\n*filter\n\
                    :INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n\
                    # Completed on Mon Nov 23 16:02:41 2026\n";
    assert_eq!(outcome.stdout, expected);
}
