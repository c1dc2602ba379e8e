//! A function fits on one screen.

use super::report::Finding;
use super::tree::File;

/// Lines, signature and closing brace included.
const LIMIT: usize = 60;

/// Longer functions: path, name, reason.
const LISTED: &[(&str, &str, &str)] = &[];

/// Functions outside tests that are longer than a screen.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test())
    {
        let source = file.source();
        let lines: Vec<&str> = source.code_lines().map(|(_, line)| line).collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(name) = declared_fn(line) else {
                continue;
            };
            let Some(length) = length(&lines[at..]) else {
                continue;
            };
            let is_listed = LISTED
                .iter()
                .any(|(path, fun, _)| *path == file.path && *fun == name);
            if length > LIMIT && !is_listed {
                let why = format!("fn {name} has {length} lines; {LIMIT} fit on a screen");
                findings.push(Finding::new(&file.path, at + 1, why));
            }
        }
    }
    findings
}

/// The name that a line starting a function declares.
fn declared_fn(line: &str) -> Option<&str> {
    let mut words = line.trim_start().split(' ');
    let mut before = Vec::new();
    let name = loop {
        match words.next()? {
            "fn" => break words.next()?,
            word => before.push(word),
        }
    };
    let is_qualifier = |word: &&str| {
        word.starts_with("pub")
            || ["const", "async", "unsafe", "extern"].contains(word)
            || word.starts_with('"')
    };
    if !before.iter().all(is_qualifier) {
        return None;
    }
    name.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .filter(|name| !name.is_empty())
}

/// Lines from a function's first to its closing brace; none if it has no body.
fn length(lines: &[&str]) -> Option<usize> {
    let mut braces = 0usize;
    let mut brackets = 0usize;
    for (at, line) in lines.iter().enumerate() {
        for c in line.chars() {
            match c {
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets = brackets.saturating_sub(1),
                '{' => braces += 1,
                '}' => {
                    braces = braces.saturating_sub(1);
                    if braces == 0 {
                        return Some(at + 1);
                    }
                }
                ';' if braces == 0 && brackets == 0 => return None,
                _ => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    #[test]
    fn names_are_read_from_declarations_only() {
        assert_eq!(
            declared_fn("    pub(crate) const fn get(&self) -> u8 {"),
            Some("get")
        );
        assert_eq!(declared_fn("fn walk<E: Effects>("), Some("walk"));
        assert_eq!(declared_fn("let f: fn (u8);"), None);
        assert_eq!(declared_fn("let x = 1;"), None);
    }

    #[test]
    fn a_body_is_measured_to_its_brace() {
        assert_eq!(
            length(&["fn f(a: [u8; 2]) {", "    if a {}", "}", "fn g() {}"]),
            Some(3)
        );
        assert_eq!(length(&["fn f();", "fn g() {}"]), None);
    }

    #[test]
    fn long_functions_are_found_but_not_in_tests() {
        let long = format!("fn f() {{\n{}}}\n", "    g();\n".repeat(LIMIT));
        assert_eq!(check(&[file("a/src/b.rs", &long)]).len(), 1);
        assert!(check(&[file("a/tests/b.rs", &long)]).is_empty());
        let in_module = format!("#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert!(check(&[file("a/src/b.rs", &in_module)]).is_empty());
    }
}
