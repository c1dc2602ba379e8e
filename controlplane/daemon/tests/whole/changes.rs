//! Changes reach the data plane, or change nothing.

use std::{collections::HashSet, fs, thread};

use api::{
    Refusal,
    http::{COUNTERS_PATH, CountersReport, DROPS_PATH, DropsReport, HOOKS_PATH, HooksReport},
};
use rules::{Counters, Family, Policy, Ruleset, TableName};

use crate::{
    control_plane::{ControlPlane, Place, until},
    fake_dataplane::{FakeDataPlane, OnCommit},
};

fn pair() -> (Place, FakeDataPlane, ControlPlane) {
    let place = Place::new();
    let data_plane = FakeDataPlane::start(&place.data_plane_socket());
    let control = ControlPlane::start(&place);
    (place, data_plane, control)
}

/// Rules of the IPv4 filter table's chain, by handle.
fn handles(ruleset: &Ruleset, chain: &str) -> Vec<u64> {
    let filter = ruleset.table(Family::Ipv4, TableName::Filter).unwrap();
    let chain = filter.chain(&chain.parse().unwrap()).unwrap();
    chain.rules.iter().map(|rule| rule.handle.0).collect()
}

#[test]
fn an_append_runs_before_the_applet_ends() {
    let (_place, data_plane, control) = pair();
    let reply = control.iptables("-A FORWARD -p tcp --dport 22 -j ACCEPT");
    assert_eq!(
        (
            reply.exit_code,
            reply.stdout.as_str(),
            reply.stderr.as_str()
        ),
        (0, "", "")
    );
    let state = data_plane.state();
    assert_eq!(handles(&state.ruleset, "FORWARD").len(), 1);
    assert_eq!(state.log, ["prepare 1", "commit 1"]);
    drop(state);
    let listed = control.iptables("-S FORWARD");
    assert_eq!(
        listed.stdout,
        "-P FORWARD ACCEPT\n-A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT\n"
    );
    assert_eq!(listed.stderr, "");
}

#[test]
fn rules_keep_their_handles_and_new_ones_never_take_an_old_one() {
    let (_place, data_plane, control) = pair();
    for line in ["-A INPUT -j ACCEPT", "-A INPUT -j DROP"] {
        assert_eq!(control.iptables(line).exit_code, 0);
    }
    let before = handles(&data_plane.state().ruleset, "INPUT");
    assert_eq!(control.iptables("-D INPUT 2").exit_code, 0);
    assert_eq!(control.iptables("-I INPUT -p udp -j DROP").exit_code, 0);
    let after = handles(&data_plane.state().ruleset, "INPUT");
    assert_eq!(after[1], before[0]);
    assert!(after[0] > before[1], "{before:?} {after:?}");
}

#[test]
fn what_changes_nothing_makes_no_generation() {
    let (_place, data_plane, control) = pair();
    assert_eq!(control.iptables("-F").exit_code, 0);
    assert_eq!(control.iptables("-C INPUT -j DROP").exit_code, 1);
    assert_eq!(control.iptables("-A NOWHERE -j DROP").exit_code, 1);
    assert_eq!(control.iptables("-A INPUT --nonsense").exit_code, 2);
    assert_eq!(data_plane.state().log, [""; 0]);
}

#[test]
fn a_restore_is_one_generation_or_none() {
    let (_place, data_plane, control) = pair();
    let rules =
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i lan -j ACCEPT\n-A INPUT -j ACCEPT\nCOMMIT\n";
    let reply = control.applet("restore", "", rules);
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
    let before = data_plane.state().ruleset.clone();
    assert_eq!(data_plane.state().log, ["prepare 1", "commit 1"]);
    let wrong = "*filter\n-A FORWARD -j DROP\n-A FORWARD --nonsense\nCOMMIT\n";
    let reply = control.applet("restore", "-n", wrong);
    assert_ne!(reply.exit_code, 0);
    assert!(
        reply.stderr.contains('3'),
        "names the line: {}",
        reply.stderr
    );
    assert_eq!(data_plane.state().ruleset, before);
    let saved = control.applet("save", "-t filter", "");
    assert!(
        saved.stdout.contains("\n-A FORWARD -i lan -j ACCEPT\n"),
        "{}",
        saved.stdout
    );
    assert!(
        saved.stdout.contains("\n:FORWARD DROP [0:0]\n"),
        "{}",
        saved.stdout
    );
}

