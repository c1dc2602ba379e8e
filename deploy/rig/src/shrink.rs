//! Makes a failing case small: drops packets, rules and chains, then simplifies packets, as long
//! as the case goes on failing.

use crate::case::Case;

/// The smallest case found that still fails by the judgement of `fails`.
pub fn shrink(case: &Case, mut fails: impl FnMut(&Case) -> bool) -> Case {
    let mut best = case.clone();
    loop {
        let before = best.clone();
        packets(&mut best, &mut fails);
        lines(&mut best, &mut fails, |case| &mut case.rules);
        lines(&mut best, &mut fails, |case| &mut case.rules6);
        simplify(&mut best, &mut fails);
        if best == before {
            return best;
        }
    }
}

fn packets(best: &mut Case, fails: &mut impl FnMut(&Case) -> bool) {
    let mut piece = best.packets.len();
    while piece > 0 {
        let mut at = 0;
        while at < best.packets.len() {
            let mut less = best.clone();
            less.packets.drain(at..(at + piece).min(best.packets.len()));
            if fails(&less) {
                *best = less
            } else {
                at += piece
            }
        }
        piece /= 2;
    }
}

/// Drops rules (`-A` lines) and user-defined chains (`:NAME -` lines that nothing names any more);
/// a case whose rules iptables refuses does not count as failing.
fn lines(
    best: &mut Case,
    fails: &mut impl FnMut(&Case) -> bool,
    text: impl Fn(&mut Case) -> &mut String,
) {
    let mut at = 0;
    loop {
        let mut less = best.clone();
        let rules = text(&mut less);
        let mut kept: Vec<&str> = rules.lines().collect();
        if at >= kept.len() {
            return;
        }
        let droppable = kept[at].starts_with("-A") || kept[at].contains(" - [");
        kept.remove(at);
        *rules = kept.join("\n") + "\n";
        if droppable && fails(&less) {
            *best = less
        } else {
            at += 1
        }
    }
}

fn simplify(best: &mut Case, fails: &mut impl FnMut(&Case) -> bool) {
    for at in 0..best.packets.len() {
        let changes: [fn(&mut crate::packet::Packet); 7] = [
            |packet| packet.padding = 0,
            |packet| packet.cut = None,
            |packet| packet.ip.tos = 0,
            |packet| packet.ip.options.0.clear(),
            |packet| packet.ip.extensions.clear(),
            |packet| packet.ip.ttl = 64,
            |packet| packet.ip.df = false,
        ];
        for change in changes {
            let mut less = best.clone();
            change(&mut less.packets[at]);
            if less != *best && fails(&less) {
                *best = less;
            }
        }
    }
}
