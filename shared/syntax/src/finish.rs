//! What the options of a call mean together (`iptables/xshared.c` `do_parse` behind its loop,
//! `ipv4_post_parse`).

use rules::{
    Negatable,
    matches::ip::{AddrMask, IpMatch},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    SyntaxError, address,
    command::{Action, Command, Jump, Listing, RuleSpec, Zeroing},
    iface,
    list::Layout,
    options::{CommandKind, check_flags},
    parse::{Parse, RawJump},
};
use rules::Family;

/// The table that a call without `-t` means.
const DEFAULT_TABLE: &str = "filter";

type Addresses = Vec<Option<Negatable<AddrMask>>>;

impl Parse<'_, '_> {
    /// A line of the other family: nothing to do.
    pub(crate) fn ignored(&self) -> Command {
        Command {
            table: self.table.unwrap_or(DEFAULT_TABLE).to_owned(),
            is_verbose: false,
            action: Action::Ignored,
        }
    }

    /// The command, or the first thing that does not fit.
    pub(crate) fn finish(mut self) -> Result<Command, SyntaxError> {
        self.refuse_drop_in_nat()?;
        if self.has_wait_interval && !self.waits {
            return Err(SyntaxError::WaitIntervalAlone);
        }
        let loaded = std::mem::take(&mut self.matches).into_iter();
        let matches: Result<Vec<_>, _> = loaded.map(|loaded| loaded.parser.finish()).collect();
        let matches = matches?;
        let jump = match self.jump.take() {
            None => Jump::None,
            Some(RawJump::Target(target)) => Jump::Target(target.name, target.parser.finish()),
            Some(RawJump::Chain(name)) => Jump::Chain(name),
            Some(RawJump::Goto(name)) => Jump::Goto(name),
        };
        if self.words.has_more() {
            return Err(SyntaxError::StrayArguments);
        }
        let Some(&kind) = self.commands.first() else {
            return Err(SyntaxError::NoCommand);
        };
        if self.ends_negated() {
            return Err(SyntaxError::TrailingNegation);
        }
        let (sources, destinations) = self.addresses()?;
        let is_single = sources.len() == 1 && destinations.len() == 1;
        if self.commands == [CommandKind::Replace] && !is_single {
            return Err(SyntaxError::ReplacementNotUnique);
        }
        check_flags(&self.commands, &self.flags)?;
        self.check_chain(kind)?;
        let spec = RuleSpec {
            sources,
            destinations,
            ip: self.ip(),
            matches,
            jump,
            counters: self.counters.unwrap_or_default(),
        };
        Ok(Command {
            table: self.table.unwrap_or(DEFAULT_TABLE).to_owned(),
            is_verbose: self.flags.contains(&'v'),
            action: self.action(kind, spec),
        })
    }

    fn refuse_drop_in_nat(&self) -> Result<(), SyntaxError> {
        let jump = match &self.jump {
            None => "",
            Some(RawJump::Target(target)) => &target.name,
            Some(RawJump::Chain(name) | RawJump::Goto(name)) => name,
        };
        let is_policy = self.commands.contains(&CommandKind::SetPolicy);
        let policy = self.second_name.filter(|_| is_policy);
        if self.table == Some("nat") && (jump == "DROP" || policy == Some("DROP")) {
            return Err(SyntaxError::DropInNat);
        }
        Ok(())
    }

    fn addresses(&self) -> Result<(Addresses, Addresses), SyntaxError> {
        let family = self.context.family;
        let list = |given: Option<Negatable<&str>>| {
            let Some(Negatable { negated, value }) = given else {
                return Ok(vec![None]);
            };
            let list = address::parse_list(family, value)?.into_iter();
            let list = list.map(|item| match item {
                Some(value) => Some(Negatable { negated, value }),
                // `! -s 0/0` never holds; that must be kept.
                None => negated.then(|| Negatable::negated(everything(family))),
            });
            Ok(list.collect::<Addresses>())
        };
        let (sources, destinations) = (list(self.source)?, list(self.destination)?);
        let negated = [self.source, self.destination]
            .into_iter()
            .flatten()
            .any(|given| given.negated);
        if (sources.len() > 1 || destinations.len() > 1) && negated {
            return Err(SyntaxError::NegatedAddressList);
        }
        Ok((sources, destinations))
    }

