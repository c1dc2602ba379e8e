//! `kill -9` of the control plane at every step of a change, and a data plane that goes away:
//! afterwards the store says what runs, and that is the old generation or the new one.

use std::{fs, io::Write, os::unix::net::UnixStream, sync::mpsc, thread, time::Duration};

use crate::{
    control_plane::{ControlPlane, Place, applet_request},
    fake_dataplane::{FakeDataPlane, OnCommit},
};

const OLD: &str = "-P INPUT ACCEPT\n-A INPUT -j ACCEPT\n";
const NEW: &str = "-P INPUT ACCEPT\n-A INPUT -j ACCEPT\n-A INPUT -j DROP\n";

fn with_one_rule() -> (Place, FakeDataPlane, ControlPlane) {
    let place = Place::new();
    let data_plane = FakeDataPlane::start(&place.data_plane_socket());
    let control = ControlPlane::start(&place);
    assert_eq!(control.iptables("-A INPUT -j ACCEPT").exit_code, 0);
    (place, data_plane, control)
}

fn journal(place: &Place) -> String {
    fs::read_to_string(place.state().join("controlplane/journal")).unwrap()
}

#[test]
fn killed_between_two_changes_it_picks_up_where_it_was() {
    let (place, data_plane, control) = with_one_rule();
    control.kill();
    let control = ControlPlane::start(&place);
    assert_eq!(control.iptables("-S INPUT").stdout, OLD);
    assert_eq!(control.iptables("-A INPUT -j DROP").exit_code, 0);
    assert_eq!(control.iptables("-S INPUT").stdout, NEW);
    assert_eq!(data_plane.state().number, control.kept());
    assert!(
        !journal(&place).contains("amended\t1"),
        "{}",
        journal(&place)
    );
}

/// Kills the control plane while the data plane holds its commit, which it then does or not.
fn killed_at_commit(is_done: bool) -> (Place, ControlPlane) {
    let (place, data_plane, control) = with_one_rule();
    let (reached, at_commit) = mpsc::channel();
    let (go_on, word) = mpsc::channel();
    data_plane.state().on_commit = OnCommit::Wait(reached, word);
    let mut stream = UnixStream::connect(control.socket()).unwrap();
    let request = applet_request("iptables", "-A INPUT -j DROP", "");
    stream.write_all(request.as_bytes()).unwrap();
    at_commit.recv().unwrap();
    control.kill();
    go_on.send(is_done).unwrap();
    let control = ControlPlane::start(&place);
    let kept = control.kept();
    assert_eq!(
        data_plane.state().number,
        kept,
        "what the store says is what runs"
    );
    drop(data_plane);
    (place, control)
}

#[test]
fn killed_at_a_commit_that_was_done_it_knows() {
    let (place, control) = killed_at_commit(true);
    assert_eq!(control.iptables("-S INPUT").stdout, NEW);
    assert!(
        journal(&place).contains("found running"),
        "{}",
        journal(&place)
    );
}

#[test]
fn killed_at_a_commit_that_was_not_done_it_knows() {
    let (place, control) = killed_at_commit(false);
    assert_eq!(control.iptables("-S INPUT").stdout, OLD);
    assert!(journal(&place).contains("discarded"), "{}", journal(&place));
}

#[test]
fn a_data_plane_that_dies_after_it_committed_is_asked_again() {
    let (_place, data_plane, control) = with_one_rule();
    data_plane.state().on_commit = OnCommit::DieAfter;
    let reply = control.iptables("-A INPUT -j DROP");
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
    assert_eq!(control.iptables("-S INPUT").stdout, NEW);
    assert_eq!(data_plane.state().number, control.kept());
}

#[test]
fn a_data_plane_that_dies_before_it_committed_changes_nothing() {
    let (_place, data_plane, control) = with_one_rule();
    data_plane.state().on_commit = OnCommit::DieBefore;
    let reply = control.iptables("-A INPUT -j DROP");
    assert_eq!(reply.exit_code, 4);
    assert!(
        reply.stderr.contains("nothing was changed"),
        "{}",
        reply.stderr
    );
    assert_eq!(control.iptables("-S INPUT").stdout, OLD);
    // The number is spent, the change is not.
    assert_eq!(control.iptables("-A INPUT -j DROP").exit_code, 0);
    assert_eq!(control.iptables("-S INPUT").stdout, NEW);
    assert_eq!(data_plane.state().number, control.kept());
}

