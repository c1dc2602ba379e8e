//! The report: one JSON object a packet, and where all packets went.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufWriter, Write},
    net::IpAddr,
    path::{Path, PathBuf},
};

use packet::{Network as Layer3, parse};
use pipeline::{
    Generation,
    observer::{Outcome, Walk},
};
use route::Network;
use rules::{CounterKind, Decider, Verdict};
use serde::Serialize;

use super::{Happening, Judged, OfflineError, Totals};

/// A frame that left.
#[derive(Serialize)]
pub(super) struct OutFrame {
    #[serde(rename = "if")]
    iface: String,
    hex: String,
}

/// Addresses and ports of a packet.
#[derive(Serialize)]
struct Tuple {
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    sport: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dport: Option<u16>,
}

/// What came of a timer, or of time passing.
#[derive(Serialize)]
pub(super) struct TimerEvent {
    t: f64,
    out: Vec<OutFrame>,
    log: Vec<String>,
    released: Vec<&'static str>,
}

/// What became of one packet.
#[derive(Serialize)]
pub(super) struct Event {
    /// Number of the packet, from 0.
    n: u64,
    /// Seconds.
    t: f64,
    #[serde(rename = "in")]
    input: String,
    /// `forwarded`, `delivered`, `dropped`, `held`.
    outcome: &'static str,
    /// `accept`, `drop`, `reject`: of the rule or policy, or, where no table was asked, of the
    /// checks before them.
    verdict: &'static str,
    hook: Option<&'static str>,
    table: Option<&'static str>,
    chain: Option<String>,
    /// Number of the rule that decided, from 1; null for a policy.
    rule: Option<u32>,
    /// The tuple with which it left or was delivered.
    tuple: Option<Tuple>,
    egress: Option<String>,
    drop: Option<&'static str>,
    out: Vec<OutFrame>,
    delivered: Vec<String>,
    log: Vec<String>,
    /// Outcomes of earlier packets that had waited for a neighbour.
    released: Vec<&'static str>,
    /// What timers did before this packet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    timers: Vec<TimerEvent>,
}

/// What a line of time alone is answered with.
#[derive(Serialize)]
pub(super) struct Tick {
    t: f64,
    out: Vec<OutFrame>,
    log: Vec<String>,
    timers: Vec<TimerEvent>,
}

/// What the names in events are taken from.
pub(super) struct Names<'a> {
    pub(super) network: &'a Network,
    pub(super) generation: &'a Generation,
    /// The time that is told as 0.
    pub(super) base_ns: u64,
}

impl Names<'_> {
    /// The event of packet number `n`, which came in by `input`.
    pub(super) fn event(
        &self,
        n: u64,
        input: &str,
        frame: &[u8],
        judged: &Judged,
        timers: &[Happening],
    ) -> Event {
        let happening = &judged.happening;
        let decided = judged.deciding.map(|walk| self.decided(walk));
        let (egress, drop) = match judged.outcome {
            Outcome::Sent(iface) | Outcome::Held(iface) => (Some(self.iface(iface)), None),
            Outcome::Delivered => (None, None),
            Outcome::Dropped(reason) => (None, Some(reason.name())),
        };
        let left = match judged.outcome {
            Outcome::Sent(iface) => {
                let protocol = tuple(frame).map(|tuple| tuple.protocol);
                let mut frames = happening.out.iter().filter(|out| out.iface == iface);
                frames.find_map(|out| tuple(&out.bytes).filter(|t| Some(t.protocol) == protocol))
            }
            Outcome::Delivered | Outcome::Held(_) => tuple(frame),
            Outcome::Dropped(_) => None,
        };
        Event {
            n,
            t: self.seconds(happening.at_ns),
            input: input.to_owned(),
            outcome: outcome_name(judged.outcome),
            verdict: match judged.deciding {
                Some(walk) => verdict_name(walk.decision.verdict),
                None => verdict_without_rules(judged.outcome),
            },
            hook: judged.deciding.map(|walk| walk.hook.chain_name()),
            table: judged.deciding.map(|walk| walk.table.as_str()),
            rule: decided.as_ref().and_then(|(_, rule)| *rule),
            chain: decided.map(|(chain, _)| chain),
            tuple: left,
            egress,
            drop,
            out: self.frames(happening),
            delivered: happening.delivered.iter().map(|frame| hex(frame)).collect(),
            log: log(happening),
            released: released(happening),
            timers: self.timers(timers),
        }
    }

    /// The answer to time that passed.
    pub(super) fn tick(&self, now_ns: u64, timers: &[Happening]) -> Tick {
        Tick {
            t: self.seconds(now_ns),
            out: timers
                .iter()
                .flat_map(|happening| self.frames(happening))
                .collect(),
            log: timers.iter().flat_map(log).collect(),
            timers: self.timers(timers),
        }
    }

    fn timers(&self, timers: &[Happening]) -> Vec<TimerEvent> {
        let event = |happening: &Happening| TimerEvent {
            t: self.seconds(happening.at_ns),
            out: self.frames(happening),
            log: log(happening),
            released: released(happening),
        };
        timers.iter().map(event).collect()
    }

    /// The chain and rule that decided.
    fn decided(&self, walk: Walk) -> (String, Option<u32>) {
        let counter = match walk.decision.by {
            Decider::Rule(id) | Decider::Policy(id) | Decider::HotDrop(id) => id,
        };
        match self.generation.classifier().counter(counter) {
            Some(owner) => {
                let rule = match owner.kind {
                    CounterKind::Rule(number) => Some(number),
                    CounterKind::Policy => None,
                };
                (owner.chain.to_string(), rule)
            }
            None => (String::new(), None),
        }
    }

    fn frames(&self, happening: &Happening) -> Vec<OutFrame> {
        let frame = |frame: &super::Frame| OutFrame {
            iface: self.iface(frame.iface),
            hex: hex(&frame.bytes),
        };
        happening.out.iter().map(frame).collect()
    }

    fn iface(&self, id: route::IfaceId) -> String {
        self.network
            .iface(id)
            .map_or_else(String::new, |iface| iface.name.to_string())
    }

    fn seconds(&self, at_ns: u64) -> f64 {
        at_ns.saturating_sub(self.base_ns) as f64 / 1e9
    }
}

