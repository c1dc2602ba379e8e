//! The control socket from outside: a whole main thread with workers on memory ports.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    io::Write,
    os::{fd::AsFd, unix::net::UnixStream},
    path::Path,
    thread::{self, JoinHandle},
    time::Duration,
};

use api::{
    Blob, Client, ClientError, Connection, Outcome, Request, RulesetHash, RulesetSource,
    TransportError, ZeroScope,
};
use netio::memory::HeapPool;
use rules::{Family, Hook, Policy, Ruleset, TableName};
use support::{Ends, SERVER, frame_v4, ruleset, udp};
use weir_dataplane::{
    boot,
    control::{DeviceStatus, Facts, Server},
    plane::{Devices, Plane, PlaneConfig},
    program::program,
    state::Journal,
    threads::{Clock, Workers},
};

const OPEN: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                    -A FORWARD -p udp --dport 53 -j ACCEPT\nCOMMIT\n";
const TIMEOUT: Duration = Duration::from_secs(20);

/// Two interfaces that are up.
struct Up;

impl Devices for Up {
    fn status(&mut self) -> Vec<DeviceStatus> {
        let device = DeviceStatus {
            is_up: true,
            ..DeviceStatus::default()
        };
        vec![device.clone(), device]
    }
}

/// A running data plane.
struct DataPlane {
    stop: UnixStream,
    main: Option<JoinHandle<()>>,
    socket: std::path::PathBuf,
    ends: Vec<Ends>,
    pool: HeapPool,
}

/// Workers that run, or one that is stuck in the middle of a turn.
#[derive(Clone, Copy, PartialEq)]
enum Worker {
    Running,
    Stuck,
}

impl DataPlane {
    /// Starts one in `directory`, as the binary does, with the last good ruleset or `initial`.
    fn start(directory: &Path, worker: Worker) -> Self {
        let mut journal = Journal::open(directory).unwrap();
        let server = Server::bind(&directory.join("s")).unwrap();
        let first = boot::first(directory, &mut journal, Policy::Drop, 1, 1 << 30, 0).unwrap();
        let facts = Facts {
            program: program(),
            started_unix_ms: 0,
            source: first.source,
            hash: first.compiled.hash,
            blob: first.compiled.blob,
            hooks: first.compiled.hooks,
            memory: "heap".to_owned(),
            warnings: Vec::new(),
            cores: vec![0],
        };
        let pool = HeapPool::new(1024, 2048);
        let generation = pipeline::Generation::new(first.generation, first.compiled.classifier, 1);
        let (engine, mut workers, ends) = support::engine(1, generation, &pool);
        let clock = Clock::start();
        let config = PlaneConfig {
            engine,
            server,
            journal,
            state_directory: directory.to_owned(),
            ruleset_memory_bytes: 1 << 30,
            next_generation: first.next_generation,
            facts,
            clock,
        };
        let (stop, stopped) = UnixStream::pair().unwrap();
        let main = thread::spawn(move || {
            let running = match worker {
                Worker::Running => {
                    Some(Workers::start(workers, &[], clock, || Ok::<_, String>(())).unwrap())
                }
                Worker::Stuck => {
                    // It came online for a turn, and never gets to its end.
                    workers[0].turn(clock.now_ns());
                    None
                }
            };
            let mut plane = Plane::new(config).unwrap();
            plane.run(stopped.as_fd(), &mut Up, || false).unwrap();
            drop(running);
        });
        let socket = directory.join("s");
        Self {
            stop,
            main: Some(main),
            socket,
            ends,
            pool,
        }
    }

    fn client(&self) -> Client {
        Client::connect(&self.socket, TIMEOUT).unwrap()
    }

    /// Whether a datagram to `port` of the server gets through.
    fn passes(&mut self, port: u16) -> bool {
        let frame = frame_v4(64, 17, SERVER, &udp(9, port, b"x"));
        assert!(self.ends[0].lan.inject(&mut self.pool, &frame));
        for _ in 0..200 {
            if self.ends[0].wan.receive().is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(1));
        }
        false
    }
}

