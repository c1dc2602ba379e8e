//! Rules from files of iptables-restore's text, read as the applet reads them.

use std::{fs, path::Path};

use rules::{Family, Ruleset};
use syntax::{Invocation, Names, Program, Stamp};

use super::OfflineError;

/// Applies the text of `file` to `ruleset` as iptables-restore does: tables that it names are
/// replaced. New rules get handles from `next_handle` on.
pub(super) fn restore(
    file: &Path,
    family: Family,
    ruleset: &Ruleset,
    names: &Names,
    next_handle: &mut u64,
) -> Result<Ruleset, OfflineError> {
    let text =
        fs::read_to_string(file).map_err(|error| OfflineError::File(file.to_owned(), error))?;
    let call = Invocation {
        program: Program::Restore,
        family,
        args: &["-c".to_owned()],
        stdin: &text,
        stamp: Stamp {
            version: env!("CARGO_PKG_VERSION"),
            unix_time_s: 0,
        },
    };
    let outcome = syntax::run(&call, ruleset, names);
    if outcome.exit_code != 0 {
        return Err(OfflineError::Rules(
            file.to_owned(),
            outcome.stderr.trim_end().to_owned(),
        ));
    }
    let mut ruleset = outcome.ruleset.unwrap_or_else(|| ruleset.clone());
    ruleset.assign_handles(next_handle);
    Ok(ruleset)
}
