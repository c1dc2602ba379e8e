//! What matches and targets share: their options, and one option as it is given to a parser.

use crate::{
    Names, SyntaxError,
    getopt::{Getopt, Value},
};

/// An option of an extension. Several names may stand for one `id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Without the dashes.
    pub name: &'static str,
    /// Whether a value follows.
    pub value: Value,
    /// Its number in the extension.
    pub id: u8,
}

impl Entry {
    /// An entry of an option table.
    pub(crate) const fn new(name: &'static str, value: Value, id: u8) -> Self {
        Self { name, value, id }
    }
}

/// The name under which messages speak of option `id`: its first.
fn first_name(options: &'static [Entry], id: u8) -> &'static str {
    let first = options.iter().find(|entry| entry.id == id);
    first.map_or("", |entry| entry.name)
}

/// One option as it stands in the words of a call.
pub(crate) struct OptionUse<'u, 'a> {
    /// Its number in the extension.
    pub id: u8,
    /// Its first name.
    pub name: &'static str,
    /// Its value; empty where it has none.
    pub value: &'a str,
    /// A `!` stood before it.
    pub negated: bool,
    /// Names of services.
    pub names: &'u Names,
    /// The words that follow.
    pub words: &'u mut Getopt<'a>,
}

impl<'u, 'a> OptionUse<'u, 'a> {
    /// Option `id` of `options`.
    pub(crate) fn new(
        options: &'static [Entry],
        id: u8,
        value: Option<&'a str>,
        negated: bool,
        names: &'u Names,
        words: &'u mut Getopt<'a>,
    ) -> Self {
        Self {
            id,
            name: first_name(options, id),
            value: value.unwrap_or_default(),
            negated,
            names,
            words,
        }
    }

    /// Takes the next word as a further value, unless an option or `!` stands there.
    pub(crate) fn take_word(&mut self) -> Option<&'a str> {
        self.words.take_word()
    }

    /// Refuses an option that was given before.
    pub(crate) fn refuse_twice(
        &self,
        extension: &'static str,
        is_given: bool,
    ) -> Result<(), SyntaxError> {
        if is_given {
            let option = self.name;
            return Err(SyntaxError::UsedTwice { extension, option });
        }
        Ok(())
    }

    /// Refuses a `!`.
    pub(crate) fn refuse_negation(&self, extension: &'static str) -> Result<(), SyntaxError> {
        if self.negated {
            let option = self.name;
            return Err(SyntaxError::NotInvertible { extension, option });
        }
        Ok(())
    }
}
