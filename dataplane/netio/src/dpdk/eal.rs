//! DPDK's environment abstraction layer: started once a process, with arguments derived from typed
//! settings. Devices are not among them: each is probed later, so that its errors name its interface.

#![allow(unsafe_code)]

use std::ffi::{CString, c_char};
use std::fs;
use std::path::Path;
use std::process;
use std::sync::OnceLock;

use super::{Device, DpdkError, Errno, HugePages, Pages};

/// How much EAL and the drivers log to stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Errors.
    Error,
    /// And warnings.
    #[default]
    Warning,
    /// And normal events.
    Info,
    /// Everything.
    Debug,
}

/// What EAL starts with.
#[derive(Clone, Debug)]
pub struct EalSettings {
    /// MiB of memory for packet buffers; see [`Mempool::memory_mib`](super::Mempool::memory_mib).
    pub memory_mib: u32,
    /// Whether to use huge pages.
    pub huge_pages: HugePages,
    /// The devices that will be opened: with a PCI address among them the bus is scanned, and only
    /// those devices are taken.
    pub devices: Vec<Device>,
    /// How much is logged.
    pub log_level: LogLevel,
    /// The operator's own arguments, appended.
    pub args: Vec<String>,
}

impl Default for EalSettings {
    fn default() -> Self {
        Self {
            memory_mib: 256,
            huge_pages: HugePages::Auto,
            devices: Vec::new(),
            log_level: LogLevel::Warning,
            args: Vec::new(),
        }
    }
}

/// Proof that EAL runs; it does so until the process ends.
#[derive(Clone, Debug)]
pub struct Eal {
    pages: Pages,
}

/// EAL's argument strings: it keeps pointers into them, so they live as long as the process.
struct Arguments(#[expect(dead_code, reason = "EAL follows them")] Vec<*mut c_char>);

// SAFETY: the pointers are only kept; nobody but EAL follows them.
unsafe impl Send for Arguments {}
// SAFETY: as for Send.
unsafe impl Sync for Arguments {}

/// Set by the first attempt, whatever became of it: `rte_eal_init` cannot be tried twice.
static STARTED: OnceLock<Arguments> = OnceLock::new();

impl Eal {
    /// Starts EAL. The calling thread becomes its main thread, keeps its CPU affinity, and can take
    /// signals as before. Call it before worker threads are made.
    ///
    /// # Errors
    /// EAL was started before, huge pages are demanded and not there, or EAL refused; then the process
    /// cannot try again.
    pub fn init(settings: &EalSettings) -> Result<Self, DpdkError> {
        let pages = Pages::choose(settings.huge_pages, settings.memory_mib)?;
        let args = arguments(settings, pages);
        let to_c =
            |arg: &String| CString::new(arg.as_str()).map_err(|_| DpdkError::Argument(arg.clone()));
        let owned: Vec<CString> = args.iter().map(to_c).collect::<Result<_, _>>()?;
        if STARTED.get().is_some() {
            return Err(DpdkError::AlreadyInitialised);
        }
        let mut argv: Vec<*mut c_char> = owned.into_iter().map(CString::into_raw).collect();
        let argc = argv.len() as i32;
        // Refuses a second thread that came this far as well.
        let kept = STARTED.set(Arguments(argv.clone()));
        kept.map_err(|_| DpdkError::AlreadyInitialised)?;
        argv.push(std::ptr::null_mut());
        // SAFETY: `argv` holds `argc` C strings, kept in STARTED, and a null; EAL is done with the
        // array itself when it returns. STARTED lets one thread here.
        let code = unsafe { dpdk_sys::shim_eal_init(argc, argv.as_mut_ptr()) };
        let errno = Errno::from_return(code);
        remove_runtime_dir();
        if code < 0 {
            return Err(DpdkError::Eal { errno, args });
        }
        Ok(Self { pages })
    }

    /// The memory it got; tell the operator.
    #[must_use]
    pub fn pages(&self) -> Pages {
        self.pages
    }
}

/// Nothing on disk; Weir gives it itself where it is allowed, so the operator's is left out.
const IN_MEMORY: &str = "--in-memory";

/// EAL's command line. Nothing is shared with other processes, so that several daemons run at once.
fn arguments(settings: &EalSettings, pages: Pages) -> Vec<String> {
    let mut args = vec![
        "weir-dataplane".to_owned(),
        match pages {
            Pages::Huge { .. } => IN_MEMORY.to_owned(),
            // Plain memory is never shared; this leaves the configuration, and `--in-memory` would
            // contradict `--no-huge`.
            Pages::Plain { .. } => "--no-shconf".to_owned(),
        },
        format!("--file-prefix={}", prefix()),
        "--no-telemetry".to_owned(),
        format!("--log-level={}", settings.log_level.name()),
        // One lcore for the main thread, on the CPUs it may use now; workers register their own.
        format!("--lcores=0@({})", affinity()),
    ];
    args.extend(["-m".to_owned(), settings.memory_mib.to_string()]);
    if matches!(pages, Pages::Plain { .. }) {
        args.push("--no-huge".to_owned());
    }
    let pci = settings
        .devices
        .iter()
        .filter(|device| matches!(device, Device::Pci { .. }));
    let pci: Vec<String> = pci.map(|device| format!("--allow={device}")).collect();
    if pci.is_empty() {
        args.push("--no-pci".to_owned());
    }
    args.extend(pci);
    args.extend(
        settings
            .args
            .iter()
            .filter(|arg| *arg != IN_MEMORY)
            .cloned(),
    );
    args
}

impl LogLevel {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

fn prefix() -> String {
    format!("weir-{}", process::id())
}

/// The CPUs that the calling thread may run on: `0,1`.
fn affinity() -> String {
    let set = rustix::thread::sched_getaffinity(None).unwrap_or_default();
    let cpus = (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu));
    let cpus: Vec<String> = cpus.map(|cpu| cpu.to_string()).collect();
    if cpus.is_empty() {
        "0".to_owned()
    } else {
        cpus.join(",")
    }
}

/// EAL makes a folder even when it puts nothing in it. It is removed if it is empty.
fn remove_runtime_dir() {
    for parent in ["/var/run/dpdk", "/run/dpdk"] {
        let _ = fs::remove_dir(Path::new(parent).join(prefix()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_follow_from_the_settings() {
        let parse = |text| Device::parse(text).expect("well formed");
        let mut settings = EalSettings {
            memory_mib: 64,
            devices: vec![parse("net_null0")],
            args: ["--in-memory", "--single-file-segments"]
                .map(str::to_owned)
                .to_vec(),
            ..EalSettings::default()
        };
        let plain = arguments(
            &settings,
            Pages::Plain {
                mib: 64,
                free_huge_mib: 0,
            },
        )
        .join(" ");
        assert!(plain.contains("--no-shconf --file-prefix=weir-"), "{plain}");
        assert!(
            plain.ends_with("-m 64 --no-huge --no-pci --single-file-segments"),
            "{plain}"
        );
        settings.devices.push(parse("0000:03:00.0,x=1"));
        let huge = arguments(&settings, Pages::Huge { mib: 64 }).join(" ");
        assert!(
            huge.ends_with("-m 64 --allow=0000:03:00.0,x=1 --single-file-segments"),
            "{huge}"
        );
    }
}
