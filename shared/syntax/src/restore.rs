//! `iptables-restore` (`iptables/iptables-restore.c`): lines of `*table`, `:CHAIN`, commands and
//! `COMMIT`, as one transaction over all tables.

use std::fmt::Write as _;

use rules::{Ruleset, Table, TableName};

use crate::{
    Invocation, Names, Outcome, Program, SyntaxError,
    draft::Draft,
    execute::{Execution, Failure, find_table},
    lexer::{self, WORDS_MAX},
    number::scan_decimal,
    parse::{Context, Parsed, parse},
    refusal::Refusal,
    restore_options::{Options, read_options},
    stderr::Stderr,
};

/// Runs `iptables-restore` or `ip6tables-restore`.
pub(crate) fn run(call: &Invocation<'_>, ruleset: &Ruleset, names: &Names) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(options) = read_options(call, &mut outcome) else {
        return outcome;
    };
    let mut restore = Restore {
        call,
        program: Program::Restore.name(call.family),
        names,
        options,
        draft: Draft::new(ruleset, call.family),
        table: None,
        is_skipped: options.only_table.is_some(),
        line: 0,
        stdout: String::new(),
        stderr: String::new(),
    };
    let result = restore.lines();
    outcome.stdout = restore.stdout;
    outcome.stderr.push_str(&restore.stderr);
    let line = Some(restore.line);
    let program = restore.program;
    match result {
        Ok(()) if options.is_test => {}
        Ok(()) => restore.draft.finish(&mut outcome),
        Err(End::Quiet(exit_code)) => outcome.exit_code = exit_code,
        Err(End::Failed(Failure::Syntax(error))) => {
            outcome.exit_code = error.exit_code();
            Stderr::new(program, line).error(&mut outcome.stderr, &error);
        }
        Err(End::Failed(Failure::Refused(refusal))) => {
            outcome.exit_code = 1;
            let line = restore.line;
            let _ = writeln!(outcome.stderr, "{program}: line {line} failed: {refusal}.");
        }
    }
    outcome
}

/// Why no further line is read.
enum End {
    /// What is to be said is said.
    Quiet(u8),
    /// The line is at fault.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for End {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

struct Restore<'r> {
    call: &'r Invocation<'r>,
    program: &'static str,
    names: &'r Names,
    options: Options<'r>,
    draft: Draft<'r>,
    /// The table between its `*` and `COMMIT`.
    table: Option<TableName>,
    /// The last `*` named a table that `-T` leaves out.
    is_skipped: bool,
    /// The line being read, from 1.
    line: u32,
    stdout: String,
    stderr: String,
}

