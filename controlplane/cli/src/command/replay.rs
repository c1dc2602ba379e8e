//! `weir replay`: becomes `weir-dataplane --offline`, the production pipeline on capture files.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode},
};

use crate::error::CliError;

/// The program that runs the pipeline.
const DATA_PLANE: &str = "weir-dataplane";

/// Runs the data plane's program offline with `args`; returns only if that cannot be started.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode, CliError> {
    let program = program();
    let source = Command::new(&program).arg("--offline").args(args).exec();
    Err(CliError::Exec { program, source })
}

/// The program beside this one, so that a build is tried with its own data plane; else whatever
/// the PATH has.
fn program() -> PathBuf {
    std::env::current_exe()
        .ok()
        .map(|weir| weir.with_file_name(DATA_PLANE))
        .filter(|beside| beside.is_file())
        .unwrap_or_else(|| PathBuf::from(DATA_PLANE))
}
