//! Every interleaving of publishers and workers, at most three threads.
//!
//! A value carries a cell that readers read and the publisher overwrites once it has the value
//! back. loom fails a run in which the two are not ordered: a reader on a reclaimed value. Each
//! value also holds a loom `Arc`, so that loom fails a run that leaks or frees one twice.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p sync --release --test loom_publish`

#![cfg(loom)]

use loom::{cell::UnsafeCell, sync::Arc, thread};
use sync::{Domain, Published, Publisher, Reader, Retired, channel};

const POISON: u32 = 0;

struct Value {
    number: UnsafeCell<u32>,
    _counted: Arc<()>,
}

// SAFETY: the cell is shared on purpose: loom checks each access to it.
unsafe impl Sync for Value {}
// SAFETY: as above.
unsafe impl Send for Value {}

/// Three threads are explored up to this many preemptions a run; two threads without bound.
const PREEMPTIONS_MAX: usize = 3;

fn model_of_three(body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(PREEMPTIONS_MAX);
    model.check(body);
}

fn value(number: u32) -> Box<Value> {
    Box::new(Value {
        number: UnsafeCell::new(number),
        _counted: Arc::new(()),
    })
}

fn read(value: &Value) -> u32 {
    let number = value.number.with(|number| {
        // SAFETY: loom's cell has checked that no write is concurrent.
        unsafe { *number }
    });
    assert_ne!(number, POISON, "read after reclamation");
    number
}

fn load(reader: &Reader, published: &Published<Value>) -> u32 {
    read(reader.load(published))
}

fn poison(value: &Value) {
    value.number.with_mut(|number| {
        // SAFETY: loom's cell has checked that no other access is concurrent.
        unsafe { *number = POISON }
    });
}

/// One try now, which may find workers pending; the rest for when the threads have ended.
fn try_reclaim(retired: Retired<Value>) -> Option<Retired<Value>> {
    match retired.reclaim() {
        Ok(value) => {
            poison(&value);
            None
        }
        Err(retired) => Some(retired),
    }
}

fn reclaim_at_end(retired: Option<Retired<Value>>) {
    if let Some(retired) = retired {
        assert!(try_reclaim(retired).is_none(), "every reader is gone");
    }
}

fn world(workers: usize) -> (Domain, Publisher<Value>, Published<Value>) {
    let domain = Domain::new(workers);
    let (publisher, published) = channel(&domain, value(1));
    (domain, publisher, published)
}

#[test]
fn an_online_reader_passes_two_publishes() {
    loom::model(|| {
        let (domain, mut publisher, published) = world(1);
        let mut reader = domain.reader(0).expect("free");
        reader.unpark();
        let worker = thread::spawn(move || {
            let first = load(&reader, &published);
            reader.quiescent();
            let second = load(&reader, &published);
            reader.quiescent();
            assert!(first <= second, "values never go back");
        });
        let first = try_reclaim(publisher.publish(value(2)));
        let second = try_reclaim(publisher.publish(value(3)));
        worker.join().expect("the worker's assertions hold");
        reclaim_at_end(first);
        reclaim_at_end(second);
    });
}

#[test]
fn a_reader_parks_and_unparks_while_publishing() {
    loom::model(|| {
        let (domain, mut publisher, published) = world(1);
        let mut reader = domain.reader(0).expect("free");
        let worker = thread::spawn(move || {
            for _ in 0..2 {
                reader.unpark();
                load(&reader, &published);
                reader.park();
            }
        });
        let first = try_reclaim(publisher.publish(value(2)));
        let first = first.and_then(try_reclaim);
        worker.join().expect("the worker's assertions hold");
        reclaim_at_end(first);
    });
}

#[test]
fn a_reader_unparks_by_loading_between_two_publishes() {
    loom::model(|| {
        let (domain, mut publisher, published) = world(1);
        let mut reader = domain.reader(0).expect("free");
        let worker = thread::spawn(move || {
            load(&reader, &published);
            reader.quiescent();
            load(&reader, &published);
        });
        let first = try_reclaim(publisher.publish(value(2)));
        let second = try_reclaim(publisher.publish(value(3)));
        worker.join().expect("the worker's assertions hold");
        reclaim_at_end(first);
        reclaim_at_end(second);
    });
}

#[test]
fn two_readers_and_a_publisher() {
    model_of_three(|| {
        let (domain, mut publisher, published) = world(2);
        let workers = [0, 1].map(|number| {
            let mut reader = domain.reader(number).expect("free");
            let published = published.clone();
            if number == 0 {
                reader.unpark();
            }
            thread::spawn(move || {
                load(&reader, &published);
                reader.quiescent();
                load(&reader, &published);
            })
        });
        drop(published);
        let first = try_reclaim(publisher.publish(value(2)));
        for worker in workers {
            worker.join().expect("the worker's assertions hold");
        }
        reclaim_at_end(first);
    });
}

#[test]
fn two_publishers_share_the_epoch() {
    model_of_three(|| {
        let domain = Domain::new(1);
        let (mut here, published_here) = channel(&domain, value(1));
        let (mut there, published_there) = channel(&domain, value(1));
        let mut reader = domain.reader(0).expect("free");
        reader.unpark();
        let worker = thread::spawn(move || {
            load(&reader, &published_here);
            load(&reader, &published_there);
            reader.quiescent();
            load(&reader, &published_here);
            load(&reader, &published_there);
        });
        let other = thread::spawn(move || try_reclaim(there.publish(value(2))));
        let first = try_reclaim(here.publish(value(2)));
        worker.join().expect("the worker's assertions hold");
        let second = other.join().expect("publishing does not fail");
        reclaim_at_end(first);
        reclaim_at_end(second);
    });
}

#[test]
fn a_slot_changes_hands_while_publishing() {
    loom::model(|| {
        let (domain, mut publisher, published) = world(1);
        let reader = domain.reader(0).expect("free");
        let again = domain.clone();
        let worker = thread::spawn(move || {
            load(&reader, &published);
            drop(reader);
            let reader = again.reader(0).expect("free again");
            load(&reader, &published);
        });
        let first = try_reclaim(publisher.publish(value(2)));
        worker.join().expect("the worker's assertions hold");
        reclaim_at_end(first);
    });
}
