//! Commits step by step, without workers or sockets.

use rules::Ruleset;

use super::*;

const ASKER: ClientId = 1;
const OTHER: ClientId = 2;
const SECOND_NS: u64 = 1_000_000_000;

fn blob() -> (Result<Blob, String>, RulesetHash, Box<Compiled>) {
    let mut ruleset = Ruleset::new();
    ruleset.assign_handles(&mut 1);
    let (blob, hash) = Blob::of(&ruleset).unwrap();
    let bytes = blob.bytes().unwrap();
    let compiled = Compiled::new(&ruleset, bytes, 2, 1 << 30).unwrap();
    (Ok(blob), hash, Box::new(compiled))
}

#[track_caller]
fn assert_refused(effect: Effect, words: &str) {
    match effect {
        Effect::Reply(_, Reply::Error(refusal)) => {
            assert!(refusal.to_string().contains(words), "{refusal}");
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_reply(effect: Option<Effect>, client: ClientId, reply: Reply) {
    match effect {
        Some(Effect::Reply(to, sent)) => assert_eq!((to, sent), (client, reply)),
        other => panic!("{other:?}"),
    }
}

/// Prepares and compiles `generation`.
fn prepare(commits: &mut Commits, generation: Generation) {
    let (blob, hash, compiled) = blob();
    let effect = commits.prepare(ASKER, generation, hash, blob);
    assert!(matches!(effect, Effect::Compile { .. }), "{effect:?}");
    let effect = commits.compiled(generation, Ok(compiled));
    assert_reply(effect, ASKER, Reply::Prepared { generation });
}

fn commit(commits: &mut Commits, generation: Generation, now_ns: u64) {
    let effect = commits.commit(ASKER, generation, now_ns);
    assert!(
        matches!(effect, Effect::Publish(n, _) if n == generation),
        "{effect:?}"
    );
}

#[test]
fn a_commit_is_adopted_then_persisted_then_answered() {
    let mut commits = Commits::new(1);
    prepare(&mut commits, 1);
    assert_eq!(commits.next_generation(), 3);
    commit(&mut commits, 1, 0);
    assert!(commits.poll(1, &[1]).is_none());
    assert!(matches!(commits.poll(2, &[]), Some(Effect::Persist(1))));
    assert!(commits.poll(3, &[]).is_none());
    let adopted = Reply::Adopted {
        generation: 1,
        lagging: Vec::new(),
    };
    assert_reply(commits.persisted(1), ASKER, adopted);
    assert!(!commits.is_waiting());
    prepare(&mut commits, 3);
}

#[test]
fn a_worker_that_lags_is_named_after_a_second_and_waited_for_further() {
    let mut commits = Commits::new(1);
    prepare(&mut commits, 1);
    commit(&mut commits, 1, 0);
    assert!(commits.poll(SECOND_NS - 1, &[1]).is_none());
    let adopted = Reply::Adopted {
        generation: 1,
        lagging: vec![1],
    };
    assert_reply(commits.poll(SECOND_NS, &[1]), ASKER, adopted);
    assert!(commits.poll(2 * SECOND_NS, &[1]).is_none());
    assert!(matches!(
        commits.poll(3 * SECOND_NS, &[]),
        Some(Effect::Persist(1))
    ));
    assert!(commits.persisted(1).is_none());
}

#[test]
fn a_lagging_generation_can_be_overtaken() {
    let mut commits = Commits::new(1);
    prepare(&mut commits, 1);
    commit(&mut commits, 1, 0);
    prepare(&mut commits, 3);
    assert_refused(commits.commit(OTHER, 3, 1), "still being adopted");
    assert!(commits.poll(SECOND_NS, &[0]).is_some());
    commit(&mut commits, 3, SECOND_NS);
    assert!(matches!(
        commits.poll(SECOND_NS, &[]),
        Some(Effect::Persist(3))
    ));
}

#[test]
fn numbers_only_grow() {
    let mut commits = Commits::new(5);
    let (blob, hash, _) = blob();
    assert_refused(commits.prepare(ASKER, 4, hash, blob), "expected at least 5");
    prepare(&mut commits, 9);
    let (blob, hash, _) = self::blob();
    assert_refused(
        commits.prepare(ASKER, 10, hash, blob),
        "expected at least 11",
    );
    let (blob, hash, _) = self::blob();
    assert_refused(commits.prepare(ASKER, u64::MAX, hash, blob), "no room");
}

#[test]
fn only_what_is_prepared_can_be_committed_or_aborted() {
    let mut commits = Commits::new(1);
    assert_refused(commits.commit(ASKER, 1, 0), "is not prepared");
    assert_refused(commits.abort(ASKER, 1), "is not prepared");
    prepare(&mut commits, 1);
    assert_refused(commits.commit(ASKER, 2, 0), "is not prepared");
    assert_reply(
        Some(commits.abort(ASKER, 1)),
        ASKER,
        Reply::Aborted { generation: 1 },
    );
    assert_refused(commits.commit(ASKER, 1, 0), "is not prepared");
}

#[test]
fn a_new_prepare_replaces_the_one_before() {
    let mut commits = Commits::new(1);
    prepare(&mut commits, 1);
    prepare(&mut commits, 3);
    assert_refused(commits.commit(ASKER, 1, 0), "is not prepared");
    commit(&mut commits, 3, 0);
}

#[test]
fn a_refused_ruleset_leaves_nothing_behind() {
    let mut commits = Commits::new(1);
    let (blob, hash, _) = blob();
    let _ = commits.prepare(ASKER, 1, hash, blob);
    let (blob, hash, _) = self::blob();
    assert_refused(commits.prepare(OTHER, 3, hash, blob), "is being compiled");
    let refusal = Refusal {
        place: "ipv4 filter FORWARD rule 1".into(),
        why: "no".into(),
    };
    let effect = commits.compiled(1, Err(refusal.clone()));
    assert_reply(effect, ASKER, Reply::Error(refusal));
    assert_refused(commits.commit(ASKER, 1, 0), "is not prepared");
    let no_blob = Err("the message brought no descriptor".to_owned());
    assert_refused(commits.prepare(ASKER, 3, hash, no_blob), "no descriptor");
    prepare(&mut commits, 3);
}