#[test]
fn a_data_plane_that_does_not_answer_is_not_waited_for_for_ever() {
    let (_place, data_plane, control) = with_one_rule();
    data_plane.state().is_silent = true;
    let reply = control.iptables("-A INPUT -j DROP");
    assert_eq!(reply.exit_code, 4);
    assert!(
        reply.stderr.contains("nothing was changed"),
        "{}",
        reply.stderr
    );
    data_plane.state().is_silent = false;
    assert_eq!(control.iptables("-A INPUT -j DROP").exit_code, 0);
    assert_eq!(control.iptables("-S INPUT").stdout, NEW);
}

#[test]
fn a_damaged_store_is_filled_from_the_data_plane() {
    let (place, data_plane, control) = with_one_rule();
    control.kill();
    let path = place.state().join("controlplane/generations/1");
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(100);
    fs::write(&path, &bytes).unwrap();
    let control = ControlPlane::start(&place);
    assert_eq!(control.iptables("-S INPUT").stdout, OLD);
    assert_eq!(control.kept(), 1);
    assert_eq!(fs::read(path.with_extension("damaged-1")).unwrap(), bytes);
    assert_eq!(control.iptables("-A INPUT -j DROP").exit_code, 0);
    assert_eq!(data_plane.state().number, control.kept());
}

#[test]
fn without_store_and_data_plane_it_says_that_it_knows_nothing() {
    let place = Place::new();
    let control = ControlPlane::start(&place);
    let reply = control.iptables("-S");
    assert_eq!((reply.exit_code, reply.stdout.as_str()), (4, ""));
    assert!(
        reply.stderr.contains("no ruleset is known"),
        "{}",
        reply.stderr
    );
    assert_eq!(control.status().control_plane.generation, None);
}

#[test]
fn killed_at_any_moment_it_keeps_what_runs() {
    let place = Place::new();
    let data_plane = FakeDataPlane::start(&place.data_plane_socket());
    let mut rules = 0;
    for round in 0..60_u64 {
        let control = ControlPlane::start(&place);
        let status = control.status();
        let kept = status.control_plane.generation.unwrap();
        let state = data_plane.state();
        assert_eq!(
            (kept.number, kept.hash),
            (state.number, state.hash()),
            "round {round}"
        );
        drop(state);
        // One rule a round, there or not; never half, never two.
        let counted = status.control_plane.rules_ipv4;
        assert!(
            counted == rules || counted == rules + 1,
            "round {round}: {counted}, {rules}"
        );
        rules = counted;
        let mut stream = UnixStream::connect(control.socket()).unwrap();
        stream
            .write_all(applet_request("iptables", "-A INPUT -j DROP", "").as_bytes())
            .unwrap();
        thread::sleep(Duration::from_micros(round * 150));
        control.kill();
    }
    assert!(rules > 0, "no round got as far as its commit");
}

#[test]
fn a_data_plane_that_dies_at_prepare_changes_nothing() {
    let (_place, data_plane, control) = with_one_rule();
    data_plane.state().die_at_prepare = true;
    let reply = control.iptables("-A INPUT -j DROP");
    assert_eq!(reply.exit_code, 4);
    assert!(
        reply.stderr.contains("nothing was changed"),
        "{}",
        reply.stderr
    );
    assert_eq!(control.iptables("-S INPUT").stdout, OLD);
    assert_eq!(control.iptables("-A INPUT -j DROP").exit_code, 0);
    assert_eq!(control.iptables("-S INPUT").stdout, NEW);
    assert_eq!(data_plane.state().number, control.kept());
}

#[test]
fn a_disk_that_refuses_leaves_the_old_generation_running() {
    let (place, data_plane, control) = with_one_rule();
    let next = data_plane.state().next_generation;
    // A folder in the way of the file: root cannot write there either.
    let obstacle = place
        .state()
        .join(format!("controlplane/generations/{next}"));
    fs::create_dir(&obstacle).unwrap();
    let reply = control.iptables("-A INPUT -j DROP");
    assert_eq!(reply.exit_code, 4);
    assert!(reply.stderr.contains("cannot write"), "{}", reply.stderr);
    assert!(
        reply.stderr.contains("nothing was changed"),
        "{}",
        reply.stderr
    );
    assert_eq!(
        data_plane.state().log.last().unwrap(),
        &format!("abort {next}")
    );
    assert_eq!(control.iptables("-S INPUT").stdout, OLD);
    fs::remove_dir(obstacle).unwrap();
    assert_eq!(control.iptables("-A INPUT -j DROP").exit_code, 0);
    assert_eq!(control.iptables("-S INPUT").stdout, NEW);
}
