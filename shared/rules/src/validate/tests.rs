//! Each refusal with its place, and what the kernel lets pass.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::*;
use crate::{
    ChainPolicy, Hook, Negatable, Policy, Rule, RuleHandle,
    matches::{
        icmp::{IcmpMatch, IcmpType},
        ip::{AddrMask, IfaceMatch},
        tcp::{PortRange, TcpMatch},
        udp::UdpMatch,
    },
    resolved::JUMP_DEPTH_MAX,
    targets::{log::Log, reject::RejectWith},
    testing::{filter, goto, jump, name, never, rule, rule_of, ruleset},
};

fn refusal(ruleset: &Ruleset) -> ValidateError {
    validate(ruleset).expect_err("a ruleset that must be refused")
}

/// What is wrong with a rule when it stands in INPUT.
fn problem_in(family: Family, table: TableName, bad: Rule) -> Problem {
    let rules = vec![rule(Target::None), bad];
    let hook = table.hooks()[0];
    let error = refusal(&ruleset(family, table, &[(hook.chain_name(), rules)]));
    assert_eq!((error.family, error.table), (family, Some(table)));
    assert_eq!(error.chain, Some(name(hook.chain_name())));
    assert_eq!(error.rule, Some(2));
    error.problem
}

fn problem(bad: Rule) -> Problem {
    problem_in(Family::Ipv4, TableName::Filter, bad)
}

fn problem_v6(bad: Rule) -> Problem {
    problem_in(Family::Ipv6, TableName::Filter, bad)
}

fn tcp() -> Match {
    Match::Tcp(TcpMatch::default())
}

fn icmp() -> IcmpMatch {
    IcmpMatch {
        icmp_type: Negatable::plain(IcmpType {
            icmp_type: 8,
            code_first: 0,
            code_last: 255,
        }),
    }
}

#[test]
fn the_booted_ruleset_is_valid_and_every_policy_counts() {
    let resolved = validate(&Ruleset::new()).expect("valid");
    let policies = 2 * TableName::ALL
        .iter()
        .map(|t| t.hooks().len())
        .sum::<usize>();
    assert_eq!(resolved.counters().len(), policies);
    assert_eq!(resolved.tables().len(), 10);
}

#[test]
fn counters_name_their_owners() {
    let mut ruleset = filter(&[
        ("FORWARD", vec![rule(jump("a")), rule(Target::Drop)]),
        ("a", vec![rule(Target::Return)]),
    ]);
    let table = ruleset
        .table_mut(Family::Ipv4, TableName::Filter)
        .expect("all tables");
    let forward = table.chain_mut(&name("FORWARD")).expect("built-in");
    forward.rules[1].counters.packets = 5;
    let resolved = validate(&ruleset).expect("valid");
    let table = resolved
        .table(Family::Ipv4, TableName::Filter)
        .expect("all tables");
    let forward = &table.chains[table.builtin(Hook::Forward).expect("has FORWARD").index()];
    let owner = &resolved.counters()[forward.rules[1].counter.index()];
    assert_eq!(owner.chain, name("FORWARD"));
    assert_eq!(owner.kind, CounterKind::Rule(2));
    assert_eq!(owner.initial.packets, 5);
    assert_ne!(owner.handle, RuleHandle(0));
    let (_, policy) = forward.policy.expect("built-in");
    assert_eq!(
        resolved.counters()[policy.index()].kind,
        CounterKind::Policy
    );
    let ids = table.chains.iter().flat_map(|chain| {
        let rules = chain.rules.iter().map(|rule| rule.counter);
        rules.chain(chain.policy.map(|(_, id)| id))
    });
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6, "three rules, three policies, no id twice");
    assert_eq!(table.jump_depth, 1);
}

#[test]
fn an_error_names_the_place() {
    let ruleset = filter(&[("INPUT", vec![rule(Target::None)])]);
    let mut ruleset = ruleset;
    let table = ruleset
        .table_mut(Family::Ipv4, TableName::Filter)
        .expect("all tables");
    let input = table.chain_mut(&name("INPUT")).expect("built-in");
    input.rules.push(rule(jump("gone")));
    let expected = "iptables: table filter, chain INPUT, rule 2: \
                    no chain `gone' in this table to jump to";
    assert_eq!(refusal(&ruleset).to_string(), expected);
}

