//! The words of one `iptables` call, option by option (`iptables/xshared.c` `do_parse`).
//!
//! Errors come in iptables' order: what an option itself says as it is read, then what matches and
//! targets miss, then what does not fit together (`finish`).

use rules::{Counters, Family, Negatable, matches::ip::IfaceMatch};

use crate::{
    Names, SyntaxError,
    command::Command,
    extension::{Entry, OptionUse},
    getopt::{Complaint, Getopt, Item, LongOption, Order, Spec},
    loaded::{LoadedMatch, LoadedTarget},
    matches::MatchKind,
    number,
    options::{self, CommandKind, OptionId},
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
pub(crate) enum Stop {
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
    pub(crate) negated: bool,
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
    pub(crate) fn load_options(&mut self, entries: &[Entry]) -> usize {
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

    pub(crate) fn load_match(&mut self, kind: MatchKind, group: usize) {
        for earlier in &mut self.matches {
            earlier.is_complete |= earlier.kind == kind;
        }
        self.matches.push(LoadedMatch::new(kind, group));
    }

    pub(crate) fn extension(
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
}
