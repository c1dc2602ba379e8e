//! Rust text with comments and literals taken out, so that a plain search finds code alone.
//!
//! This is no parser: it knows where comments, strings and characters begin and end, and where
//! the test module at the end of a file starts. Lines and columns stay where they were.

/// A Rust file in three views of equal shape.
#[derive(Debug)]
pub(crate) struct Source {
    /// Code; comments and the insides of literals are blanks.
    code: String,
    /// Comments; everything else is blanks.
    comments: String,
    /// Lines from here on (from 0) belong to the `#[cfg(test)]` module at the end.
    test_from: usize,
}

impl Source {
    /// Splits `text`.
    pub(crate) fn new(text: &str) -> Self {
        let (code, comments) = split(text);
        let lines: Vec<&str> = code.lines().collect();
        let starts_tests = |pair: &[&str]| {
            pair[0].starts_with("#[cfg(test)]")
                && (pair[1].starts_with("mod ") || pair[1].starts_with("pub(crate) mod "))
                && pair[1].ends_with('{')
        };
        let test_from = lines
            .windows(2)
            .position(starts_tests)
            .unwrap_or(lines.len());
        Self {
            code,
            comments,
            test_from,
        }
    }

    /// Lines of code with their numbers (from 1), the test module left out.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .lines()
            .take(self.test_from)
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }

    /// All lines of code with their numbers (from 1).
    pub(crate) fn all_code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }

    /// All lines of comments with their numbers (from 1), trimmed; empty where there is none.
    pub(crate) fn comment_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.comments
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.trim()))
    }

    /// How many lines come before the test module.
    pub(crate) fn len_without_tests(&self) -> usize {
        self.test_from
    }
}

/// What the scanner stands in.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Code,
    LineComment,
    /// Depth: block comments nest.
    BlockComment(usize),
    Text,
    /// The number of `#` that close it.
    RawText(usize),
    Char,
}

/// `text` as (code, comments), each with blanks where the other has something.
fn split(text: &str) -> (String, String) {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut comments = String::with_capacity(text.len());
    let mut inside = Inside::Code;
    let mut at = 0;
    while at < chars.len() {
        let (next, taken) = step(inside, &chars, at);
        for &c in &chars[at..at + taken] {
            let is_break = c == '\n';
            let is_comment = |state| matches!(state, Inside::LineComment | Inside::BlockComment(_));
            let in_comment = !is_break && (is_comment(inside) || is_comment(next));
            // Quotes stay in the code, so that a literal is still seen to stand there.
            let in_code =
                is_break || (!in_comment && (inside == Inside::Code || next == Inside::Code));
            code.push(if in_code { c } else { ' ' });
            comments.push(if in_comment || is_break { c } else { ' ' });
        }
        inside = next;
        at += taken;
    }
    (code, comments)
}

/// The state after the token at `at`, and how many characters it takes.
fn step(inside: Inside, chars: &[char], at: usize) -> (Inside, usize) {
    let sees = |text: &str| {
        text.chars()
            .enumerate()
            .all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    match inside {
        Inside::Code => open(chars, at),
        Inside::LineComment if chars[at] == '\n' => (Inside::Code, 1),
        Inside::BlockComment(1) if sees("*/") => (Inside::Code, 2),
        Inside::BlockComment(depth) if sees("*/") => (Inside::BlockComment(depth - 1), 2),
        Inside::BlockComment(depth) if sees("/*") => (Inside::BlockComment(depth + 1), 2),
        Inside::Text | Inside::Char if chars[at] == '\\' => (inside, 2.min(chars.len() - at)),
        Inside::Text if chars[at] == '"' => (Inside::Code, 1),
        Inside::Char if chars[at] == '\'' => (Inside::Code, 1),
        Inside::RawText(hashes) if sees(&format!("\"{}", "#".repeat(hashes))) => {
            (Inside::Code, 1 + hashes)
        }
        same => (same, 1),
    }
}

/// What the code at `at` opens.
fn open(chars: &[char], at: usize) -> (Inside, usize) {
    let sees = |text: &str| {
        text.chars()
            .enumerate()
            .all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    if sees("//") {
        return (Inside::LineComment, 2);
    }
    if sees("/*") {
        return (Inside::BlockComment(1), 2);
    }
    let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if chars[at] == 'r' && !(after_word && chars[at - 1] != 'b' && chars[at - 1] != 'c') {
        let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
        if chars.get(at + 1 + hashes) == Some(&'"') {
            return (Inside::RawText(hashes), 2 + hashes);
        }
    }
    match chars[at] {
        '"' => (Inside::Text, 1),
        // A lifetime has no closing quote right after its first character; a literal has, or a
        // backslash.
        '\'' if chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'') => {
            (Inside::Char, 1)
        }
        _ => (Inside::Code, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        split(text).0
    }

    #[test]
    fn comments_leave_the_code() {
        assert_eq!(code("a // b\nc"), "a     \nc");
        assert_eq!(
            code("a /* b /* c */ d */ e"),
            format!("a {} e", " ".repeat(17))
        );
        assert_eq!(split("a // b\nc").1, "  // b\n ");
    }

    #[test]
    fn literals_are_emptied() {
        assert_eq!(code(r#"f("a\"b // c") + 1"#), r#"f("         ") + 1"#);
        assert_eq!(code("r#\"a\"b\"# c"), "r#\"   \"# c");
        assert_eq!(code("'\"' + 'x' + '\\''"), "' ' + ' ' + '  '");
    }

    #[test]
    fn lifetimes_are_code() {
        assert_eq!(code("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
    }

    #[test]
    fn the_test_module_is_left_out() {
        let source = Source::new("fn f() {}\n\n#[cfg(test)]\nmod tests {\n    unsafe {}\n}\n");
        assert_eq!(source.len_without_tests(), 2);
        assert!(
            source
                .code_lines()
                .all(|(_, line)| !line.contains("unsafe"))
        );
        assert!(
            source
                .all_code_lines()
                .any(|(at, line)| at == 5 && line.contains("unsafe"))
        );
    }

    #[test]
    fn lines_keep_their_numbers() {
        let source = Source::new("/* a\nb */ fn f() {}\n// c");
        assert_eq!(
            source
                .code_lines()
                .nth(1)
                .map(|(at, line)| (at, line.trim())),
            Some((2, "fn f() {}"))
        );
        assert_eq!(source.comment_lines().last(), Some((3, "// c")));
    }
}
