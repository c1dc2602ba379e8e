//! Every interleaving of a producer and a consumer on rings so small that full, empty and going
//! round all happen. Items hold a loom `Arc`, so that loom fails a run that loses or doubles one.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p sync --release --test loom_spsc`

#![cfg(loom)]

use loom::{sync::Arc, thread};
use sync::ring;

type Item = (u32, Arc<()>);

fn item(number: u32) -> Item {
    (number, Arc::new(()))
}

#[test]
fn single_items_go_round() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring::<Item>(2);
        let filling = thread::spawn(move || {
            let mut pushed = 0;
            for number in 0..4 {
                if producer.push(item(number)).is_err() {
                    break;
                }
                pushed += 1;
            }
            pushed
        });
        let mut expected = 0;
        for _ in 0..3 {
            if let Some((number, _)) = consumer.pop() {
                assert_eq!(number, expected);
                expected += 1;
            }
        }
        let pushed = filling.join().expect("pushing does not fail");
        assert!(pushed >= 2, "there is room for two");
        while let Some((number, _)) = consumer.pop() {
            assert_eq!(number, expected);
            expected += 1;
        }
        assert_eq!(expected, pushed);
    });
}

#[test]
fn bursts_go_round() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring::<Item>(2);
        let filling = thread::spawn(move || {
            let mut items = (0..4).map(item);
            producer.push_burst(&mut items) + producer.push_burst(&mut items)
        });
        let mut taken = Vec::new();
        for _ in 0..2 {
            consumer.pop_burst(2, |(number, _)| taken.push(number));
        }
        let pushed = filling.join().expect("pushing does not fail");
        consumer.pop_burst(2, |(number, _)| taken.push(number));
        assert_eq!(taken.len(), pushed);
        assert!(taken.iter().copied().eq(0..taken.len() as u32));
    });
}

#[test]
fn either_end_may_go_first() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring::<Item>(1);
        let filling = thread::spawn(move || {
            let first = producer.push(item(0)).is_ok();
            let second = producer.push(item(1)).is_ok();
            assert!(first);
            second
        });
        if let Some((number, _)) = consumer.pop() {
            assert_eq!(number, 0);
        }
        drop(consumer);
        filling.join().expect("the producer's assertions hold");
    });
}

#[test]
fn length_never_exceeds_the_capacity() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring::<u32>(2);
        let filling = thread::spawn(move || {
            for number in 0..3 {
                let before = producer.len();
                if producer.push(number).is_err() {
                    assert!(before <= producer.capacity());
                }
            }
        });
        for _ in 0..2 {
            let len = consumer.len();
            assert!(len <= consumer.capacity());
            // What the consumer has seen stays until it takes it.
            assert_eq!(consumer.pop_burst(len, drop), len);
        }
        filling.join().expect("the producer's assertions hold");
    });
}
