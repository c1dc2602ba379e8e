//! The protocol's steps one by one, and a stress run with real threads; the interleavings are
//! `tests/loom_publish.rs`'s.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::*;

/// Counts how many values were dropped.
struct Tracked {
    number: u64,
    copy: u64,
    dropped: Arc<AtomicUsize>,
}

impl Tracked {
    fn new(number: u64, dropped: &Arc<AtomicUsize>) -> Box<Self> {
        Box::new(Self {
            number,
            copy: number,
            dropped: Arc::clone(dropped),
        })
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.copy = u64::MAX;
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

fn pending<T>(retired: &Retired<T>) -> Vec<usize> {
    retired.pending().collect()
}

#[test]
fn a_reader_is_taken_once_and_can_be_taken_again() {
    let domain = Domain::new(2);
    let reader = domain.reader(1).expect("free");
    assert_eq!(reader.worker(), 1);
    assert!(domain.reader(1).is_none(), "taken");
    assert!(domain.reader(2).is_none(), "no such worker");
    drop(reader);
    assert!(domain.reader(1).is_some());
}

#[test]
fn an_online_worker_holds_the_old_value_until_it_is_quiescent() {
    let domain = Domain::new(2);
    let (mut publisher, published) = channel(&domain, Box::new(1));
    let mut reader = domain.reader(1).expect("free");
    reader.unpark();
    let old = reader.load(&published);
    let retired = publisher.publish(Box::new(2));
    assert_eq!(*old, 1, "the borrow outlives the swap");
    assert_eq!(pending(&retired), [1]);
    let retired = retired.reclaim().expect_err("worker 1 may still read it");
    reader.quiescent();
    assert_eq!(*reader.load(&published), 2);
    assert_eq!(retired.reclaim().ok(), Some(Box::new(1)));
}

#[test]
fn a_parked_worker_is_not_waited_for() {
    let domain = Domain::new(1);
    let (mut publisher, published) = channel(&domain, Box::new(1));
    let mut reader = domain.reader(0).expect("free");
    assert!(reader.is_parked(), "a new reader is parked");
    reader.unpark();
    assert_eq!(*reader.load(&published), 1);
    let retired = publisher.publish(Box::new(2));
    assert_eq!(pending(&retired), [0]);
    reader.park();
    assert!(retired.reclaim().is_ok());
    reader.quiescent();
    let retired = publisher.publish(Box::new(3));
    assert!(pending(&retired).is_empty(), "quiescent does not unpark");
    assert!(retired.reclaim().is_ok());
    reader.unpark();
    assert_eq!(*reader.load(&published), 3);
}

#[test]
fn loading_while_parked_comes_online() {
    let domain = Domain::new(1);
    let (mut publisher, published) = channel(&domain, Box::new(1));
    let reader = domain.reader(0).expect("free");
    assert_eq!(*reader.load(&published), 1);
    let retired = publisher.publish(Box::new(2));
    assert_eq!(pending(&retired), [0]);
    drop(reader);
    assert!(retired.reclaim().is_ok(), "a dropped reader holds nothing");
}

#[test]
fn one_quiescent_point_serves_all_values_of_the_domain() {
    let domain = Domain::new(1);
    let (mut first, first_published) = channel(&domain, Box::new(1));
    let (mut second, second_published) = channel(&domain, Box::new("a"));
    let mut reader = domain.reader(0).expect("free");
    reader.unpark();
    let retired = (first.publish(Box::new(2)), second.publish(Box::new("b")));
    reader.quiescent();
    assert_eq!(*reader.load(&first_published), 2);
    assert_eq!(*reader.load(&second_published), "b");
    assert!(retired.0.reclaim().is_ok());
    assert!(retired.1.reclaim().is_ok());
    assert_eq!((*first.current(), *second.current()), (2, "b"));
}

#[test]
#[should_panic(expected = "in its own domain")]
fn a_reader_refuses_another_domains_value() {
    let (_publisher, published) = channel(&Domain::new(1), Box::new(1));
    let reader = Domain::new(1).reader(0).expect("free");
    reader.load(&published);
}

#[test]
fn a_retired_value_is_freed_when_dropped_after_all_have_passed() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let domain = Domain::new(1);
    let (mut publisher, published) = channel(&domain, Tracked::new(1, &dropped));
    drop(publisher.publish(Tracked::new(2, &dropped)));
    assert_eq!(dropped.load(Ordering::Relaxed), 1, "nobody could read it");
    let reader = domain.reader(0).expect("free");
    assert_eq!(reader.load(&published).number, 2);
    let retired = publisher.publish(Tracked::new(3, &dropped));
    assert_eq!(pending(&retired), [0]);
    drop(reader);
    drop(retired);
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
    drop((publisher, published));
    assert_eq!(dropped.load(Ordering::Relaxed), 3, "the last one goes last");
}

#[test]
fn workers_never_see_a_dropped_value() {
    const WORKERS: usize = 3;
    const VALUES: u64 = 2_000;
    let dropped = Arc::new(AtomicUsize::new(0));
    let domain = Domain::new(WORKERS);
    let (mut publisher, published) = channel(&domain, Tracked::new(0, &dropped));
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let mut reader = domain.reader(worker).expect("free");
            let published = published.clone();
            scope.spawn(move || {
                let mut newest = 0;
                for burst in 0_u64.. {
                    let value = reader.load(&published);
                    assert_eq!(value.number, value.copy, "read after its destructor ran");
                    assert!(value.number >= newest, "values never go back");
                    newest = value.number;
                    if newest == VALUES {
                        break;
                    }
                    if burst.is_multiple_of(5) {
                        reader.park();
                        thread::yield_now();
                        reader.unpark();
                    } else {
                        reader.quiescent();
                    }
                }
            });
        }
        for number in 1..=VALUES {
            let mut retired = publisher.publish(Tracked::new(number, &dropped));
            while let Err(again) = retired.reclaim() {
                retired = again;
                thread::yield_now();
            }
        }
    });
    assert_eq!(dropped.load(Ordering::Relaxed) as u64, VALUES);
}