    fn check_chain(&self, kind: CommandKind) -> Result<(), SyntaxError> {
        let Some(chain) = self.chain else {
            return Ok(());
        };
        if chain.len() >= 29 {
            return Err(SyntaxError::ChainNameTooLong(chain.to_owned()));
        }
        if !kind.takes_rule() {
            return Ok(());
        }
        let wrong = match chain {
            "PREROUTING" | "INPUT" if self.out_iface.is_some() => 'o',
            "POSTROUTING" | "OUTPUT" if self.in_iface.is_some() => 'i',
            _ => return Ok(()),
        };
        Err(SyntaxError::InterfaceNotInChain(wrong, chain.to_owned()))
    }

    fn ip(&self) -> IpMatch {
        let iface = |given: &Option<Negatable<_>>| {
            let given = given.as_ref()?;
            (given.negated || !iface::is_any(&given.value)).then(|| given.clone())
        };
        let protocol = self.protocol.as_ref().map(|protocol| protocol.value);
        IpMatch {
            source: None,
            destination: None,
            in_iface: iface(&self.in_iface),
            out_iface: iface(&self.out_iface),
            protocol: protocol.filter(|protocol| protocol.value != 0),
            fragment: self.fragment,
        }
    }

    fn action(&self, kind: CommandKind, spec: RuleSpec) -> Action {
        let chain = || self.chain.unwrap_or_default().to_owned();
        let maybe_chain = || self.chain.map(str::to_owned);
        let second = || self.second_name.unwrap_or_default().to_owned();
        let number = self.number.unwrap_or(1);
        match kind {
            CommandKind::Append => Action::Append(chain(), spec),
            CommandKind::Insert => Action::Insert(chain(), number, spec),
            CommandKind::Replace => Action::Replace(chain(), number, spec),
            CommandKind::Delete => Action::Delete(chain(), spec),
            CommandKind::DeleteNumber => Action::DeleteNumber(chain(), number),
            CommandKind::Check => Action::Check(chain(), spec),
            CommandKind::Flush => Action::Flush(maybe_chain()),
            CommandKind::NewChain => Action::NewChain(chain()),
            CommandKind::DeleteChain => Action::DeleteChain(maybe_chain()),
            CommandKind::RenameChain => Action::RenameChain {
                from: chain(),
                to: second(),
            },
            CommandKind::SetPolicy => Action::SetPolicy {
                chain: chain(),
                policy: second(),
                counters: self.counters,
            },
            CommandKind::List
            | CommandKind::ListRules
            | CommandKind::Zero
            | CommandKind::ZeroNumber => self.listing(maybe_chain()),
        }
    }

    /// `-L` or `-S`, `-Z`, or both: they share the chain and the number.
    fn listing(&self, chain: Option<String>) -> Action {
        let has = |kind| self.commands.contains(&kind);
        let zeroing = (has(CommandKind::Zero) || has(CommandKind::ZeroNumber)).then(|| Zeroing {
            chain: chain.clone(),
            number: self.number.filter(|_| has(CommandKind::ZeroNumber)),
        });
        let given = |flag| self.flags.contains(&flag);
        let layout = Layout {
            is_verbose: given('v'),
            is_numeric: given('n'),
            is_exact: given('x'),
            has_line_numbers: given('0'),
        };
        match zeroing {
            Some(zeroing) if !has(CommandKind::List) && !has(CommandKind::ListRules) => {
                Action::Zero(zeroing)
            }
            zeroing => Action::List(
                Listing {
                    chain,
                    number: self.number,
                    layout: has(CommandKind::List).then_some(layout),
                },
                zeroing,
            ),
        }
    }
}

/// The address that stands for every packet, behind a `!`.
const fn everything(family: Family) -> AddrMask {
    let zero = match family {
        Family::Ipv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::Ipv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    AddrMask {
        addr: zero,
        mask: zero,
    }
}
