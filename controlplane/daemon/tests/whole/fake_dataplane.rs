//! A data plane without packets: a real listener that speaks `api`, keeps the generations it is
//! given, and fails where a test wants it to.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
};

use api::{
    Blob, Connection, CounterDump, CounterValue, DropCount, HookEntry, InterfaceStatus, Listener,
    Refusal, Reply, Request, RulesetHash, RulesetSource, Status, WorkerStatus, ZeroScope,
};
use rules::{Counters, Hook, RuleHandle, Ruleset, TableName};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How often the thread looks whether it should end.
const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 5_000_000,
};

/// What the data plane does with the next `Commit`.
pub enum OnCommit {
    /// Answers.
    Adopt,
    /// Answers that these workers lag.
    Lag(Vec<u16>),
    /// Refuses.
    Refuse,
    /// Closes the connection without having done it.
    DieBefore,
    /// Does it, then closes the connection.
    DieAfter,
    /// Tells the test and waits for its word; then does it if the word is true, and closes.
    Wait(mpsc::Sender<()>, mpsc::Receiver<bool>),
}

/// What it runs and was asked.
pub struct State {
    pub number: u64,
    pub ruleset: Ruleset,
    prepared: Option<(u64, Ruleset)>,
    pub next_generation: u64,
    /// Counters by handle.
    pub counted: HashMap<u64, Counters>,
    /// Refuses the next `Prepare` with this.
    pub refuse_prepare: Option<Refusal>,
    /// Closes the connection at the next `Prepare`.
    pub die_at_prepare: bool,
    pub on_commit: OnCommit,
    /// Answers nothing.
    pub is_silent: bool,
    /// Numbers that were prepared, committed, aborted, in order.
    pub log: Vec<String>,
}

impl State {
    pub fn hash(&self) -> RulesetHash {
        Blob::of(&self.ruleset).unwrap().1
    }

    /// Takes another ruleset on without being asked.
    pub fn run(&mut self, number: u64, mut ruleset: Ruleset) {
        ruleset.assign_handles(&mut 1000);
        self.number = number;
        self.next_generation = self.next_generation.max(number + 1);
        self.ruleset = ruleset;
    }
}

