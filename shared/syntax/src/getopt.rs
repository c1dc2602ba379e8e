//! `getopt_long(3)` as iptables calls it: words in order, with or without the options' own.
//!
//! Long names may be cut short while they stay unambiguous, values follow `=` or as the next word,
//! short options bundle (`-vnL`). In [`Order::InPlace`] a word that is no option is handed out
//! where it stands; in [`Order::Permute`] such words are gathered and the options go first.

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Never.
    No,
    /// Always: attached, or the next word whatever it is.
    Required,
    /// Only attached (`-L5`, `--list=X`).
    Optional,
}

/// A long option. Several names may stand for one `id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LongOption<Id> {
    /// Without the dashes.
    pub name: &'static str,
    /// Whether a value follows.
    pub value: Value,
    /// What it is.
    pub id: Id,
}

impl<Id> LongOption<Id> {
    /// An entry of an option table.
    pub(crate) const fn new(name: &'static str, value: Value, id: Id) -> Self {
        Self { name, value, id }
    }
}

/// The options that words are read by. Earlier long options go before later ones of the same name.
pub(crate) struct Spec<'s, Id> {
    /// Short options and their ids.
    pub short: &'s [(char, Value, Id)],
    /// Long options.
    pub long: &'s [LongOption<Id>],
}

/// What to do with words that are no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Hand them out in their place (`-` at the head of the option string).
    InPlace,
    /// Leave them for the end.
    Permute,
}

/// The next thing in the words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item<'a, Id> {
    /// An option and its value.
    Option(Id, Option<&'a str>),
    /// A word that is no option.
    Word(&'a str),
    /// No such option, or an ambiguous one, or a value where none belongs.
    Unknown(Complaint),
    /// The value is missing.
    NoValue(Complaint),
}

/// A bad option, as `getopt_long` itself would report it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// `argv[optind - 1]`: the word, or the one before when a bundle goes on behind it.
    pub word: String,
    /// The C library's own line behind `program: `.
    pub message: String,
    /// Whether a second look with more options known can be had: the word is wholly read.
    pub is_whole_word: bool,
}

/// A place in the words of one call.
pub(crate) struct Getopt<'a> {
    program: &'a str,
    args: &'a [String],
    order: Order,
    next: usize,
    bundle: &'a str,
    gathered: Vec<&'a str>,
}

impl<'a> Getopt<'a> {
    /// Starts at the first of `args`, which do not hold the program's name.
    pub(crate) fn new(program: &'a str, args: &'a [String], order: Order) -> Self {
        Self {
            program,
            args,
            order,
            next: 0,
            bundle: "",
            gathered: Vec::new(),
        }
    }

    /// The words that were no options, when all options are read.
    pub(crate) fn rest(mut self) -> Vec<&'a str> {
        let left = self.args.get(self.next..).unwrap_or_default();
        self.gathered.extend(left.iter().map(String::as_str));
        self.gathered
    }

    /// Whether words are left behind the options.
    pub(crate) fn has_more(&self) -> bool {
        self.next < self.args.len()
    }

    /// Takes the next word if it starts with neither `-` nor `!`, as an option's further value.
    pub(crate) fn take_word(&mut self) -> Option<&'a str> {
        let word = self.args.get(self.next)?;
        if word.starts_with(['-', '!']) {
            return None;
        }
        self.next += 1;
        Some(word)
    }

    /// Puts back the word last read, to read it by other options.
    pub(crate) fn step_back(&mut self) {
        self.next = self.next.saturating_sub(1);
    }

    /// The next item; `None` at the end, or behind `--`.
    pub(crate) fn item<Id: Copy + PartialEq>(
        &mut self,
        spec: &Spec<'_, Id>,
    ) -> Option<Item<'a, Id>> {
        if !self.bundle.is_empty() {
            return Some(self.short(spec));
        }
        loop {
            let word = self.args.get(self.next)?.as_str();
            self.next += 1;
            if word == "--" {
                return None;
            }
            if let Some(name) = word.strip_prefix("--") {
                return Some(self.long(name, word, spec));
            }
            match word.strip_prefix('-') {
                Some(bundle) if !bundle.is_empty() => {
                    self.next -= 1;
                    self.bundle = bundle;
                    return Some(self.short(spec));
                }
                _ if self.order == Order::InPlace => return Some(Item::Word(word)),
                _ => self.gathered.push(word),
            }
        }
    }

    fn complaint(&self, message: String) -> Complaint {
        let word = match self.next.checked_sub(1).and_then(|at| self.args.get(at)) {
            Some(word) => word.clone(),
            None => self.program.to_owned(),
        };
        Complaint {
            word,
            message,
            is_whole_word: self.bundle.is_empty(),
        }
    }

    fn short<Id: Copy>(&mut self, spec: &Spec<'_, Id>) -> Item<'a, Id> {
        let mut letters = self.bundle.chars();
        let letter = letters.next().unwrap_or_default();
        self.bundle = letters.as_str();
        let found = spec.short.iter().find(|(known, ..)| *known == letter);
        if self.bundle.is_empty() {
            self.next += 1;
        }
        let Some(&(_, value, id)) = found else {
            return Item::Unknown(self.complaint(format!("invalid option -- '{letter}'")));
        };
        if value == Value::No {
            return Item::Option(id, None);
        }
        if !self.bundle.is_empty() {
            self.next += 1;
            return Item::Option(id, Some(std::mem::take(&mut self.bundle)));
        }
        if value == Value::Optional {
            return Item::Option(id, None);
        }
        match self.args.get(self.next) {
            Some(word) => {
                self.next += 1;
                Item::Option(id, Some(word))
            }
            None => {
                Item::NoValue(self.complaint(format!("option requires an argument -- '{letter}'")))
            }
        }
    }

    fn long<Id: Copy + PartialEq>(
        &mut self,
        text: &'a str,
        word: &str,
        spec: &Spec<'_, Id>,
    ) -> Item<'a, Id> {
        let (name, attached) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let option = match find_long(name, spec.long) {
            Ok(option) => option,
            Err(Miss::None) => {
                return Item::Unknown(self.complaint(format!("unrecognized option '{word}'")));
            }
            Err(Miss::Ambiguous(names)) => {
                let message = format!("option '{word}' is ambiguous; possibilities:{names}");
                return Item::Unknown(self.complaint(message));
            }
        };
        match (option.value, attached) {
            (Value::No, Some(_)) => Item::Unknown(self.complaint(format!(
                "option '--{}' doesn't allow an argument",
                option.name
            ))),
            (Value::Required, None) => match self.args.get(self.next) {
                Some(value) => {
                    self.next += 1;
                    Item::Option(option.id, Some(value))
                }
                None => Item::NoValue(
                    self.complaint(format!("option '--{}' requires an argument", option.name)),
                ),
            },
            (_, attached) => Item::Option(option.id, attached),
        }
    }
}

