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
        let source = file.source();
        let mut given = TraitImpl::default();
        for (at, line) in source.all_code_lines() {
            let is_given = given.contains(line);
            for name in declared(line).into_iter().filter(|_| !is_given) {
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

/// Whether lines, taken in order, stand in an `impl Trait for`, whose names the trait gives.
#[derive(Default)]
struct TraitImpl {
    /// The line that ends the block, while in one.
    end: Option<String>,
    /// What has been read of a head that goes on over lines.
    head: String,
}

impl TraitImpl {
    fn contains(&mut self, line: &str) -> bool {
        if let Some(end) = &self.end {
            if line == end {
                self.end = None;
            }
            return true;
        }
        let text = line.trim_start();
        if text.starts_with("impl") || !self.head.is_empty() {
            if self.head.is_empty() {
                self.head = line[..line.len() - text.len()].to_owned();
            }
            self.head.push_str(text);
            self.head.push(' ');
        }
        if text.ends_with(['{', '}']) && !self.head.is_empty() {
            let head = std::mem::take(&mut self.head);
            if text.ends_with('{') && head.contains(" for ") {
                let indent = head.len() - head.trim_start().len();
                self.end = Some(format!("{}}}", &head[..indent]));
            }
        }
        false
    }
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
    fn a_trait_gives_its_own_names() {
        let text =
            "impl<T> Connected<T> for X\nwhere\n    T: Y,\n{\n    fn connect_info() {\n    }\n}\n";
        assert!(check(&[file("a/src/b.rs", text)]).is_empty());
        let after = format!("{text}fn connect_info() {{}}\n");
        assert_eq!(check(&[file("a/src/b.rs", &after)]).len(), 1);
        let own = "impl X {\n    fn connect_info() {\n    }\n}\n";
        assert_eq!(check(&[file("a/src/b.rs", own)]).len(), 1);
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
