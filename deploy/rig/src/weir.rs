//! The router under test: `weir-dataplane --offline --interactive`, a process for each case.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde::Deserialize;
use tempfile::TempDir;

use crate::{
    case::{Answer, Case, Reaction, Sent, saved_lines},
    hex, normalise, topology,
};

/// What went wrong on Weir's side; each is a failure of the case, never of the rig.
#[derive(Debug, thiserror::Error)]
pub enum WeirError {
    /// A file or the process could not be had.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        error: std::io::Error,
    },
    /// Its answer was no report.
    #[error("report line `{line}`: {error}")]
    Report {
        /// The line.
        line: String,
        /// Why.
        error: serde_json::Error,
    },
    /// It ended with an error or in the middle of a case.
    #[error("weir-dataplane ended: {0}")]
    Ended(String),
}

fn io<T>(what: &str, result: std::io::Result<T>) -> Result<T, WeirError> {
    result.map_err(|error| WeirError::Io {
        what: what.to_owned(),
        error,
    })
}

#[derive(Deserialize)]
struct ReportLine {
    #[serde(default)]
    out: Vec<ReportFrame>,
    #[serde(default)]
    log: Vec<String>,
}

#[derive(Deserialize)]
struct ReportFrame {
    #[serde(rename = "if")]
    iface: String,
    hex: String,
}

/// Weir with its configuration in a folder of its own.
pub struct Weir {
    binary: PathBuf,
    folder: TempDir,
    workers: usize,
}

struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Weir {
    /// Weir from `binary`, with so many workers.
    ///
    /// # Errors
    /// No temporary folder to be had.
    pub fn new(binary: PathBuf, workers: usize) -> Result<Self, WeirError> {
        let folder = io("make a temporary folder", TempDir::with_prefix("weir-rig-"))?;
        io(
            "write weir.toml",
            fs::write(folder.path().join("weir.toml"), topology::weir_toml()),
        )?;
        Ok(Self {
            binary,
            folder,
            workers,
        })
    }

    /// Runs a case.
    ///
    /// # Errors
    /// See [`WeirError`].
    pub fn answer(&self, case: &Case) -> Result<Answer, WeirError> {
        let path = |name: &str| self.folder.path().join(name);
        io("write the rules", fs::write(path("rules"), &case.rules))?;
        io("write the rules", fs::write(path("rules6"), &case.rules6))?;
        let mut running = self.start()?;
        let mut clock_ms = 1_000;
        let mut reactions = Vec::new();
        let mut sent = Ok(());
        for packet in &case.packets {
            clock_ms += packet.after_ms + 1;
            let router = topology::interface(&packet.iface).map_or([0; 6], |i| i.mac);
            let frame = packet.frame(topology::host_mac(packet.ip.src), router);
            let question = serde_json::json!({
                "t": clock_ms as f64 / 1000.0,
                "if": packet.iface,
                "hex": hex::encode(&frame),
            });
            sent = writeln!(running.input, "{question}").and_then(|()| running.input.flush());
            let mut line = String::new();
            if sent.is_err() || !matches!(running.output.read_line(&mut line), Ok(1..)) {
                break;
            }
            reactions.push(reaction(&line)?);
        }
        drop(running.input);
        let ended = io("wait for weir-dataplane", running.child.wait_with_output())?;
        if sent.is_err() || !ended.status.success() || reactions.len() != case.packets.len() {
            let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
            return Err(WeirError::Ended(format!("{}: {said}", ended.status)));
        }
        let counters = io("read the counters", fs::read_to_string(path("counters")))?;
        let (v4, v6) = split_families(&counters);
        Ok(Answer {
            reactions,
            counters: v4,
            counters6: v6,
        })
    }

    fn start(&self) -> Result<Running, WeirError> {
        let path = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(&self.binary);
        command
            .arg("--offline")
            .arg("--interactive")
            .arg("--config")
            .arg(path("weir.toml"));
        command
            .arg("--rules")
            .arg(path("rules"))
            .arg("--rules6")
            .arg(path("rules6"));
        command
            .arg("--out")
            .arg(path("out"))
            .arg("--counters")
            .arg(path("counters"));
        command
            .arg("--workers")
            .arg(self.workers.to_string())
            .arg("--seed")
            .arg("1");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = io(&format!("start {}", self.binary.display()), command.spawn())?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Running {
                child,
                input,
                output: BufReader::new(output),
            }),
            _ => Err(WeirError::Ended("no pipe to it".to_owned())),
        }
    }
}

fn reaction(line: &str) -> Result<Reaction, WeirError> {
    let report: ReportLine = serde_json::from_str(line).map_err(|error| WeirError::Report {
        line: line.trim().to_owned(),
        error,
    })?;
    let mut sent: Vec<Sent> = Vec::new();
    for ReportFrame { iface, hex: digits } in report.out {
        if iface != "host" {
            let frame = hex::decode(&digits).unwrap_or_default();
            sent.push(Sent {
                iface,
                frame: hex::encode(&normalise::frame(&frame)),
            });
        }
    }
    Ok(Reaction {
        sent,
        log: report.log,
    })
}

/// The counters file holds the IPv4 tables, then the IPv6 tables, each family under a comment
/// line that names the program; only the filter table is compared.
fn split_families(text: &str) -> (Vec<String>, Vec<String>) {
    let at = text
        .lines()
        .scan(0, |at, line| {
            let here = *at;
            *at += line.len() + 1;
            Some((here, line))
        })
        .find(|(_, line)| line.starts_with('#') && line.contains("ip6tables-save"))
        .map_or(text.len(), |(at, _)| at);
    let (v4, v6) = text.split_at(at.min(text.len()));
    (filter_table(saved_lines(v4)), filter_table(saved_lines(v6)))
}

fn filter_table(lines: Vec<String>) -> Vec<String> {
    let mut inside = false;
    lines
        .into_iter()
        .filter(|line| {
            inside |= line == "*filter";
            let keep = inside;
            inside &= line != "COMMIT";
            keep
        })
        .collect()
}