#[test]
fn what_the_data_plane_refuses_changes_nothing() {
    let (_place, data_plane, control) = pair();
    assert_eq!(control.iptables("-A INPUT -j ACCEPT").exit_code, 0);
    let before = data_plane.state().ruleset.clone();
    data_plane.state().refuse_prepare = Some(Refusal {
        place: "ipv4 filter INPUT rule 2".to_owned(),
        why: "too wide".to_owned(),
    });
    let reply = control.iptables("-A INPUT -j DROP");
    assert_eq!(reply.exit_code, 1);
    assert_eq!(
        reply.stderr,
        "iptables: ipv4 filter INPUT rule 2: too wide\n"
    );
    data_plane.state().on_commit = OnCommit::Refuse;
    let reply = control.iptables("-A INPUT -j DROP");
    assert_eq!(reply.exit_code, 1);
    assert!(reply.stderr.contains("no room"), "{}", reply.stderr);
    assert_eq!(data_plane.state().ruleset, before);
    assert_eq!(
        control.iptables("-S INPUT").stdout,
        "-P INPUT ACCEPT\n-A INPUT -j ACCEPT\n"
    );
    assert_eq!(control.iptables("-A INPUT -j DROP").exit_code, 0);
    assert_eq!(handles(&data_plane.state().ruleset, "INPUT").len(), 2);
}

#[test]
fn a_worker_that_lags_is_named_and_the_exit_code_tells() {
    let (_place, data_plane, control) = pair();
    data_plane.state().on_commit = OnCommit::Lag(vec![1, 3]);
    let reply = control.iptables("-A INPUT -j ACCEPT");
    assert_eq!(reply.exit_code, 4);
    assert!(
        reply.stderr.contains("generation 1 is published"),
        "{}",
        reply.stderr
    );
    assert!(reply.stderr.contains("1, 3"), "{}", reply.stderr);
    assert_eq!(control.kept(), 1);
}

#[test]
fn counters_are_live_and_zeroed_without_loss() {
    let (_place, data_plane, control) = pair();
    control.iptables("-A FORWARD -i lan -j ACCEPT");
    let handle = handles(&data_plane.state().ruleset, "FORWARD")[0];
    data_plane.state().counted.insert(
        handle,
        Counters {
            packets: 7,
            bytes: 588,
        },
    );
    let saved = control.applet("save", "-c -t filter", "");
    assert!(
        saved.stdout.contains("[7:588] -A FORWARD -i lan -j ACCEPT"),
        "{}",
        saved.stdout
    );
    let report: CountersReport = control.get(COUNTERS_PATH);
    let line = report
        .counters
        .iter()
        .find(|line| line.packets > 0)
        .unwrap();
    assert_eq!(
        (line.chain.as_str(), line.rule, line.bytes),
        ("FORWARD", Some(1), 588)
    );
    assert!(line.text.contains("-i lan -j ACCEPT"), "{}", line.text);
    let zeroed = control.iptables("-L FORWARD -Z -v -n -x");
    assert_eq!(zeroed.exit_code, 0, "{}", zeroed.stderr);
    assert!(
        zeroed.stdout.contains("       7      588 ACCEPT"),
        "{}",
        zeroed.stdout
    );
    let saved = control.applet("save", "-c -t filter", "");
    assert!(
        saved.stdout.contains("[0:0] -A FORWARD -i lan -j ACCEPT"),
        "{}",
        saved.stdout
    );
    assert_eq!(
        data_plane.state().log,
        ["prepare 1", "commit 1"],
        "zeroing is no generation"
    );
}

