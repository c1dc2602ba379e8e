//! One call from its words to its outcome.

use std::fmt::Write as _;

use rules::{Ruleset, TableName};

use crate::{
    Invocation, Names, Outcome, Program, SyntaxError,
    draft::Draft,
    execute::{Execution, Failure, find_table, no_table},
    help,
    parse::{Context, Parsed, parse},
    restore, save,
    stderr::Stderr,
};

/// Runs an applet on `ruleset`. Nothing is changed but in the outcome; a call that fails has an
/// outcome without a ruleset and without counters to zero.
pub fn run(call: &Invocation<'_>, ruleset: &Ruleset, names: &Names) -> Outcome {
    match call.program {
        Program::Iptables => iptables(call, ruleset, names),
        Program::Save => save::run(call, ruleset, names),
        Program::Restore => restore::run(call, ruleset, names),
    }
}

fn iptables(call: &Invocation<'_>, ruleset: &Ruleset, names: &Names) -> Outcome {
    let program = Program::Iptables.name(call.family);
    let mut outcome = Outcome::default();
    match attempt(call, ruleset, names, &mut outcome) {
        Ok(draft) => {
            if let Some(draft) = draft {
                draft.finish(&mut outcome);
            }
        }
        Err(Failure::Syntax(error)) => {
            outcome.exit_code = error.exit_code();
            Stderr::new(program, None).error(&mut outcome.stderr, &error);
        }
        Err(Failure::Refused(refusal)) => {
            outcome.exit_code = 1;
            let _ = writeln!(outcome.stderr, "{program}: {refusal}.");
        }
    }
    outcome
}

fn attempt<'r>(
    call: &Invocation<'_>,
    ruleset: &'r Ruleset,
    names: &Names,
    outcome: &mut Outcome,
) -> Result<Option<Draft<'r>>, Failure> {
    let program = Program::Iptables.name(call.family);
    let context = Context {
        family: call.family,
        program,
        is_restore: false,
        names,
        is_declared: &|_| false,
    };
    let command = match parse(&context, call.args, &mut outcome.stderr)? {
        Parsed::Command(command) => command,
        Parsed::Version(false) => {
            outcome.stdout = help::version_line(program, call.stamp);
            return Ok(None);
        }
        Parsed::Version(true) => {
            outcome.stdout = format!("Not {} ;-)\n", help::PROGRAM_VERSION);
            return Ok(None);
        }
        Parsed::Help(extensions) => {
            outcome.stdout = help::usage(call.family);
            for text in extensions {
                outcome.stdout.push('\n');
                outcome.stdout.push_str(&text);
            }
            return Ok(None);
        }
    };
    let table = table(program, &command.table)?;
    let mut draft = Draft::new(ruleset, call.family);
    Execution {
        family: call.family,
        names,
        draft: &mut draft,
        table,
        is_verbose: command.is_verbose,
        stdout: &mut outcome.stdout,
        stderr: &mut outcome.stderr,
    }
    .run(&command)?;
    draft.check(table)?;
    Ok(Some(draft))
}

fn table(program: &'static str, name: &str) -> Result<TableName, SyntaxError> {
    find_table(name).ok_or_else(|| SyntaxError::UnknownTable {
        program,
        table: name.to_owned(),
        reason: no_table(name),
    })
}
