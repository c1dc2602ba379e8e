//! The file arguments of save and restore, found as `getopt_long` finds them
//! (`iptables/iptables-save.c`, `iptables/iptables-restore.c`).
//!
//! Everything else stays in place for the control plane, which also reports every wrong argument:
//! this file never refuses one.

/// Whether an option takes an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// The rest of the word, or the next word.
    Value,
    /// The next word unless it starts with `-` or `!`: `-w` (`parse_wait_time`).
    ValueIfPlain,
}

/// A short option, its long form, and what it takes.
type Opt = (char, &'static str, Takes);

/// The options of `iptables-save`.
const SAVE: [Opt; 6] = [
    ('c', "counters", Takes::Nothing),
    ('V', "version", Takes::Nothing),
    ('d', "dump", Takes::Nothing),
    ('t', "table", Takes::Value),
    ('M', "modprobe", Takes::Value),
    ('f', "file", Takes::Value),
];

/// The options of `iptables-restore`.
const RESTORE: [Opt; 10] = [
    ('c', "counters", Takes::Nothing),
    ('v', "verbose", Takes::Nothing),
    ('V', "version", Takes::Nothing),
    ('t', "test", Takes::Nothing),
    ('h', "help", Takes::Nothing),
    ('n', "noflush", Takes::Nothing),
    ('M', "modprobe", Takes::Value),
    ('T', "table", Takes::Value),
    ('w', "wait", Takes::ValueIfPlain),
    ('W', "wait-interval", Takes::ValueIfPlain),
];

/// A command line with its files taken out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FileArgs {
    /// What is left.
    pub(crate) args: Vec<String>,
    /// The file that restore reads instead of standard input.
    pub(crate) input: Option<String>,
    /// The file that save writes instead of standard output.
    pub(crate) output: Option<String>,
    /// `--help` or `--version`: standard input is not read.
    pub(crate) asks_for_help: bool,
}

impl FileArgs {
    /// A command line without files.
    pub(crate) fn none(args: Vec<String>) -> Self {
        Self {
            args,
            ..Self::default()
        }
    }
}

/// Takes `-f FILE` out of the arguments of `iptables-save`; the last one counts.
pub(crate) fn save(args: Vec<String>) -> FileArgs {
    let mut found = FileArgs::default();
    for word in scan(&SAVE, args) {
        match word {
            Word::Option {
                short: 'f',
                value: Some(file),
                ..
            } => found.output = Some(file),
            Word::Option { spelled, .. } => found.args.extend(spelled),
            Word::Positional(word) => found.args.push(word),
        }
    }
    found
}

/// Takes the file out of the arguments of `iptables-restore`. With more than one positional
/// argument none is taken: the control plane refuses them as iptables does.
pub(crate) fn restore(args: Vec<String>) -> FileArgs {
    let mut found = FileArgs::default();
    let mut positional = Vec::new();
    for word in scan(&RESTORE, args) {
        match word {
            Word::Option { short, spelled, .. } => {
                found.asks_for_help |= matches!(short, 'h' | 'V');
                found.args.extend(spelled);
            }
            Word::Positional(word) => positional.push(word),
        }
    }
    if positional.len() == 1 {
        found.input = positional.pop();
    }
    found.args.append(&mut positional);
    found
}

/// One option or one positional argument.
enum Word {
    Option {
        /// Its short name; `?` if unknown.
        short: char,
        /// Its value, if it takes one.
        value: Option<String>,
        /// How to say it again.
        spelled: Vec<String>,
    },
    Positional(String),
}

fn scan(options: &[Opt], args: Vec<String>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = args.into_iter().peekable();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            words.extend(rest.by_ref().map(Word::Positional));
        } else if let Some(long) = arg.strip_prefix("--") {
            words.push(long_option(options, long, &mut rest));
        } else if arg.len() > 1 && arg.starts_with('-') {
            short_options(options, &arg[1..], &mut rest, &mut words);
        } else {
            words.push(Word::Positional(arg));
        }
    }
    words
}

