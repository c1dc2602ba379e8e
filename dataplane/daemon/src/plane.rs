//! The main thread of the live data plane: one loop over the control socket, finished compilations,
//! neighbour timers and links. It knows no DPDK; devices are behind [`Devices`].

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{Blob, Generation, JournalEntry, Outcome, Reply, Request, RulesetSource};
use route::IfaceId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{
    background::{Background, BackgroundConfig, Done, Job},
    compile::Compiled,
    control::{Commits, DeviceStatus, Effect, Facts, Incoming, Server, answer},
    engine::Engine,
    log::{Log, level},
    main_half::LogLine,
    state::{Journal, LastGood},
    threads::Clock,
};

/// How long the loop waits for something to happen. It bounds how long a neighbour event or a log
/// line stays in a worker's ring, since workers make no system call to wake the main thread.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 1_000_000,
};

/// How often devices are asked for their links and counters.
const DEVICES_NS: u64 = Duration::from_millis(200).as_nanos() as u64;
/// The same while a link is down: a carrier that comes back should not be missed for long.
const DEVICES_DOWN_NS: u64 = Duration::from_millis(20).as_nanos() as u64;

/// Journal entries in one reply: each takes at most 60 bytes.
const JOURNAL_MAX: usize = 1000;

/// The devices behind the interfaces.
pub trait Devices {
    /// How each interface's device is, by interface number.
    fn status(&mut self) -> Vec<DeviceStatus>;
}

/// What the main thread is made of.
pub struct PlaneConfig {
    /// Publishes to workers.
    pub engine: Engine,
    /// The control socket.
    pub server: Server,
    /// Generations that ran.
    pub journal: Journal,
    /// Where the last good ruleset is kept.
    pub state_directory: PathBuf,
    /// Bytes that a generation may take.
    pub ruleset_memory_bytes: u64,
    /// The lowest number that may be prepared.
    pub next_generation: Generation,
    /// What is told of the process.
    pub facts: Facts,
    /// The clock that workers have too.
    pub clock: Clock,
}

/// The main thread's state.
pub struct Plane {
    engine: Engine,
    server: Server,
    commits: Commits,
    background: Background,
    journal: Arc<Mutex<Journal>>,
    facts: Facts,
    clock: Clock,
    log: Log,
    lines: Vec<LogLine>,
    devices: Vec<DeviceStatus>,
    devices_ns: u64,
}

impl Plane {
    /// Sets up the main thread; nothing runs yet.
    ///
    /// # Errors
    /// The compiler's thread cannot be started.
    pub fn new(config: PlaneConfig) -> io::Result<Self> {
        let journal = Arc::new(Mutex::new(config.journal));
        let background = Background::start(BackgroundConfig {
            workers: config.engine.workers().len(),
            ruleset_memory_bytes: config.ruleset_memory_bytes,
            state_directory: config.state_directory,
            journal: Arc::clone(&journal),
        })?;
        Ok(Self {
            engine: config.engine,
            server: config.server,
            commits: Commits::new(config.next_generation),
            background,
            journal,
            facts: config.facts,
            clock: config.clock,
            log: Log::to_stderr(),
            lines: Vec::new(),
            devices: Vec::new(),
            devices_ns: 0,
        })
    }

    /// Runs until `stop` becomes readable or `has_failed` says so.
    ///
    /// # Errors
    /// Waiting failed, which it does only for want of kernel memory.
    pub fn run(
        &mut self,
        stop: BorrowedFd<'_>,
        devices: &mut impl Devices,
        has_failed: impl Fn() -> bool,
    ) -> io::Result<()> {
        loop {
            if self.wait(stop)? || has_failed() {
                return Ok(());
            }
            self.turn(devices);
        }
    }

    /// Says something on the log.
    pub fn say(&mut self, level: u8, text: &str) {
        self.log.line(self.clock.now_ns(), level, text);
    }