impl Drop for DataPlane {
    fn drop(&mut self) {
        self.stop.write_all(b"x").unwrap();
        self.main.take().unwrap().join().unwrap();
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, ClientError>) -> String {
    match result {
        Err(ClientError::Refused(refusal)) => refusal.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A ruleset whose handles go on behind those of the initial one.
fn open_rules() -> Ruleset {
    ruleset(OPEN, &mut 1000)
}

#[test]
fn a_commit_changes_what_passes_and_everything_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut plane = DataPlane::start(directory.path(), Worker::Running);
    let mut client = plane.client();
    let greeting = client.hello("test").unwrap();
    assert_eq!((greeting.running, greeting.next_generation), (0, 1));
    assert!(!plane.passes(53));
    let rules = open_rules();
    let hash = client.prepare(1, &rules).unwrap();
    assert!(!plane.passes(53), "prepared is not committed");
    assert_eq!(client.commit(1).unwrap(), Vec::<u16>::new());
    assert!(plane.passes(53));
    assert!(!plane.passes(54));

    let running = client.running().unwrap();
    assert_eq!(
        (running.generation, running.hash, &running.ruleset),
        (1, hash, &rules)
    );
    let status = client.status().unwrap();
    assert_eq!((status.generation, status.next_generation), (1, 3));
    assert_eq!(status.source, RulesetSource::Committed);
    assert!(!status.workers[0].is_lagging);
    assert_eq!(status.warnings, Vec::<String>::new());
    let policy = client
        .drops()
        .unwrap()
        .into_iter()
        .find(|drop| drop.reason == "policy")
        .unwrap();
    assert_eq!(policy.packets, 3);
    let lan = &client.interfaces().unwrap()[0];
    assert_eq!(
        (lan.name.as_str(), lan.rx_pkts, lan.is_up),
        ("lan", 4, true)
    );
    let hooks = client.hooks().unwrap();
    let forward = hooks
        .iter()
        .find(|hook| hook.hook == Hook::Forward)
        .unwrap();
    assert_eq!((forward.step.as_str(), forward.rules), ("filter", 1));
    let journal = client.journal(0).unwrap();
    assert_eq!(
        (journal.len(), journal[0].generation, journal[0].hash),
        (1, 1, hash)
    );
    assert_eq!(journal[0].outcome, Outcome::Adopted);
}

#[test]
fn counters_are_read_and_zeroed() {
    let directory = tempfile::tempdir().unwrap();
    let mut plane = DataPlane::start(directory.path(), Worker::Running);
    let mut client = plane.client();
    let rules = open_rules();
    client.prepare(1, &rules).unwrap();
    client.commit(1).unwrap();
    let table = rules.table(Family::Ipv4, TableName::Filter).unwrap();
    let rule = table.builtin(Hook::Forward).unwrap().rules[0].handle;
    for _ in 0..3 {
        assert!(plane.passes(53));
    }
    let counted = |client: &mut Client| {
        let dump = client.counters().unwrap();
        assert_eq!(dump.generation, 1);
        let mut values = dump.values.into_iter();
        values.find(|value| value.handle == rule).unwrap().counters
    };
    assert_eq!(counted(&mut client).packets, 3);
    assert_eq!(counted(&mut client).bytes, 3 * 29);
    let chain = "FORWARD".parse().unwrap();
    let scope = ZeroScope::Chain {
        family: Family::Ipv4,
        table: TableName::Filter,
        chain,
    };
    let zeroed = client.zero(scope).unwrap();
    assert_eq!(zeroed.values.len(), 2, "the rule and the policy");
    assert_eq!(counted(&mut client).packets, 0);
    assert!(plane.passes(53));
    let zeroed = client.zero(ZeroScope::Handles(vec![rule])).unwrap();
    assert_eq!(zeroed.values[0].counters.packets, 1);
    let many = ZeroScope::Handles(vec![rule; 4097]);
    assert!(refusal(client.zero(many)).contains("4097 handles"));
}

#[test]
fn what_cannot_run_is_refused_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let plane = DataPlane::start(directory.path(), Worker::Running);
    let mut client = plane.client();
    let mut rules = open_rules();
    let table = rules.table_mut(Family::Ipv4, TableName::Filter).unwrap();
    let forward = table.chain_mut(&"FORWARD".parse().unwrap()).unwrap();
    forward.rules[0].target = rules::Target::Jump("NOWHERE".parse().unwrap());
    let why = refusal(client.prepare(1, &rules));
    assert!(why.starts_with("ipv4 filter FORWARD rule 1: "), "{why}");
    assert!(refusal(client.commit(1)).contains("is not prepared"));
    assert!(refusal(client.prepare(2, &open_rules())).contains("expected at least 3"));

    let (blob, hash) = Blob::of(&open_rules()).unwrap();
    let prepare = |hash| Request::Prepare {
        generation: 3,
        hash,
    };
    assert!(refusal(client.call(&prepare(hash), None)).contains("brought no ruleset"));
    let other = RulesetHash::of(b"other");
    assert!(refusal(client.call(&prepare(other), Some(&blob))).contains("promised"));
    let noise = Blob::of_bytes(b"\x01\0\0\0noise").unwrap();
    let hash = RulesetHash::of(b"\x01\0\0\0noise");
    let prepare = Request::Prepare {
        generation: 5,
        hash,
    };
    assert!(refusal(client.call(&prepare, Some(&noise))).contains("does not decode"));
    // A descriptor that is no sealed memfd.
    let (pipe, _other) = rustix::pipe::pipe().unwrap();
    let connection = Connection::connect(&plane.socket).unwrap();
    connection.set_timeout(Some(TIMEOUT)).unwrap();
    let prepare = Request::Prepare {
        generation: 7,
        hash,
    };
    connection.send(&prepare, Some(pipe.as_fd())).unwrap();
    let (reply, _) = connection.receive::<api::Reply>().unwrap();
    assert!(
        matches!(&reply, api::Reply::Error(why) if why.to_string().contains("memfd")),
        "{reply:?}"
    );
    assert_eq!(client.status().unwrap().generation, 0);
    assert!(client.journal(0).unwrap().is_empty());
}

#[test]
fn bad_messages_cost_one_connection_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let mut plane = DataPlane::start(directory.path(), Worker::Running);
    let mut client = plane.client();
    client.prepare(1, &open_rules()).unwrap();
    client.commit(1).unwrap();
    let large = vec![0u8; api::MESSAGE_MAX_BYTES + 1];
    for bytes in [&b"nonsense"[..], &[1, 0, 0, 0, 0xee], &[], &large] {
        let bad = Connection::connect(&plane.socket).unwrap();
        bad.set_timeout(Some(TIMEOUT)).unwrap();
        rustix::net::send(&bad, bytes, rustix::net::SendFlags::empty()).unwrap();
        let closed = loop {
            match bad.receive::<api::Reply>() {
                Ok((api::Reply::Error(_), _)) => {}
                other => break other,
            }
        };
        assert!(matches!(closed, Err(TransportError::Closed)), "{closed:?}");
        assert_eq!(client.status().unwrap().generation, 1);
        assert!(plane.passes(53));
    }
}

