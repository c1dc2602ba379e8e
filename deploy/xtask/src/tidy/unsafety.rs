//! Where `unsafe` may stand, and that every crate root says so.

use super::report::Finding;
use super::tree::File;

/// Path prefixes whose files may hold unsafe code, each with its reason.
const ALLOWED: &[(&str, &str)] = &[
    ("dataplane/dpdk-sys/", "raw bindings and the C shim"),
    ("dataplane/netio/src/dpdk/", "safe types over the bindings"),
    (
        "dataplane/netio/tests/",
        "drives the DPDK back end from outside",
    ),
    ("dataplane/sync/", "publication and rings, loom-modelled"),
    (
        "dataplane/pipeline/tests/",
        "the counting allocator of the no-allocation test",
    ),
    (
        "dataplane/daemon/tests/",
        "the counting allocator of the no-allocation test",
    ),
];

/// Crate folders that hold such files: their roots deny unsafe code and allow it per file.
const DENYING: &[&str] = &["dataplane/dpdk-sys/", "dataplane/netio/", "dataplane/sync/"];

/// Unsafe code outside the list, and crate roots (`roots`: paths) that forbid nothing.
pub(crate) fn check(files: &[File], roots: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        if !ALLOWED
            .iter()
            .any(|(prefix, _)| file.path.starts_with(prefix))
        {
            for (at, line) in file.source().all_code_lines() {
                if has_word(line, "unsafe") {
                    let why = "unsafe code is for the files listed in unsafety.rs";
                    findings.push(Finding::new(&file.path, at, why));
                }
            }
        }
        if roots.contains(&file.path) {
            findings.extend(check_root(file));
        }
    }
    findings
}

fn check_root(file: &File) -> Option<Finding> {
    let may_deny = DENYING.iter().any(|prefix| file.path.starts_with(prefix));
    let says = |wanted: &str| {
        file.source()
            .code_lines()
            .any(|(_, line)| line.trim() == wanted)
    };
    if says("#![forbid(unsafe_code)]") || (may_deny && says("#![deny(unsafe_code)]")) {
        return None;
    }
    let expected = if may_deny {
        "#![deny(unsafe_code)]"
    } else {
        "#![forbid(unsafe_code)]"
    };
    Some(Finding::new(
        &file.path,
        0,
        format!("the crate root lacks `{expected}`"),
    ))
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    #[test]
    fn unsafe_stays_in_the_listed_files() {
        let text = "//! D.\nfn f() { unsafe { g() } }\n";
        assert_eq!(check(&[file("shared/wire/src/a.rs", text)], &[]).len(), 1);
        assert!(check(&[file("dataplane/sync/src/a.rs", text)], &[]).is_empty());
        assert_eq!(
            check(&[file("dataplane/netio/src/pcap.rs", text)], &[]).len(),
            1
        );
    }

    #[test]
    fn the_word_in_a_comment_or_a_lint_is_no_code() {
        let text = "// unsafe\n#![forbid(unsafe_code)]\nlet a = \"unsafe\";\n";
        assert!(check(&[file("shared/wire/src/lib.rs", text)], &[]).is_empty());
    }

    #[test]
    fn roots_forbid_or_deny() {
        let check_one =
            |path: &str, text: &str| check(&[file(path, text)], &[path.to_owned()]).len();
        assert_eq!(check_one("shared/wire/src/lib.rs", "//! D.\n"), 1);
        assert_eq!(
            check_one("shared/wire/src/lib.rs", "#![deny(unsafe_code)]\n"),
            1
        );
        assert_eq!(
            check_one("shared/wire/src/lib.rs", "#![forbid(unsafe_code)]\n"),
            0
        );
        assert_eq!(
            check_one("dataplane/sync/src/lib.rs", "#![deny(unsafe_code)]\n"),
            0
        );
        assert_eq!(
            check_one("dataplane/sync/src/lib.rs", "// #![deny(unsafe_code)]\n"),
            1
        );
    }
}
