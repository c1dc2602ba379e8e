//! A replay from its arguments to its files.

use std::{
    collections::VecDeque,
    fs,
    io::{BufRead, Write},
    path::Path,
};

use route::IfaceId;
use rules::{Family, Ruleset};
use syntax::Names;

use super::{
    Arrival, Happening, Judged, OfflineError, Replay, ReplayConfig,
    captures::Captures,
    counters,
    input::{self, Input, Merged},
    interactive, macs,
    report::{self, Report},
    rules_file,
    schedule::{self, Change},
};
use crate::{args::ReplayArgs, compile::Compiled, config::Config};

/// Runs `weir-dataplane --offline`. `dialogue` is standard input and output, for `--interactive`.
///
/// # Errors
/// What is wrong with the arguments, the configuration, the rules or a file.
pub fn run(
    config_file: &Path,
    args: &ReplayArgs,
    dialogue: (impl BufRead, impl Write),
) -> Result<(), OfflineError> {
    refuse_missing_features(args)?;
    let config = Config::load(config_file, None)?;
    let inputs = args
        .inputs
        .iter()
        .map(|text| input::parse(text, &config))
        .collect::<Result<Vec<_>, _>>()?;
    if inputs.is_empty() && !args.interactive {
        let why = "nothing to replay: expected --in IFACE=FILE or --interactive";
        return Err(OfflineError::Argument(why.to_owned()));
    }
    let mut session = Session::new(config, args, &inputs)?;
    if args.interactive {
        interactive::answer(&mut session, dialogue.0, dialogue.1)?;
    } else {
        replay_captures(&mut session, &inputs, args.report.as_deref())?;
    }
    session.finish(args.counters.as_deref())
}

fn refuse_missing_features(args: &ReplayArgs) -> Result<(), OfflineError> {
    let missing = [
        (
            args.conntrack.is_some(),
            "--conntrack: connection tracking is not in this version",
        ),
        (
            args.ipset.is_some(),
            "--ipset: sets are not in this version",
        ),
        (
            args.interactive && args.report.is_some(),
            "--report: with --interactive the answers are the report",
        ),
    ];
    match missing.iter().find(|(is_given, _)| *is_given) {
        Some((_, why)) => Err(OfflineError::Argument((*why).to_owned())),
        None => Ok(()),
    }
}

fn replay_captures(
    session: &mut Session,
    inputs: &[Input],
    report: Option<&Path>,
) -> Result<(), OfflineError> {
    let mut report = report.map(Report::create).transpose()?;
    let mut merged = Merged::open(inputs)?;
    let mut n = 0;
    while let Some(packet) = merged.next()? {
        if n == 0 {
            session.base_ns = packet.timestamp_ns;
        }
        let timers = session.advance(packet.timestamp_ns)?;
        let judged = session.receive(packet.arrival, &packet.frame)?;
        if let Some(report) = &mut report {
            let event = session.event(n, packet.arrival, &packet.frame, &judged, &timers);
            report.event(&event)?;
        }
        n += 1;
    }
    if merged.cut_pkts() > 0 {
        let cut = merged.cut_pkts();
        eprintln!("weir-dataplane: {cut} packets left out: the capture holds only their beginning");
    }
    match report {
        Some(report) => report.finish(&session.replay.totals()),
        None => Ok(()),
    }
}

/// A replay with its files and its changing rules.
pub(super) struct Session {
    pub(super) config: Config,
    pub(super) replay: Replay,
    /// The time that is told as 0, and that `--at` counts from.
    pub(super) base_ns: u64,
    ruleset: Ruleset,
    names: Names,
    next_handle: u64,
    changes: VecDeque<Change>,
    captures: Option<Captures>,
    /// Interfaces whose MAC address nothing has told yet.
    has_made_up_mac: Vec<bool>,
}

impl Session {
    fn new(config: Config, args: &ReplayArgs, inputs: &[Input]) -> Result<Self, OfflineError> {
        let names = Names::load();
        let mut next_handle = 1;
        let mut ruleset = Ruleset::new();
        ruleset.assign_handles(&mut next_handle);
        for (rules, family) in [(&args.rules, Family::Ipv4), (&args.rules6, Family::Ipv6)] {
            if let Some(rules) = rules {
                ruleset = rules_file::restore(rules, family, &ruleset, &names, &mut next_handle)?;
            }
        }
        let file = args
            .rules6
            .as_deref()
            .or(args.rules.as_deref())
            .unwrap_or(Path::new("rules"));
        let workers = usize::from(args.workers);
        let compiled = compile(&config, file, &ruleset, workers)?;
        let (macs, has_made_up_mac) = station_addresses(&config, inputs)?;
        let replay_config = ReplayConfig {
            workers,
            seed: args.seed,
            resolve_neighbours: args.resolve_neighbours,
        };
        let out = args.out.as_deref();
        let captures = out.map(|out| Captures::create(out, &config)).transpose()?;
        Ok(Self {
            replay: Replay::new(&config, compiled, macs, replay_config)?,
            config,
            base_ns: 0,
            ruleset,
            names,
            next_handle,
            changes: schedule::parse(&args.at, &args.at6)?.into(),
            captures,
            has_made_up_mac,
        })
    }

