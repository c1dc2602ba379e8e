//! Where two answers to one case differ.

use crate::case::{Answer, Reaction};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The packet's number from 0, or `None` for the counters at the end.
    pub packet: Option<usize>,
    /// What is compared: `frames`, `log`, `counters`, `counters6`.
    pub what: &'static str,
    /// The kernel's side, a line each.
    pub kernel: Vec<String>,
    /// Weir's side.
    pub weir: Vec<String>,
}

/// Every difference between the kernel's answer and Weir's.
pub fn differences(kernel: &Answer, weir: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    let none = Reaction::default();
    for at in 0..kernel.reactions.len().max(weir.reactions.len()) {
        let k = kernel.reactions.get(at).unwrap_or(&none);
        let w = weir.reactions.get(at).unwrap_or(&none);
        push(&mut found, Some(at), "frames", frames(k), frames(w));
        push(&mut found, Some(at), "log", k.log.clone(), w.log.clone());
    }
    push(
        &mut found,
        None,
        "counters",
        kernel.counters.clone(),
        weir.counters.clone(),
    );
    push(
        &mut found,
        None,
        "counters6",
        kernel.counters6.clone(),
        weir.counters6.clone(),
    );
    found
}

fn push(
    found: &mut Vec<Difference>,
    packet: Option<usize>,
    what: &'static str,
    kernel: Vec<String>,
    weir: Vec<String>,
) {
    if kernel != weir {
        found.push(Difference {
            packet,
            what,
            kernel,
            weir,
        });
    }
}

/// Frames in a comparable order: the order on one interface counts, that between two does not.
fn frames(reaction: &Reaction) -> Vec<String> {
    let mut sent: Vec<_> = reaction.sent.iter().collect();
    sent.sort_by(|a, b| a.iface.cmp(&b.iface));
    sent.into_iter()
        .map(|sent| format!("{} {}", sent.iface, sent.frame))
        .collect()
}
