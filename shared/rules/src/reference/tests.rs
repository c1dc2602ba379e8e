//! One test per point of `ipt_do_table`; the matches' own points are in `ip` and `l4`.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::{
    Counters, Family, Negatable, Policy, Rule, Ruleset, Target,
    matches::{Match, tcp::TcpMatch},
    resolved::CounterKind,
    targets::{log::Log, reject::RejectWith},
    testing::{filter, goto, jump, never, rule, rule_of, with_policy},
    validate,
    verdict::CounterId,
};

mod ip;
mod l4;

/// The whole story of a walk, in order: what counted, what was logged, who decided.
#[derive(Default)]
pub(super) struct Story(Vec<String>);

struct Told<'a> {
    resolved: &'a Resolved,
    story: &'a mut Story,
}

impl Told<'_> {
    fn owner(&self, id: CounterId) -> String {
        let owner = &self.resolved.counters()[id.index()];
        match owner.kind {
            CounterKind::Rule(number) => format!("{}:{number}", owner.chain),
            CounterKind::Policy => format!("{}:policy", owner.chain),
        }
    }
}

impl Effects for Told<'_> {
    fn count(&mut self, id: CounterId, bytes: u32) {
        let event = format!("{} +{bytes}", self.owner(id));
        self.story.0.push(event);
    }

    fn log(&mut self, log: &Log, by: CounterId) {
        let event = format!("{} logs {}", self.owner(by), log.prefix);
        self.story.0.push(event);
    }
}

/// A TCP segment of 20 bytes from 10.0.0.1:1000 to 10.0.0.2:80, SYN.
pub(super) const SYN: [u8; 20] = [
    0x03, 0xe8, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0x20, 0, 0, 0, 0, 0,
];

/// Facts about an IPv4 TCP packet in FORWARD whose transport header is `l4`.
pub(super) fn tcp_facts(l4: &[u8]) -> Facts<'_> {
    Facts {
        family: Family::Ipv4,
        in_iface: "lan",
        out_iface: "wan",
        src: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
        dst: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
        protocol: Some(6),
        fragment_offset: 0,
        more_fragments: false,
        packet: &[],
        l4,
        length: 40,
    }
}

/// Walks filter FORWARD of the facts' family, and tells what happened.
pub(super) fn told(ruleset: &Ruleset, facts: &Facts<'_>) -> Vec<String> {
    let resolved = validate(ruleset).expect("a valid ruleset");
    let mut story = Story::default();
    let mut effects = Told {
        resolved: &resolved,
        story: &mut story,
    };
    let decision = evaluate(
        &resolved,
        TableName::Filter,
        Hook::Forward,
        facts,
        &mut effects,
    );
    let decision = decision.expect("filter has FORWARD");
    let owner = effects.owner(decision.by.counter());
    let by = match decision.by {
        Decider::Rule(_) | Decider::Policy(_) => owner,
        Decider::HotDrop(_) => format!("{owner} hot"),
    };
    story.0.push(format!("{:?} by {by}", decision.verdict));
    story.0
}

/// The story of a SYN.
fn tell(ruleset: &Ruleset) -> Vec<String> {
    told(ruleset, &tcp_facts(&SYN))
}

fn forward(rules: Vec<Rule>) -> Ruleset {
    filter(&[("FORWARD", rules)])
}

#[test]
fn an_empty_chain_takes_and_counts_its_policy() {
    let accepted = ["FORWARD:policy +40", "Accept by FORWARD:policy"];
    assert_eq!(tell(&forward(vec![])), accepted);
    let drops = with_policy(forward(vec![]), "FORWARD", Policy::Drop);
    assert_eq!(
        tell(&drops),
        ["FORWARD:policy +40", "Drop by FORWARD:policy"]
    );
}

#[test]
fn the_first_rule_that_fits_decides_and_the_policy_does_not_count() {
    let story = tell(&forward(vec![
        never(Target::Drop),
        rule(Target::Accept),
        rule(Target::Drop),
    ]));
    assert_eq!(story, ["FORWARD:2 +40", "Accept by FORWARD:2"]);
    let story = tell(&forward(vec![rule(Target::Drop)]));
    assert_eq!(story, ["FORWARD:1 +40", "Drop by FORWARD:1"]);
    let with = RejectWith::IcmpAdminProhibited;
    let story = tell(&forward(vec![rule(Target::Reject(with))]));
    assert_eq!(
        story,
        ["FORWARD:1 +40", "Reject(IcmpAdminProhibited) by FORWARD:1"]
    );
}

