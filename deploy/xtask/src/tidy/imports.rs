//! What only some crates may reach for: atomics, clocks, the operating system.

use super::report::Finding;
use super::tree::File;

/// One thing that code may name, and where it may.
struct Rule {
    /// Text as it stands in code.
    wanted: &'static [&'static str],
    /// Path prefixes that may hold it.
    allowed: &'static [&'static str],
    /// What to do instead.
    instead: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        wanted: &["sync::atomic", "AtomicCell", "loom::"],
        allowed: &["dataplane/sync/"],
        instead: "atomics come from the sync crate, where loom models them",
    },
    Rule {
        wanted: &["Instant::now", "SystemTime::now"],
        allowed: &[
            "dataplane/daemon/",
            "dataplane/netio/",
            "controlplane/",
            "perf/",
            "deploy/",
        ],
        instead: "time is an argument here: take it from the caller",
    },
    Rule {
        wanted: &[
            "std::fs",
            "std::net::Tcp",
            "std::net::Udp",
            "std::os::unix::net",
            "std::process",
        ],
        allowed: &[
            "dataplane/daemon/",
            "dataplane/netio/",
            "dataplane/dpdk-sys/build.rs",
            "controlplane/",
            "perf/",
            "deploy/",
            // The contract's blocking client, and /etc/services and /etc/protocols, read once.
            "shared/api/",
            "shared/syntax/src/names",
        ],
        instead: "only daemons, netio, store and cli do I/O",
    },
    Rule {
        wanted: &["dpdk_sys::"],
        allowed: &["dataplane/dpdk-sys/", "dataplane/netio/"],
        instead: "only netio knows DPDK",
    },
];

/// Things named where they may not be. Test code is free.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test())
    {
        let source = file.source();
        for rule in RULES {
            if rule
                .allowed
                .iter()
                .any(|prefix| file.path.starts_with(prefix))
            {
                continue;
            }
            for (at, line) in source.code_lines() {
                if let Some(wanted) = rule.wanted.iter().find(|wanted| line.contains(**wanted)) {
                    findings.push(Finding::new(
                        &file.path,
                        at,
                        format!("{wanted}: {}", rule.instead),
                    ));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    #[test]
    fn each_rule_finds_its_breach() {
        let breaches = [
            "use std::sync::atomic::AtomicU64;\n",
            "let t = Instant::now();\n",
            "use std::fs;\n",
            "use dpdk_sys::rte_mbuf;\n",
        ];
        for text in breaches {
            assert_eq!(
                check(&[file("dataplane/pipeline/src/a.rs", text)]).len(),
                1,
                "{text}"
            );
            assert!(
                check(&[file("dataplane/pipeline/tests/a.rs", text)]).is_empty(),
                "{text}"
            );
        }
    }

    #[test]
    fn owners_may() {
        assert!(
            check(&[file(
                "dataplane/sync/src/a.rs",
                "use core::sync::atomic::AtomicU64;\n"
            )])
            .is_empty()
        );
        assert!(check(&[file("controlplane/store/src/a.rs", "use std::fs;\n")]).is_empty());
    }
}
