//! Sequences written by hand, in `sequences.txt`: a name in brackets, then a call a line; a line
//! that starts with `6` or `4` runs for that family alone. Lines behind a restore that start with
//! `|` are its input.

use rules::Family;
use syntax::Program;

use super::case::{Sequence, Step};

/// All of them, for each family.
pub fn sequences() -> Vec<Sequence> {
    let text = include_str!("sequences.txt");
    Family::ALL
        .into_iter()
        .flat_map(|family| of_family(text, family))
        .collect()
}

fn of_family(text: &str, family: Family) -> Vec<Sequence> {
    let mut sequences: Vec<Sequence> = Vec::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            sequences.push(Sequence {
                name: name.trim_end_matches(']').to_owned(),
                family,
                steps: Vec::new(),
            });
            continue;
        }
        let sequence = sequences.last_mut().expect("a name comes first");
        if let Some(input) = line.strip_prefix('|') {
            let step = sequence.steps.last_mut().expect("a restore comes first");
            step.stdin.push_str(input);
            step.stdin.push('\n');
            continue;
        }
        let line = match (line.strip_prefix("4 "), line.strip_prefix("6 "), family) {
            (Some(line), _, Family::Ipv4) | (_, Some(line), Family::Ipv6) => line,
            (Some(_), ..) | (_, Some(_), _) => continue,
            _ => line,
        };
        sequence.steps.push(step(line));
    }
    for sequence in &mut sequences {
        sequence.observe(&["filter", "nat"]);
    }
    sequences
}

fn step(line: &str) -> Step {
    let words = cut(line);
    let (program, words) = match words.first().map(String::as_str) {
        Some("save") => (Program::Save, words.get(1..)),
        Some("restore") => (Program::Restore, words.get(1..)),
        _ => (Program::Iptables, Some(&words[..])),
    };
    Step {
        program,
        args: words.unwrap_or_default().to_vec(),
        stdin: String::new(),
    }
}

/// Words between blanks; single quotes keep blanks.
fn cut(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
