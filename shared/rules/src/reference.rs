//! The specification of what a ruleset decides: a slow, linear walk over the chains as written,
//! after `net/ipv4/netfilter/ip_tables.c` `ipt_do_table` and its IPv6 twin. Every faster thing is
//! tested against it, and it is tested against the kernel.
//!
//! A rule is tried in this order: `-s -d -i -o -p -f`, then its matches in the order of loading;
//! if all hold it counts, then its target acts. The policy counts when it decides.

use crate::{
    Hook, Policy, TableName,
    facts::{Effects, Facts},
    resolved::{ChainIndex, JUMP_DEPTH_MAX, Resolved, ResolvedRule, ResolvedTable, ResolvedTarget},
    verdict::{Decider, Decision, Verdict},
};

mod ip;
mod l4;

pub use l4::has_tcp_option;

/// Whether a match holds; the third answer is the kernel's `hotdrop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It holds.
    Yes,
    /// It does not; the next rule is tried.
    No,
    /// The packet is too malformed to tell: it is dropped.
    HotDrop,
}

impl From<bool> for Fit {
    fn from(holds: bool) -> Self {
        if holds { Fit::Yes } else { Fit::No }
    }
}

/// A rule's place: chain, and index of the rule in it.
#[derive(Clone, Copy)]
struct Position {
    chain: ChainIndex,
    rule: usize,
}

/// The places behind the jumps that a walk is inside of: `ip_tables.c` `jumpstack`.
struct Callers {
    positions: [Position; JUMP_DEPTH_MAX],
    depth: usize,
}

impl Callers {
    /// An empty stack; `any` only fills its memory.
    fn none(any: Position) -> Self {
        Self {
            positions: [any; JUMP_DEPTH_MAX],
            depth: 0,
        }
    }

    fn push(&mut self, position: Position) {
        // `validate` has refused deeper nesting.
        self.positions[self.depth] = position;
        self.depth += 1;
    }

    fn pop(&mut self) -> Option<Position> {
        self.depth = self.depth.checked_sub(1)?;
        Some(self.positions[self.depth])
    }
}

/// Asks `table` on `hook` about a packet. `None` where the table has no chain on the hook.
/// Allocates nothing.
pub fn evaluate<E: Effects>(
    resolved: &Resolved,
    table: TableName,
    hook: Hook,
    facts: &Facts<'_>,
    effects: &mut E,
) -> Option<Decision> {
    let table = resolved.table(facts.family, table)?;
    let builtin = table.builtin(hook)?;
    let (policy, policy_counter) = table.chains.get(builtin.index())?.policy?;
    if let Some(decision) = walk(table, builtin, facts, effects) {
        return Some(decision);
    }
    effects.count(policy_counter, facts.length);
    Some(Decision {
        verdict: match policy {
            Policy::Accept => Verdict::Accept,
            Policy::Drop => Verdict::Drop,
        },
        by: Decider::Policy(policy_counter),
    })
}

/// Walks from the start of `builtin`. `None` when the policy is to decide.
fn walk<E: Effects>(
    table: &ResolvedTable,
    builtin: ChainIndex,
    facts: &Facts<'_>,
    effects: &mut E,
) -> Option<Decision> {
    let start = |chain| Position { chain, rule: 0 };
    let mut at = start(builtin);
    let mut callers = Callers::none(at);
    loop {
        let Some(rule) = table.chains.get(at.chain.index())?.rules.get(at.rule) else {
            // The end of a chain is a RETURN.
            at = callers.pop()?;
            continue;
        };
        at.rule += 1;
        match fits(rule, facts) {
            Fit::Yes => {}
            Fit::No => continue,
            Fit::HotDrop => {
                return Some(Decision {
                    verdict: Verdict::Drop,
                    by: Decider::HotDrop(rule.counter),
                });
            }
        }
        effects.count(rule.counter, facts.length);
        let verdict = match &rule.target {
            ResolvedTarget::None => continue,
            ResolvedTarget::Log(log) => {
                effects.log(log, rule.counter);
                continue;
            }
            ResolvedTarget::Return => {
                at = callers.pop()?;
                continue;
            }
            ResolvedTarget::Jump(chain) => {
                callers.push(at);
                at = start(*chain);
                continue;
            }
            ResolvedTarget::Goto(chain) => {
                at = start(*chain);
                continue;
            }
            ResolvedTarget::Accept => Verdict::Accept,
            ResolvedTarget::Drop => Verdict::Drop,
            ResolvedTarget::Reject(with) => Verdict::Reject(*with),
        };
        return Some(Decision {
            verdict,
            by: Decider::Rule(rule.counter),
        });
    }
}

/// Whether all of a rule's matches hold, in order; the first that does not ends the search.
pub fn fits(rule: &ResolvedRule, facts: &Facts<'_>) -> Fit {
    match ip::fits(&rule.ip, facts) {
        Fit::Yes => {}
        other => return other,
    }
    for m in &rule.matches {
        match l4::fits(m, facts) {
            Fit::Yes => {}
            other => return other,
        }
    }
    Fit::Yes
}

#[cfg(test)]
mod tests;
