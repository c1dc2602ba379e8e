//! Input of `iptables-restore` and `ip6tables-restore`. Nothing panics, input that is refused
//! changes nothing, and what is accepted saves and restores to the same.
//!
//! The first byte chooses the family and the options.
#![no_main]

use fuzz::{Applet, assert_saves_and_restores};
use libfuzzer_sys::fuzz_target;
use rules::Family;
use syntax::Program;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else {
        return;
    };
    let family = if first & 1 == 0 {
        Family::Ipv4
    } else {
        Family::Ipv6
    };
    let options = [
        (2, "--counters"),
        (4, "--noflush"),
        (8, "--test"),
        (16, "-v"),
    ];
    let args: Vec<String> = options
        .iter()
        .filter(|(bit, _)| first & bit != 0)
        .map(|(_, option)| (*option).to_owned())
        .collect();
    let mut applet = Applet::new(family);
    let text = String::from_utf8_lossy(text);
    // Twice: the second time on what the first made, where --noflush finds chains.
    for _ in 0..2 {
        applet.call(Program::Restore, &args, &text);
    }
    assert_saves_and_restores(&mut applet);
});