#[test]
fn a_rule_without_target_counts_and_goes_on() {
    let story = tell(&forward(vec![rule(Target::None), never(Target::None)]));
    let expected = [
        "FORWARD:1 +40",
        "FORWARD:policy +40",
        "Accept by FORWARD:policy",
    ];
    assert_eq!(story, expected);
}

#[test]
fn log_counts_then_writes_then_goes_on() {
    let log = |prefix: &str| {
        rule(Target::Log(Log {
            prefix: prefix.to_owned(),
            ..Log::default()
        }))
    };
    let story = tell(&forward(vec![
        log("one"),
        rule(Target::None),
        log("two"),
        rule(Target::Drop),
    ]));
    let expected = [
        "FORWARD:1 +40",
        "FORWARD:1 logs one",
        "FORWARD:2 +40",
        "FORWARD:3 +40",
        "FORWARD:3 logs two",
        "FORWARD:4 +40",
        "Drop by FORWARD:4",
    ];
    assert_eq!(story, expected);
}

#[test]
fn return_in_a_builtin_chain_takes_and_counts_the_policy() {
    let ruleset = forward(vec![rule(Target::Return), rule(Target::Accept)]);
    let story = tell(&with_policy(ruleset, "FORWARD", Policy::Drop));
    assert_eq!(
        story,
        [
            "FORWARD:1 +40",
            "FORWARD:policy +40",
            "Drop by FORWARD:policy"
        ]
    );
}

#[test]
fn a_jump_counts_and_comes_back_behind_itself() {
    let at_the_end = filter(&[
        ("FORWARD", vec![rule(jump("a")), rule(Target::Drop)]),
        ("a", vec![rule(Target::None)]),
    ]);
    let expected = [
        "FORWARD:1 +40",
        "a:1 +40",
        "FORWARD:2 +40",
        "Drop by FORWARD:2",
    ];
    assert_eq!(tell(&at_the_end), expected);
    let by_return = filter(&[
        ("FORWARD", vec![rule(jump("a")), rule(Target::Drop)]),
        ("a", vec![rule(Target::Return), rule(Target::Accept)]),
    ]);
    assert_eq!(tell(&by_return), expected);
    let empty = filter(&[
        ("FORWARD", vec![rule(jump("a")), rule(Target::Drop)]),
        ("a", vec![]),
    ]);
    let expected = ["FORWARD:1 +40", "FORWARD:2 +40", "Drop by FORWARD:2"];
    assert_eq!(tell(&empty), expected);
}

#[test]
fn jumps_nest_and_return_one_by_one() {
    let story = tell(&filter(&[
        ("FORWARD", vec![rule(jump("a")), rule(Target::None)]),
        ("a", vec![rule(jump("b")), rule(Target::None)]),
        ("b", vec![rule(Target::Return), rule(Target::Drop)]),
    ]));
    let expected = [
        "FORWARD:1 +40",
        "a:1 +40",
        "b:1 +40",
        "a:2 +40",
        "FORWARD:2 +40",
        "FORWARD:policy +40",
        "Accept by FORWARD:policy",
    ];
    assert_eq!(story, expected);
}

#[test]
fn goto_comes_back_behind_the_last_jump() {
    let story = tell(&filter(&[
        ("FORWARD", vec![rule(jump("a")), rule(Target::Drop)]),
        ("a", vec![rule(goto("b")), rule(Target::Accept)]),
        ("b", vec![rule(Target::None)]),
    ]));
    let expected = [
        "FORWARD:1 +40",
        "a:1 +40",
        "b:1 +40",
        "FORWARD:2 +40",
        "Drop by FORWARD:2",
    ];
    assert_eq!(story, expected);
}

#[test]
fn goto_from_a_builtin_chain_ends_in_its_policy() {
    for end in [vec![], vec![rule(Target::Return)], vec![rule(goto("b"))]] {
        let ends_by_rule = end.len();
        let ruleset = filter(&[
            ("FORWARD", vec![rule(goto("a")), rule(Target::Accept)]),
            ("a", end),
            ("b", vec![]),
        ]);
        let story = tell(&with_policy(ruleset, "FORWARD", Policy::Drop));
        let mut expected = vec!["FORWARD:1 +40"];
        expected.extend((ends_by_rule > 0).then_some("a:1 +40"));
        expected.extend(["FORWARD:policy +40", "Drop by FORWARD:policy"]);
        assert_eq!(story, expected);
    }
}

#[test]
fn a_jump_behind_a_goto_returns_into_the_chain_gone_to() {
    let story = tell(&filter(&[
        ("FORWARD", vec![rule(goto("a")), rule(Target::Drop)]),
        ("a", vec![rule(jump("b")), rule(Target::Accept)]),
        ("b", vec![rule(Target::Return)]),
    ]));
    let expected = [
        "FORWARD:1 +40",
        "a:1 +40",
        "b:1 +40",
        "a:2 +40",
        "Accept by a:2",
    ];
    assert_eq!(story, expected);
}