/// The data plane. Ends when dropped.
pub struct FakeDataPlane {
    state: Arc<Mutex<State>>,
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl FakeDataPlane {
    /// Listens at `socket`, running generation 0 with policy ACCEPT.
    pub fn start(socket: &Path) -> Self {
        let mut ruleset = Ruleset::new();
        ruleset.assign_handles(&mut 1);
        Self::start_with(
            socket,
            State {
                number: 0,
                ruleset,
                prepared: None,
                next_generation: 1,
                counted: HashMap::new(),
                refuse_prepare: None,
                die_at_prepare: false,
                on_commit: OnCommit::Adopt,
                is_silent: false,
                log: Vec::new(),
            },
        )
    }

    fn start_with(socket: &Path, state: State) -> Self {
        let listener = Listener::bind(socket).unwrap();
        let state = Arc::new(Mutex::new(state));
        let (stop, stopped) = mpsc::channel();
        let served = Arc::clone(&state);
        let thread = thread::spawn(move || serve(&listener, &served, &stopped));
        Self {
            state,
            stop,
            thread: Some(thread),
        }
    }

    /// Ends and starts again with what it ran.
    pub fn restart(mut self, socket: &Path) -> Self {
        self.end();
        let state = Arc::clone(&self.state);
        drop(self);
        let state = Arc::into_inner(state).unwrap().into_inner().unwrap();
        Self::start_with(
            socket,
            State {
                prepared: None,
                ..state
            },
        )
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn end(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for FakeDataPlane {
    fn drop(&mut self) {
        // A test that failed already has said why.
        if !thread::panicking() {
            self.end();
        }
    }
}

/// The state, also after a test failed while it held it.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(listener: &Listener, state: &Mutex<State>, stopped: &mpsc::Receiver<()>) {
    let mut connections: Vec<Connection> = Vec::new();
    while matches!(stopped.try_recv(), Err(mpsc::TryRecvError::Empty)) {
        let mut waiting = vec![PollFd::new(listener, PollFlags::IN)];
        waiting.extend(connections.iter().map(|it| PollFd::new(it, PollFlags::IN)));
        poll(&mut waiting, Some(&LOOK_EVERY)).unwrap();
        let ready: Vec<bool> = waiting
            .iter()
            .skip(1)
            .map(|it| !it.revents().is_empty())
            .collect();
        let mut ready = ready.into_iter();
        connections.retain(|connection| {
            !ready.next().unwrap() || answer(connection, &mut lock(state)).is_some()
        });
        connections.extend(listener.accept().unwrap());
    }
}

/// Answers one message; `None` closes the connection.
fn answer(connection: &Connection, state: &mut State) -> Option<()> {
    let (request, descriptor) = connection.receive::<Request>().ok()?;
    if state.is_silent {
        return Some(());
    }
    let (reply, blob) = match request {
        Request::Prepare { .. } if std::mem::take(&mut state.die_at_prepare) => return None,
        Request::Prepare { generation, hash } => {
            let (ruleset, _) = Blob::check(descriptor?).ok()?.value_with_hash(hash).ok()?;
            (prepare(state, generation, ruleset), None)
        }
        Request::Commit { generation } => (commit(state, generation)?, None),
        Request::Abort { generation } => {
            state.log.push(format!("abort {generation}"));
            state.prepared = None;
            (Reply::Aborted { generation }, None)
        }
        Request::Running => {
            let (blob, hash) = Blob::of(&state.ruleset).unwrap();
            (
                Reply::Running {
                    generation: state.number,
                    hash,
                },
                Some(blob),
            )
        }
        Request::Counters => dump(state, None),
        Request::Zero {
            scope: ZeroScope::Handles(handles),
        } => dump(state, Some(&handles)),
        other => (look(state, &other), None),
    };
    use std::os::fd::AsFd;
    connection.send(&reply, blob.as_ref().map(Blob::as_fd)).ok()
}

fn look(state: &State, request: &Request) -> Reply {
    match request {
        Request::Hello { .. } => Reply::Hello {
            program: "fake 1.0".to_owned(),
            running: state.number,
            hash: state.hash(),
            next_generation: state.next_generation,
        },
        Request::Status => Reply::Status(Box::new(status(state))),
        Request::Drops => Reply::Drops(vec![
            DropCount {
                reason: "no_route".to_owned(),
                packets: 3,
            },
            DropCount {
                reason: "policy".to_owned(),
                packets: 0,
            },
        ]),
        Request::Interfaces => Reply::Interfaces(vec![interface()]),
        Request::Hooks => Reply::Hooks(vec![HookEntry {
            family: rules::Family::Ipv4,
            hook: Hook::Forward,
            priority: 0,
            step: "filter".to_owned(),
            table: Some(TableName::Filter),
            rules: 1,
        }]),
        Request::Journal { .. } => Reply::Journal(Vec::new()),
        other => panic!("the control plane never asks this: {other:?}"),
    }
}

fn prepare(state: &mut State, generation: u64, ruleset: Ruleset) -> Reply {
    if let Some(refusal) = state.refuse_prepare.take() {
        return Reply::Error(refusal);
    }
    assert!(
        generation >= state.next_generation,
        "{generation} was given before"
    );
    rules::validate(&ruleset).unwrap();
    state.log.push(format!("prepare {generation}"));
    state.next_generation = generation + 2;
    state.prepared = Some((generation, ruleset));
    Reply::Prepared { generation }
}

fn commit(state: &mut State, generation: u64) -> Option<Reply> {
    let (prepared, ruleset) = state.prepared.take()?;
    assert_eq!(prepared, generation);
    let mut lagging = Vec::new();
    let mut stays = true;
    match std::mem::replace(&mut state.on_commit, OnCommit::Adopt) {
        OnCommit::Adopt => {}
        OnCommit::Lag(workers) => lagging = workers,
        OnCommit::Refuse => {
            let place = format!("generation {generation}");
            return Some(Reply::Error(Refusal {
                place,
                why: "no room".to_owned(),
            }));
        }
        OnCommit::DieBefore => return None,
        OnCommit::DieAfter => stays = false,
        OnCommit::Wait(reached, word) => {
            reached.send(()).unwrap();
            if !word.recv().unwrap() {
                return None;
            }
            stays = false;
        }
    }
    state.log.push(format!("commit {generation}"));
    state.number = generation;
    state.ruleset = ruleset;
    stays.then_some(Reply::Adopted {
        generation,
        lagging,
    })
}

/// The counters; those of `zeroed` are as they were, and then 0.
fn dump(state: &mut State, zeroed: Option<&[RuleHandle]>) -> (Reply, Option<Blob>) {
    let asked = |handle: u64| zeroed.is_none_or(|some| some.contains(&RuleHandle(handle)));
    let values = state.counted.iter().filter(|(handle, _)| asked(**handle));
    let values = values
        .map(|(&handle, &counters)| CounterValue {
            handle: RuleHandle(handle),
            counters,
        })
        .collect();
    if zeroed.is_some() {
        state.counted.retain(|&handle, _| !asked(handle));
    }
    let generation = state.number;
    let (blob, _) = Blob::of(&CounterDump { generation, values }).unwrap();
    (Reply::Counters { generation }, Some(blob))
}

fn status(state: &State) -> Status {
    Status {
        program: "fake 1.0".to_owned(),
        pid: std::process::id(),
        started_unix_ms: 0,
        uptime_ms: 1000,
        generation: state.number,
        hash: state.hash(),
        source: RulesetSource::Committed,
        next_generation: state.next_generation,
        counters: 0,
        memory: "none".to_owned(),
        host_path: "none".to_owned(),
        warnings: Vec::new(),
        workers: vec![WorkerStatus {
            worker: 0,
            core: 1,
            is_lagging: false,
            adoption_us: Some(40),
            rx_pkts: 10,
            tx_pkts: 9,
            busy_polls: 1,
            idle_polls: 3,
            sleeps: 0,
        }],
    }
}

fn interface() -> InterfaceStatus {
    InterfaceStatus {
        name: "wan".to_owned(),
        device: "net_null0".to_owned(),
        mac: "02:00:00:00:00:01".to_owned(),
        mtu: 1500,
        addresses: vec!["203.0.113.1/24".to_owned()],
        is_up: true,
        guard: String::new(),
        rx_pkts: 10,
        rx_bytes: 640,
        tx_pkts: 9,
        tx_bytes: 576,
        tx_full: 0,
        rx_missed: 0,
        rx_errors: 0,
        tx_errors: 0,
        rx_no_mbuf: 0,
    }
}
