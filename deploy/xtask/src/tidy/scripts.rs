//! Scripts: executable where they have a `#!` line, and strict.

use super::report::Finding;
use super::tree::File;

/// Scripts that cannot be run, files that should not be, and scripts that go on after an error.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let is_script = file.text.starts_with("#!") && !file.is_rust();
        if is_script && !file.is_executable {
            findings.push(Finding::new(
                &file.path,
                1,
                "has a #! line but is not executable",
            ));
        }
        if file.is_executable && !is_script {
            findings.push(Finding::new(
                &file.path,
                1,
                "is executable but has no #! line",
            ));
        }
        let is_bash = is_script
            && file
                .text
                .lines()
                .next()
                .is_some_and(|line| line.ends_with("bash"));
        if is_bash && !file.text.lines().any(|line| line == "set -euo pipefail") {
            findings.push(Finding::new(
                &file.path,
                1,
                "lacks a line `set -euo pipefail`",
            ));
        }
        if is_script
            && !is_bash
            && !file
                .text
                .lines()
                .next()
                .is_some_and(|l| l.contains("python3"))
        {
            findings.push(Finding::new(&file.path, 1, "scripts are bash (or python3)"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::{File, file};
    use super::*;

    fn executable(path: &str, text: &str) -> File {
        File {
            is_executable: true,
            ..file(path, text)
        }
    }

    #[test]
    fn scripts_run_and_are_strict() {
        let good = "#!/usr/bin/env bash\n# Does.\nset -euo pipefail\n";
        assert!(check(&[executable("a", good)]).is_empty());
        assert_eq!(check(&[file("a", good)]).len(), 1);
        assert_eq!(
            check(&[executable("a", "#!/usr/bin/env bash\n# Does.\n")]).len(),
            1
        );
        assert_eq!(check(&[executable("a", "#!/bin/sh\n# Does.\n")]).len(), 1);
    }

    #[test]
    fn other_files_are_not_executable() {
        assert_eq!(check(&[executable("a.md", "text\n")]).len(), 1);
        assert!(check(&[file("a.rs", "#![forbid(unsafe_code)]\n")]).is_empty());
    }
}