/// The report file: `{"events":[...],"totals":{...}}`, an event a line.
pub(super) struct Report {
    path: PathBuf,
    output: BufWriter<File>,
    is_first: bool,
}

impl Report {
    pub(super) fn create(path: &Path) -> Result<Self, OfflineError> {
        let failed = |error| OfflineError::File(path.to_owned(), error);
        let mut output = BufWriter::new(File::create(path).map_err(failed)?);
        output.write_all(b"{\"events\":[").map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            output,
            is_first: true,
        })
    }

    pub(super) fn event(&mut self, event: &Event) -> Result<(), OfflineError> {
        let separator = if std::mem::take(&mut self.is_first) {
            "\n"
        } else {
            ",\n"
        };
        self.try_write(|output| {
            output.write_all(separator.as_bytes())?;
            Ok(serde_json::to_writer(output, event)?)
        })
    }

    pub(super) fn finish(mut self, totals: &Totals) -> Result<(), OfflineError> {
        let dropped: serde_json::Map<_, _> = totals
            .dropped
            .iter()
            .map(|(reason, packets)| (reason.name().to_owned(), (*packets).into()))
            .collect();
        let totals = serde_json::json!({
            "received": totals.received,
            "forwarded": totals.forwarded,
            "delivered": totals.delivered,
            "held": totals.held,
            "dropped": dropped,
        });
        self.try_write(|output| {
            write!(output, "\n],\n\"totals\":{totals}}}\n")?;
            output.flush()
        })
    }

    fn try_write(
        &mut self,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), OfflineError> {
        write(&mut self.output).map_err(|error| OfflineError::File(self.path.clone(), error))
    }
}

fn tuple(frame: &[u8]) -> Option<Tuple> {
    let Layer3::Ip(ip) = parse(frame).ok()?.network else {
        return None;
    };
    let has_ports = matches!(ip.protocol, 6 | 17 | 33 | 132 | 136);
    let ports = ip.l4(frame).first_chunk::<4>().filter(|_| has_ports);
    let port = |high: usize| ports.map(|bytes| u16::from_be_bytes([bytes[high], bytes[high + 1]]));
    Some(Tuple {
        src: ip.src,
        dst: ip.dst,
        protocol: ip.protocol,
        sport: port(0),
        dport: port(2),
    })
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Sent(_) => "forwarded",
        Outcome::Delivered => "delivered",
        Outcome::Dropped(_) => "dropped",
        Outcome::Held(_) => "held",
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => "accept",
        Verdict::Drop => "drop",
        Verdict::Reject(_) => "reject",
    }
}

fn verdict_without_rules(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Dropped(_) => "drop",
        Outcome::Sent(_) | Outcome::Delivered | Outcome::Held(_) => "accept",
    }
}

fn log(happening: &Happening) -> Vec<String> {
    happening.log.iter().map(|line| line.text.clone()).collect()
}

fn released(happening: &Happening) -> Vec<&'static str> {
    let name = |outcome: &Outcome| match outcome {
        Outcome::Dropped(reason) => reason.name(),
        other => outcome_name(*other),
    };
    happening.released.iter().map(name).collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
