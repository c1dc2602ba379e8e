//! The store after a crash between any two steps, and after damage.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up has failed.

use std::{fs, path::Path};

use api::RulesetHash;
use rules::{Chain, ChainName, Family, Ruleset, TableName};
use store::{DamageCause, Event, Kept, Note, RETAINED_GENERATIONS, Store, StoreError};

fn note(text: &str) -> Note {
    Note {
        when_unix_ms: 1,
        author_uid: Some(0),
        text: text.to_owned(),
    }
}

/// A generation whose content depends on its number.
fn kept(number: u64) -> Kept {
    let mut ruleset = Ruleset::new();
    let name: ChainName = format!("chain{number}").parse().unwrap();
    let filter = ruleset.table_mut(Family::Ipv4, TableName::Filter).unwrap();
    filter.chains.push(Chain::user_defined(name));
    Kept::new(number, 100 + number, ruleset).unwrap()
}

fn open(root: &Path) -> Store {
    let (store, damages) = Store::open(root).unwrap();
    assert!(damages.is_empty(), "{damages:?}");
    store
}

fn commit(store: &mut Store, number: u64) {
    store.stage(kept(number)).unwrap();
    store.adopt(number, note("commit")).unwrap();
}

/// Copies a store as a crash would leave it: without the lock of the process that has it open.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_new_store_is_empty() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    assert_eq!(
        (store.current(), store.pending(), store.next_number()),
        (None, None, 1)
    );
}

#[test]
fn one_process_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let first = open(root.path());
    assert!(matches!(
        Store::open(root.path()),
        Err(StoreError::Locked(_))
    ));
    drop(first);
    open(root.path());
}

#[test]
fn every_stop_between_two_steps_leaves_the_old_or_the_pending_generation() {
    let root = tempfile::tempdir().unwrap();
    let crashed = |name: &str| {
        let at = root.path().join(name);
        copy(&root.path().join("live"), &at);
        at
    };
    let live = root.path().join("live");
    let mut store = open(&live);
    commit(&mut store, 1);

    let idle = open(&crashed("idle"));
    assert_eq!((idle.current(), idle.pending()), (Some(&kept(1)), None));

    // Killed while the generation's file was being written.
    let whole = {
        let mut other = open(&root.path().join("other"));
        commit(&mut other, 2);
        fs::read(root.path().join("other/generations/2")).unwrap()
    };
    for cut in 0..whole.len() {
        let at = crashed(&format!("written-{cut}"));
        fs::write(at.join("generations/2"), &whole[..cut]).unwrap();
        let (unfinished, damages) = Store::open(&at).unwrap();
        assert_eq!(
            (unfinished.current(), unfinished.pending()),
            (Some(&kept(1)), None)
        );
        assert_eq!(damages.len(), 1, "cut at {cut}");
    }

    // Killed after it was staged, before or after the data plane was told.
    store.stage(kept(2)).unwrap();
    let staged = open(&crashed("staged"));
    assert_eq!(
        (staged.current(), staged.pending()),
        (Some(&kept(1)), Some(&kept(2)))
    );

    // Killed anywhere within the journal's line.
    let before = fs::read(live.join("journal")).unwrap().len();
    store.adopt(2, note("commit")).unwrap();
    let after = fs::read(live.join("journal")).unwrap();
    for cut in before..after.len() {
        let at = crashed(&format!("cut-{cut}"));
        fs::write(at.join("journal"), &after[..cut]).unwrap();
        let mut torn = open(&at);
        assert_eq!(
            (torn.current(), torn.pending()),
            (Some(&kept(1)), Some(&kept(2)))
        );
        torn.adopt(2, note("found running")).unwrap();
        drop(torn);
        assert_eq!(open(&at).current(), Some(&kept(2)));
    }
    let adopted = open(&crashed("adopted"));
    assert_eq!(
        (adopted.current(), adopted.pending()),
        (Some(&kept(2)), None)
    );
    assert_eq!(adopted.next_number(), 3);
}

