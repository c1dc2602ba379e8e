//! ICMP types by name and number, as `icmp` and `icmp6` share them (`extensions/libxt_icmp.h`).

use std::fmt::Write as _;

use rules::{Negatable, matches::icmp::IcmpType};

use crate::{SyntaxError, number};

/// A name and what it stands for: type, first code, last code.
pub(crate) type Name = (&'static str, u8, u8, u8);

/// One family's types.
pub(crate) struct Types {
    /// `ICMP` or `ICMPv6`, for messages.
    pub family: &'static str,
    /// The names. Of several for one type the first is printed.
    pub names: &'static [Name],
}

impl Types {
    /// Reads a name, the front of exactly one name, `type`, `type/code` or `type/first:last`.
    pub(crate) fn parse(&self, text: &str) -> Result<IcmpType, SyntaxError> {
        let mut fits = self
            .names
            .iter()
            .filter(|(name, ..)| starts_with(name, text));
        match (fits.next(), fits.next()) {
            (Some(&(_, icmp_type, code_first, code_last)), None) => Ok(IcmpType {
                icmp_type,
                code_first,
                code_last,
            }),
            (Some(&(first, ..)), Some(&(second, ..))) => Err(SyntaxError::AmbiguousIcmpType {
                family: self.family,
                text: text.to_owned(),
                first,
                second,
            }),
            (None, _) => self.parse_numbers(text),
        }
    }

    fn parse_numbers(&self, text: &str) -> Result<IcmpType, SyntaxError> {
        let family = self.family;
        let unknown_type = || SyntaxError::UnknownIcmpType {
            family,
            text: text.to_owned(),
        };
        let unknown_code = || SyntaxError::UnknownIcmpCode {
            family,
            text: text.to_owned(),
        };
        let (first_type, last_type, rest) = byte_range(text).ok_or_else(unknown_type)?;
        let (codes, rest) = match rest.strip_prefix('/') {
            Some(codes) => {
                let (first, last, rest) = byte_range(codes).ok_or_else(unknown_code)?;
                ((first, last), rest)
            }
            None => ((0, u8::MAX), rest),
        };
        if let Some(unread) = rest.chars().next() {
            return Err(SyntaxError::UnknownCharacter(unread));
        }
        if first_type != last_type {
            return Err(SyntaxError::IcmpTypeRange(family));
        }
        if codes.0 > codes.1 {
            return Err(SyntaxError::IcmpCodesBackwards {
                family,
                text: text.to_owned(),
            });
        }
        Ok(IcmpType {
            icmp_type: first_type,
            code_first: codes.0,
            code_last: codes.1,
        })
    }

    /// The name of exactly these type and codes.
    fn name(&self, value: IcmpType) -> Option<&'static str> {
        let IcmpType {
            icmp_type,
            code_first,
            code_last,
        } = value;
        let same =
            |&&(_, t, first, last): &&Name| (t, first, last) == (icmp_type, code_first, code_last);
        self.names.iter().find(same).map(|&(name, ..)| name)
    }

    /// The form of `-L`, which has no space between the match's name and `type`.
    pub(crate) fn list(&self, out: &mut String, given: Negatable<IcmpType>, is_numeric: bool) {
        let Negatable { negated, value } = given;
        if let (false, Some(name)) = (is_numeric, self.name(value)) {
            let not = if negated { "!" } else { "" };
            let _ = write!(out, " {not}{name}");
            return;
        }
        let not = if negated { " !" } else { "" };
        let _ = write!(out, "{not}type {}", value.icmp_type);
        let (first, last) = (value.code_first, value.code_last);
        let _ = match (first, last) {
            (0, u8::MAX) => Ok(()),
            _ if first == last => write!(out, " code {first}"),
            _ => write!(out, " codes {first}-{last}"),
        };
    }

    /// The list of names that `-h` prints.
    pub(crate) fn help(&self) -> String {
        let mut text = format!("Valid {} Types:", self.family);
        let mut before = None;
        for &(name, icmp_type, first, last) in self.names {
            let _ = match before {
                Some((t, f, l)) if (t, f, l) == (icmp_type, first, last) => {
                    write!(text, " ({name})")
                }
                Some((t, ..)) if t == icmp_type => write!(text, "\n   {name}"),
                _ => write!(text, "\n{name}"),
            };
            before = Some((icmp_type, first, last));
        }
        text.push('\n');
        text
    }
}

/// `type[/code[:last]]` as a saved rule carries it.
pub(crate) fn saved(value: IcmpType) -> String {
    let IcmpType {
        icmp_type,
        code_first,
        code_last,
    } = value;
    match (code_first, code_last) {
        (0, u8::MAX) => icmp_type.to_string(),
        _ if code_first == code_last => format!("{icmp_type}/{code_first}"),
        _ => format!("{icmp_type}/{code_first}:{code_last}"),
    }
}

fn starts_with(name: &str, text: &str) -> bool {
    name.get(..text.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(text))
}

/// `first[:last]` off the front of `text`; the last is the first where it is not given.
fn byte_range(text: &str) -> Option<(u8, u8, &str)> {
    let (first, rest) = byte_prefix(text)?;
    match rest.strip_prefix(':') {
        Some(last) => {
            let (last, rest) = byte_prefix(last)?;
            Some((first, last, rest))
        }
        None => Some((first, first, rest)),
    }
}

fn byte_prefix(text: &str) -> Option<(u8, &str)> {
    let (value, rest) = number::number_prefix(text)?;
    Some((u8::try_from(value).ok()?, rest))
}
