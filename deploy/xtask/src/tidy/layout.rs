//! `lib.rs` and `mod.rs` hold docs, `mod` and `use` only: they are the table of contents.

use super::report::Finding;
use super::tree::File;

/// Code in `lib.rs` or `mod.rs`.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test())
    {
        if !matches!(file.name(), "lib.rs" | "mod.rs") {
            continue;
        }
        if let Some(line) = first_code(file) {
            let why = format!(
                "{} holds docs, `mod` and `use` only: move this out",
                file.name()
            );
            findings.push(Finding::new(&file.path, line, why));
        }
    }
    findings
}

/// The first line that is neither docs, attribute, `mod` nor `use`.
fn first_code(file: &File) -> Option<usize> {
    let mut in_statement = false;
    for (at, line) in file.source().code_lines() {
        let text = line.trim();
        let ends = text.ends_with(';') || (in_statement && text.ends_with(']'));
        if in_statement {
            in_statement = !ends;
            continue;
        }
        let is_attribute = text.starts_with("#[") || text.starts_with("#![");
        let is_contents = ["mod ", "use ", "extern crate "].iter().any(|word| {
            text.starts_with(word)
                || (text.starts_with("pub") && text.contains(&format!(" {word}")))
        });
        if is_attribute {
            in_statement = !text.ends_with(']');
        } else if is_contents {
            // `mod x {` is a body, not an entry of the contents.
            if text.ends_with('{') && !text.contains("use ") {
                return Some(at);
            }
            in_statement = !ends;
        } else if !text.is_empty() {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    #[test]
    fn contents_are_fine() {
        let text = "//! Docs.\n#![forbid(unsafe_code)]\n\nmod a;\n#[cfg(\n  test\n)]\nmod b;\n\
                    pub use a::{\n    X,\n    Y,\n};\npub(crate) use b::z;\nextern crate alloc;\n";
        assert_eq!(first_code(&file("a/src/lib.rs", text)), None);
    }

    #[test]
    fn code_is_found() {
        assert_eq!(
            first_code(&file("a/src/mod.rs", "//! D.\nmod a;\npub fn f() {}\n")),
            Some(3)
        );
        assert_eq!(
            first_code(&file("a/src/lib.rs", "//! D.\npub mod a {\n}\n")),
            Some(2)
        );
    }

    #[test]
    fn other_files_are_not_asked() {
        assert!(check(&[file("a/src/main.rs", "fn main() {}\n")]).is_empty());
        assert_eq!(check(&[file("a/src/x/mod.rs", "fn f() {}\n")]).len(), 1);
    }
}
