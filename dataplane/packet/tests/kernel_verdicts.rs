//! What `parse` refuses is what Linux drops before PREROUTING: `kernel_verdicts.txt` holds frames
//! and what the kernel did with each, written by `kernel_verdicts.py`.

#![allow(
    clippy::unwrap_used,
    reason = "a panic fails the test, in its helpers too"
)]

use packet::{DropReason, option_problem, parse};

/// The IP header of every frame in the file stands behind 14 bytes of Ethernet.
const IP_HEADER_AT: usize = 14;

struct Case {
    verdict: String,
    /// Code and pointer of the ICMPv6 parameter problem that answered.
    answer: Option<(u8, u32)>,
    frame: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let lines = include_str!("kernel_verdicts.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let [verdict, answer, hex]: [&str; 3] =
                line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let frame = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
            Case {
                verdict: verdict.to_owned(),
                answer: answer
                    .split_once('/')
                    .map(|(code, pointer)| (code.parse().unwrap(), pointer.parse().unwrap())),
                frame: frame.collect(),
            }
        })
        .collect()
}

/// The counter that the kernel has for the reason: `IpInTruncatedPkts` or `IpInHdrErrors`.
fn kernel_counter(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Ipv4Truncated | DropReason::Ipv6Truncated => "truncated",
        _ => "header",
    }
}

#[test]
fn parse_refuses_what_the_kernel_drops_before_prerouting() {
    let cases = cases();
    assert!(cases.len() > 1_000, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for Case { verdict, frame, .. } in &cases {
        let found = parse(frame);
        let ours = found.map_or_else(kernel_counter, |_| "pass");
        if ours != verdict {
            wrong.push(format!("kernel {verdict}, parse {found:?}: {frame:02x?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn options_are_answered_as_the_kernel_does() {
    let mut answered = 0;
    for Case { answer, frame, .. } in cases() {
        let problem = match parse(&frame) {
            Err(DropReason::Ipv6HopByHop | DropReason::Ipv6OptionUnknown) => {
                option_problem(&frame[IP_HEADER_AT..])
            }
            _ => None,
        };
        let ours = problem.map(|problem| (problem.code, problem.pointer));
        assert_eq!(ours, answer, "{frame:02x?}");
        answered += usize::from(answer.is_some());
    }
    assert!(answered > 20, "only {answered} answers in the file");
}
