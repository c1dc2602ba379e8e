//! Names that say nothing. An item is named for what it is in netfilter's or DPDK's words.

use super::report::Finding;
use super::tree::File;

/// Parts that no item or file has in its name.
const EMPTY_PARTS: &[&str] = &[
    "manager", "handler", "util", "utils", "common", "misc", "helper", "helpers", "process2",
];

/// Words that may stand in a longer name's front but are empty alone or at its end.
const EMPTY_ENDS: &[&str] = &["data", "info"];

/// Keywords that declare a name.
const DECLARES: &[&str] = &[
    "fn", "struct", "enum", "trait", "union", "type", "mod", "const", "static",
];

/// Items and files with an empty name.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        // conntrack's helpers are netfilter's own word.
        let may_help = file.path.contains("conntrack");
        let stem = file.name().trim_end_matches(".rs");
        if let Some(part) = empty_part(stem, may_help) {
            let why = format!("file name: `{part}` says nothing; name the one idea");
            findings.push(Finding::new(&file.path, 0, why));
        }
        for (at, line) in file.source().all_code_lines() {
            for name in declared(line) {
                let may_help = may_help || name.to_lowercase().contains("conntrack");
                if let Some(part) = empty_part(name, may_help) {
                    let why = format!("`{name}`: `{part}` says nothing; name what it is or does");
                    findings.push(Finding::new(&file.path, at, why));
                }
            }
        }
    }
    findings
}

/// The names that a line declares.
fn declared(line: &str) -> Vec<&str> {
    let words: Vec<&str> = line
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let is_name = |word: &str| word != "fn" && word != "_" && word != "mut";
    words
        .windows(2)
        .filter(|pair| DECLARES.contains(&pair[0]) && is_name(pair[1]))
        .map(|pair| pair[1])
        .collect()
}

/// The part of `name` that says nothing.
fn empty_part(name: &str, may_help: bool) -> Option<String> {
    let parts = parts(name);
    if parts.first().is_some_and(|part| part == "do") && parts.len() > 1 {
        return Some("do_".to_owned());
    }
    let is_empty_end = parts
        .last()
        .is_some_and(|part| EMPTY_ENDS.contains(&part.as_str()));
    if is_empty_end {
        return parts.last().cloned();
    }
    let is_empty = |part: &&String| {
        EMPTY_PARTS.contains(&part.as_str()) && !(may_help && part.starts_with("helper"))
    };
    parts.iter().find(is_empty).cloned()
}

/// `name` in lower-case words, from snake_case, CamelCase or SCREAMING_CASE.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for piece in name.split('_').filter(|piece| !piece.is_empty()) {
        let is_screaming = piece.chars().all(|c| !c.is_lowercase());
        let mut word = String::new();
        for c in piece.chars() {
            if c.is_uppercase() && !is_screaming && !word.is_empty() {
                parts.push(std::mem::take(&mut word));
            }
            word.extend(c.to_lowercase());
        }
        parts.push(word);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    #[test]
    fn names_split_into_words() {
        assert_eq!(parts("FooBar_baz"), ["foo", "bar", "baz"]);
        assert_eq!(parts("MAX_DATA"), ["max", "data"]);
    }

    #[test]
    fn empty_names_are_found() {
        for name in [
            "RuleManager",
            "util",
            "do_parse",
            "PacketInfo",
            "rx_data",
            "DATA",
            "helper",
        ] {
            assert!(empty_part(name, false).is_some(), "{name}");
        }
        for name in [
            "Rule",
            "dataplane",
            "data_offset",
            "done",
            "information",
            "handle",
            "double",
        ] {
            assert_eq!(empty_part(name, false), None, "{name}");
        }
        assert_eq!(empty_part("helper", true), None);
    }

    #[test]
    fn declarations_and_files_are_checked() {
        assert_eq!(check(&[file("a/src/util.rs", "//! D.\n")]).len(), 1);
        assert_eq!(
            check(&[file("a/src/b.rs", "pub struct FooManager;\n")]).len(),
            1
        );
        assert!(check(&[file("a/src/b.rs", "let data = 1; // struct FooManager\n")]).is_empty());
        assert!(check(&[file("a/src/b.rs", "const fn get() {}\n")]).is_empty());
        assert!(check(&[file("a/src/b.rs", "const CONNTRACK_HELPER: i32 = 300;\n")]).is_empty());
    }
}
