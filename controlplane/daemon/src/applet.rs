//! One iptables command: run on the kept ruleset, shown with live counters, committed.

use api::{
    Client, ZeroScope,
    http::{EXIT_RESOURCE, IptablesReply, IptablesRequest, Program},
    message::ZERO_MAX_HANDLES,
};
use rules::{RuleHandle, Ruleset};
use store::Note;
use syntax::{Invocation, Names, Outcome, Stamp};

use crate::{
    counters::Live,
    dataplane_link::{AskError, Running},
    engine::{Engine, unix_ms},
    roles::{Peer, Role},
};

/// Exit code of iptables for a change that the kernel refuses.
const EXIT_REFUSED: u8 = 1;

/// The role of who asked does not allow a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forbidden;

/// Runs `request` for `peer`.
///
/// # Errors
/// It would change something and `role` may only look. Nothing changed.
pub(crate) fn run(
    engine: &mut Engine,
    request: &IptablesRequest,
    peer: Peer,
    role: Role,
) -> Result<IptablesReply, Forbidden> {
    let link = engine.synchronise();
    let Some(kept) = engine.store.current() else {
        let why = link
            .err()
            .map_or_else(String::new, |error| error.to_string());
        return Ok(failed(
            request,
            EXIT_RESOURCE,
            &format!("no ruleset is known: {why}"),
        ));
    };
    let outcome = interpret(request, &kept.ruleset, &engine.names);
    let is_change = outcome.ruleset.is_some() || !outcome.zero.is_empty();
    if is_change && role < Role::Operator {
        return Err(Forbidden);
    }
    Ok(match link {
        Ok(running) if is_change => change(engine, request, outcome, running, peer),
        Ok(_) if outcome.exit_code == 0 && !outcome.stdout.is_empty() => {
            match engine.link.ask(Client::counters) {
                Ok(dump) => show(engine, request, &Live::of(dump)),
                Err(error) => as_kept(request, outcome, kept_number(engine), &error.to_string()),
            }
        }
        Ok(_) => reply(outcome),
        Err(error) if is_change => failed(
            request,
            EXIT_RESOURCE,
            &format!("{error}; nothing was changed"),
        ),
        Err(error) => as_kept(request, outcome, kept_number(engine), &error.to_string()),
    })
}

/// Commits and zeroes what `outcome` asks for.
fn change(
    engine: &mut Engine,
    request: &IptablesRequest,
    mut outcome: Outcome,
    running: Running,
    peer: Peer,
) -> IptablesReply {
    let only_zeroes = outcome.ruleset.is_none();
    let is_new = |ruleset: &Ruleset| {
        engine
            .store
            .current()
            .is_none_or(|kept| kept.ruleset != *ruleset)
    };
    if let Some(ruleset) = outcome.ruleset.take().filter(is_new) {
        match engine.commit(running, ruleset, note(request, peer)) {
            Ok(committed) if committed.lagging.is_empty() => {}
            Ok(committed) => return not_adopted(request, committed.number, &committed.lagging),
            Err(error) if error.is_of_the_ruleset() => {
                return failed(request, EXIT_REFUSED, &error.to_string());
            }
            Err(error) => return failed(request, EXIT_RESOURCE, &error.to_string()),
        }
    }
    if outcome.zero.is_empty() {
        return reply(outcome);
    }
    match zero(engine, &outcome) {
        // `-L -Z` prints what was zeroed: what counted between two questions is in neither.
        Ok(live) if only_zeroes => show(engine, request, &live),
        Ok(_) => reply(outcome),
        Err(error) => failed(
            request,
            EXIT_RESOURCE,
            &format!("cannot zero the counters: {error}"),
        ),
    }
}

/// Zeroes the counters that `outcome` names. Returns all counters, those with the values that
/// they lost.
fn zero(engine: &mut Engine, outcome: &Outcome) -> Result<Live, AskError> {
    let mut live = Live::of(engine.link.ask(Client::counters)?);
    let handles: Vec<RuleHandle> = outcome
        .zero
        .iter()
        .flat_map(|target| target.handles.iter().copied())
        .collect();
    for some in handles.chunks(ZERO_MAX_HANDLES) {
        let scope = ZeroScope::Handles(some.to_vec());
        live.overlay(engine.link.ask(|client| client.zero(scope))?);
    }
    Ok(live)
}

/// What `request` prints of the kept ruleset with `live` counters.
fn show(engine: &Engine, request: &IptablesRequest, live: &Live) -> IptablesReply {
    let kept = engine.store.current();
    let filled = kept
        .map(|kept| live.fill(&kept.ruleset))
        .unwrap_or_default();
    reply(interpret(request, &filled, &engine.names))
}

/// What was printed of a ruleset that nobody runs at the moment, and that this is so.
fn as_kept(request: &IptablesRequest, outcome: Outcome, number: u64, why: &str) -> IptablesReply {
    let mut reply = reply(outcome);
    if reply.exit_code == 0 && !reply.stdout.is_empty() {
        let warning =
            format!("{why}: this is generation {number} as kept, its counters are not live");
        reply.stderr.push_str(&message(request, &warning));
    }
    reply
}

fn kept_number(engine: &Engine) -> u64 {
    engine.store.current().map_or(0, |kept| kept.number)
}

fn interpret(request: &IptablesRequest, ruleset: &Ruleset, names: &Names) -> Outcome {
    let invocation = Invocation {
        program: program(request.program),
        family: request.family,
        args: &request.args,
        stdin: &request.stdin,
        stamp: Stamp {
            version: env!("CARGO_PKG_VERSION"),
            unix_time_s: unix_ms() / 1000,
        },
    };
    syntax::run(&invocation, ruleset, names)
}

fn program(program: Program) -> syntax::Program {
    match program {
        Program::Iptables => syntax::Program::Iptables,
        Program::Save => syntax::Program::Save,
        Program::Restore => syntax::Program::Restore,
    }
}

fn reply(outcome: Outcome) -> IptablesReply {
    IptablesReply {
        exit_code: outcome.exit_code,
        stdout: outcome.stdout,
        stderr: outcome.stderr,
    }
}

/// A reply that only says why nothing was done.
fn failed(request: &IptablesRequest, exit_code: u8, why: &str) -> IptablesReply {
    IptablesReply {
        exit_code,
        stdout: String::new(),
        stderr: message(request, why),
    }
}

/// The generation is published, and some workers do not run it yet: the exit code says so.
fn not_adopted(request: &IptablesRequest, number: u64, lagging: &[u16]) -> IptablesReply {
    let workers = lagging
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let why = format!(
        "generation {number} is published, but these workers still run the one before: {workers}; \
         `weir status' shows when they follow"
    );
    failed(request, EXIT_RESOURCE, &why)
}

fn message(request: &IptablesRequest, text: &str) -> String {
    format!(
        "{}: {text}\n",
        program(request.program).name(request.family)
    )
}

/// What the journal says of a change.
fn note(request: &IptablesRequest, peer: Peer) -> Note {
    let mut text = program(request.program).name(request.family).to_owned();
    for arg in &request.args {
        text.push(' ');
        text.push_str(arg);
    }
    if request.program == Program::Restore {
        text.push_str(&format!(" ({} lines)", request.stdin.lines().count()));
    }
    Note {
        when_unix_ms: unix_ms(),
        author_uid: Some(peer.uid),
        text,
    }
}
