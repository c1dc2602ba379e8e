//! The real program in a folder of its own, asked over its socket.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use api::http::{IPTABLES_PATH, IptablesReply, STATUS_PATH, StatusReport};
use serde::de::DeserializeOwned;
use serde_json::json;

/// A test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sockets, state and configuration of one test.
pub struct Place {
    root: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("run")).unwrap();
        let place = Self { root };
        let (run, state) = (place.root.path().join("run"), place.state());
        let text = format!("schema_version = 1\n[paths]\nrun = {run:?}\nstate = {state:?}\n");
        fs::write(place.config(), text).unwrap();
        place
    }

    pub fn config(&self) -> PathBuf {
        self.root.path().join("weir.toml")
    }

    pub fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    pub fn data_plane_socket(&self) -> PathBuf {
        self.root.path().join("run/dataplane.sock")
    }

    pub fn control_socket(&self) -> PathBuf {
        self.root.path().join("run/control.sock")
    }
}

/// The running program. Killed when dropped.
pub struct ControlPlane {
    child: Child,
    socket: PathBuf,
}

impl ControlPlane {
    /// Starts the program and waits until it listens.
    pub fn start(place: &Place) -> Self {
        let socket = place.control_socket();
        let child = command(place).stderr(Stdio::null()).spawn().unwrap();
        let started = Self { child, socket };
        until("the control plane listens", || {
            UnixStream::connect(&started.socket).ok()
        });
        started
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as systemd does; returns whether it exited with code 0.
    pub fn terminate(mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().success()
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Sends `request` as it stands; returns the status and the body.
    pub fn exchange(&self, request: &[u8]) -> (u16, String) {
        exchange(&self.socket, request)
    }

    pub fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let request = format!("GET {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n");
        let (status, body) = self.exchange(request.as_bytes());
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub fn status(&self) -> StatusReport {
        self.get(STATUS_PATH)
    }

    /// The number of the generation that the control plane keeps.
    pub fn kept(&self) -> u64 {
        self.status().control_plane.generation.unwrap().number
    }

    pub fn post(&self, body: &str) -> (u16, String) {
        self.exchange(post_request(body).as_bytes())
    }

    /// Runs `iptables` with the words of `line`.
    pub fn iptables(&self, line: &str) -> IptablesReply {
        self.applet("iptables", line, "")
    }

    pub fn applet(&self, program: &str, line: &str, stdin: &str) -> IptablesReply {
        let (status, body) = exchange(
            &self.socket,
            applet_request(program, line, stdin).as_bytes(),
        );
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, not yet started.
pub fn command(place: &Place) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir-controlplane"));
    command.arg("--config").arg(place.config());
    command
}

/// The bytes of a request for an applet.
pub fn applet_request(program: &str, line: &str, stdin: &str) -> String {
    let args: Vec<_> = line.split_whitespace().collect();
    let body = json!({"program": program, "family": "ipv4", "args": args, "stdin": stdin});
    post_request(&body.to_string())
}

fn post_request(body: &str) -> String {
    format!(
        "POST {IPTABLES_PATH} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends `request` to `socket`; returns the status and the body, or status 0 if the connection
/// closes without an answer.
pub fn exchange(socket: &Path, request: &[u8]) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The other side may answer, and close, before it has read everything.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return (0, text);
    };
    (
        head.split(' ').nth(1).unwrap().parse().unwrap(),
        body.to_owned(),
    )
}

/// Waits until `ready` gives something.
pub fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