#[test]
fn a_discarded_generation_stays_discarded_and_keeps_its_number() {
    let root = tempfile::tempdir().unwrap();
    let mut store = open(root.path());
    commit(&mut store, 1);
    store.stage(kept(2)).unwrap();
    store.discard(2, note("refused")).unwrap();
    assert!(matches!(
        store.adopt(2, note("no")),
        Err(StoreError::NotPending(2))
    ));
    drop(store);
    let store = open(root.path());
    assert_eq!((store.current(), store.pending()), (Some(&kept(1)), None));
    assert_eq!(store.next_number(), 3);
}

#[test]
fn an_amended_store_follows_even_to_a_lower_number() {
    let root = tempfile::tempdir().unwrap();
    let mut store = open(root.path());
    commit(&mut store, 1);
    commit(&mut store, 7);
    store
        .amend(kept(0), note("the data plane lost its state"))
        .unwrap();
    drop(store);
    let store = open(root.path());
    assert_eq!((store.current(), store.pending()), (Some(&kept(0)), None));
    assert_eq!(store.next_number(), 8);
    let events: Vec<_> = store
        .entries()
        .iter()
        .map(|entry| (entry.event, entry.number))
        .collect();
    assert_eq!(
        events,
        [
            (Event::Adopted, 1),
            (Event::Adopted, 7),
            (Event::Amended, 0)
        ]
    );
}

#[test]
fn a_damaged_generation_is_put_aside_and_told() {
    let root = tempfile::tempdir().unwrap();
    commit(&mut open(root.path()), 1);
    let path = root.path().join("generations/1");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (mut store, damages) = Store::open(root.path()).unwrap();
    assert_eq!((store.current(), store.pending()), (None, None));
    assert_eq!(damages.len(), 1);
    assert_eq!(damages[0].cause, DamageCause::Checksum);
    assert_eq!(fs::read(&damages[0].aside).unwrap(), bytes);
    store.amend(kept(1), note("from the data plane")).unwrap();
    drop(store);
    assert_eq!(open(root.path()).current(), Some(&kept(1)));
}

#[test]
fn a_damaged_journal_leaves_the_newest_generation_pending() {
    let root = tempfile::tempdir().unwrap();
    let mut store = open(root.path());
    commit(&mut store, 1);
    commit(&mut store, 2);
    drop(store);
    let path = root.path().join("journal");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("adopted", "Adopted", 1)).unwrap();
    let (store, damages) = Store::open(root.path()).unwrap();
    assert_eq!(damages[0].cause, DamageCause::JournalLine(1));
    assert_eq!((store.current(), store.pending()), (None, Some(&kept(2))));
}

#[test]
fn a_generation_file_that_is_gone_is_told() {
    let root = tempfile::tempdir().unwrap();
    commit(&mut open(root.path()), 1);
    fs::remove_file(root.path().join("generations/1")).unwrap();
    let (store, damages) = Store::open(root.path()).unwrap();
    assert_eq!(store.current(), None);
    assert_eq!(damages[0].cause, DamageCause::Missing);
}

#[test]
fn old_generations_make_room() {
    let root = tempfile::tempdir().unwrap();
    let mut store = open(root.path());
    for number in 1..=40 {
        commit(&mut store, number);
    }
    let files = fs::read_dir(root.path().join("generations"))
        .unwrap()
        .count();
    assert_eq!(files, RETAINED_GENERATIONS);
    drop(store);
    let store = open(root.path());
    assert_eq!(store.current(), Some(&kept(40)));
    assert_eq!(store.entries().len(), 40);
}

#[test]
fn a_disk_that_refuses_leaves_the_store_as_it_was() {
    let root = tempfile::tempdir().unwrap();
    let mut store = open(root.path());
    commit(&mut store, 1);
    // A folder in the way of the file: also root cannot write there.
    fs::create_dir(root.path().join("generations/2")).unwrap();
    let error = store.stage(kept(2)).unwrap_err();
    assert!(
        error.to_string().contains("generations/2: cannot write"),
        "{error}"
    );
    assert_eq!((store.current(), store.pending()), (Some(&kept(1)), None));
}

#[test]
fn the_hash_is_that_of_the_blob_the_data_plane_gets() {
    let (_, hash): (_, RulesetHash) = api::Blob::of(&kept(3).ruleset).unwrap();
    assert_eq!(kept(3).hash, hash);
}