enum Miss {
    None,
    Ambiguous(String),
}

/// The exact name, else the only one that starts so; names of one option are not ambiguous.
fn find_long<Id: Copy + PartialEq>(
    name: &str,
    long: &[LongOption<Id>],
) -> Result<LongOption<Id>, Miss> {
    if let Some(exact) = long.iter().find(|option| option.name == name) {
        return Ok(*exact);
    }
    let fits: Vec<_> = long
        .iter()
        .filter(|option| option.name.starts_with(name))
        .collect();
    let Some(first) = fits.first() else {
        return Err(Miss::None);
    };
    if fits
        .iter()
        .all(|option| option.id == first.id && option.value == first.value)
    {
        return Ok(**first);
    }
    let names = fits.iter().map(|option| format!(" '--{}'", option.name));
    Err(Miss::Ambiguous(names.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: [(char, Value, u8); 4] = [
        ('v', Value::No, b'v'),
        ('n', Value::No, b'n'),
        ('L', Value::Optional, b'L'),
        ('t', Value::Required, b't'),
    ];
    const LONG: [LongOption<u8>; 4] = [
        LongOption {
            name: "list",
            value: Value::Optional,
            id: b'L',
        },
        LongOption {
            name: "list-rules",
            value: Value::Optional,
            id: b'S',
        },
        LongOption {
            name: "verbose",
            value: Value::No,
            id: b'v',
        },
        LongOption {
            name: "table",
            value: Value::Required,
            id: b't',
        },
    ];
    const SPEC: Spec<'static, u8> = Spec {
        short: &SHORT,
        long: &LONG,
    };

    fn read(line: &str, order: Order) -> (Vec<String>, Vec<String>) {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let mut getopt = Getopt::new("prog", &args, order);
        let mut seen = Vec::new();
        while let Some(item) = getopt.item(&SPEC) {
            seen.push(match item {
                Item::Option(id, value) => {
                    format!("{}={}", char::from(id), value.unwrap_or_default())
                }
                Item::Word(word) => word.to_owned(),
                Item::Unknown(c) => format!("?{}:{}", c.word, c.message),
                Item::NoValue(c) => format!(":{}:{}", c.word, c.message),
            });
        }
        let rest = getopt.rest().into_iter().map(str::to_owned).collect();
        (seen, rest)
    }

    #[test]
    fn bundles_values_and_cut_names() {
        let (seen, _) = read(
            "-vnL X -tnat -t raw --tab=a --table b --verb",
            Order::InPlace,
        );
        let expected = ["v=", "n=", "L=", "X", "t=nat", "t=raw", "t=a", "t=b", "v="];
        assert_eq!(seen, expected);
        let (seen, _) = read("-Lvn --list --list-r", Order::InPlace);
        assert_eq!(seen, ["L=vn", "L=", "S="]);
    }

    #[test]
    fn complaints_carry_the_word_that_iptables_prints() {
        let (seen, _) = read("x -vqn -q --lis --verbose=1 --foo -t", Order::InPlace);
        let expected = [
            "x",
            "v=",
            "?x:invalid option -- 'q'",
            "n=",
            "?-q:invalid option -- 'q'",
            "?--lis:option '--lis' is ambiguous; possibilities: '--list' '--list-rules'",
            "?--verbose=1:option '--verbose' doesn't allow an argument",
            "?--foo:unrecognized option '--foo'",
            ":-t:option requires an argument -- 't'",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn words_stay_in_place_or_go_to_the_end() {
        let (seen, rest) = read("a -v - -- -n b", Order::InPlace);
        assert_eq!(
            (seen, rest),
            (words(&["a", "v=", "-"]), words(&["-n", "b"]))
        );
        let (seen, rest) = read("a -v b -- -n", Order::Permute);
        assert_eq!((seen, rest), (words(&["v="]), words(&["a", "b", "-n"])));
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }
}
