//! The words of one `iptables` call, option by option (`iptables/xshared.c` `do_parse`).
//!
//! Errors come in iptables' order: what an option itself says as it is read, then what matches and
//! targets miss, then what does not fit together (`finish`).

use rules::{Counters, Family, Negatable, matches::ip::IfaceMatch};

use crate::{
    Names, SyntaxError,
    command::Command,
    extension::OptionUse,
    getopt::{Complaint, Getopt, Item, LongOption, Order, Spec},
    iface,
    loaded::{LoadedMatch, LoadedTarget},
    matches::{MatchKind, missing_reason},
    number::{self, scan_decimal},
    options::{self, CommandKind, OptionId},
    protocol,
    targets::TargetKind,
};

/// What surrounds a call.
pub(crate) struct Context<'c> {
    /// The family.
    pub family: Family,
    /// The program's name.
    pub program: &'static str,
    /// The call is a line of a restore.
    pub is_restore: bool,
    /// Names of services and protocols.
    pub names: &'c Names,
    /// Whether a name is a chain's that was declared before. Only a restore knows.
    pub is_declared: &'c dyn Fn(&str) -> bool,
}

/// What the words came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed {
    /// A command.
    Command(Box<Command>),
    /// `-h` asks for help; the texts of loaded extensions.
    Help(Vec<String>),
    /// `-V`; with a `!` before it.
    Version(bool),
}

/// Why an option ends the reading.
enum Stop {
    Parsed(Parsed),
    Ignored,
}

/// `-p`: as typed, and what it means.
pub(crate) struct Protocol {
    /// In lower case.
    pub text: String,
    /// The number, 0 for every protocol.
    pub value: Negatable<u8>,
}

/// `-j` or `-g`.
pub(crate) enum RawJump {
    /// `-j` with the name of a target.
    Target(LoadedTarget),
    /// `-j` with another name.
    Chain(String),
    /// `-g`
    Goto(String),
}

/// The options read so far.
pub(crate) struct Parse<'a, 'c> {
    pub(crate) context: &'c Context<'c>,
    pub(crate) words: Getopt<'a>,
    pub(crate) long: Vec<LongOption<OptionId>>,
    groups: usize,
    negated: bool,
    pub(crate) stderr: String,
    pub(crate) commands: Vec<CommandKind>,
    pub(crate) flags: Vec<char>,
    pub(crate) chain: Option<&'a str>,
    pub(crate) number: Option<u32>,
    pub(crate) second_name: Option<&'a str>,
    pub(crate) table: Option<&'a str>,
    pub(crate) protocol: Option<Protocol>,
    proto_used: bool,
    pub(crate) source: Option<Negatable<&'a str>>,
    pub(crate) destination: Option<Negatable<&'a str>>,
    pub(crate) in_iface: Option<Negatable<IfaceMatch>>,
    pub(crate) out_iface: Option<Negatable<IfaceMatch>>,
    pub(crate) fragment: Option<Negatable<()>>,
    pub(crate) jump: Option<RawJump>,
    pub(crate) matches: Vec<LoadedMatch>,
    pub(crate) counters: Option<Counters>,
    pub(crate) waits: bool,
    pub(crate) has_wait_interval: bool,
}

/// Reads the words of a call. Warnings go to `stderr` even where an error follows.
pub(crate) fn parse(
    context: &Context<'_>,
    args: &[String],
    stderr: &mut String,
) -> Result<Parsed, SyntaxError> {
    let mut parse = Parse::new(context, args);
    let result = match parse.read() {
        Ok(None) => {
            let warnings = std::mem::take(&mut parse.stderr);
            stderr.push_str(&warnings);
            return parse
                .finish()
                .map(|command| Parsed::Command(Box::new(command)));
        }
        Ok(Some(Stop::Parsed(parsed))) => Ok(parsed),
        Ok(Some(Stop::Ignored)) => Ok(Parsed::Command(Box::new(parse.ignored()))),
        Err(error) => Err(error),
    };
    stderr.push_str(&parse.stderr);
    result
}

impl<'a, 'c> Parse<'a, 'c> {
    fn new(context: &'c Context<'c>, args: &'a [String]) -> Self {
        Self {
            context,
            words: Getopt::new(context.program, args, Order::InPlace),
            long: options::long(context.family),
            groups: 0,
            negated: false,
            stderr: String::new(),
            commands: Vec::new(),
            flags: Vec::new(),
            chain: None,
            number: None,
            second_name: None,
            table: None,
            protocol: None,
            proto_used: false,
            source: None,
            destination: None,
            in_iface: None,
            out_iface: None,
            fragment: None,
            jump: None,
            matches: Vec::new(),
            counters: None,
            waits: false,
            has_wait_interval: false,
        }
    }

