//! Loops and depth of the graph of chains: `ip_tables.c` `mark_source_chains`.
//!
//! As in the kernel, only what a built-in chain can reach is looked at, and nothing behind a rule
//! that ends its chain for every packet.

use super::is_unconditional;
use crate::resolved::{JUMP_DEPTH_MAX, ResolvedChain, ResolvedTarget};

/// What is wrong with the graph, and the rule that closes the loop or nests too deep.
pub(super) struct Fault {
    pub(super) chain: usize,
    pub(super) rule: usize,
    pub(super) kind: FaultKind,
}

pub(super) enum FaultKind {
    Loop,
    TooDeep,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unseen,
    /// On the path from the built-in chain to here.
    Open,
    /// Free of loops, with the deepest nesting of jumps below it.
    Done(usize),
}

/// A chain on the path, and how far it has been read.
struct Step {
    chain: usize,
    next_rule: usize,
    depth: usize,
}

/// Walks all chains that the first `builtins` chains reach. Returns the deepest nesting of jumps.
pub(super) fn check(chains: &[ResolvedChain], builtins: usize) -> Result<usize, Fault> {
    let mut marks = vec![Mark::Unseen; chains.len()];
    let mut deepest = 0;
    for root in 0..builtins {
        deepest = deepest.max(walk(chains, root, &mut marks)?);
    }
    Ok(deepest)
}

fn walk(chains: &[ResolvedChain], root: usize, marks: &mut [Mark]) -> Result<usize, Fault> {
    let mut path = vec![Step {
        chain: root,
        next_rule: 0,
        depth: 0,
    }];
    marks[root] = Mark::Open;
    loop {
        let Some(step) = path.last_mut() else {
            return Ok(0);
        };
        let Some(edge) = next_edge(&chains[step.chain], &mut step.next_rule) else {
            let (chain, depth) = (step.chain, step.depth);
            marks[chain] = Mark::Done(depth);
            path.pop();
            let Some(caller) = path.last_mut() else {
                return Ok(depth);
            };
            // The caller reads the edge once more and finds the chain done.
            caller.next_rule -= 1;
            continue;
        };
        let fault = |kind| Fault {
            chain: step.chain,
            rule: edge.rule,
            kind,
        };
        match marks[edge.to] {
            Mark::Open => return Err(fault(FaultKind::Loop)),
            Mark::Done(below) => {
                let depth = below + usize::from(edge.pushes);
                if depth > JUMP_DEPTH_MAX {
                    return Err(fault(FaultKind::TooDeep));
                }
                step.depth = step.depth.max(depth);
            }
            Mark::Unseen => {
                marks[edge.to] = Mark::Open;
                path.push(Step {
                    chain: edge.to,
                    next_rule: 0,
                    depth: 0,
                });
            }
        }
    }
}

struct Edge {
    rule: usize,
    to: usize,
    pushes: bool,
}

/// The next jump or goto at or after `next_rule`, which moves behind it.
fn next_edge(chain: &ResolvedChain, next_rule: &mut usize) -> Option<Edge> {
    while let Some(rule) = chain.rules.get(*next_rule) {
        let at = *next_rule;
        *next_rule += 1;
        match rule.target {
            ResolvedTarget::Jump(to) | ResolvedTarget::Goto(to) => {
                return Some(Edge {
                    rule: at,
                    to: to.index(),
                    pushes: matches!(rule.target, ResolvedTarget::Jump(_)),
                });
            }
            ResolvedTarget::Accept | ResolvedTarget::Drop | ResolvedTarget::Return
                if is_unconditional(&rule.ip, &rule.matches) =>
            {
                *next_rule = chain.rules.len();
            }
            ResolvedTarget::None
            | ResolvedTarget::Accept
            | ResolvedTarget::Drop
            | ResolvedTarget::Return
            | ResolvedTarget::Reject(_)
            | ResolvedTarget::Log(_) => {}
        }
    }
    None
}