#[test]
fn without_a_data_plane_nothing_changes_and_what_is_kept_is_shown_as_such() {
    let (place, data_plane, control) = pair();
    control.iptables("-A INPUT -j ACCEPT");
    let ruleset = data_plane.state().ruleset.clone();
    drop(data_plane);
    for line in ["-A INPUT -j DROP", "-Z"] {
        let reply = control.iptables(line);
        assert_eq!((reply.exit_code, reply.stdout.as_str()), (4, ""));
        assert!(
            reply.stderr.contains("the data plane does not run"),
            "{}",
            reply.stderr
        );
        assert!(
            reply.stderr.contains("nothing was changed"),
            "{}",
            reply.stderr
        );
    }
    let listed = control.iptables("-S INPUT");
    assert_eq!(
        (listed.exit_code, listed.stdout.as_str()),
        (0, "-P INPUT ACCEPT\n-A INPUT -j ACCEPT\n")
    );
    assert!(
        listed.stderr.contains("generation 1 as kept"),
        "{}",
        listed.stderr
    );
    // It comes back with its last good ruleset, and everything goes on without a restart here.
    let data_plane = FakeDataPlane::start(&place.data_plane_socket());
    {
        let mut state = data_plane.state();
        (state.number, state.ruleset, state.next_generation) = (1, ruleset, 3);
    }
    assert_eq!(control.iptables("-A INPUT -j DROP").exit_code, 0);
    assert_eq!(handles(&data_plane.state().ruleset, "INPUT").len(), 2);
}

#[test]
fn the_store_follows_what_the_data_plane_runs() {
    let (place, data_plane, control) = pair();
    control.iptables("-A INPUT -j ACCEPT");
    let mut other = Ruleset::new();
    let filter = other.table_mut(Family::Ipv4, TableName::Filter).unwrap();
    filter.chains[1].policy.as_mut().unwrap().verdict = Policy::Drop;
    data_plane.state().run(2, other);
    let data_plane = data_plane.restart(&place.data_plane_socket());
    until("the store follows", || (control.kept() == 2).then_some(()));
    assert_eq!(control.iptables("-S FORWARD").stdout, "-P FORWARD DROP\n");
    assert_eq!(control.iptables("-S INPUT").stdout, "-P INPUT ACCEPT\n");
    // What it ran before is not lost.
    let text = fs::read_to_string(place.state().join("controlplane/superseded-1.v4")).unwrap();
    assert!(text.contains("-A INPUT -j ACCEPT"), "{text}");
    // New handles lie above all that run.
    control.iptables("-A INPUT -j DROP");
    assert!(handles(&data_plane.state().ruleset, "INPUT")[0] > 1000);
}

#[test]
fn reports_pass_as_the_data_plane_gives_them() {
    let (_place, _data_plane, control) = pair();
    let drops: DropsReport = control.get(DROPS_PATH);
    assert_eq!(drops.drops[0].reason, "no_route");
    let hooks: HooksReport = control.get(HOOKS_PATH);
    assert_eq!(hooks.hooks[0].table, Some(TableName::Filter));
    let status = control.status();
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["data_plane"]["state"], "running");
    assert_eq!(json["data_plane"]["interfaces"][0]["name"], "wan");
    assert_eq!(json["control_plane"]["generation"]["number"], 0);
}

#[test]
fn changes_made_at_the_same_time_are_all_made() {
    let (_place, data_plane, control) = pair();
    thread::scope(|scope| {
        for port in 1..=24 {
            let control = &control;
            scope.spawn(move || {
                let line = format!("-A INPUT -p udp --dport {port} -j ACCEPT");
                assert_eq!(control.iptables(&line).exit_code, 0);
            });
        }
    });
    let state = data_plane.state();
    let handles: HashSet<u64> = handles(&state.ruleset, "INPUT").into_iter().collect();
    assert_eq!(handles.len(), 24);
    assert_eq!(
        state.log.len(),
        48,
        "each its own generation: {:?}",
        state.log
    );
}
