//! The options that `iptables` has without any extension, and which commands take which
//! (`iptables/iptables.c` `original_opts`, `iptables/xshared.c` `commands_v_options`).

use rules::Family;

use crate::{
    SyntaxError,
    getopt::{LongOption, Value},
};

/// What an option is: iptables' own by its letter, or one of a loaded extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionId {
    /// iptables' own. Line numbers have no letter and are `0`.
    Base(char),
    /// Option `id` of the extension whose options were loaded as number `group`.
    Extension {
        /// Number of the load.
        group: usize,
        /// Number of the option in the extension.
        id: u8,
    },
}

/// Short options (`IPT_OPTSTRING`).
pub(crate) const SHORT: &[(char, Value, OptionId)] = &[
    short('A', Value::Required),
    short('C', Value::Required),
    short('D', Value::Required),
    short('E', Value::Required),
    short('F', Value::Optional),
    short('I', Value::Required),
    short('L', Value::Optional),
    short('M', Value::Required),
    short('N', Value::Required),
    short('P', Value::Required),
    short('V', Value::No),
    short('X', Value::Optional),
    short('Z', Value::Optional),
    short('c', Value::Required),
    short('d', Value::Required),
    short('i', Value::Required),
    short('j', Value::Required),
    short('o', Value::Required),
    short('p', Value::Required),
    short('s', Value::Required),
    short('t', Value::Required),
    short('R', Value::Required),
    short('S', Value::Optional),
    short('W', Value::Optional),
    short('4', Value::No),
    short('6', Value::No),
    short('b', Value::No),
    short('f', Value::No),
    short('g', Value::Required),
    short('h', Value::Optional),
    short('m', Value::Required),
    short('n', Value::No),
    short('v', Value::No),
    short('w', Value::Optional),
    short('x', Value::No),
];

const fn short(letter: char, value: Value) -> (char, Value, OptionId) {
    (letter, value, OptionId::Base(letter))
}

const LONG: [(&str, Value, char); 37] = [
    ("append", Value::Required, 'A'),
    ("delete", Value::Required, 'D'),
    ("check", Value::Required, 'C'),
    ("insert", Value::Required, 'I'),
    ("replace", Value::Required, 'R'),
    ("list", Value::Optional, 'L'),
    ("list-rules", Value::Optional, 'S'),
    ("flush", Value::Optional, 'F'),
    ("zero", Value::Optional, 'Z'),
    ("new-chain", Value::Required, 'N'),
    ("delete-chain", Value::Optional, 'X'),
    ("rename-chain", Value::Required, 'E'),
    ("policy", Value::Required, 'P'),
    ("source", Value::Required, 's'),
    ("destination", Value::Required, 'd'),
    ("src", Value::Required, 's'),
    ("dst", Value::Required, 'd'),
    ("protocol", Value::Required, 'p'),
    ("in-interface", Value::Required, 'i'),
    ("jump", Value::Required, 'j'),
    ("table", Value::Required, 't'),
    ("match", Value::Required, 'm'),
    ("numeric", Value::No, 'n'),
    ("out-interface", Value::Required, 'o'),
    ("verbose", Value::No, 'v'),
    ("wait", Value::Optional, 'w'),
    ("wait-interval", Value::Optional, 'W'),
    ("exact", Value::No, 'x'),
    ("fragments", Value::No, 'f'),
    ("version", Value::No, 'V'),
    ("help", Value::Optional, 'h'),
    ("line-numbers", Value::No, '0'),
    ("modprobe", Value::Required, 'M'),
    ("set-counters", Value::Required, 'c'),
    ("goto", Value::Required, 'g'),
    ("ipv4", Value::No, '4'),
    ("ipv6", Value::No, '6'),
];

/// Long options of `family`'s program. ip6tables has no `--fragments`.
pub(crate) fn long(family: Family) -> Vec<LongOption<OptionId>> {
    LONG.iter()
        .filter(|(.., letter)| family == Family::Ipv4 || *letter != 'f')
        .map(|&(name, value, letter)| LongOption::new(name, value, OptionId::Base(letter)))
        .collect()
}

/// The letters of options that commands may refuse, in the order in which they are looked at.
pub(crate) const FLAGS: [char; 12] = ['n', 's', 'd', 'p', 'j', 'v', 'x', 'i', 'o', '0', 'c', 'f'];

/// Flags that `!` may stand before.
pub(crate) const fn is_invertible(flag: char) -> bool {
    matches!(flag, 's' | 'd' | 'p' | 'i' | 'o' | 'f')
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CommandKind {
    /// `-I`
    Insert,
    /// `-D CHAIN SPECIFICATION`
    Delete,
    /// `-D CHAIN NUMBER`
    DeleteNumber,
    /// `-R`
    Replace,
    /// `-A`
    Append,
    /// `-L`
    List,
    /// `-F`
    Flush,
    /// `-Z`, `-Z CHAIN`
    Zero,
    /// `-N`
    NewChain,
    /// `-X`
    DeleteChain,
    /// `-P`
    SetPolicy,
    /// `-E`
    RenameChain,
    /// `-S`
    ListRules,
    /// `-Z CHAIN NUMBER`
    ZeroNumber,
    /// `-C`
    Check,
}

impl CommandKind {
    /// Its letter.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Insert => 'I',
            Self::Delete | Self::DeleteNumber => 'D',
            Self::Replace => 'R',
            Self::Append => 'A',
            Self::List => 'L',
            Self::Flush => 'F',
            Self::Zero | Self::ZeroNumber => 'Z',
            Self::NewChain => 'N',
            Self::DeleteChain => 'X',
            Self::SetPolicy => 'P',
            Self::RenameChain => 'E',
            Self::ListRules => 'S',
            Self::Check => 'C',
        }
    }

    /// Whether a rule specification belongs to it.
    pub(crate) const fn takes_rule(self) -> bool {
        matches!(
            self,
            Self::Insert | Self::Delete | Self::Replace | Self::Append | Self::Check
        )
    }

    /// The flags that it refuses.
    const fn refused(self) -> &'static [char] {
        match self {
            Self::Insert | Self::Replace | Self::Append => &['n', 'x', '0'],
            Self::Delete | Self::Check => &['n', 'x', '0', 'c'],
            Self::List => &['s', 'd', 'p', 'j', 'i', 'o', 'c', 'f'],
            Self::SetPolicy => &['n', 's', 'd', 'p', 'j', 'x', 'i', 'o', '0', 'f'],
            Self::DeleteNumber
            | Self::Flush
            | Self::Zero
            | Self::NewChain
            | Self::DeleteChain
            | Self::RenameChain
            | Self::ListRules
            | Self::ZeroNumber => &['n', 's', 'd', 'p', 'j', 'x', 'i', 'o', '0', 'c', 'f'],
        }
    }
}

/// Refuses a flag that none of `commands` takes.
pub(crate) fn check_flags(commands: &[CommandKind], given: &[char]) -> Result<(), SyntaxError> {
    let is_legal = |flag: char| commands.iter().any(|kind| !kind.refused().contains(&flag));
    let illegal = FLAGS
        .into_iter()
        .find(|flag| given.contains(flag) && !is_legal(*flag));
    match illegal {
        Some(flag) => Err(SyntaxError::IllegalOption(flag)),
        None => Ok(()),
    }
}
