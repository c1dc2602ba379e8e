//! The iptables applets: sends the command line as it stands, prints and exits as told.
//!
//! Files are the client's business: `iptables-restore FILE` is read and `iptables-save -f FILE` is
//! written here, with the operator's rights; the control plane never opens a path it was sent.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, Read, Write},
    process::ExitCode,
};

use api::http::{EXIT_RESOURCE, IPTABLES_PATH, IptablesReply, IptablesRequest, Program};
use rules::{Family, Ruleset};
use syntax::{Invocation, Names, Stamp};

use crate::{client::Client, error::EXIT_USAGE, file_args, format};

/// An applet: a program and the family it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applet {
    /// The name it is called by, as its messages start.
    name: &'static str,
    program: Program,
    family: Family,
}

/// Every applet.
const APPLETS: [Applet; 6] = [
    Applet {
        name: "iptables",
        program: Program::Iptables,
        family: Family::Ipv4,
    },
    Applet {
        name: "iptables-save",
        program: Program::Save,
        family: Family::Ipv4,
    },
    Applet {
        name: "iptables-restore",
        program: Program::Restore,
        family: Family::Ipv4,
    },
    Applet {
        name: "ip6tables",
        program: Program::Iptables,
        family: Family::Ipv6,
    },
    Applet {
        name: "ip6tables-save",
        program: Program::Save,
        family: Family::Ipv6,
    },
    Applet {
        name: "ip6tables-restore",
        program: Program::Restore,
        family: Family::Ipv6,
    },
];

impl Applet {
    /// The applet called `name`.
    pub(crate) fn by_name(name: &str) -> Option<Applet> {
        APPLETS.into_iter().find(|applet| applet.name == name)
    }
}

/// Why an applet failed before or after the control plane did its part.
#[derive(Debug, thiserror::Error)]
enum AppletError {
    #[error("argument `{}' is not UTF-8", .0.to_string_lossy())]
    Argument(OsString),
    #[error("Can't open {path}: {source}")]
    Open { path: String, source: io::Error },
    #[error("cannot read standard input: {0}")]
    Stdin(io::Error),
    #[error("the rules are not UTF-8: line {0}")]
    NotUtf8(usize),
    #[error(transparent)]
    Ask(#[from] crate::error::CliError),
    #[error("Failed to open file, error: {source} ({path})")]
    Write { path: String, source: io::Error },
}

impl AppletError {
    /// The exit code that iptables gives for the like.
    fn exit_code(&self) -> u8 {
        match self {
            AppletError::Argument(_) | AppletError::NotUtf8(_) => EXIT_USAGE,
            AppletError::Open { .. } | AppletError::Stdin(_) | AppletError::Write { .. } => 1,
            AppletError::Ask(_) => EXIT_RESOURCE,
        }
    }
}

/// Runs `applet` with `args`, and exits as iptables does.
pub(crate) fn run(applet: Applet, args: Vec<OsString>, client: &Client) -> ExitCode {
    match ask(applet, args, client) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            format::complain(&format!("{}: {error}", applet.name));
            ExitCode::from(error.exit_code())
        }
    }
}

fn ask(applet: Applet, args: Vec<OsString>, client: &Client) -> Result<u8, AppletError> {
    let args = args
        .into_iter()
        .map(|arg| arg.into_string().map_err(AppletError::Argument))
        .collect::<Result<Vec<_>, _>>()?;
    if is_about_the_program(&args) {
        return explain(applet, &args);
    }
    let files = match applet.program {
        Program::Iptables => file_args::FileArgs::none(args),
        Program::Save => file_args::save(args),
        Program::Restore => file_args::restore(args),
    };
    let stdin = match applet.program {
        Program::Restore if !files.asks_for_help => read_rules(files.input.as_deref())?,
        Program::Iptables | Program::Save | Program::Restore => String::new(),
    };
    let request = IptablesRequest {
        program: applet.program,
        family: applet.family,
        args: files.args,
        stdin,
    };
    let reply: IptablesReply = client.post(IPTABLES_PATH, &request)?;
    deliver(&reply, files.output.as_deref())?;
    Ok(reply.exit_code)
}

/// Whether only the version or the usage is asked for: scripts do that to learn what there is.
fn is_about_the_program(args: &[String]) -> bool {
    matches!(args, [only] if matches!(only.as_str(), "-V" | "--version" | "-h" | "--help"))
}

/// Answers that without a control plane, as iptables needs no kernel for it.
fn explain(applet: Applet, args: &[String]) -> Result<u8, AppletError> {
    let invocation = Invocation {
        program: match applet.program {
            Program::Iptables => syntax::Program::Iptables,
            Program::Save => syntax::Program::Save,
            Program::Restore => syntax::Program::Restore,
        },
        family: applet.family,
        args,
        stdin: "",
        stamp: Stamp {
            version: env!("CARGO_PKG_VERSION"),
            unix_time_s: 0,
        },
    };
    let outcome = syntax::run(&invocation, &Ruleset::new(), &Names::default());
    format::complain_raw(&outcome.stderr);
    format::print(&outcome.stdout)?;
    Ok(outcome.exit_code)
}

/// The rules to restore: the file's, or what stands on standard input.
fn read_rules(path: Option<&str>) -> Result<String, AppletError> {
    let bytes = match path {
        Some(path) => fs::read(OsStr::new(path)).map_err(|source| AppletError::Open {
            path: path.to_owned(),
            source,
        })?,
        None => {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(AppletError::Stdin)?;
            bytes
        }
    };
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1;
        AppletError::NotUtf8(line)
    })
}

/// Prints what the control plane answered. Only an answer that came truncates `output`.
fn deliver(reply: &IptablesReply, output: Option<&str>) -> Result<(), AppletError> {
    format::complain_raw(&reply.stderr);
    match output {
        Some(path) if reply.exit_code == 0 => {
            let failed = |source| AppletError::Write {
                path: path.to_owned(),
                source,
            };
            let mut file = fs::File::create(path).map_err(failed)?;
            file.write_all(reply.stdout.as_bytes()).map_err(failed)?;
            Ok(())
        }
        Some(_) | None => Ok(format::print(&reply.stdout)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_known_by_their_name() {
        let applet = Applet::by_name("ip6tables-restore").unwrap();
        assert_eq!(
            (applet.program, applet.family),
            (Program::Restore, Family::Ipv6)
        );
        assert_eq!(Applet::by_name("weir"), None);
        assert_eq!(Applet::by_name("iptables-nft"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"*filter\n-A INPUT\n\xff\n").unwrap();
        let error = read_rules(file.path().to_str()).unwrap_err();
        assert!(matches!(error, AppletError::NotUtf8(3)), "{error}");
        assert_eq!(error.exit_code(), EXIT_USAGE);
    }
}
