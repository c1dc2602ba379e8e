//! A ruleset that the data plane no longer runs is not lost: it is kept as text that
//! `iptables-restore` takes, before the store gives it up.

use std::{fs, io, path::Path};

use rules::Family;
use store::Kept;
use syntax::{Invocation, Names, Program, Stamp};

use crate::{engine::unix_ms, log};

/// Writes `kept` as `superseded-N.v4` and `superseded-N.v6` into `folder`, and says so. A disk
/// that refuses is no reason to go on without the ruleset that runs; it is logged.
pub(crate) fn write(folder: &Path, kept: &Kept, names: &Names) {
    for (family, ending) in [(Family::Ipv4, "v4"), (Family::Ipv6, "v6")] {
        let path = folder.join(format!("superseded-{}.{ending}", kept.number));
        let program = Program::Restore.name(family);
        let line = match write_one(&path, kept, family, names) {
            Ok(()) => format!(
                "generation {} no longer runs; `{program} {}' brings it back",
                kept.number,
                path.display()
            ),
            Err(error) => format!(
                "cannot keep generation {}: {}: {error}",
                kept.number,
                path.display()
            ),
        };
        log::line(&line);
    }
}

fn write_one(path: &Path, kept: &Kept, family: Family, names: &Names) -> io::Result<()> {
    let invocation = Invocation {
        program: Program::Save,
        family,
        args: &[],
        stdin: "",
        stamp: Stamp {
            version: env!("CARGO_PKG_VERSION"),
            unix_time_s: unix_ms() / 1000,
        },
    };
    let saved = syntax::run(&invocation, &kept.ruleset, names);
    fs::write(path, saved.stdout)
}
