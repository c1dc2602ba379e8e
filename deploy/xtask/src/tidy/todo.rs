//! An open end names its issue; comments carry no banner.

use super::report::Finding;
use super::tree::File;

/// Words that say "not done".
const OPEN_ENDS: [&str; 3] = ["TODO", "FIXME", "XXX"];

/// Open ends without an issue number, and banners.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() || file.text.starts_with("#!"))
    {
        let source = file.source();
        let lines: Vec<(usize, &str)> = if file.is_rust() {
            source.comment_lines().collect()
        } else {
            let all = file
                .text
                .lines()
                .enumerate()
                .map(|(at, line)| (at + 1, line.trim()));
            all.filter(|(_, line)| line.starts_with('#')).collect()
        };
        for (at, line) in lines {
            if OPEN_ENDS.iter().any(|word| has_word(line, word)) && !names_issue(line) {
                let why = "an open end needs the number of its issue, as in `TODO #12`";
                findings.push(Finding::new(&file.path, at, why));
            }
            if is_banner(line) {
                findings.push(Finding::new(
                    &file.path,
                    at,
                    "a banner: let files and names divide",
                ));
            }
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric())
        .any(|part| part == word)
}

fn names_issue(line: &str) -> bool {
    line.split('#')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// A comment of nothing but six or more ornaments at its start.
fn is_banner(line: &str) -> bool {
    let text = line.trim_start_matches(['/', '!', '#']).trim();
    let ornaments = text.chars().take_while(|c| "-=*~#".contains(*c)).count();
    ornaments >= 6
}

#[cfg(test)]
mod tests {
    use super::super::tree::file;
    use super::*;

    #[test]
    fn open_ends_need_an_issue() {
        assert_eq!(check(&[file("a.rs", "// TODO later\n")]).len(), 1);
        assert!(check(&[file("a.rs", "// TODO #12: later\nlet s = \"TODO\";\n")]).is_empty());
        assert_eq!(check(&[file("run", "#!/bin/bash\n# FIXME\n")]).len(), 1);
    }

    #[test]
    fn banners_are_found() {
        assert_eq!(check(&[file("a.rs", "// ------------ parse\n")]).len(), 1);
        assert!(check(&[file("a.rs", "/// | --- | - |\n// a -- b\n")]).is_empty());
    }
}
