//! What both sides are asked: sequences of calls that start on empty tables.

use rules::Family;
use syntax::Program;

/// One call.
#[derive(Clone, Debug)]
pub struct Step {
    pub program: Program,
    pub args: Vec<String>,
    pub stdin: String,
}

impl Step {
    pub fn new(program: Program, args: &[&str]) -> Self {
        Self {
            program,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            stdin: String::new(),
        }
    }
}

/// Calls one after the other, and the tables that are looked at in the end.
#[derive(Clone, Debug)]
pub struct Sequence {
    pub name: String,
    pub family: Family,
    pub steps: Vec<Step>,
}

impl Sequence {
    /// Adds the calls that show what `tables` have come to, in every layout.
    pub fn observe(&mut self, tables: &[&str]) {
        for table in tables {
            for args in [
                &["-S", "-v"][..],
                &["-L", "-v", "-n"],
                &["-L"],
                &["-L", "-n", "--line-numbers"],
                &["-L", "-v", "-x"],
            ] {
                let args: Vec<&str> = ["-t", table].iter().chain(args).copied().collect();
                self.steps.push(Step::new(Program::Iptables, &args));
            }
            for args in [&["-t", table][..], &["-c", "-t", table]] {
                self.steps.push(Step::new(Program::Save, args));
            }
        }
    }
}

/// What a call printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub stdout: String,
    pub stderr: String,
    pub exit_code: u8,
}
