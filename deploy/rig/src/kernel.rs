//! The oracle: a router made of a network namespace, TAP devices and the kernel's own iptables.
//! Writing a frame into a TAP device runs the whole packet path before the write returns, so what
//! the kernel sends is there to be read at once and nothing waits for a quiet wire.

use std::{
    fs, io,
    io::Write,
    os::fd::AsFd,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use crate::{
    case::{Answer, Case, Reaction, Sent, saved_lines},
    hex,
    klog::KernelLog,
    normalise,
    topology::{self, INTERFACES},
};

/// Which of the kernel's two iptables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    /// `iptables-legacy`.
    Legacy,
    /// `iptables-nft`.
    Nft,
}

impl Backend {
    /// The part of the programs' names behind `iptables-`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Backend::Legacy => "legacy",
            Backend::Nft => "nft",
        }
    }
}

/// What went wrong on the kernel's side.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// A step of setting the router up.
    #[error("cannot {what}: {error}")]
    Setup {
        /// The step.
        what: String,
        /// Why.
        error: io::Error,
    },
    /// The back end does not take the case's rules.
    #[error("the rules are refused: {0}")]
    Rules(String),
    /// A program said no.
    #[error("{program}: {message}")]
    Program {
        /// Its name.
        program: String,
        /// What it printed.
        message: String,
    },
}

fn setup<T>(what: &str, result: io::Result<T>) -> Result<T, KernelError> {
    result.map_err(|error| KernelError::Setup {
        what: what.to_owned(),
        error,
    })
}

/// Runs a program in the thread's network namespace.
fn run(program: &str, args: &[&str], stdin: &str) -> Result<String, KernelError> {
    let mut child = setup(
        &format!("run {program}"),
        Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn(),
    )?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that closes its input early says why on its own output.
        let _ = pipe.write_all(stdin.as_bytes());
    }
    let output = setup(&format!("run {program}"), child.wait_with_output())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(KernelError::Program {
            program: program.to_owned(),
            message,
        })
    }
}

/// Removes the namespaces of rigs that were ended before they could clean up.
pub fn sweep() {
    let Ok(entries) = fs::read_dir("/run/netns") else {
        return;
    };
    for name in entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
    {
        let pid = name
            .strip_prefix("weir-rig-")
            .and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // What cannot be removed is named by `ip` itself.
            let _ = Command::new("ip").args(["netns", "del", &name]).status();
        }
    }
}

/// A router of the kernel's. It stays on the thread that made it.
pub struct Kernel {
    backend: Backend,
    name: String,
    namespace: fs::File,
    taps: Vec<SyncDevice>,
}

impl Kernel {
    /// Makes a router for thread `number` of the rig.
    ///
    /// # Errors
    /// No root, no TAP devices, no `ip`: each named.
    pub fn new(backend: Backend, number: usize) -> Result<Self, KernelError> {
        let name = format!(
            "weir-rig-{}-{number}-{}",
            std::process::id(),
            backend.as_str()
        );
        run("ip", &["netns", "add", &name], "")?;
        let path = format!("/run/netns/{name}");
        let namespace = setup(&format!("open {path}"), fs::File::open(&path))?;
        let mut kernel = Self {
            backend,
            name,
            namespace,
            taps: Vec::new(),
        };
        kernel.enter()?;
        for (key, value) in topology::SYSCTLS {
            setup(&format!("set {key}"), sysctl(key, value))?;
        }
        for interface in &INTERFACES {
            let device = DeviceBuilder::new()
                .name(interface.name)
                .layer(Layer::L2)
                .enable(false)
                .build_sync();
            let device = setup(&format!("make the TAP device {}", interface.name), device)?;
            setup(
                "set a TAP device non-blocking",
                device.set_nonblocking(true),
            )?;
            kernel.taps.push(device);
        }
        run("ip", &["-batch", "-"], &topology::ip_batch())?;
        // Nothing of the links' coming up may fall into the first case.
        thread::sleep(Duration::from_millis(200));
        kernel.drain();
        Ok(kernel)
    }

    /// Which iptables answers.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Moves this thread into the router's namespace: programs that it starts run there.
    fn enter(&self) -> Result<(), KernelError> {
        let kind = Some(LinkNameSpaceType::Network);
        let moved = move_into_link_name_space(self.namespace.as_fd(), kind);
        setup(
            &format!("enter the namespace {}", self.name),
            moved.map_err(io::Error::from),
        )
    }

    /// Runs a case. `log` is given for a case that logs.
    ///
    /// # Errors
    /// Rules that the kernel's iptables refuses.
    pub fn answer(
        &mut self,
        case: &Case,
        log: Option<&mut KernelLog>,
    ) -> Result<Answer, KernelError> {
        self.enter()?;
        let backend = self.backend.as_str();
        let program = |family: &str, what: &str| format!("{family}-{backend}-{what}");
        for (family, rules) in [("iptables", &case.rules), ("ip6tables", &case.rules6)] {
            run(&program(family, "restore"), &[], rules).map_err(|error| match error {
                KernelError::Program { message, .. } => KernelError::Rules(message),
                other => other,
            })?;
        }
        // What an earlier case taught the kernel about path MTUs must not reach this one.
        for key in ["net/ipv4/route/flush", "net/ipv6/route/flush"] {
            setup(&format!("write {key}"), sysctl(key, "1"))?;
        }
        self.drain();
        let reactions = self.play(case, log)?;
        let save = |family| run(&program(family, "save"), &["-c", "-t", "filter"], "");
        Ok(Answer {
            reactions,
            counters: saved_lines(&save("iptables")?),
            counters6: saved_lines(&save("ip6tables")?),
        })
    }

    fn play(
        &mut self,
        case: &Case,
        mut log: Option<&mut KernelLog>,
    ) -> Result<Vec<Reaction>, KernelError> {
        if let Some(log) = log.as_deref_mut() {
            log.skip();
        }
        let mut reactions = Vec::new();
        for packet in &case.packets {
            thread::sleep(Duration::from_millis(packet.after_ms));
            let at = INTERFACES
                .iter()
                .position(|i| i.name == packet.iface)
                .unwrap_or(0);
            let frame = packet.frame(topology::host_mac(packet.ip.src), INTERFACES[at].mac);
            setup("write to a TAP device", self.taps[at].send(&frame))?;
            let sent = self.drain();
            let log = log.as_deref_mut().map(KernelLog::lines).unwrap_or_default();
            reactions.push(Reaction { sent, log });
        }
        Ok(reactions)
    }

    /// Everything that the kernel has sent, interface by interface.
    fn drain(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        let mut buffer = vec![0; 65_536];
        for (interface, tap) in INTERFACES.iter().zip(&self.taps) {
            while let Ok(length) = tap.recv(&mut buffer) {
                sent.push(Sent {
                    iface: interface.name.to_owned(),
                    frame: hex::encode(&normalise::frame(&buffer[..length])),
                });
            }
        }
        sent
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        self.taps.clear();
        // What cannot be removed is named by `ip` itself.
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .status();
    }
}

fn sysctl(key: &str, value: &str) -> io::Result<()> {
    fs::write(format!("/proc/sys/{key}"), format!("{value}\n"))
}
