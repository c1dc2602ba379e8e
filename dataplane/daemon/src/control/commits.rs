//! The life of a commit, as pure state: prepare, compiled, commit, adopted, persisted. The caller
//! does what each step asks for ([`Effect`]) and tells what came of it.
//!
//! Numbers only grow. `Prepare{n}` reserves n and n + 1: the second is for what the data plane
//! does by itself. One ruleset can be prepared at a time; a new `Prepare` replaces it, so that a
//! control plane that died between prepare and commit blocks nobody.

use std::time::Duration;

use api::{Blob, Generation, Refusal, Reply, RulesetHash};

use super::ClientId;
use crate::compile::Compiled;

/// How long a commit waits for workers before it names those that lag.
const ADOPTION_NS: u64 = Duration::from_secs(1).as_nanos() as u64;

/// What the caller is to do.
#[derive(Debug)]
pub enum Effect {
    /// Send this reply.
    Reply(ClientId, Reply),
    /// Have this blob compiled, then call [`Commits::compiled`].
    Compile {
        /// The number it will have.
        generation: Generation,
        /// What was promised.
        hash: RulesetHash,
        /// The blob.
        blob: Blob,
    },
    /// Publish this; then [`Commits::poll`] with its adoption.
    Publish(Generation, Box<Compiled>),
    /// Write this as the last good ruleset, then call [`Commits::persisted`].
    Persist(Generation),
}

/// The published generation on its way to being the last good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub generation: Generation,
    /// When it was published.
    published_ns: u64,
    /// Who waits for `Adopted`.
    asker: Option<ClientId>,
    /// It is being written to disk.
    is_persisting: bool,
}

impl Published {
    fn is_busy(&self) -> bool {
        self.asker.is_some() || self.is_persisting
    }
}

/// Prepared, committed and adopted generations.
#[derive(Debug)]
pub struct Commits {
    next: Generation,
    compiling: Option<(Generation, ClientId)>,
    prepared: Option<(Generation, Box<Compiled>)>,
    published: Option<Published>,
}

impl Commits {
    /// Starts with `next` as the lowest number that may be prepared.
    pub fn new(next: Generation) -> Self {
        Self {
            next,
            compiling: None,
            prepared: None,
            published: None,
        }
    }

    /// The lowest number that may be prepared.
    pub fn next_generation(&self) -> Generation {
        self.next
    }

    /// `Prepare` came in.
    pub fn prepare(
        &mut self,
        client: ClientId,
        generation: Generation,
        hash: RulesetHash,
        blob: Result<Blob, String>,
    ) -> Effect {
        let refuse = |why: String| refused(client, generation, why);
        let blob = match blob {
            Ok(blob) => blob,
            Err(why) => return refuse(why),
        };
        if generation < self.next {
            return refuse(format!(
                "the number is taken: expected at least {}",
                self.next
            ));
        }
        let Some(after) = generation.checked_add(2) else {
            return refuse("there is no room for a number after it".to_owned());
        };
        if let Some((other, _)) = self.compiling {
            return refuse(format!("generation {other} is being compiled: try again"));
        }
        self.next = after;
        self.prepared = None;
        self.compiling = Some((generation, client));
        Effect::Compile {
            generation,
            hash,
            blob,
        }
    }

    /// A ruleset was compiled, or refused.
    pub fn compiled(
        &mut self,
        generation: Generation,
        result: Result<Box<Compiled>, Refusal>,
    ) -> Option<Effect> {
        let (_, client) = self
            .compiling
            .take_if(|(number, _)| *number == generation)?;
        let reply = match result {
            Ok(compiled) => {
                self.prepared = Some((generation, compiled));
                Reply::Prepared { generation }
            }
            Err(refusal) => Reply::Error(refusal),
        };
        Some(Effect::Reply(client, reply))
    }

    /// `Commit` came in.
    pub fn commit(&mut self, client: ClientId, generation: Generation, now_ns: u64) -> Effect {
        // One that lags and whose asker knows may be overtaken; one that is about to be answered
        // or is on its way to the disk is waited for.
        if let Some(before) = self.published.filter(|before| before.is_busy()) {
            let why = format!(
                "generation {} is still being adopted: try again",
                before.generation
            );
            return refused(client, generation, why);
        }
        match self.prepared.take_if(|(number, _)| *number == generation) {
            Some((_, compiled)) => {
                self.published = Some(Published {
                    generation,
                    published_ns: now_ns,
                    asker: Some(client),
                    is_persisting: false,
                });
                Effect::Publish(generation, compiled)
            }
            None => refused(client, generation, "is not prepared".to_owned()),
        }
    }

    /// `Abort` came in.
    pub fn abort(&mut self, client: ClientId, generation: Generation) -> Effect {
        match self.prepared.take_if(|(number, _)| *number == generation) {
            Some(_) => Effect::Reply(client, Reply::Aborted { generation }),
            None => refused(client, generation, "is not prepared".to_owned()),
        }
    }

    /// Looks after the published generation; `lagging` are the workers that have not adopted it.
    pub fn poll(&mut self, now_ns: u64, lagging: &[u16]) -> Option<Effect> {
        let published = self
            .published
            .as_mut()
            .filter(|published| !published.is_persisting)?;
        if lagging.is_empty() {
            published.is_persisting = true;
            return Some(Effect::Persist(published.generation));
        }
        if now_ns.saturating_sub(published.published_ns) < ADOPTION_NS {
            return None;
        }
        let client = published.asker.take()?;
        let generation = published.generation;
        Some(Effect::Reply(
            client,
            Reply::Adopted {
                generation,
                lagging: lagging.to_vec(),
            },
        ))
    }

    /// The adopted generation is on the disk, or could not be written, which the caller tells
    /// the operator: it runs all the same.
    pub fn persisted(&mut self, generation: Generation) -> Option<Effect> {
        let published = self
            .published
            .take_if(|published| published.generation == generation)?;
        let client = published.asker?;
        Some(Effect::Reply(
            client,
            Reply::Adopted {
                generation,
                lagging: Vec::new(),
            },
        ))
    }

    /// Whether something waits for workers.
    pub fn is_waiting(&self) -> bool {
        self.published.is_some()
    }
}

fn refused(client: ClientId, generation: Generation, why: String) -> Effect {
    let place = format!("generation {generation}");
    Effect::Reply(client, Reply::Error(Refusal { place, why }))
}

#[cfg(test)]
mod tests;