impl<'r> Restore<'r> {
    fn lines(&mut self) -> Result<(), End> {
        for line in self.call.stdin.split_inclusive('\n') {
            self.line += 1;
            self.line(line)?;
        }
        if self.table.is_some() {
            let (program, line) = (self.program, self.line + 1);
            let _ = writeln!(self.stderr, "{program}: COMMIT expected at line {line}");
            return Err(End::Quiet(1));
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<(), End> {
        if line == "\n" {
            return Ok(());
        }
        if line.starts_with('#') {
            if self.options.verbosity > 0 {
                self.stdout.push_str(line);
            }
            return Ok(());
        }
        match (self.table, line.chars().next()) {
            (Some(table), _) if line == "COMMIT\n" => {
                self.draft.check(table)?;
                self.table = None;
                Ok(())
            }
            (None, Some('*')) => Ok(self.start(line)?),
            (Some(table), Some(':')) => Ok(self.declare(table, line)?),
            (Some(table), _) => Ok(self.command(table, line)?),
            (None, _) if self.is_skipped => Ok(()),
            (None, _) => {
                let (program, line) = (self.program, self.line);
                let _ = writeln!(
                    self.stderr,
                    "{program}: line {line} failed: it stands outside of a table"
                );
                Err(End::Quiet(1))
            }
        }
    }

    fn incomplete(&self, part: &'static str) -> SyntaxError {
        SyntaxError::IncompleteLine {
            program: self.program,
            line: self.line,
            part,
        }
    }

    fn execution(&mut self, table: TableName, is_verbose: bool) -> Execution<'_, 'r> {
        Execution {
            family: self.call.family,
            names: self.names,
            draft: &mut self.draft,
            table,
            is_verbose,
            stdout: &mut self.stdout,
            stderr: &mut self.stderr,
        }
    }

    /// `*table`
    fn start(&mut self, line: &str) -> Result<(), Failure> {
        let name = tokens(line).next();
        let name = name.ok_or_else(|| self.incomplete("table name"))?;
        self.is_skipped = self.options.only_table.is_some_and(|only| only != name);
        if self.is_skipped {
            return Ok(());
        }
        let table = find_table(name).ok_or_else(|| SyntaxError::RestoreUnknownTable {
            program: self.program,
            table: name.to_owned(),
        })?;
        self.table = Some(table);
        if !self.options.keeps {
            let is_verbose = self.options.verbosity > 0;
            let mut execution = self.execution(table, is_verbose);
            execution.flush(None)?;
            execution.delete_chains()?;
        }
        Ok(())
    }

    /// `:CHAIN POLICY [packets:bytes]`
    fn declare(&mut self, table: TableName, line: &str) -> Result<(), Failure> {
        let mut tokens = tokens(line);
        let chain = tokens.next().ok_or_else(|| self.incomplete("chain name"))?;
        if chain.len() >= 29 {
            return Err(SyntaxError::DeclaredNameTooLong(chain.to_owned()).into());
        }
        let found = self.draft.table(table).and_then(|table| find(table, chain));
        match found {
            Some(is_builtin) if is_builtin => {}
            Some(_) if self.options.keeps => {
                self.execution(table, false).flush(Some(chain))?;
            }
            found => self.create(table, chain, found.is_some())?,
        }
        let policy = tokens.next().ok_or_else(|| self.incomplete("policy"))?;
        if policy == "-" {
            return Ok(());
        }
        let counters = match self.options.with_counters {
            false => None,
            true => Some(
                tokens
                    .next()
                    .and_then(policy_counters)
                    .ok_or_else(|| SyntaxError::InvalidPolicyCounters(chain.to_owned()))?,
            ),
        };
        let set = self
            .execution(table, false)
            .set_policy(chain, policy, counters);
        set.map_err(|refusal| SyntaxError::CannotSetPolicy {
            policy: policy.to_owned(),
            chain: chain.to_owned(),
            line: self.line,
            reason: match refusal {
                Refusal::BadPolicy => "Bad policy name",
                _ => "Bad built-in chain name",
            },
        })?;
        Ok(())
    }

    fn create(&mut self, table: TableName, chain: &str, exists: bool) -> Result<(), SyntaxError> {
        let cannot = |reason| SyntaxError::CannotCreateChain {
            chain: chain.to_owned(),
            reason,
        };
        if exists || matches!(chain, "ACCEPT" | "DROP" | "QUEUE" | "RETURN") {
            return Err(cannot("File exists"));
        }
        if let Some(start) = chain.chars().next().filter(|c| matches!(c, '-' | '!')) {
            return Err(SyntaxError::ChainNameStart(start));
        }
        let created = self.execution(table, false).new_chain(chain);
        created.map_err(|_| cannot("Invalid argument"))
    }

    /// A line with a command, with counters in front of it or not.
    fn command(&mut self, table: TableName, line: &str) -> Result<(), Failure> {
        let mut args = vec!["-t".to_owned(), table.as_str().to_owned()];
        if !self.options.keeps {
            args.extend((0..self.options.verbosity).map(|_| "-v".to_owned()));
        }
        let (counters, rest) = lexer::counters(line, self.line)?;
        if let Some((packets, bytes)) = counters.filter(|_| self.options.with_counters) {
            let words = ["--set-counters", packets, bytes];
            args.extend(words.map(str::to_owned));
        }
        args.extend(lexer::words(rest)?);
        if args.len() >= WORDS_MAX {
            return Err(SyntaxError::TooManyParameters.into());
        }
        let command = {
            let declared = self.draft.table(table);
            let is_declared = |name: &str| declared.is_some_and(|t| find(t, name).is_some());
            let context = Context {
                family: self.call.family,
                program: self.program,
                is_restore: true,
                names: self.names,
                is_declared: &is_declared,
            };
            match parse(&context, &args, &mut self.stderr)? {
                Parsed::Command(command) => command,
                Parsed::Help(_) | Parsed::Version(_) => {
                    return Err(SyntaxError::NoCommand.into());
                }
            }
        };
        self.execution(table, command.is_verbose).run(&command)
    }
}

/// The parts of a declaration behind its first character.
fn tokens(line: &str) -> impl Iterator<Item = &str> {
    let body = line.get(1..).unwrap_or_default();
    body.split([' ', '\t', '\n'])
        .filter(|part| !part.is_empty())
}

/// Whether the table has the chain, and whether it is built-in.
fn find(table: &Table, name: &str) -> Option<bool> {
    let mut chains = table.chains.iter();
    let chain = chains.find(|chain| chain.name.as_str() == name)?;
    Some(chain.policy.is_some())
}

/// `[packets:bytes]` of a policy; what follows is not looked at.
fn policy_counters(text: &str) -> Option<rules::Counters> {
    let (packets, bytes) = text.strip_prefix('[')?.split_once(':')?;
    Some(rules::Counters {
        packets: scan_decimal(packets)?,
        bytes: scan_decimal(bytes)?,
    })
}
