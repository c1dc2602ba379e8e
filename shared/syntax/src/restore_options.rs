//! The options of `iptables-restore` itself.

use std::fmt::Write as _;

use crate::{
    Invocation, Outcome, Program, SyntaxError,
    base_option::{wait_interval, wait_seconds},
    getopt::{Getopt, Item, LongOption, Order, Spec, Value},
    help,
    stderr::Stderr,
};

const SHORT: [(char, Value, char); 11] = [
    ('b', Value::No, 'b'),
    ('c', Value::No, 'c'),
    ('v', Value::No, 'v'),
    ('V', Value::No, 'V'),
    ('t', Value::No, 't'),
    ('h', Value::No, 'h'),
    ('n', Value::No, 'n'),
    ('w', Value::No, 'w'),
    ('W', Value::No, 'W'),
    ('M', Value::Required, 'M'),
    ('T', Value::Required, 'T'),
];

const LONG: [LongOption<char>; 10] = [
    LongOption::new("counters", Value::No, 'c'),
    LongOption::new("verbose", Value::No, 'v'),
    LongOption::new("version", Value::No, 'V'),
    LongOption::new("test", Value::No, 't'),
    LongOption::new("help", Value::No, 'h'),
    LongOption::new("noflush", Value::No, 'n'),
    LongOption::new("modprobe", Value::Required, 'M'),
    LongOption::new("table", Value::Required, 'T'),
    LongOption::new("wait", Value::Optional, 'w'),
    LongOption::new("wait-interval", Value::Optional, 'W'),
];

const SPEC: Spec<'static, char> = Spec {
    short: &SHORT,
    long: &LONG,
};

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options<'a> {
    /// `-c`: take counters over.
    pub with_counters: bool,
    /// How many `-v`.
    pub verbosity: usize,
    /// `-t`: change nothing.
    pub is_test: bool,
    /// `-n`: do not empty tables first.
    pub keeps: bool,
    /// `-T`: this table alone.
    pub only_table: Option<&'a str>,
}

/// Reads the options. `None` where the call is over; the outcome says how.
pub(crate) fn read_options<'a>(
    call: &Invocation<'a>,
    outcome: &mut Outcome,
) -> Option<Options<'a>> {
    let program = Program::Restore.name(call.family);
    match read(call, program, outcome) {
        Ok(options) => options,
        Err(error) => {
            outcome.exit_code = error.exit_code();
            Stderr::new(program, Some(0)).error(&mut outcome.stderr, &error);
            None
        }
    }
}

fn read<'a>(
    call: &Invocation<'a>,
    program: &'static str,
    outcome: &mut Outcome,
) -> Result<Option<Options<'a>>, SyntaxError> {
    let mut words = Getopt::new(program, call.args, Order::Permute);
    let mut options = Options::default();
    let (mut waits, mut has_interval) = (false, false);
    while let Some(item) = words.item(&SPEC) {
        match item {
            Item::Option('b', _) => outcome
                .stderr
                .push_str("-b/--binary option is not implemented\n"),
            Item::Option('c', _) => options.with_counters = true,
            Item::Option('v', _) => options.verbosity += 1,
            Item::Option('t', _) => options.is_test = true,
            Item::Option('n', _) => options.keeps = true,
            Item::Option('T', table) => options.only_table = table,
            Item::Option('w', value) => {
                waits = wait_seconds(value.or_else(|| words.take_word()))?;
            }
            Item::Option('W', value) => {
                let value = value.or_else(|| words.take_word());
                outcome.stderr.push_str(wait_interval(value)?);
                has_interval = true;
            }
            Item::Option('V', _) => {
                outcome.stdout = help::version_line(program, call.stamp);
                return Ok(None);
            }
            Item::Option('h', _) => {
                outcome.stderr.push_str(&help::restore_usage(call.family));
                return Ok(None);
            }
            Item::Option(..) | Item::Word(_) => {}
            Item::Unknown(complaint) | Item::NoValue(complaint) => {
                let message = complaint.message;
                let _ = writeln!(outcome.stderr, "{program}: {message}");
                let _ = writeln!(outcome.stderr, "Try `{program} -h' for more information.");
                outcome.exit_code = 1;
                return Ok(None);
            }
        }
    }
    let complaint = match words.rest().as_slice() {
        [] if has_interval && !waits => "Option --wait-interval requires option --wait".to_owned(),
        [] => return Ok(Some(options)),
        [file] => format!("Can't open {file}: it is for the caller to read"),
        _ => "Unknown arguments found on commandline".to_owned(),
    };
    let _ = writeln!(outcome.stderr, "{complaint}");
    outcome.exit_code = 1;
    Ok(None)
}