#[test]
fn jumps_lead_to_user_defined_chains() {
    let error = problem(rule(goto("gone")));
    assert_eq!(error, Problem::NoSuchChain(name("gone")));
    let error = problem(rule(jump("OUTPUT")));
    assert_eq!(error, Problem::JumpToBuiltin(name("OUTPUT")));
}

#[test]
fn loops_are_refused_at_the_rule_that_closes_them() {
    let closing = [jump("a"), goto("a")];
    for target in closing {
        let error = refusal(&filter(&[
            ("INPUT", vec![rule(jump("a"))]),
            ("a", vec![rule(Target::None), rule(jump("b"))]),
            ("b", vec![never(Target::Drop), never(target)]),
        ]));
        assert_eq!(error.problem, Problem::Loop(name("a")));
        assert_eq!((error.chain, error.rule), (Some(name("b")), Some(2)));
    }
    let error = refusal(&filter(&[
        ("OUTPUT", vec![never(jump("self"))]),
        ("self", vec![never(jump("self"))]),
    ]));
    assert_eq!(error.problem, Problem::Loop(name("self")));
}

#[test]
fn a_loop_that_no_packet_can_reach_passes_as_in_the_kernel() {
    let unreferenced = filter(&[("a", vec![rule(jump("a"))])]);
    assert!(validate(&unreferenced).is_ok());
    for end in [Target::Accept, Target::Drop, Target::Return] {
        let behind_the_end = filter(&[
            ("INPUT", vec![rule(end), rule(jump("a"))]),
            ("a", vec![rule(jump("a"))]),
        ]);
        assert!(validate(&behind_the_end).is_ok());
    }
    let behind_a_reject = filter(&[
        (
            "INPUT",
            vec![
                rule(Target::Reject(RejectWith::IcmpPortUnreachable)),
                rule(jump("a")),
            ],
        ),
        ("a", vec![rule(jump("a"))]),
    ]);
    let error = refusal(&behind_a_reject);
    assert_eq!(
        error.problem,
        Problem::Loop(name("a")),
        "REJECT is no standard target"
    );
}

#[test]
fn chains_may_be_shared_without_a_loop() {
    let resolved = validate(&filter(&[
        (
            "INPUT",
            vec![rule(jump("a")), rule(jump("b")), rule(jump("a"))],
        ),
        ("FORWARD", vec![rule(jump("a"))]),
        ("a", vec![rule(jump("b")), rule(goto("b"))]),
        ("b", vec![rule(Target::Return)]),
    ]))
    .expect("valid");
    let table = resolved
        .table(Family::Ipv4, TableName::Filter)
        .expect("all tables");
    assert_eq!(table.jump_depth, 2);
}

/// A tower of `chains` chains, each jumping to the next.
fn tower(chains: usize, target: fn(&str) -> Target) -> Ruleset {
    let names: Vec<_> = (0..=chains).map(|at| format!("c{at:05}")).collect();
    let mut all = vec![("INPUT", vec![rule(jump(&names[0]))])];
    for pair in names.windows(2) {
        all.push((pair[0].as_str(), vec![rule(target(&pair[1]))]));
    }
    all.push((names[chains].as_str(), vec![]));
    filter(&all)
}

#[test]
fn jumps_nest_to_the_limit_and_gotos_do_not_nest() {
    let resolved = validate(&tower(JUMP_DEPTH_MAX - 1, jump)).expect("at the limit");
    let table = resolved
        .table(Family::Ipv4, TableName::Filter)
        .expect("all tables");
    assert_eq!(table.jump_depth, JUMP_DEPTH_MAX);
    let error = refusal(&tower(JUMP_DEPTH_MAX, jump));
    assert_eq!(error.problem, Problem::TooDeep);
    assert_eq!(error.chain, Some(name("INPUT")));
    let resolved = validate(&tower(JUMP_DEPTH_MAX + 5, goto)).expect("gotos do not nest");
    let table = resolved
        .table(Family::Ipv4, TableName::Filter)
        .expect("all tables");
    assert_eq!(table.jump_depth, 1);
}

