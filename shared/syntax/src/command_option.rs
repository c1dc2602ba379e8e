//! Options that are commands, with the words that belong to them (`iptables/xshared.c`
//! `do_parse`, `add_command`).

use rules::Family;

use crate::{SyntaxError, getopt::Getopt, number, options::CommandKind, parse::Parse};

impl<'a> Parse<'a, '_> {
    pub(crate) fn add_command(
        &mut self,
        kind: CommandKind,
        beside: &[CommandKind],
    ) -> Result<(), SyntaxError> {
        if self.negated {
            return Err(SyntaxError::NegatedCommand);
        }
        let clash = self
            .commands
            .iter()
            .filter(|other| !beside.contains(other))
            .max();
        if let Some(other) = clash {
            return Err(SyntaxError::TwoCommands(kind.letter(), other.letter()));
        }
        self.commands.push(kind);
        Ok(())
    }

    pub(crate) fn command(&mut self, letter: char, name: &'a str) -> Result<(), SyntaxError> {
        let kind = match letter {
            'A' => CommandKind::Append,
            'C' => CommandKind::Check,
            'D' => CommandKind::Delete,
            'R' => CommandKind::Replace,
            'I' => CommandKind::Insert,
            'E' => CommandKind::RenameChain,
            'P' => CommandKind::SetPolicy,
            _ => {
                new_chain_name(self.context.family, name)?;
                CommandKind::NewChain
            }
        };
        self.add_command(kind, &[])?;
        self.chain = Some(name);
        match (kind, self.words.take_word_unless(kind)) {
            (CommandKind::Delete, Some(word)) => {
                self.number = Some(rule_number(word)?);
                self.commands = vec![CommandKind::DeleteNumber];
            }
            (CommandKind::Insert, None) => self.number = Some(1),
            (CommandKind::Insert | CommandKind::Replace, Some(word)) => {
                self.number = Some(rule_number(word)?);
            }
            (CommandKind::Replace, None) => return Err(SyntaxError::RuleNumberMissing('R')),
            (CommandKind::RenameChain, None) => return Err(SyntaxError::RenameNeedsTwoNames('E')),
            (CommandKind::SetPolicy, None) => return Err(SyntaxError::PolicyMissing('P')),
            (_, second) => self.second_name = second,
        }
        Ok(())
    }

    pub(crate) fn optional_command(
        &mut self,
        letter: char,
        value: Option<&'a str>,
    ) -> Result<(), SyntaxError> {
        use CommandKind::{DeleteChain, Flush, List, ListRules, Zero, ZeroNumber};
        let (kind, beside): (_, &[CommandKind]) = match letter {
            'L' => (List, &[Zero, ZeroNumber]),
            'S' => (ListRules, &[Zero, ZeroNumber]),
            'Z' => (Zero, &[List, ListRules]),
            'F' => (Flush, &[]),
            _ => (DeleteChain, &[]),
        };
        self.add_command(kind, beside)?;
        if let Some(chain) = value.or_else(|| self.words.take_word()) {
            self.chain = Some(chain);
        }
        if !matches!(kind, List | ListRules | Zero) {
            return Ok(());
        }
        if let Some(word) = self.words.take_word() {
            self.number = Some(rule_number(word)?);
            if kind == Zero {
                self.commands = vec![ZeroNumber];
            }
        }
        Ok(())
    }
}

fn rule_number(text: &str) -> Result<u32, SyntaxError> {
    number::number(text, 1, i32::MAX as u64)
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| SyntaxError::InvalidRuleNumber(text.to_owned()))
}

/// Checks a name that `-N` or `-E` gives a chain (`assert_valid_chain_name`).
pub(crate) fn new_chain_name(family: Family, name: &str) -> Result<(), SyntaxError> {
    if name.len() >= 29 {
        return Err(SyntaxError::ChainNameTooLong(name.to_owned()));
    }
    if let Some(start) = name.chars().next().filter(|c| matches!(c, '-' | '!')) {
        return Err(SyntaxError::ChainNameStart(start));
    }
    if crate::targets::is_target_name(family, name) {
        return Err(SyntaxError::ChainNameClash);
    }
    if name.contains(char::is_whitespace) {
        return Err(SyntaxError::ChainNameSpace(name.to_owned()));
    }
    Ok(())
}

impl<'a> Getopt<'a> {
    /// The further word of a command that takes one.
    fn take_word_unless(&mut self, kind: CommandKind) -> Option<&'a str> {
        match kind {
            CommandKind::Append | CommandKind::Check | CommandKind::NewChain => None,
            _ => self.take_word(),
        }
    }
}
