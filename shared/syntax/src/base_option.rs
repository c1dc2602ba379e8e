//! iptables' own options that are no commands, one by one (`iptables/xshared.c` `do_parse`).

use rules::{Counters, Family, Negatable, matches::ip::IfaceMatch};

use crate::{
    SyntaxError, iface,
    loaded::LoadedTarget,
    matches::{MatchKind, missing_reason},
    number::{self, scan_decimal},
    options,
    parse::{Parse, Parsed, Protocol, RawJump, Stop},
    protocol,
    targets::TargetKind,
};

impl<'a> Parse<'a, '_> {
    pub(crate) fn base(
        &mut self,
        letter: char,
        value: Option<&'a str>,
    ) -> Result<Option<Stop>, SyntaxError> {
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
    pub(crate) fn flagged<T>(&mut self, flag: char, value: T) -> Result<Negatable<T>, SyntaxError> {
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
