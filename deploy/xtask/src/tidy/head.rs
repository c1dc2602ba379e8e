//! Each file opens by saying what lives in it: `//!` in Rust, `#` in scripts, `/*` or `//` in C.

use super::report::Finding;
use super::tree::File;

/// Files without their first words.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let mut lines = file.text.lines();
        let first = lines.next().unwrap_or_default();
        let (is_headed, expected) = if file.is_rust() {
            (first.starts_with("//! "), "`//!` and what lives here")
        } else if first.starts_with("#!") {
            (
                lines
                    .next()
                    .is_some_and(|line| line.starts_with("# ") || line.starts_with("\"\"\"")),
                "`# ` and what it does, in line 2",
            )
        } else if file.path.ends_with(".sh") {
            (first.starts_with("# "), "`# ` and what it does")
        } else if file.path.ends_with(".c") || file.path.ends_with(".h") {
            (
                first.starts_with("/*") || first.starts_with("//"),
                "a comment that says what lives here",
            )
        } else {
            continue;
        };
        if !is_headed {
            findings.push(Finding::new(
                &file.path,
                1,
                format!("opens without {expected}"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    #[test]
    fn every_kind_needs_its_head() {
        let good = [
            file("a.rs", "//! A.\n"),
            file("run", "#!/usr/bin/env bash\n# Runs.\n"),
            file("a.sh", "# Runs.\n"),
            file("a.py", "#!/usr/bin/env python3\n\"\"\"Runs.\"\"\"\n"),
            file("a.c", "/* Shim. */\n"),
            file("a.md", "text\n"),
        ];
        assert!(check(&good).is_empty());
        let bad = [
            file("a.rs", "use std::fs;\n"),
            file("run", "#!/usr/bin/env bash\nset -e\n"),
            file("a.sh", "x() { :; }\n"),
            file("a.c", "int x;\n"),
            file("b.rs", ""),
        ];
        assert_eq!(check(&bad).len(), bad.len());
    }
}
