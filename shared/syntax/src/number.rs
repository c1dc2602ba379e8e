//! Numbers as C's `strtoumax(s, &end, 0)` reads them: leading white space, an optional `+`, then
//! decimal, `0` octal or `0x` hexadecimal (`libxtables/xtables.c` `xtables_strtoul`).

/// Reads a number off the front of `text`; gives it and what follows. A minus sign is refused, as
/// is a number over 64 bits.
pub(crate) fn number_prefix(text: &str) -> Option<(u64, &str)> {
    let body = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let body = body.strip_prefix('+').unwrap_or(body);
    let (radix, digits) = match body.as_bytes() {
        [b'0', b'x' | b'X', next, ..] if next.is_ascii_hexdigit() => (16, body.get(2..)?),
        [b'0', ..] => (8, body),
        _ => (10, body),
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    Some((u64::from_str_radix(digits, radix).ok()?, rest))
}

/// The whole of `text` as a number between `min` and `max`.
pub(crate) fn number(text: &str, min: u64, max: u64) -> Option<u64> {
    match number_prefix(text)? {
        (value, "") if (min..=max).contains(&value) => Some(value),
        _ => None,
    }
}

/// The whole of `text` as a number that fits a byte.
pub(crate) fn byte(text: &str) -> Option<u8> {
    u8::try_from(number(text, 0, u64::from(u8::MAX))?).ok()
}

/// `sscanf("%llu")`: a decimal number at the front, whatever follows it. A counter that does not
/// fit 64 bits stays at the greatest one.
pub(crate) fn scan_decimal(text: &str) -> Option<u64> {
    let body = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let (negative, body) = match body.as_bytes().first() {
        Some(b'-') => (true, body.get(1..)?),
        Some(b'+') => (false, body.get(1..)?),
        _ => (false, body),
    };
    let end = body
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(body.len());
    let digits = body.get(..end).filter(|digits| !digits.is_empty())?;
    let value = digits.parse::<u64>().unwrap_or(u64::MAX);
    Some(if negative && value != u64::MAX {
        value.wrapping_neg()
    } else {
        value
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_signs_and_rests_are_read_as_c_does() {
        assert_eq!(number_prefix("22"), Some((22, "")));
        assert_eq!(number_prefix(" +0x1fz"), Some((31, "z")));
        assert_eq!(number_prefix("010/8"), Some((8, "/8")));
        assert_eq!(number_prefix("08"), Some((0, "8")));
        assert_eq!(number_prefix("0x"), Some((0, "x")));
        assert_eq!(number_prefix("-1"), None);
        assert_eq!(number_prefix(""), None);
        assert_eq!(number_prefix("99999999999999999999"), None);
        assert_eq!(number("65536", 0, 65535), None);
        assert_eq!(byte("0x11"), Some(17));
        assert_eq!(scan_decimal("12x"), Some(12));
        assert_eq!(scan_decimal("x"), None);
        assert_eq!(scan_decimal("-1"), Some(u64::MAX));
    }
}