#[test]
fn a_worker_that_lags_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let plane = DataPlane::start(directory.path(), Worker::Stuck);
    let mut client = plane.client();
    client.prepare(1, &open_rules()).unwrap();
    assert_eq!(client.commit(1).unwrap(), [0]);
    let status = client.status().unwrap();
    assert_eq!(status.generation, 1);
    assert!(status.workers[0].is_lagging);
    assert!(client.journal(0).unwrap().is_empty(), "it is not adopted");
    assert!(!directory.path().join("last-good").exists());
}

#[test]
fn the_last_good_ruleset_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let rules = open_rules();
    {
        let plane = DataPlane::start(directory.path(), Worker::Running);
        let mut client = plane.client();
        client.prepare(1, &rules).unwrap();
        client.commit(1).unwrap();
        // Prepared, never committed: it must not come back.
        client.prepare(3, &Ruleset::new()).unwrap_err();
    }
    let mut plane = DataPlane::start(directory.path(), Worker::Running);
    assert!(plane.passes(53), "before any control plane spoke");
    let mut client = plane.client();
    let running = client.running().unwrap();
    assert_eq!((running.generation, running.ruleset), (1, rules));
    assert_eq!(client.status().unwrap().source, RulesetSource::LastGood);
    assert_eq!(client.hello("test").unwrap().next_generation, 3);
}
