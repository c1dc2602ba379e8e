//! The journal: one line an event, in a form that an operator can read with `less`.
//!
//! `CHECKSUM TIME EVENT NUMBER HASH AUTHOR TEXT`, separated by tabs: 16 hexadecimal digits of the
//! SHA-256 of the rest of the line, milliseconds since 1970, an [`Event`], the
//! generation, its hash, who asked (`uid=N` or `-`) and what was typed. Lines are only ever added.
//! A last line that was not written to its end is no line: the process died while writing it.

use std::{fmt::Write, str::FromStr};

use api::RulesetHash;

use crate::DamageCause;

/// Digits of the checksum at the start of a line.
const CHECKSUM_DIGITS: usize = 16;

/// Longest text in a journal line, in characters; what is longer is cut and closed by `...`.
const TEXT_MAX_CHARS: usize = 1000;

/// What became of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The workers run it.
    Adopted,
    /// It was refused or given up, and never ran.
    Discarded,
    /// The data plane ran it without the control plane's doing; the store follows.
    Amended,
}

impl Event {
    const ALL: [Event; 3] = [Event::Adopted, Event::Discarded, Event::Amended];

    const fn as_str(self) -> &'static str {
        match self {
            Event::Adopted => "adopted",
            Event::Discarded => "discarded",
            Event::Amended => "amended",
        }
    }
}

/// Who caused an event, when and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Milliseconds since 1970.
    pub when_unix_ms: u64,
    /// The user who asked; `None` for the control plane itself.
    pub author_uid: Option<u32>,
    /// What was typed, or why.
    pub text: String,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What became of the generation.
    pub event: Event,
    /// Its number.
    pub number: u64,
    /// Its content.
    pub hash: RulesetHash,
    /// Who, when, how.
    pub note: Note,
}

impl Entry {
    /// The line, with its newline.
    pub(crate) fn to_line(&self) -> String {
        let mut rest = format!(
            "{}\t{}\t{}\t{}\t",
            self.note.when_unix_ms,
            self.event.as_str(),
            self.number,
            self.hash
        );
        match self.note.author_uid {
            // Writing to a String cannot fail.
            Some(uid) => drop(write!(rest, "uid={uid}\t")),
            None => rest.push_str("-\t"),
        }
        push_text(&mut rest, &self.note.text);
        format!("{}\t{rest}\n", checksum(&rest))
    }

    /// The entry of a line without its newline.
    fn of_line(line: &str) -> Option<Entry> {
        let (sum, rest) = line.split_once('\t')?;
        if sum != checksum(rest) {
            return None;
        }
        let mut fields = rest.splitn(6, '\t');
        let when_unix_ms = fields.next()?.parse().ok()?;
        let event = fields.next()?;
        let event = Event::ALL
            .into_iter()
            .find(|known| known.as_str() == event)?;
        let number = fields.next()?.parse().ok()?;
        let hash = RulesetHash::from_str(fields.next()?).ok()?;
        let author_uid = match fields.next()? {
            "-" => None,
            uid => Some(uid.strip_prefix("uid=")?.parse().ok()?),
        };
        let text = fields.next()?.to_owned();
        Some(Entry {
            event,
            number,
            hash,
            note: Note {
                when_unix_ms,
                author_uid,
                text,
            },
        })
    }
}

/// The entries in `bytes`, and how many of the bytes are whole lines.
///
/// # Errors
/// [`DamageCause::JournalLine`] for a line other than the last that is no journal line.
pub(crate) fn read(bytes: &[u8]) -> Result<(Vec<Entry>, usize), DamageCause> {
    let mut entries = Vec::new();
    let mut whole = 0;
    while let Some(length) = bytes[whole..].iter().position(|&byte| byte == b'\n') {
        let end = whole + length;
        let entry = std::str::from_utf8(&bytes[whole..end])
            .ok()
            .and_then(Entry::of_line);
        match entry {
            Some(entry) => entries.push(entry),
            // A torn page may hold anything, newlines too, but nothing whole follows it.
            None if is_torn_tail(&bytes[end + 1..]) => return Ok((entries, whole)),
            None => return Err(DamageCause::JournalLine(entries.len() + 1)),
        }
        whole = end + 1;
    }
    Ok((entries, whole))
}

/// Whether no whole line stands in `rest`.
fn is_torn_tail(rest: &[u8]) -> bool {
    rest.split(|&byte| byte == b'\n').all(|line| {
        std::str::from_utf8(line)
            .ok()
            .and_then(Entry::of_line)
            .is_none()
    })
}

fn checksum(rest: &str) -> String {
    let mut sum = RulesetHash::of(rest.as_bytes()).to_string();
    sum.truncate(CHECKSUM_DIGITS);
    sum
}

/// Adds `text` as one line of bounded length: control characters become spaces.
fn push_text(line: &mut String, text: &str) {
    let mut chars = text.chars();
    let one_line = chars.by_ref().take(TEXT_MAX_CHARS);
    line.extend(one_line.map(|c| if c.is_control() { ' ' } else { c }));
    if chars.next().is_some() {
        line.push_str("...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, text: &str) -> Entry {
        Entry {
            event: Event::Adopted,
            number,
            hash: RulesetHash::of(b"x"),
            note: Note {
                when_unix_ms: 1_700_000_000_000,
                author_uid: Some(0),
                text: text.to_owned(),
            },
        }
    }

    #[test]
    fn entries_survive_their_lines() {
        let mut amended = entry(2, "the data plane restarted");
        amended.event = Event::Amended;
        amended.note.author_uid = None;
        let entries = vec![entry(1, "iptables -A INPUT -j ACCEPT"), amended];
        let bytes: String = entries.iter().map(Entry::to_line).collect();
        assert_eq!(read(bytes.as_bytes()), Ok((entries, bytes.len())));
    }

    #[test]
    fn text_cannot_break_the_line() {
        let line = entry(1, "a\nb\tc\u{1b}[2J").to_line();
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.ends_with("\ta b c [2J\n"), "{line}");
        let line = entry(1, &"x".repeat(5000)).to_line();
        assert!(line.len() < 1200 && line.ends_with("x...\n"));
    }

    #[test]
    fn a_torn_last_line_is_no_line() {
        let first = entry(1, "one").to_line();
        let both = first.clone() + &entry(2, "two").to_line();
        for cut in first.len()..both.len() {
            let (entries, whole) = read(&both.as_bytes()[..cut]).unwrap();
            assert_eq!((entries.len(), whole), (1, first.len()), "cut at {cut}");
        }
        // Blocks that were allocated and not written read as zeros.
        let zeroed = [first.as_bytes(), &[0; 40], b"\n\0\0"].concat();
        assert_eq!(read(&zeroed).unwrap().1, first.len());
    }

    #[test]
    fn damage_in_the_middle_is_told() {
        let lines = entry(1, "one").to_line() + &entry(2, "two").to_line();
        let damaged = lines.replacen("one", "One", 1);
        assert_eq!(read(damaged.as_bytes()), Err(DamageCause::JournalLine(1)));
    }
}
