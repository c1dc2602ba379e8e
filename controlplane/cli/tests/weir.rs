//! The program against a control plane that answers what the test gives it.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up has failed.

use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread::{self, JoinHandle},
};

use api::http::{IptablesReply, IptablesRequest, Program};
use rules::Family;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

/// Answers one request with `response`; gives the request's text back.
fn answer_once(socket: &Path, response: String) -> JoinHandle<String> {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        let mut some = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                    stream.write_all(response.as_bytes()).unwrap();
                    return text;
                }
            }
            let got = stream.read(&mut some).unwrap();
            assert_ne!(got, 0, "{text}");
            bytes.extend_from_slice(&some[..got]);
        }
    })
}

fn response(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn reply(exit_code: u8, stdout: &str, stderr: &str) -> String {
    let reply = IptablesReply {
        exit_code,
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
    };
    response(
        "200 OK",
        "application/json",
        &serde_json::to_string(&reply).unwrap(),
    )
}

fn sent(request: &str) -> IptablesRequest {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn run(command: &mut Command, stdin: &str) -> Output {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stdin.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// A folder with a socket path and a link to `weir` under another name.
fn place(link: &str) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let (socket, program) = (root.path().join("control.sock"), root.path().join(link));
    symlink(WEIR, &program).unwrap();
    (root, socket, program)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_link_runs_the_applet_of_its_name() {
    let (_root, socket, iptables) = place("ip6tables");
    let server = answer_once(&socket, reply(2, "out\n", "err\n"));
    let args = ["-t", "raw", "-L", "--socket", "x", "-h"];
    let ran = run(
        Command::new(iptables)
            .env("WEIR_SOCKET", &socket)
            .args(args),
        "unread",
    );
    assert_eq!(ran.status.code(), Some(2));
    assert_eq!((text(&ran.stdout), text(&ran.stderr)), ("out\n", "err\n"));
    let sent = sent(&server.join().unwrap());
    assert_eq!(
        (sent.program, sent.family),
        (Program::Iptables, Family::Ipv6)
    );
    assert_eq!(sent.args, args);
    assert_eq!(sent.stdin, "");
}

#[test]
fn restore_sends_its_input_or_its_file() {
    for from_file in [false, true] {
        let (root, socket, restore) = place("iptables-restore");
        let server = answer_once(&socket, reply(0, "", ""));
        let mut command = Command::new(restore);
        command.env("WEIR_SOCKET", &socket).arg("-n");
        if from_file {
            let file = root.path().join("rules");
            fs::write(&file, "*raw\nCOMMIT\n").unwrap();
            command.arg(file);
        }
        let ran = run(&mut command, if from_file { "" } else { "*raw\nCOMMIT\n" });
        assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
        let sent = sent(&server.join().unwrap());
        assert_eq!(
            (sent.program, sent.args),
            (Program::Restore, vec!["-n".to_owned()])
        );
        assert_eq!(sent.stdin, "*raw\nCOMMIT\n");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_as_iptables_does() {
    let (_root, socket, restore) = place("iptables-restore");
    let ran = run(
        Command::new(restore)
            .env("WEIR_SOCKET", &socket)
            .arg("/nonexistent"),
        "",
    );
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains("Can't open /nonexistent: No such file"));
}

#[test]
fn save_writes_its_file_only_once_it_has_an_answer() {
    let (root, socket, save) = place("iptables-save");
    let file = root.path().join("saved");
    fs::write(&file, "precious").unwrap();
    let mut command = Command::new(save);
    command
        .env("WEIR_SOCKET", &socket)
        .arg("-c")
        .arg("-f")
        .arg(&file);
    assert_eq!(run(&mut command, "").status.code(), Some(4));
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    let server = answer_once(&socket, reply(0, "*filter\n", ""));
    let ran = run(&mut command, "");
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(0), ""));
    assert_eq!(sent(&server.join().unwrap()).args, ["-c"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "*filter\n");
}

#[test]
fn without_a_control_plane_it_says_what_to_do() {
    let (_root, socket, iptables) = place("iptables");
    let ran = run(
        Command::new(iptables).env("WEIR_SOCKET", &socket).arg("-S"),
        "",
    );
    assert_eq!(ran.status.code(), Some(4));
    let said = text(&ran.stderr);
    assert!(
        said.starts_with("iptables: cannot reach the control plane at "),
        "{said}"
    );
    assert!(said.contains(socket.to_str().unwrap()), "{said}");
    assert!(said.contains("Is weir-controlplane running"), "{said}");
    let ran = run(
        Command::new(WEIR)
            .arg("--socket")
            .arg(&socket)
            .arg("status"),
        "",
    );
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains("Is weir-controlplane running"));
}

#[test]
fn the_version_needs_no_control_plane() {
    let (_root, socket, iptables) = place("iptables");
    let ran = run(
        Command::new(iptables).env("WEIR_SOCKET", &socket).arg("-V"),
        "",
    );
    assert_eq!(ran.status.code(), Some(0));
    assert!(
        text(&ran.stdout).starts_with("iptables v1.8"),
        "{}",
        text(&ran.stdout)
    );
}

#[test]
fn a_problem_document_is_told() {
    let (_root, socket, _) = place("iptables");
    let problem = r#"{"title":"Permission denied","status":403,"detail":"uid 7 has no role"}"#;
    let server = answer_once(
        &socket,
        response("403 Forbidden", "application/problem+json", problem),
    );
    let mut command = Command::new(WEIR);
    let ran = run(
        command
            .arg("--socket")
            .arg(&socket)
            .args(["iptables", "-F"]),
        "",
    );
    server.join().unwrap();
    assert_eq!(ran.status.code(), Some(4));
    assert_eq!(
        text(&ran.stderr),
        "iptables: Permission denied: uid 7 has no role\n"
    );
}

#[test]
fn drops_are_listed_most_frequent_first() {
    let body = r#"{"drops":[{"reason":"a","packets":0},{"reason":"b","packets":2},
                   {"reason":"c","packets":30}]}"#;
    for (args, expected) in [
        (vec!["drops"], "packets  reason\n     30  c\n      2  b\n"),
        (
            vec!["drops", "--all"],
            "packets  reason\n     30  c\n      2  b\n      0  a\n",
        ),
    ] {
        let (_root, socket, _) = place("iptables");
        let server = answer_once(&socket, response("200 OK", "application/json", body));
        let ran = run(
            Command::new(WEIR).arg("--socket").arg(&socket).args(args),
            "",
        );
        assert!(
            server
                .join()
                .unwrap()
                .starts_with("GET /v1/drops HTTP/1.1\r\n")
        );
        assert_eq!(text(&ran.stdout), expected);
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let (_root, socket, save) = place("iptables-save");
    let server = answer_once(
        &socket,
        reply(0, &"-A INPUT -j ACCEPT\n".repeat(100_000), ""),
    );
    let mut child = Command::new(save)
        .env("WEIR_SOCKET", &socket)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    server.join().unwrap();
    assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(0), ""));
}

#[test]
fn replay_runs_the_data_plane_beside_it() {
    let root = tempfile::tempdir().unwrap();
    let weir = root.path().join("weir");
    fs::copy(WEIR, &weir).unwrap();
    let data_plane = root.path().join("weir-dataplane");
    fs::write(&data_plane, "#!/bin/sh\necho \"$@\"\nexit 7\n").unwrap();
    fs::set_permissions(&data_plane, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = run(
        Command::new(&weir).args(["replay", "--config", "x", "--help"]),
        "",
    );
    assert_eq!(
        (ran.status.code(), text(&ran.stdout)),
        (Some(7), "--offline --config x --help\n")
    );
    fs::remove_file(data_plane).unwrap();
    let ran = run(Command::new(&weir).arg("replay").env("PATH", ""), "");
    assert_eq!(ran.status.code(), Some(1));
    assert!(
        text(&ran.stderr).contains("weir-dataplane"),
        "{}",
        text(&ran.stderr)
    );
}

#[test]
fn an_unknown_command_is_named() {
    let ran = run(Command::new(WEIR).arg("iptables-nft"), "");
    assert_eq!(ran.status.code(), Some(2));
    assert!(text(&ran.stderr).contains("no command `iptables-nft'"));
}
