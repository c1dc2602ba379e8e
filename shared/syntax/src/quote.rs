//! Strings in saved rules (`libxtables/xtables.c` `xtables_save_string`).

use std::borrow::Cow;

/// A name as a saved rule carries it: bare, as iptables prints it, unless a double quote in it
/// would open a quotation when the rule is read back.
pub(crate) fn word(name: &str) -> Cow<'_, str> {
    match name.contains('"') {
        true => Cow::Owned(quoted(name)),
        false => Cow::Borrowed(name),
    }
}

/// `value` as a saved rule carries it: bare when it is made of letters, digits, `_` and `-`, else
/// in double quotes with `"`, `\` and `'` escaped.
pub(crate) fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '\'') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::{quoted, word};

    #[test]
    fn only_dangerous_strings_are_quoted() {
        assert_eq!(quoted("weir_1-a"), "weir_1-a");
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("a\"b\\c'"), "\"a\\\"b\\\\c\\'\"");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(word("eth0.10"), "eth0.10");
        assert_eq!(word("a\"b"), "\"a\\\"b\"");
    }
}