#[test]
fn a_verdict_deep_inside_ends_the_walk() {
    let story = tell(&filter(&[
        ("FORWARD", vec![rule(jump("a")), rule(Target::Drop)]),
        ("a", vec![rule(jump("b"))]),
        ("b", vec![rule(Target::Accept)]),
    ]));
    let expected = ["FORWARD:1 +40", "a:1 +40", "b:1 +40", "Accept by b:1"];
    assert_eq!(story, expected);
}

#[test]
fn a_jump_that_does_not_fit_is_not_taken() {
    let story = tell(&filter(&[
        (
            "FORWARD",
            vec![never(jump("a")), never(goto("a")), rule(Target::Accept)],
        ),
        ("a", vec![rule(Target::Drop)]),
    ]));
    assert_eq!(story, ["FORWARD:3 +40", "Accept by FORWARD:3"]);
}

#[test]
fn hotdrop_ends_the_walk_at_once_and_counts_nothing() {
    let tcp = Match::Tcp(TcpMatch::default());
    let ruleset = filter(&[
        ("FORWARD", vec![rule(jump("a")), rule(Target::Accept)]),
        (
            "a",
            vec![rule_of(6, tcp, Target::Accept), rule(Target::Accept)],
        ),
    ]);
    let story = told(&ruleset, &tcp_facts(&SYN[..19]));
    assert_eq!(story, ["FORWARD:1 +40", "Drop by a:1 hot"]);
}

#[test]
fn matches_are_tried_in_order_and_the_first_misfit_ends_the_rule() {
    use crate::matches::tcp::PortRange;
    let wrong_port = Match::Tcp(TcpMatch {
        destination_port: Some(Negatable::plain(PortRange {
            first: 81,
            last: 81,
        })),
        ..TcpMatch::default()
    });
    let asks_options = Match::Tcp(TcpMatch {
        option: Some(Negatable::plain(2)),
        ..TcpMatch::default()
    });
    // A data offset that is too small: asking for options drops the packet.
    let mut segment = SYN;
    segment[12] = 0x40;
    let mut both = rule_of(6, wrong_port.clone(), Target::Accept);
    both.matches.push(asks_options.clone());
    let story = told(&forward(vec![both]), &tcp_facts(&segment));
    assert_eq!(story, ["FORWARD:policy +40", "Accept by FORWARD:policy"]);
    let mut reversed = rule_of(6, asks_options, Target::Accept);
    reversed.matches.push(wrong_port);
    let story = told(&forward(vec![reversed]), &tcp_facts(&segment));
    assert_eq!(story, ["Drop by FORWARD:1 hot"]);
}

#[test]
fn a_table_without_a_chain_on_the_hook_is_not_asked() {
    struct Silent;
    impl Effects for Silent {
        fn count(&mut self, _id: CounterId, _bytes: u32) {
            panic!("nothing is walked");
        }
        fn log(&mut self, _log: &Log, _by: CounterId) {
            panic!("nothing is walked");
        }
    }
    let resolved = validate(&Ruleset::new()).expect("valid");
    let facts = tcp_facts(&SYN);
    let asked = evaluate(
        &resolved,
        TableName::Raw,
        Hook::Forward,
        &facts,
        &mut Silent,
    );
    assert_eq!(asked, None);
}

#[test]
fn each_family_has_its_own_rules() {
    let mut ruleset = forward(vec![rule(Target::Drop)]);
    ruleset.ipv6 = ruleset.ipv4.clone();
    ruleset.ipv4 = Ruleset::new().ipv4;
    let resolved = validate(&ruleset).expect("valid");
    struct Seen(Counters);
    impl Effects for Seen {
        fn count(&mut self, _id: CounterId, bytes: u32) {
            self.0.packets += 1;
            self.0.bytes += u64::from(bytes);
        }
        fn log(&mut self, _log: &Log, _by: CounterId) {}
    }
    let mut seen = Seen(Counters::default());
    let facts = tcp_facts(&SYN);
    let table = TableName::Filter;
    let decision = evaluate(&resolved, table, Hook::Forward, &facts, &mut seen);
    assert_eq!(decision.map(|d| d.verdict), Some(Verdict::Accept));
    let facts = Facts {
        family: Family::Ipv6,
        ..facts
    };
    let decision = evaluate(&resolved, table, Hook::Forward, &facts, &mut seen);
    assert_eq!(decision.map(|d| d.verdict), Some(Verdict::Drop));
    assert_eq!((seen.0.packets, seen.0.bytes), (2, 80));
}