    fn read(&mut self) -> Result<Option<Stop>, SyntaxError> {
        loop {
            let spec = Spec {
                short: options::SHORT,
                long: &self.long,
            };
            let Some(item) = self.words.item(&spec) else {
                break;
            };
            match item {
                Item::Word("!") if self.negated => return Err(SyntaxError::DoubleNegation),
                Item::Word("!") => {
                    self.negated = true;
                    continue;
                }
                Item::Word(word) => return Err(SyntaxError::BadArgument(word.to_owned())),
                Item::Unknown(complaint) => {
                    self.try_protocol(&complaint, SyntaxError::UnknownOption)?;
                    continue;
                }
                Item::NoValue(complaint) => {
                    self.try_protocol(&complaint, SyntaxError::MissingArgument)?;
                    continue;
                }
                Item::Option(OptionId::Extension { group, id }, value) => {
                    self.extension(group, id, value)?;
                }
                Item::Option(OptionId::Base(letter), value) => {
                    if let Some(stop) = self.base(letter, value)? {
                        return Ok(Some(stop));
                    }
                }
            }
            self.negated = false;
        }
        Ok(None)
    }

    /// Whether a `!` stands at the end.
    pub(crate) const fn ends_negated(&self) -> bool {
        self.negated
    }

    /// An option that nobody knows yet: `-p` may bring it along.
    fn try_protocol(
        &mut self,
        complaint: &Complaint,
        error: impl Fn(String) -> SyntaxError,
    ) -> Result<(), SyntaxError> {
        let kind = self
            .protocol_match()
            .filter(|_| !self.proto_used && complaint.is_whole_word);
        let kind = kind.ok_or_else(|| error(complaint.word.clone()))?;
        self.proto_used = true;
        let group = self.load_options(kind.options());
        self.load_match(kind, group);
        self.words.step_back();
        Ok(())
    }

    /// The match that `-p` would load.
    fn protocol_match(&self) -> Option<MatchKind> {
        let text = &self.protocol.as_ref()?.text;
        let is_numeric = self.flags.contains(&'n');
        match number::byte(text) {
            Some(number) => {
                let name = self.context.names.protocol_name(number, is_numeric)?;
                MatchKind::find(self.context.family, name)
            }
            None => MatchKind::find(self.context.family, text),
        }
    }

    /// Puts an extension's options before those that were loaded earlier, behind iptables' own.
    fn load_options(&mut self, entries: &[crate::extension::Entry]) -> usize {
        self.groups += 1;
        let group = self.groups;
        let base = options::long(self.context.family).len();
        let new = entries.iter().map(|entry| {
            let id = OptionId::Extension {
                group,
                id: entry.id,
            };
            LongOption::new(entry.name, entry.value, id)
        });
        let new: Vec<_> = new.collect();
        self.long.splice(base..base, new);
        group
    }

    fn load_match(&mut self, kind: MatchKind, group: usize) {
        for earlier in &mut self.matches {
            earlier.is_complete |= earlier.kind == kind;
        }
        self.matches.push(LoadedMatch::new(kind, group));
    }

    fn extension(
        &mut self,
        group: usize,
        id: u8,
        value: Option<&'a str>,
    ) -> Result<(), SyntaxError> {
        let (names, negated) = (self.context.names, self.negated);
        if let Some(RawJump::Target(target)) = &mut self.jump
            && target.group == group
        {
            let options = target.kind.options();
            let mut given = OptionUse::new(options, id, value, negated, names, &mut self.words);
            return target.parser.option(&mut given);
        }
        let owner = self
            .matches
            .iter_mut()
            .find(|loaded| !loaded.is_complete && loaded.group == group);
        let Some(owner) = owner else {
            let word = value.unwrap_or("(null)");
            return Err(SyntaxError::UnknownArgument(word.to_owned()));
        };
        let options = owner.kind.options();
        let mut given = OptionUse::new(options, id, value, negated, names, &mut self.words);
        owner.parser.option(&mut given)
    }

