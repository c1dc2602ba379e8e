//! What a rightly written command may still run into: libiptc's and the kernel's errors, in
//! iptables' words (`libiptc/libiptc.c` `TC_STRERROR`, else the C library's).

use rules::{Problem, ValidateError};

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such chain; or, for `-D` and `-C` with a target other than ACCEPT, DROP and
    /// RETURN, no such rule.
    #[error("No chain/target/match by that name")]
    NoSuchName,
    /// `-D`, `-C`: no such rule, or no such chain.
    #[error("Bad rule (does a matching rule exist in that chain?)")]
    NoSuchRule,
    /// `-N`: the name is taken.
    #[error("Chain already exists")]
    ChainExists,
    /// `-E`: the new name is taken.
    #[error("File exists")]
    NameExists,
    /// `-X`: the chain has rules.
    #[error("Directory not empty")]
    NotEmpty,
    /// `-X`: rules jump to the chain.
    #[error("Too many links")]
    InUse,
    /// `-I`: the number is beyond the end of the chain.
    #[error("Index of insertion too big")]
    InsertNumber,
    /// `-R`: there is no rule of this number.
    #[error("Index of replacement too big")]
    ReplaceNumber,
    /// `-D`: there is no rule of this number.
    #[error("Index of deletion too big")]
    DeleteNumber,
    /// `-Z`: there is no rule of this number.
    #[error("Index of counter too big")]
    ZeroNumber,
    /// `-P`: no such chain, or not built-in.
    #[error("Bad built-in chain name")]
    BadBuiltin,
    /// `-P`: neither ACCEPT nor DROP.
    #[error("Bad policy name")]
    BadPolicy,
    /// `-X` of a built-in chain.
    #[error("Invalid argument: chain `{0}' is built in")]
    Builtin(String),
    /// `-j` or `-g` to a built-in chain.
    #[error("Invalid argument: rules may not jump to the built-in chain `{0}'")]
    BuiltinTarget(String),
    /// What the kernel finds in the whole table.
    #[error("{}: {}", errno(.0), place(.0))]
    Table(Box<ValidateError>),
}

fn errno(error: &ValidateError) -> &'static str {
    match error.problem {
        Problem::Loop(_) => "Too many levels of symbolic links",
        _ => "Invalid argument",
    }
}

fn place(error: &ValidateError) -> String {
    let chain = error.chain.as_ref().map(|chain| format!("chain {chain}, "));
    let rule = error.rule.map(|rule| format!("rule {rule}: "));
    let (chain, rule) = (chain.unwrap_or_default(), rule.unwrap_or_default());
    format!("{chain}{rule}{}", error.problem)
}
