//! No file over 600 lines without its tests, unless it is listed here with its reason.

use super::report::Finding;
use super::tree::File;

/// Lines. A file should have 100 to 400; above this it holds more than one idea.
const LIMIT: usize = 600;

/// Longer files: path and reason. Data tables only.
const LISTED: &[(&str, &str)] = &[];

/// Files over the limit, and listed files that no longer need to be.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_counted(file)) {
        let lines = if !file.is_rust() || file.is_test() {
            file.text.lines().count()
        } else {
            file.source().len_without_tests()
        };
        let is_listed = LISTED.iter().any(|(path, _)| *path == file.path);
        if lines > LIMIT && !is_listed {
            findings.push(Finding::new(
                &file.path,
                0,
                format!("{lines} lines without its tests; {LIMIT} is the limit: split it by idea"),
            ));
        }
        if lines <= LIMIT && is_listed {
            findings.push(Finding::new(
                &file.path,
                0,
                "is listed as long but is not: unlist it",
            ));
        }
    }
    findings
}

/// Code and scripts count; documents, data and lock files do not.
fn is_counted(file: &File) -> bool {
    file.is_rust() || file.path.ends_with(".c") || file.path.ends_with(".h") || is_script(file)
}

fn is_script(file: &File) -> bool {
    file.path.ends_with(".sh") || file.text.starts_with("#!")
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    #[test]
    fn tests_do_not_count() {
        let body = "fn f() {}\n".repeat(LIMIT);
        let with_tests = format!("{body}#[cfg(test)]\nmod tests {{\n}}\n");
        assert!(check(&[file("a/src/b.rs", &with_tests)]).is_empty());
    }

    #[test]
    fn a_long_file_is_found() {
        let body = "fn f() {}\n".repeat(LIMIT + 1);
        assert_eq!(check(&[file("a/src/b.rs", &body)]).len(), 1);
        assert_eq!(check(&[file("a/tests/b.rs", &body)]).len(), 1);
        assert_eq!(check(&[file("a/b.sh", &body)]).len(), 1);
        assert!(check(&[file("a/b.md", &body)]).is_empty());
    }
}