type Rest = std::iter::Peekable<std::vec::IntoIter<String>>;

/// `--name`, `--name=value`, `--name value`; a unique beginning of the name will do.
fn long_option(options: &[Opt], long: &str, rest: &mut Rest) -> Word {
    let (name, inline) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (long, None),
    };
    let mut spelled = vec![format!("--{long}")];
    let mut fitting = options.iter().filter(|option| option.1.starts_with(name));
    let exact = options.iter().find(|option| option.1 == name);
    let found = exact.or_else(|| fitting.next().filter(|_| fitting.next().is_none()));
    let Some(&(short, _, takes)) = found else {
        return Word::Option {
            short: '?',
            value: None,
            spelled,
        };
    };
    let value =
        inline.or_else(|| next_value(takes, rest).inspect(|next| spelled.push(next.clone())));
    Word::Option {
        short,
        value,
        spelled,
    }
}

/// `-a`, `-abc`, `-fFILE`, `-f FILE`.
fn short_options(options: &[Opt], cluster: &str, rest: &mut Rest, words: &mut Vec<Word>) {
    for (at, short) in cluster.char_indices() {
        let mut spelled = vec![format!("-{short}")];
        let known = options.iter().find(|option| option.0 == short);
        let Some(&(_, _, takes)) = known else {
            words.push(Word::Option {
                short: '?',
                value: None,
                spelled,
            });
            continue;
        };
        let tail = &cluster[at + short.len_utf8()..];
        if takes == Takes::Value && !tail.is_empty() {
            spelled.push(tail.to_owned());
            words.push(Word::Option {
                short,
                value: Some(tail.to_owned()),
                spelled,
            });
            return;
        }
        let value = if tail.is_empty() {
            next_value(takes, rest)
        } else {
            None
        };
        spelled.extend(value.clone());
        words.push(Word::Option {
            short,
            value,
            spelled,
        });
    }
}

fn next_value(takes: Takes, rest: &mut Rest) -> Option<String> {
    match takes {
        Takes::Nothing => None,
        Takes::Value => rest.next(),
        Takes::ValueIfPlain => rest.next_if(|next| !next.starts_with(['-', '!'])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn save_finds_its_file_in_every_spelling() {
        for line in [
            "-c -f out",
            "-cf out",
            "-cfout",
            "-c --file out",
            "-c --file=out",
            "--fil out -c",
        ] {
            let found = save(words(line));
            assert_eq!(found.output.as_deref(), Some("out"), "{line}");
            assert_eq!(found.args, ["-c"], "{line}");
        }
    }

    #[test]
    fn save_keeps_what_is_not_its_file() {
        let found = save(words("-t filter -M /sbin/modprobe --unknown -x arg"));
        assert_eq!(found.output, None);
        assert_eq!(
            found.args,
            words("-t filter -M /sbin/modprobe --unknown -x arg")
        );
    }

    #[test]
    fn restore_takes_one_positional_argument_as_its_file() {
        let found = restore(words("-n -T filter rules.v4 --counters"));
        assert_eq!(found.input.as_deref(), Some("rules.v4"));
        assert_eq!(found.args, words("-n -T filter --counters"));
        let two = restore(words("a b"));
        assert_eq!((two.input, two.args), (None, words("a b")));
    }

    #[test]
    fn wait_takes_the_next_plain_word() {
        let found = restore(words("-w 5 -W 100 -n file"));
        assert_eq!(found.input.as_deref(), Some("file"));
        assert_eq!(found.args, words("-w 5 -W 100 -n"));
        let found = restore(words("-w -n file"));
        assert_eq!(found.input.as_deref(), Some("file"));
        assert_eq!(found.args, words("-w -n"));
    }

    #[test]
    fn help_does_not_wait_for_standard_input() {
        assert!(restore(words("-h")).asks_for_help);
        assert!(restore(words("--vers")).asks_for_help);
        assert!(
            !restore(words("--ver")).asks_for_help,
            "ambiguous: verbose or version"
        );
    }
}
