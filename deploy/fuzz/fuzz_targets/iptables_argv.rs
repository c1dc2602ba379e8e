//! Calls of `iptables` and `ip6tables`, one a line, on one ruleset after another. Nothing panics, a
//! call that fails changes nothing, and what the calls made saves and restores to the same.
//!
//! An argument ends at a space; a tab in it stands for a space. The first byte chooses the family.
#![no_main]

use fuzz::{Applet, assert_saves_and_restores};
use libfuzzer_sys::fuzz_target;
use rules::Family;
use syntax::Program;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else {
        return;
    };
    let family = if *first == b'6' {
        Family::Ipv6
    } else {
        Family::Ipv4
    };
    let mut applet = Applet::new(family);
    for line in String::from_utf8_lossy(text).lines() {
        let words = line.split(' ').filter(|word| !word.is_empty());
        let args: Vec<String> = words.map(|word| word.replace('\t', " ")).collect();
        applet.call(Program::Iptables, &args, "");
    }
    assert_saves_and_restores(&mut applet);
});
