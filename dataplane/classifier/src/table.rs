//! One table of one family, its chains laid end to end, and the walk over it.

use rules::{
    CounterId, Decider, Decision, Effects, Facts, Hook, Policy, Verdict,
    reference::Fit,
    resolved::{JUMP_DEPTH_MAX, ResolvedTable},
    targets::log::Log,
};

use crate::{
    address::Address,
    key::Key,
    rule::{Action, FlatRule},
};

/// Nesting of jumps that fits a small call stack; real rulesets stay below.
const SHALLOW_DEPTH: usize = 16;

/// Rules still to be tried: from `next` up to `end`.
#[derive(Clone, Copy, Debug)]
struct Span {
    next: u32,
    end: u32,
}

/// A built-in chain.
#[derive(Clone, Copy, Debug)]
struct Builtin {
    rules: Span,
    verdict: Verdict,
    policy: CounterId,
}

/// What is left to try behind the jumps that a walk is inside of.
struct Callers<const DEPTH: usize> {
    spans: [Span; DEPTH],
    depth: usize,
}

impl<const DEPTH: usize> Callers<DEPTH> {
    /// An empty stack; `any` only fills its memory.
    const fn none(any: Span) -> Self {
        Self {
            spans: [any; DEPTH],
            depth: 0,
        }
    }

    /// False if the stack is full.
    #[inline]
    fn push(&mut self, span: Span) -> bool {
        match self.spans.get_mut(self.depth) {
            Some(top) => {
                *top = span;
                self.depth += 1;
                true
            }
            None => false,
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Span> {
        self.depth = self.depth.checked_sub(1)?;
        self.spans.get(self.depth).copied()
    }
}

/// A table.
#[derive(Debug)]
pub(crate) struct FlatTable<A> {
    rules: Box<[FlatRule<A>]>,
    chains: Box<[Span]>,
    logs: Box<[Log]>,
    /// By [`Hook`].
    builtins: [Option<Builtin>; Hook::ALL.len()],
    jump_depth: usize,
}

impl<A: Address> FlatTable<A> {
    /// Lays the chains end to end.
    pub(crate) fn new(table: &ResolvedTable) -> Self {
        let mut rules = Vec::new();
        let mut logs = Vec::new();
        let mut chains = Vec::with_capacity(table.chains.len());
        for chain in &table.chains {
            // `validate` has numbered every rule with a u32.
            let next = rules.len() as u32;
            let flat = |rule| FlatRule::new(rule, table.family, &mut logs);
            rules.extend(chain.rules.iter().map(flat));
            let end = rules.len() as u32;
            chains.push(Span { next, end });
        }
        let builtins = Hook::ALL.map(|hook| {
            let at = table.builtin(hook)?.index();
            let (policy, counter) = table.chains.get(at)?.policy?;
            Some(Builtin {
                rules: *chains.get(at)?,
                verdict: match policy {
                    Policy::Accept => Verdict::Accept,
                    Policy::Drop => Verdict::Drop,
                },
                policy: counter,
            })
        });
        Self {
            rules: rules.into(),
            chains: chains.into(),
            logs: logs.into(),
            builtins,
            jump_depth: table.jump_depth,
        }
    }

    /// Whether a walk on `hook` can do more than count an ACCEPT policy.
    pub(crate) fn has_rules(&self, hook: Hook) -> bool {
        self.builtins[hook as usize].is_some_and(|builtin| {
            builtin.rules.next < builtin.rules.end || builtin.verdict != Verdict::Accept
        })
    }

    /// Asks about a packet. `None` where the table has no chain on the hook.
    #[inline]
    pub(crate) fn ask<E: Effects>(
        &self,
        hook: Hook,
        facts: &Facts<'_>,
        effects: &mut E,
    ) -> Option<Decision> {
        let builtin = self.builtins[hook as usize]?;
        if builtin.rules.next < builtin.rules.end {
            let key = Key::new(facts);
            let decision = if self.jump_depth <= SHALLOW_DEPTH {
                self.walk::<E, SHALLOW_DEPTH>(builtin.rules, &key, facts.length, effects)
            } else {
                self.walk::<E, JUMP_DEPTH_MAX>(builtin.rules, &key, facts.length, effects)
            };
            if decision.is_some() {
                return decision;
            }
        }
        effects.count(builtin.policy, facts.length);
        Some(Decision {
            verdict: builtin.verdict,
            by: Decider::Policy(builtin.policy),
        })
    }

    /// Tries rule after rule from `at`. `None` when the policy is to decide.
    fn walk<E: Effects, const DEPTH: usize>(
        &self,
        mut at: Span,
        key: &Key<'_, A>,
        length: u32,
        effects: &mut E,
    ) -> Option<Decision> {
        let mut callers = Callers::<DEPTH>::none(at);
        loop {
            if at.next >= at.end {
                // The end of a chain is a RETURN.
                at = callers.pop()?;
                continue;
            }
            let rule = self.rules.get(at.next as usize)?;
            at.next += 1;
            match rule.fit(key) {
                Fit::Yes => {}
                Fit::No => continue,
                Fit::HotDrop => {
                    return Some(Decision {
                        verdict: Verdict::Drop,
                        by: Decider::HotDrop(rule.counter),
                    });
                }
            }
            effects.count(rule.counter, length);
            let verdict = match rule.action {
                Action::Continue => continue,
                Action::Log(log) => {
                    effects.log(self.logs.get(log as usize)?, rule.counter);
                    continue;
                }
                Action::Return => {
                    at.next = at.end;
                    continue;
                }
                Action::Jump(chain) => {
                    // `validate` bounds the depth; the kernel, too, drops what exceeds its stack.
                    if callers.push(at) {
                        at = *self.chains.get(chain as usize)?;
                        continue;
                    }
                    Verdict::Drop
                }
                Action::Goto(chain) => {
                    at = *self.chains.get(chain as usize)?;
                    continue;
                }
                Action::Accept => Verdict::Accept,
                Action::Drop => Verdict::Drop,
                Action::Reject(with) => Verdict::Reject(with),
            };
            let by = Decider::Rule(rule.counter);
            return Some(Decision { verdict, by });
        }
    }
}