#[test]
fn tables_and_builtin_chains_are_fixed() {
    let mut ruleset = Ruleset::new();
    ruleset.ipv6.tables.pop();
    assert_eq!(refusal(&ruleset).problem, Problem::Tables);
    let table = |change: fn(&mut crate::Table)| {
        let mut ruleset = Ruleset::new();
        change(
            ruleset
                .table_mut(Family::Ipv4, TableName::Raw)
                .expect("all tables"),
        );
        refusal(&ruleset)
    };
    let error = table(|table| table.chains.swap(0, 1));
    assert_eq!(error.problem, Problem::Builtins);
    let error = table(|table| table.chains[0].policy = None);
    assert_eq!(error.problem, Problem::Builtins);
    let error = table(|table| {
        let mut chain = Chain::user_defined(name("a"));
        chain.policy = Some(ChainPolicy::ACCEPT);
        table.chains.push(chain);
    });
    assert_eq!(error.problem, Problem::Builtins);
    let error = table(|table| {
        table.chains.push(Chain::user_defined(name("a")));
        table.chains.push(Chain::user_defined(name("a")));
    });
    assert_eq!(error.problem, Problem::DuplicateChain);
    assert_eq!(error.chain, Some(name("a")));
}

#[test]
fn the_nat_table_waits_for_connection_tracking() {
    let not_evaluated = Problem::TableNotEvaluated("nat");
    let nat = [("PREROUTING", vec![rule(Target::Accept)])];
    let error = refusal(&ruleset(Family::Ipv4, TableName::Nat, &nat));
    assert_eq!(error.problem, not_evaluated);
    let mut with_policy = Ruleset::new();
    let table = with_policy
        .table_mut(Family::Ipv4, TableName::Nat)
        .expect("all tables");
    table
        .set_policy(&name("OUTPUT"), Policy::Drop, None)
        .expect("built-in");
    assert_eq!(refusal(&with_policy).problem, not_evaluated);
}

#[test]
fn a_protocols_match_needs_its_protocol() {
    let needs = |name, protocol| Problem::MatchProtocol { name, protocol };
    let udp = || Match::Udp(UdpMatch::default());
    let mut no_protocol = rule_of(6, tcp(), Target::Accept);
    no_protocol.ip.protocol = None;
    assert_eq!(problem(no_protocol), needs("tcp", 6));
    let mut negated = rule_of(6, tcp(), Target::Accept);
    negated.ip.protocol = Some(Negatable::negated(6));
    assert_eq!(problem(negated), needs("tcp", 6));
    assert_eq!(problem(rule_of(6, udp(), Target::Accept)), needs("udp", 17));
    let icmp6 = || Match::Icmp6(icmp());
    assert_eq!(
        problem(rule_of(17, Match::Icmp(icmp()), Target::Drop)),
        needs("icmp", 1)
    );
    assert_eq!(
        problem_v6(rule_of(1, icmp6(), Target::Drop)),
        needs("icmp6", 58)
    );
    assert_eq!(
        problem(rule_of(58, icmp6(), Target::Drop)),
        Problem::MatchFamily("icmp6")
    );
    let icmp = rule_of(1, Match::Icmp(icmp()), Target::Drop);
    assert_eq!(problem_v6(icmp), Problem::MatchFamily("icmp"));
}

#[test]
fn match_options_are_in_range() {
    let backwards = Some(Negatable::plain(PortRange { first: 2, last: 1 }));
    let tcp = |tcp| problem(rule_of(6, Match::Tcp(tcp), Target::Accept));
    let error = tcp(TcpMatch {
        source_port: backwards,
        ..TcpMatch::default()
    });
    assert_eq!(error, Problem::EmptyRange("tcp"));
    let error = tcp(TcpMatch {
        option: Some(Negatable::plain(0)),
        ..TcpMatch::default()
    });
    assert_eq!(error, Problem::TcpOptionZero);
    let udp = UdpMatch {
        destination_port: backwards,
        ..UdpMatch::default()
    };
    let error = problem(rule_of(17, Match::Udp(udp), Target::Accept));
    assert_eq!(error, Problem::EmptyRange("udp"));
    let mut codes = icmp();
    codes.icmp_type.value.code_first = 3;
    codes.icmp_type.value.code_last = 2;
    let error = problem(rule_of(1, Match::Icmp(codes), Target::Accept));
    assert_eq!(error, Problem::EmptyRange("icmp"));
}

