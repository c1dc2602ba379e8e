//! Requests that are wrong are told so, and change nothing; the process starts and ends cleanly.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    process::Stdio,
};

use api::http::{BODY_MAX_BYTES, Problem};

use crate::{
    control_plane::{ControlPlane, Place, command, exchange},
    fake_dataplane::FakeDataPlane,
};

fn problem((status, body): (u16, String)) -> Problem {
    let problem: Problem = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"));
    assert_eq!(problem.status, status);
    problem
}

#[test]
fn a_malformed_request_is_a_problem_and_nothing_else() {
    let place = Place::new();
    let data_plane = FakeDataPlane::start(&place.data_plane_socket());
    let control = ControlPlane::start(&place);
    for (body, status, names) in [
        ("{", 400, "EOF"),
        ("[]", 422, "IptablesRequest"),
        (
            r#"{"program":"iptables","family":"ipv5","args":[]}"#,
            422,
            "ipv5",
        ),
        (
            r#"{"program":"rm","family":"ipv4","args":[]}"#,
            422,
            "program",
        ),
        (
            r#"{"program":"iptables","family":"ipv4","args":[7]}"#,
            422,
            "args",
        ),
        (
            r#"{"program":"iptables","family":"ipv4","args":[],"root":true}"#,
            422,
            "root",
        ),
    ] {
        let problem = problem(control.post(body));
        assert_eq!(problem.status, status, "{body}");
        assert!(problem.detail.contains(names), "{body}: {}", problem.detail);
    }
    let plain = "POST /v1/iptables HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\
                 Content-Length: 2\r\n\r\n{}";
    assert_eq!(problem(control.exchange(plain.as_bytes())).status, 415);
    let nothing = "GET /v2 HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n";
    assert_eq!(problem(control.exchange(nothing.as_bytes())).status, 404);
    let delete = "DELETE /v1/status HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n";
    assert_eq!(problem(control.exchange(delete.as_bytes())).status, 405);
    assert_eq!(data_plane.state().log, [""; 0]);
}

#[test]
fn what_is_no_http_closes_that_connection_and_nothing_else() {
    let place = Place::new();
    let _data_plane = FakeDataPlane::start(&place.data_plane_socket());
    let control = ControlPlane::start(&place);
    let mut other = UnixStream::connect(control.socket()).unwrap();
    other
        .write_all(b"GET /v1/status HTTP/1.1\r\nHost: w\r\n")
        .unwrap();
    for garbage in [
        &b"\x00\xff\x17\n\n\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        &[b'a'; 1 << 20],
    ] {
        let (status, _) = control.exchange(garbage);
        assert!(status == 0 || (400..500).contains(&status), "{status}");
    }
    let long = format!(
        "POST /v1/iptables HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{{",
        BODY_MAX_BYTES + 1
    );
    assert_eq!(problem(control.exchange(long.as_bytes())).status, 413);
    other.write_all(b"Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_second_control_plane_does_not_start_and_does_not_disturb_the_first() {
    let place = Place::new();
    let control = ControlPlane::start(&place);
    let second = command(&place).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(
        said.contains("another weir-controlplane uses this folder"),
        "{said}"
    );
    assert_eq!(control.status().control_plane.generation, None);
}

#[test]
fn it_ends_when_asked_to_and_takes_its_socket_along() {
    let place = Place::new();
    let control = ControlPlane::start(&place);
    assert!(control.terminate());
    assert!(!place.control_socket().exists());
}

#[test]
fn a_socket_left_by_a_killed_process_is_replaced() {
    let place = Place::new();
    ControlPlane::start(&place).kill();
    assert!(place.control_socket().exists());
    let control = ControlPlane::start(&place);
    assert_eq!(control.status().control_plane.generation, None);
    let (status, _) = exchange(&place.control_socket(), b"GET /v1/status HTTP/1.0\r\n\r\n");
    assert_eq!(status, 200);
}

#[test]
fn a_wrong_configuration_is_told_with_its_line() {
    let place = Place::new();
    fs::write(
        place.config(),
        "schema_version = 1\n[paths]\nrnu = \"/x\"\n",
    )
    .unwrap();
    let ended = command(&place).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.contains("weir.toml") && said.contains("line 3"),
        "{said}"
    );
    assert!(said.contains("rnu"), "{said}");
}