    fn base(&mut self, letter: char, value: Option<&'a str>) -> Result<Option<Stop>, SyntaxError> {
        let text = value.unwrap_or_default();
        match letter {
            'A' | 'C' | 'D' | 'R' | 'I' | 'N' | 'E' | 'P' => self.command(letter, text)?,
            'L' | 'S' | 'F' | 'Z' | 'X' => self.optional_command(letter, value)?,
            'p' => self.protocol_option(text)?,
            's' => {
                self.source = Some(self.flagged('s', text)?);
            }
            'd' => {
                self.destination = Some(self.flagged('d', text)?);
            }
            'i' => self.in_iface = Some(self.iface('i', text)?),
            'o' => self.out_iface = Some(self.iface('o', text)?),
            'f' if self.context.family == Family::Ipv6 => return Err(SyntaxError::FragmentIpv6),
            'f' => self.fragment = Some(self.flagged('f', ())?),
            'j' => self.jump_option(text)?,
            'g' => {
                self.flagged('j', ())?;
                self.jump = Some(RawJump::Goto(target_name(text)?.to_owned()));
            }
            'm' => self.match_option(text)?,
            'v' if self.flags.contains(&'v') => {}
            'v' | 'n' | 'x' | '0' => {
                self.flagged(letter, ())?;
            }
            'c' => self.counters_option(text)?,
            't' => self.table_option(text)?,
            'w' => self.wait(value)?,
            'W' => self.wait_interval(value)?,
            'M' => {}
            'V' => return Ok(Some(Stop::Parsed(Parsed::Version(self.negated)))),
            'h' => return Ok(Some(Stop::Parsed(self.help()))),
            '4' | '6' => return self.family_option(letter),
            _ => return Err(SyntaxError::UnknownArgument("(null)".to_owned())),
        }
        Ok(None)
    }

    /// Notes that a flag is given, once, with or without the `!` that stands before it.
    fn flagged<T>(&mut self, flag: char, value: T) -> Result<Negatable<T>, SyntaxError> {
        if self.flags.contains(&flag) {
            return Err(SyntaxError::RepeatedOption(flag));
        }
        self.flags.push(flag);
        if self.negated && !options::is_invertible(flag) {
            return Err(SyntaxError::NegatedOption(flag));
        }
        Ok(Negatable {
            negated: self.negated,
            value,
        })
    }