#[test]
fn reject_stands_in_filter_and_suits_its_family() {
    let reject = |with| rule(Target::Reject(with));
    let error = problem_in(
        Family::Ipv4,
        TableName::Mangle,
        reject(RejectWith::IcmpPortUnreachable),
    );
    let only_filter = Problem::TargetTable {
        name: "REJECT".to_owned(),
        table: "filter",
    };
    assert_eq!(error, only_filter);
    let error = problem(reject(RejectWith::Icmp6NoRoute));
    assert_eq!(error, Problem::RejectFamily("icmp6-no-route"));
    let error = problem_v6(reject(RejectWith::IcmpAdminProhibited));
    assert_eq!(error, Problem::RejectFamily("icmp-admin-prohibited"));
}

#[test]
fn a_reset_needs_tcp() {
    let reset = || rule(Target::Reject(RejectWith::TcpReset));
    assert_eq!(problem(reset()), Problem::RejectNeedsTcp);
    for protocol in [Negatable::negated(6), Negatable::plain(17)] {
        let mut other = reset();
        other.ip.protocol = Some(protocol);
        assert_eq!(problem_v6(other), Problem::RejectNeedsTcp);
    }
    let mut with_tcp = reset();
    with_tcp.ip.protocol = Some(Negatable::plain(6));
    for family in Family::ALL {
        let rules = [("INPUT", vec![with_tcp.clone()])];
        assert!(validate(&ruleset(family, TableName::Filter, &rules)).is_ok());
    }
}

#[test]
fn addresses_are_of_the_family_and_inside_the_mask() {
    let source = |addr: IpAddr, mask: IpAddr| {
        let mut bad = rule(Target::Accept);
        bad.ip.source = Some(Negatable::plain(AddrMask { addr, mask }));
        bad
    };
    let v4 = |a, b| IpAddr::V4(Ipv4Addr::new(10, 0, a, b));
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last));
    let mask = IpAddr::V4(Ipv4Addr::new(255, 255, 255, 0));
    assert_eq!(problem(source(v4(0, 1), mask)), Problem::AddressBits);
    assert_eq!(problem(source(v6(0), v6(0))), Problem::AddressFamily);
    assert_eq!(problem_v6(source(v4(0, 0), mask)), Problem::AddressFamily);
    let mask = IpAddr::V6(Ipv6Addr::from_bits(u128::MAX << 1));
    assert_eq!(problem_v6(source(v6(1), mask)), Problem::AddressBits);
}

#[test]
fn header_options_are_checked() {
    let iface = |name: &str, is_prefix| {
        let mut bad = rule(Target::Accept);
        let name = name.to_owned();
        bad.ip.out_iface = Some(Negatable::plain(IfaceMatch { name, is_prefix }));
        bad
    };
    let bad_name = |name: &str| Problem::IfaceName(name.to_owned());
    assert_eq!(problem(iface("", false)), bad_name(""));
    assert_eq!(
        problem(iface("sixteen-bytes-xx", false)),
        bad_name("sixteen-bytes-xx")
    );
    assert_eq!(
        problem(iface("fifteen-bytes-x", true)),
        bad_name("fifteen-bytes-x")
    );
    for good in [iface("fifteen-bytes-x", false), iface("", true)] {
        assert!(validate(&filter(&[("INPUT", vec![good])])).is_ok());
    }
    let mut fragment = rule(Target::Accept);
    fragment.ip.fragment = Some(Negatable::plain(()));
    assert_eq!(problem_v6(fragment), Problem::FragmentFamily);
    let mut nothing = rule(Target::Accept);
    nothing.ip.protocol = Some(Negatable::negated(0));
    assert_eq!(problem(nothing), Problem::NoProtocol);
}

#[test]
fn log_options_are_in_range() {
    let log = |change: fn(&mut Log)| {
        let mut log = Log::default();
        change(&mut log);
        problem(rule(Target::Log(log)))
    };
    assert_eq!(log(|log| log.level = 8), Problem::LogLevel(8));
    assert_eq!(log(|log| log.prefix = "x".repeat(30)), Problem::LogPrefix);
    assert_eq!(
        log(|log| log.prefix = "a\nb".to_owned()),
        Problem::LogPrefix
    );
}
