//! Manifests: one dependency table and one lint table, both at the root.

use super::report::Finding;
use super::tree::File;

/// Members that keep a version, a path or a lint of their own. `members`: manifest paths.
pub(crate) fn check(files: &[File], members: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| members.contains(&file.path)) {
        let mut section = "";
        let mut inherits_lints = false;
        for (at, line) in file.text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']);
                continue;
            }
            if section == "lints" && line == "workspace = true" {
                inherits_lints = true;
            }
            let is_entry = line.contains('=') && !line.starts_with('#');
            let is_shared = line.contains("workspace = true");
            if section.ends_with("dependencies") && is_entry && !is_shared {
                let why = "versions live in [workspace.dependencies]: `name.workspace = true`";
                findings.push(Finding::new(&file.path, at + 1, why));
            }
        }
        if !inherits_lints {
            findings.push(Finding::new(
                &file.path,
                0,
                "lacks `[lints] workspace = true`",
            ));
        }
        if !file
            .text
            .lines()
            .any(|line| line.starts_with("description = "))
        {
            findings.push(Finding::new(
                &file.path,
                0,
                "lacks a description: what is this crate?",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    fn check_one(text: &str) -> Vec<Finding> {
        check(&[file("a/Cargo.toml", text)], &["a/Cargo.toml".to_owned()])
    }

    #[test]
    fn a_member_inherits() {
        let text = "[package]\ndescription = \"d\"\n[lints]\nworkspace = true\n[dependencies]\n\
                    # note = 1\nserde.workspace = true\nx = { workspace = true, optional = true }\n";
        assert!(check_one(text).is_empty());
    }

    #[test]
    fn own_versions_and_missing_lints_are_found() {
        let text = "[package]\ndescription = \"d\"\n[dependencies]\nserde = \"1\"\n";
        let findings = check_one(text);
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].line, 4);
    }

    #[test]
    fn manifests_outside_the_workspace_are_left_alone() {
        assert!(
            check(
                &[file(
                    "deploy/fuzz/Cargo.toml",
                    "[dependencies]\na = \"1\"\n"
                )],
                &[]
            )
            .is_empty()
        );
    }
}
