//! Reports: what `weir status`, `counters`, `drops` and `hooks` print.

use api::{
    Client,
    http::{
        ControlPlaneStatus, CounterLine, CountersReport, DataPlaneState, DropsReport, GenerationId,
        HooksReport, StatusReport,
    },
};
use rules::{Chain, Family, Policy, TableName};
use store::Kept;

use crate::{
    counters::{self, Live},
    dataplane_link::{AskError, SynchroniseError},
    engine::{Engine, PROGRAM},
};

/// How both planes are.
pub(crate) fn status(engine: &mut Engine) -> StatusReport {
    let data_plane = match data_plane(engine) {
        Ok(running) => running,
        Err(SynchroniseError::Ask(AskError::Down(down))) => DataPlaneState::Down {
            since_unix_ms: down.since_unix_ms,
            why: down.why,
        },
        Err(error) => DataPlaneState::Down {
            since_unix_ms: crate::engine::unix_ms(),
            why: error.to_string(),
        },
    };
    let kept = engine.store.current();
    let rules = |family| kept.map_or(0, |kept| counters::rule_count(&kept.ruleset, family));
    let uptime_ms = engine.started.elapsed().as_millis();
    let control_plane = ControlPlaneStatus {
        program: PROGRAM.to_owned(),
        pid: std::process::id(),
        uptime_ms: u64::try_from(uptime_ms).unwrap_or(u64::MAX),
        generation: kept.map(generation_id),
        rules_ipv4: rules(Family::Ipv4),
        rules_ipv6: rules(Family::Ipv6),
    };
    StatusReport {
        control_plane,
        data_plane,
    }
}

fn data_plane(engine: &mut Engine) -> Result<DataPlaneState, SynchroniseError> {
    engine.synchronise()?;
    let status = Box::new(engine.link.ask(Client::status)?);
    let interfaces = engine.link.ask(Client::interfaces)?;
    Ok(DataPlaneState::Running { status, interfaces })
}

/// What every rule and policy counted.
///
/// # Errors
/// The data plane cannot be asked.
pub(crate) fn counters(engine: &mut Engine) -> Result<Option<CountersReport>, SynchroniseError> {
    engine.synchronise()?;
    let live = Live::of(engine.link.ask(Client::counters)?);
    let Some(kept) = engine.store.current() else {
        return Ok(None);
    };
    let chains = counters::chains(&kept.ruleset);
    let lines =
        chains.flat_map(|(family, table, chain)| lines(engine, &live, family, table, chain));
    Ok(Some(CountersReport {
        generation: generation_id(kept),
        counters: lines.collect(),
    }))
}

/// The rules of a chain, then its policy, as packets meet them.
fn lines<'a>(
    engine: &'a Engine,
    live: &'a Live,
    family: Family,
    table: TableName,
    chain: &'a Chain,
) -> impl Iterator<Item = CounterLine> + 'a {
    let line = move |handle, rule, text| {
        let counted = live.get(handle);
        CounterLine {
            family,
            table,
            chain: chain.name.to_string(),
            rule,
            handle,
            packets: counted.packets,
            bytes: counted.bytes,
            text,
        }
    };
    let rules = (1..).zip(&chain.rules).map(move |(number, rule)| {
        line(
            rule.handle,
            Some(number),
            syntax::rule_text(rule, &engine.names),
        )
    });
    let policy = chain.policy.map(|policy| {
        let verdict = match policy.verdict {
            Policy::Accept => "ACCEPT",
            Policy::Drop => "DROP",
        };
        line(policy.handle, None, format!("-P {} {verdict}", chain.name))
    });
    rules.chain(policy)
}

/// Packets dropped, by reason.
///
/// # Errors
/// The data plane cannot be asked.
pub(crate) fn drops(engine: &mut Engine) -> Result<DropsReport, SynchroniseError> {
    engine.synchronise()?;
    Ok(DropsReport {
        drops: engine.link.ask(Client::drops)?,
    })
}

/// What runs on which hook.
///
/// # Errors
/// The data plane cannot be asked.
pub(crate) fn hooks(engine: &mut Engine) -> Result<HooksReport, SynchroniseError> {
    engine.synchronise()?;
    Ok(HooksReport {
        hooks: engine.link.ask(Client::hooks)?,
    })
}

fn generation_id(kept: &Kept) -> GenerationId {
    GenerationId {
        number: kept.number,
        hash: kept.hash,
    }
}
