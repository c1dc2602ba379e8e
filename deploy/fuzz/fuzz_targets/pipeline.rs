//! Frames from both sides and from the host through the whole data plane, time passing between
//! them. Nothing panics, every packet is accounted for, every buffer comes back, and what leaves is
//! well formed.
#![no_main]

use fuzz::{Firewall, arrivals};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut firewall = Firewall::new();
    for arrival in arrivals(bytes, Firewall::STATIONS) {
        firewall.take(&arrival);
    }
});