    fn add_command(
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

    fn command(&mut self, letter: char, name: &'a str) -> Result<(), SyntaxError> {
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

    fn optional_command(
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

    fn protocol_option(&mut self, text: &str) -> Result<(), SyntaxError> {
        let Negatable { negated, .. } = self.flagged('p', ())?;
        let text = text.to_ascii_lowercase();
        let value = protocol::parse(self.context.names, &text)?;
        if value == 0 && negated {
            return Err(SyntaxError::NeverMatchesProtocol);
        }
        let is_ipv6 = self.context.family == Family::Ipv6;
        if is_ipv6 && !negated && protocol::is_extension_header(value) {
            self.stderr.push_str(&format!(
                "Warning: never matched protocol: {text}. use extension match instead.\n"
            ));
        }
        self.protocol = Some(Protocol {
            text,
            value: Negatable { negated, value },
        });
        Ok(())
    }

    fn iface(&mut self, flag: char, text: &str) -> Result<Negatable<IfaceMatch>, SyntaxError> {
        if text.is_empty() {
            return Err(SyntaxError::EmptyInterface);
        }
        let Negatable { negated, .. } = self.flagged(flag, ())?;
        let (value, warning) = iface::parse(text)?;
        self.stderr.push_str(&warning.unwrap_or_default());
        Ok(Negatable { negated, value })
    }

    fn jump_option(&mut self, name: &str) -> Result<(), SyntaxError> {
        self.flagged('j', ())?;
        let name = target_name(name)?;
        let kind = TargetKind::find(name).filter(|_| !(self.context.is_declared)(name));
        self.jump = Some(match kind {
            Some(kind) => {
                let group = self.load_options(kind.options());
                let family = self.context.family;
                RawJump::Target(LoadedTarget::new(kind, family, name, group))
            }
            None => RawJump::Chain(name.to_owned()),
        });
        Ok(())
    }

    fn match_option(&mut self, name: &str) -> Result<(), SyntaxError> {
        if self.negated {
            return Err(SyntaxError::NegatedKeyword("match"));
        }
        if name.len() >= 29 {
            return Err(SyntaxError::MatchNameTooLong(name.to_owned()));
        }
        let kind = MatchKind::find(self.context.family, name).ok_or_else(|| {
            SyntaxError::UnknownMatch {
                name: name.to_owned(),
                reason: missing_reason(name),
            }
        })?;
        // A second match of a kind shares the options of the first.
        let shared = self.matches.iter().find(|loaded| loaded.kind == kind);
        let group = match shared.map(|loaded| loaded.group) {
            Some(group) => group,
            None => self.load_options(kind.options()),
        };
        self.load_match(kind, group);
        Ok(())
    }

    fn counters_option(&mut self, packets: &'a str) -> Result<(), SyntaxError> {
        self.flagged('c', ())?;
        // The comma is looked for behind the first byte: there must be a figure before it.
        let comma = packets.char_indices().skip(1).find(|&(_, c)| c == ',');
        let bytes = match comma {
            Some((at, _)) => packets.get(at + 1..),
            None => self.words.take_word(),
        };
        let bytes = bytes.ok_or(SyntaxError::CountersMissing)?;
        self.counters = Some(Counters {
            packets: scan_decimal(packets).ok_or(SyntaxError::CounterNotNumeric("packet"))?,
            bytes: scan_decimal(bytes).ok_or(SyntaxError::CounterNotNumeric("byte"))?,
        });
        Ok(())
    }

    fn table_option(&mut self, name: &'a str) -> Result<(), SyntaxError> {
        if self.negated {
            return Err(SyntaxError::NegatedKeyword("table"));
        }
        if self.context.is_restore && self.table.is_some() {
            return Err(SyntaxError::TableInRestore(self.context.program));
        }
        self.table = Some(name);
        Ok(())
    }

    fn wait(&mut self, value: Option<&'a str>) -> Result<(), SyntaxError> {
        if self.context.is_restore {
            return Err(SyntaxError::NotInRestore('w'));
        }
        self.waits = wait_seconds(value.or_else(|| self.words.take_word()))?;
        Ok(())
    }

    fn wait_interval(&mut self, value: Option<&'a str>) -> Result<(), SyntaxError> {
        if self.context.is_restore {
            return Err(SyntaxError::NotInRestore('W'));
        }
        let value = value.or_else(|| self.words.take_word());
        self.stderr.push_str(wait_interval(value)?);
        self.has_wait_interval = true;
        Ok(())
    }

    fn family_option(&mut self, letter: char) -> Result<Option<Stop>, SyntaxError> {
        match (letter, self.context.family) {
            ('4', Family::Ipv4) | ('6', Family::Ipv6) => Ok(None),
            _ if self.context.is_restore => Ok(Some(Stop::Ignored)),
            _ => Err(SyntaxError::WrongFamily),
        }
    }

    fn help(&self) -> Parsed {
        let mut texts = Vec::new();
        if let Some(RawJump::Target(target)) = &self.jump {
            texts.push(target.kind.help(self.context.family));
        }
        texts.extend(self.matches.iter().map(|loaded| loaded.kind.help()));
        let by_protocol = self.protocol.as_ref().filter(|_| self.matches.is_empty());
        let kind = by_protocol.and_then(|p| MatchKind::find(self.context.family, &p.text));
        texts.extend(kind.map(MatchKind::help));
        Parsed::Help(texts)
    }
}

/// `-w`: any number the C library reads; 0 does not wait.
pub(crate) fn wait_seconds(value: Option<&str>) -> Result<bool, SyntaxError> {
    let Some(text) = value else {
        return Ok(true);
    };
    let body = text.trim_start();
    let unsigned = body.strip_prefix('-').unwrap_or(body);
    let (seconds, _) = number::number_prefix(unsigned)
        .filter(|_| !unsigned.starts_with(['+', '-']) || body == unsigned)
        .ok_or(SyntaxError::WaitNotNumeric)?;
    Ok(seconds != 0)
}

/// `-W`: accepted, and a line that says that it means nothing.
pub(crate) fn wait_interval(value: Option<&str>) -> Result<&'static str, SyntaxError> {
    let text = value.ok_or(SyntaxError::WaitIntervalMissing)?;
    match scan_decimal(text) {
        None => Err(SyntaxError::WaitIntervalNotNumeric),
        Some(usec) if usec > 999_999 => Err(SyntaxError::WaitIntervalTooLong(usec)),
        Some(_) => Ok("Ignoring deprecated --wait-interval option.\n"),
    }
}

fn rule_number(text: &str) -> Result<u32, SyntaxError> {
    number::number(text, 1, i32::MAX as u64)
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| SyntaxError::InvalidRuleNumber(text.to_owned()))
}

fn target_name(name: &str) -> Result<&str, SyntaxError> {
    if name.is_empty() {
        return Err(SyntaxError::TargetNameTooShort);
    }
    if name.len() >= 29 {
        return Err(SyntaxError::TargetNameTooLong(name.to_owned()));
    }
    if name.contains(|c: char| c.is_ascii_whitespace() || c == '\x0b') {
        return Err(SyntaxError::TargetNameSpace(name.to_owned()));
    }
    Ok(name)
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
