//! What a peer on the control socket may send: messages, rulesets, counters. Nothing panics, what
//! decodes encodes to something that decodes to the same, and a ruleset that is not refused can be
//! walked.
#![no_main]

use std::fmt::Debug;

use api::{CounterDump, Reply, Request, codec};
use classifier::Classifier;
use libfuzzer_sys::fuzz_target;
use rules::{CounterId, Effects, Facts, Family, Hook, Ruleset, TableName, targets::log::Log};
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|bytes: &[u8]| {
    let _ = codec::decode::<Request>(bytes);
    // The schema number in front of every message, so that the fuzzer need not find it.
    let message = [&api::SCHEMA.to_le_bytes()[..], bytes].concat();
    same_again::<Request>(&message);
    same_again::<Reply>(&message);
    same_again::<CounterDump>(&message);
    if let Some(ruleset) = same_again::<Ruleset>(&message)
        && let Ok(classifier) = Classifier::new(&ruleset)
    {
        walk(&classifier, Family::Ipv4, "10.0.0.1");
        walk(&classifier, Family::Ipv6, "2001:db8::1");
    }
});

/// The value, which survives being encoded again.
fn same_again<T: Serialize + DeserializeOwned + PartialEq + Debug>(message: &[u8]) -> Option<T> {
    let value = codec::decode::<T>(message).ok()?;
    let bytes = codec::encode(&value).expect("what was decoded encodes");
    assert_eq!(codec::decode::<T>(&bytes).as_ref(), Ok(&value));
    Some(value)
}

/// Asks every table on every hook about one TCP packet.
fn walk(classifier: &Classifier, family: Family, addr: &str) {
    struct InBounds(usize);
    impl Effects for InBounds {
        fn count(&mut self, id: CounterId, _: u32) {
            assert!(id.index() < self.0);
        }
        fn log(&mut self, _: &Log, by: CounterId) {
            assert!(by.index() < self.0);
        }
    }
    let addr = addr.parse().expect("an address");
    let packet = [0; 40];
    let facts = Facts {
        family,
        in_iface: "lan",
        out_iface: "wan",
        src: addr,
        dst: addr,
        protocol: Some(wire::protocol::TCP),
        fragment_offset: 0,
        more_fragments: false,
        packet: &packet,
        l4: &packet[20..],
        length: 40,
    };
    for table in TableName::ALL {
        for hook in Hook::ALL {
            let mut effects = InBounds(classifier.counter_len());
            let _ = classifier.walk(table, hook, &facts, &mut effects);
        }
    }
}
