//! Where two answers to one case differ.

use crate::{
    case::{Answer, Reaction},
    normalise,
};

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

/// Every difference between the kernel's answer and Weir's. Of the rules only the counters are
/// compared: how a rule is printed is judged by the tests of `syntax`, and iptables itself does
/// not print all it was told (`! -i +`, `--tcp-flags NONE SYN`).
pub fn differences(kernel: &Answer, weir: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    let none = Reaction::default();
    for at in 0..kernel.reactions.len().max(weir.reactions.len()) {
        let k = kernel.reactions.get(at).unwrap_or(&none);
        let w = weir.reactions.get(at).unwrap_or(&none);
        push(&mut found, Some(at), "frames", frames(k), frames(w));
        push(&mut found, Some(at), "log", log(k), log(w));
    }
    let counters = |lines: &[String]| -> Vec<String> {
        lines
            .iter()
            .map(|line| normalise::bare_counters(line))
            .collect()
    };
    let (k, w) = (counters(&kernel.counters), counters(&weir.counters));
    push(&mut found, None, "counters", k, w);
    let (k, w) = (counters(&kernel.counters6), counters(&weir.counters6));
    push(&mut found, None, "counters6", k, w);
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

fn log(reaction: &Reaction) -> Vec<String> {
    reaction
        .log
        .iter()
        .map(|line| normalise::log_line(line))
        .collect()
}

/// Frames in a comparable order: the order on one interface counts, that between two does not.
fn frames(reaction: &Reaction) -> Vec<String> {
    let mut sent: Vec<_> = reaction.sent.iter().collect();
    sent.sort_by(|a, b| a.iface.cmp(&b.iface));
    sent.into_iter()
        .map(|sent| format!("{} {}", sent.iface, sent.frame))
        .collect()
}
