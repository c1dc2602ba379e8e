//! The iptables applets under a fuzzer: calls on one ruleset after another, and what must hold of
//! a ruleset that they made.

use rules::{Family, RuleHandle, Ruleset};
use syntax::{Invocation, Names, Outcome, Program, Stamp, run};

/// A ruleset under calls of one family's applets.
pub struct Applet {
    /// The family.
    pub family: Family,
    /// What the calls so far made.
    pub ruleset: Ruleset,
    names: Names,
    next_handle: u64,
}

impl Applet {
    /// An empty ruleset.
    pub fn new(family: Family) -> Self {
        Self {
            family,
            ruleset: Ruleset::new(),
            names: Names::from_text(
                "ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\nhttp 80/tcp www\n",
                "ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\n",
            ),
            next_handle: 1,
        }
    }

    /// Runs one call, and takes its ruleset over if it made one.
    pub fn call(&mut self, program: Program, args: &[String], stdin: &str) -> Outcome {
        let call = Invocation {
            program,
            family: self.family,
            args,
            stdin,
            stamp: Stamp {
                version: "0.1.0",
                unix_time_s: 1_700_000_000,
            },
        };
        let outcome = run(&call, &self.ruleset, &self.names);
        if outcome.exit_code != 0 {
            assert_eq!(
                outcome.ruleset, None,
                "a call that failed changed something"
            );
            assert!(
                outcome.zero.is_empty(),
                "a call that failed zeroes something"
            );
            assert!(!outcome.stderr.is_empty(), "a call failed in silence");
        }
        if let Some(ruleset) = &outcome.ruleset {
            self.ruleset = ruleset.clone();
            self.ruleset.assign_handles(&mut self.next_handle);
        }
        outcome
    }

    /// What `iptables-save -c` prints.
    pub fn save(&mut self) -> String {
        self.call(Program::Save, &["-c".to_owned()], "").stdout
    }

    /// The ruleset without identities, which no text carries.
    pub fn content(&self) -> Ruleset {
        let mut ruleset = self.ruleset.clone();
        for family in [&mut ruleset.ipv4, &mut ruleset.ipv6] {
            for chain in family.tables.iter_mut().flat_map(|table| &mut table.chains) {
                if let Some(policy) = &mut chain.policy {
                    policy.handle = RuleHandle::default();
                }
                for rule in &mut chain.rules {
                    rule.handle = RuleHandle::default();
                }
            }
        }
        ruleset
    }
}

/// What is saved restores to the same ruleset, counters and all, and saves to the same text.
pub fn assert_saves_and_restores(applet: &mut Applet) {
    let saved = applet.save();
    let mut again = Applet::new(applet.family);
    let outcome = again.call(Program::Restore, &["-c".to_owned()], &saved);
    assert_eq!(outcome.exit_code, 0, "{}\nof\n{saved}", outcome.stderr);
    assert_eq!(again.content(), applet.content(), "from\n{saved}");
    assert_eq!(again.save(), saved);

    // What -L and -S print of it is for people: it must only be there.
    for args in [
        &["-L", "-v", "-n", "-x", "--line-numbers"][..],
        &["-S", "-v"],
        &["-L"],
    ] {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let listed = applet.call(Program::Iptables, &args, "");
        assert_eq!(listed.exit_code, 0, "{}", listed.stderr);
        assert!(listed.stdout.contains("INPUT"));
    }
}