    /// Whether `stop` is readable, after a wait for anything at all.
    fn wait(&mut self, stop: BorrowedFd<'_>) -> io::Result<bool> {
        let mut descriptors = vec![
            PollFd::from_borrowed_fd(stop, PollFlags::IN),
            PollFd::from_borrowed_fd(self.background.as_fd(), PollFlags::IN),
        ];
        let clients = self.server.descriptors();
        descriptors.extend(clients.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut descriptors, Some(&TICK)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(descriptors
            .first()
            .is_some_and(|stop| !stop.revents().is_empty()))
    }

    /// One turn of the loop.
    pub fn turn(&mut self, devices: &mut impl Devices) {
        let now_ns = self.clock.now_ns();
        self.engine.step(now_ns, &mut self.lines);
        self.log.lines(now_ns, &mut self.lines);
        self.look_at_devices(devices, now_ns);
        for done in self.background.finished().collect::<Vec<_>>() {
            self.finish(done);
        }
        let (log, mut said) = (&mut self.log, Vec::new());
        let incoming = self.server.receive(|line| said.push(line));
        for line in said {
            log.line(now_ns, level::WARNING, &line);
        }
        for request in incoming {
            self.handle(request, now_ns);
        }
        let lagging: Vec<u16> = self
            .engine
            .adoption()
            .lagging()
            .filter_map(|worker| u16::try_from(worker).ok())
            .collect();
        while let Some(effect) = self.commits.poll(now_ns, &lagging) {
            self.carry_out(effect, now_ns);
        }
    }

    fn look_at_devices(&mut self, devices: &mut impl Devices, now_ns: u64) {
        let is_any_down = self.devices.iter().any(|device| !device.is_up);
        let every_ns = if is_any_down {
            DEVICES_DOWN_NS
        } else {
            DEVICES_NS
        };
        if !self.devices.is_empty() && now_ns.saturating_sub(self.devices_ns) < every_ns {
            return;
        }
        self.devices_ns = now_ns;
        let before = std::mem::replace(&mut self.devices, devices.status());
        for (number, now) in self.devices.iter().enumerate() {
            let was_up = before.get(number).is_none_or(|device| device.is_up);
            if was_up != now.is_up {
                let iface = IfaceId(u16::try_from(number).unwrap_or(u16::MAX));
                self.engine.set_link(iface, now.is_up);
                let name = self
                    .engine
                    .network()
                    .iface(iface)
                    .map_or("", |iface| &iface.name);
                let state = if now.is_up { "up" } else { "down" };
                self.log.line(
                    now_ns,
                    level::WARNING,
                    &format!("interface {name}: link is {state}"),
                );
            }
        }
    }

    fn finish(&mut self, done: Done) {
        let now_ns = self.clock.now_ns();
        let effect = match done {
            Done::Compiled(generation, result) => self.commits.compiled(generation, result),
            Done::Persisted(generation, result) => {
                self.facts.warnings.clear();
                if let Err(error) = result {
                    let warning = format!(
                        "generation {generation} runs, but could not be written as the last good \
                         ruleset: {error}"
                    );
                    self.log.line(now_ns, level::ERROR, &warning);
                    self.facts.warnings.push(warning);
                }
                self.commits.persisted(generation)
            }
        };
        if let Some(effect) = effect {
            self.carry_out(effect, now_ns);
        }
    }

    fn handle(&mut self, incoming: Incoming, now_ns: u64) {
        let Incoming {
            client,
            request,
            descriptor,
        } = incoming;
        let (reply, blob) = match request {
            Request::Prepare { generation, hash } => {
                let blob = descriptor
                    .ok_or_else(|| "the message brought no ruleset".to_owned())
                    .and_then(|fd| Blob::check(fd).map_err(|error| error.to_string()));
                let effect = self.commits.prepare(client, generation, hash, blob);
                return self.carry_out(effect, now_ns);
            }
            Request::Commit { generation } => {
                let effect = self.commits.commit(client, generation, now_ns);
                return self.carry_out(effect, now_ns);
            }
            Request::Abort { generation } => {
                let effect = self.commits.abort(client, generation);
                return self.carry_out(effect, now_ns);
            }
            Request::Running => self.running(),
            Request::Zero { scope } => match answer::zero(&mut self.engine, &scope) {
                Ok(values) => answer::dump(self.generation(), values),
                Err(refusal) => (Reply::Error(refusal), None),
            },
            Request::Counters => {
                answer::dump(self.generation(), self.engine.ledger().values(|_| true))
            }
            question => (self.answer(&question, now_ns), None),
        };
        self.server.reply(client, &reply, blob.as_ref());
    }

    /// Answers that need no blob.
    fn answer(&mut self, question: &Request, now_ns: u64) -> Reply {
        match question {
            Request::Hello { program } => {
                self.log.line(
                    now_ns,
                    level::NOTICE,
                    &format!("control socket: {program} connected"),
                );
                Reply::Hello {
                    program: self.facts.program.clone(),
                    running: self.generation(),
                    hash: self.facts.hash,
                    next_generation: self.commits.next_generation(),
                }
            }
            Request::Status => {
                let (uptime_ms, next) = (self.clock.uptime_ms(), self.commits.next_generation());
                Reply::Status(Box::new(answer::status(
                    &self.engine,
                    &self.facts,
                    uptime_ms,
                    next,
                )))
            }
            Request::Drops => Reply::Drops(answer::drops(&self.engine)),
            Request::Interfaces => {
                Reply::Interfaces(answer::interfaces(&self.engine, &self.devices))
            }
            Request::Hooks => Reply::Hooks(self.facts.hooks.clone()),
            Request::Journal { from } => {
                let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
                Reply::Journal(journal.newest(*from, JOURNAL_MAX))
            }
            other => answer::error_reply("request", format!("{other:?} has no answer")),
        }
    }

    fn carry_out(&mut self, effect: Effect, now_ns: u64) {
        match effect {
            Effect::Reply(client, reply) => self.server.reply(client, &reply, None),
            Effect::Compile {
                generation,
                hash,
                blob,
            } => {
                self.background.submit(Job::Compile {
                    generation,
                    hash,
                    blob,
                });
            }
            Effect::Publish(generation, compiled) => self.publish(generation, *compiled, now_ns),
            Effect::Persist(generation) => self.persist(generation),
        }
    }

    fn publish(&mut self, generation: Generation, compiled: Compiled, now_ns: u64) {
        let Compiled {
            classifier,
            hash,
            blob,
            hooks,
        } = compiled;
        let workers = self.engine.workers().len();
        let next = pipeline::Generation::new(generation, classifier, workers);
        self.engine.publish(next, now_ns);
        self.facts.hash = hash;
        self.facts.blob = blob;
        self.facts.hooks = hooks;
        self.facts.source = RulesetSource::Committed;
    }

    fn persist(&mut self, generation: Generation) {
        let entry = JournalEntry {
            generation,
            hash: self.facts.hash,
            outcome: Outcome::Adopted,
            when_unix_ms: self.clock.now_ns() / 1_000_000,
        };
        let last_good = LastGood {
            generation,
            blob: self.facts.blob.clone(),
        };
        self.background.submit(Job::Persist { last_good, entry });
    }

    fn running(&self) -> (Reply, Option<Blob>) {
        let (generation, hash) = (self.generation(), self.facts.hash);
        match Blob::of_bytes(&self.facts.blob) {
            Ok(blob) => (Reply::Running { generation, hash }, Some(blob)),
            Err(error) => (
                answer::error_reply("running ruleset", error.to_string()),
                None,
            ),
        }
    }

    fn generation(&self) -> Generation {
        self.engine.ledger().current().number()
    }
}
