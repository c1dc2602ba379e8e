//! A line of a restore cut into words (`iptables/xshared.c` `add_param_to_argv`,
//! `tokenize_rule_counters`).

use crate::SyntaxError;

/// Longest word in bytes: `xt_param_buf.buffer` less one.
const WORD_MAX_BYTES: usize = 1023;
/// Most words of a line, with the program's name and `-t TABLE`: `MAX_ARGC` less one.
pub(crate) const WORDS_MAX: usize = 254;

/// Cuts at blanks. Double quotes keep blanks, and within them a backslash keeps the next
/// character. A closing quote ends a word, as a blank does.
///
/// # Errors
/// A word or a line is longer than iptables-restore reads.
pub(crate) fn words(line: &str) -> Result<Vec<String>, SyntaxError> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut in_quotes, mut is_escaped) = (false, false);
    for c in line.chars() {
        let ends = if in_quotes {
            match c {
                _ if is_escaped => {
                    is_escaped = false;
                    word.push(c);
                    false
                }
                '\\' => {
                    is_escaped = true;
                    false
                }
                '"' => {
                    in_quotes = false;
                    true
                }
                c => {
                    word.push(c);
                    false
                }
            }
        } else {
            match c {
                '"' => {
                    in_quotes = true;
                    false
                }
                ' ' | '\t' | '\n' => !word.is_empty(),
                c => {
                    word.push(c);
                    false
                }
            }
        };
        if word.len() > WORD_MAX_BYTES {
            return Err(SyntaxError::ParameterTooLong);
        }
        if ends {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// Counters as text, if there are any, and the rest of the line.
pub(crate) type Counted<'a> = (Option<(&'a str, &'a str)>, &'a str);

/// Takes `[packets:bytes]` off the front of a line, as text.
///
/// # Errors
/// The bracket does not close, or a part is missing.
pub(crate) fn counters(line: &str, number: u32) -> Result<Counted<'_>, SyntaxError> {
    let Some(inner) = line.strip_prefix('[') else {
        return Ok((None, line));
    };
    let unclosed = SyntaxError::BadCounters(number);
    let Some((inner, rest)) = inner.split_once(']') else {
        return Err(unclosed);
    };
    match inner.trim_start_matches(':').split_once(':') {
        Some((packets, bytes)) if !bytes.is_empty() => Ok((Some((packets, bytes)), rest)),
        _ => Err(unclosed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes() {
        let cut = |line| words(line).unwrap();
        assert_eq!(cut("-A X\t-j  Y\n"), ["-A", "X", "-j", "Y"]);
        assert_eq!(cut("a \"b c\" d"), ["a", "b c", "d"]);
        assert_eq!(cut(r#""say \"hi\" \\ there""#), [r#"say "hi" \ there"#]);
        assert_eq!(cut(r#"pre"fix"post"#), ["prefix", "post"]);
        assert_eq!(cut(r#"a "" b"#), ["a", "", "b"]);
        assert_eq!(cut(r#"open "end"#), ["open", "end"]);
        assert_eq!(cut(r"back\slash"), [r"back\slash"]);
        assert!(words(&"x".repeat(2000)).is_err());
    }

    #[test]
    fn counters_stand_in_front() {
        assert_eq!(
            counters("[1:2] -A X", 1).unwrap(),
            (Some(("1", "2")), " -A X")
        );
        assert_eq!(counters("-A X", 1).unwrap(), (None, "-A X"));
        let error = |line| counters(line, 7).unwrap_err().to_string();
        assert_eq!(error("[1:2 -A X"), "Bad line 7: need ]");
        assert_eq!(error("[] -A X"), "Bad line 7: need ]");
        assert_eq!(error("[1] -A X"), "Bad line 7: need ]");
    }
}