    /// Lets time pass up to `now_ns`, with the changes of rules that fall due.
    pub(super) fn advance(&mut self, now_ns: u64) -> Result<Vec<Happening>, OfflineError> {
        let mut happenings = Vec::new();
        let is_due = |change: &Change, base_ns: u64| base_ns + change.after_ns <= now_ns;
        while let Some(change) = self
            .changes
            .pop_front_if(|change| is_due(change, self.base_ns))
        {
            happenings.extend(self.replay.advance(self.base_ns + change.after_ns));
            self.change_rules(&change)?;
        }
        happenings.extend(self.replay.advance(now_ns));
        self.write(&happenings)?;
        Ok(happenings)
    }

    /// Judges one packet.
    pub(super) fn receive(
        &mut self,
        arrival: Arrival,
        frame: &[u8],
    ) -> Result<Judged, OfflineError> {
        if let Arrival::Iface(iface) = arrival {
            self.learn_own_mac(iface, frame)?;
        }
        let judged = self.replay.receive(arrival, frame);
        self.write(std::slice::from_ref(&judged.happening))?;
        Ok(judged)
    }

    /// What is told of a packet.
    pub(super) fn event(
        &self,
        n: u64,
        arrival: Arrival,
        frame: &[u8],
        judged: &Judged,
        timers: &[Happening],
    ) -> report::Event {
        let input = match arrival {
            Arrival::Host => "host",
            Arrival::Iface(iface) => self
                .config
                .interfaces
                .get(iface.index())
                .map_or("", |iface| &iface.name),
        };
        self.report_names().event(n, input, frame, judged, timers)
    }

    /// What is told of time that passed.
    pub(super) fn tick(&self, timers: &[Happening]) -> report::Tick {
        self.report_names().tick(self.replay.now_ns(), timers)
    }

    fn report_names(&self) -> report::Names<'_> {
        report::Names {
            network: self.replay.network(),
            generation: self.replay.generation(),
            base_ns: self.base_ns,
        }
    }

    fn change_rules(&mut self, change: &Change) -> Result<(), OfflineError> {
        let ruleset = rules_file::restore(
            &change.file,
            change.family,
            &self.ruleset,
            &self.names,
            &mut self.next_handle,
        )?;
        let workers = self.replay.workers();
        let compiled = compile(&self.config, &change.file, &ruleset, workers)?;
        self.replay.publish(compiled);
        self.ruleset = ruleset;
        Ok(())
    }
    /// An interface whose MAC address nobody told has the one that its first packet is for.
    fn learn_own_mac(&mut self, iface: IfaceId, frame: &[u8]) -> Result<(), OfflineError> {
        let Some(is_made_up) = self.has_made_up_mac.get_mut(iface.index()) else {
            return Ok(());
        };
        if *is_made_up && let Some(mac) = macs::addressed_to(frame) {
            *is_made_up = false;
            self.replay.set_mac(iface, mac)?;
        }
        Ok(())
    }

    fn write(&mut self, happenings: &[Happening]) -> Result<(), OfflineError> {
        if let Some(captures) = &mut self.captures {
            for happening in happenings {
                captures.write(happening)?;
            }
        }
        Ok(())
    }

    fn finish(self, counters_file: Option<&Path>) -> Result<(), OfflineError> {
        if let Some(captures) = self.captures {
            captures.finish()?;
        }
        if let Some(file) = counters_file {
            let counted = self.replay.counted(&self.ruleset);
            let unix_time_s = self.replay.now_ns() / 1_000_000_000;
            fs::write(file, counters::text(&counted, &self.names, unix_time_s))
                .map_err(|error| OfflineError::File(file.to_owned(), error))?;
        }
        Ok(())
    }
}

fn compile(
    config: &Config,
    file: &Path,
    ruleset: &Ruleset,
    workers: usize,
) -> Result<Compiled, OfflineError> {
    // Nobody asks a replay for its ruleset, so there is no blob.
    Compiled::new(ruleset, Vec::new(), workers, config.ruleset_memory_bytes)
        .map_err(|refusal| OfflineError::Refused(file.to_owned(), refusal))
}

/// The MAC address of each interface: weir.toml's, or the one that the first packet of its
/// capture is for, or a made-up one; and which are made up.
fn station_addresses(
    config: &Config,
    inputs: &[Input],
) -> Result<(Vec<[u8; 6]>, Vec<bool>), OfflineError> {
    let (mut macs, mut has_made_up) = (Vec::new(), Vec::new());
    for (number, iface) in (0..).zip(&config.interfaces) {
        let mut known = iface.mac;
        for input in inputs {
            if known.is_none() && input.arrival == Arrival::Iface(IfaceId(number)) {
                known = input::first_of(&input.file, macs::addressed_to)?;
            }
        }
        has_made_up.push(known.is_none());
        macs.push(known.unwrap_or_else(|| macs::made_up(number)));
    }
    Ok((macs, has_made_up))
}
