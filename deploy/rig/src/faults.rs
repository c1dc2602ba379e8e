//! The rig's own test: faults planted in a copy of the source, each of which it must find.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;
use tempfile::TempDir;

use crate::case::Case;

/// A shrunk case may hold this many rules, and this many packets.
pub const SHRUNK_MOST: usize = 3;

/// A change to one file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What is wrong then.
    pub name: String,
    /// The file, from the top of the tree.
    file: String,
    /// What stands there exactly once.
    find: String,
    /// What stands there instead.
    replace: String,
}

/// Why a fault could not be planted.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// A file of the tree or of its copy.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// The list is not one.
    #[error("{0}: {1}")]
    Parse(PathBuf, Box<toml::de::Error>),
    /// The text to change has gone, or stands there twice.
    #[error("fault `{name}`: {file} holds its text {found} times, not once")]
    Text {
        /// The fault.
        name: String,
        /// Where.
        file: String,
        /// How often.
        found: usize,
    },
    /// The changed source does not build.
    #[error("fault `{name}` does not build: {words}")]
    Build {
        /// The fault.
        name: String,
        /// What cargo said.
        words: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    fault: Vec<Fault>,
}

/// Reads the list of faults.
///
/// # Errors
/// An unreadable file, or TOML that is no such list.
pub fn read(path: &Path) -> Result<Vec<Fault>, FaultError> {
    let text = fs::read_to_string(path).map_err(|error| FaultError::Io(path.into(), error))?;
    let list: List =
        toml::from_str(&text).map_err(|error| FaultError::Parse(path.into(), Box::new(error)))?;
    Ok(list.fault)
}

/// A copy of the tree in which faults are planted.
pub struct Copy {
    folder: TempDir,
}

impl Copy {
    /// Copies what git knows of the tree at the current folder.
    ///
    /// # Errors
    /// No git, no `tar`, no room.
    pub fn new() -> Result<Self, FaultError> {
        let failed = |error| FaultError::Io("the copy of the tree".into(), error);
        let folder = TempDir::with_prefix("weir-faults-").map_err(failed)?;
        let copy = "git ls-files -z --cached --others --exclude-standard | \
                    tar --create --null --files-from - | tar --extract --directory \"$0\"";
        let status = Command::new("sh")
            .arg("-c")
            .arg(copy)
            .arg(folder.path())
            .status();
        match status.map_err(failed)? {
            status if status.success() => Ok(Self { folder }),
            status => Err(failed(io::Error::other(format!(
                "copying ended with {status}"
            )))),
        }
    }

    /// Builds the data plane with `fault` and gives its binary; the copy is whole again after.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub fn build(&self, fault: &Fault) -> Result<PathBuf, FaultError> {
        let path = self.folder.path().join(&fault.file);
        let io = |error| FaultError::Io(path.clone(), error);
        let text = fs::read_to_string(&path).map_err(io)?;
        let found = text.matches(&fault.find).count();
        if found != 1 {
            let Fault { name, file, .. } = fault.clone();
            return Err(FaultError::Text { name, file, found });
        }
        fs::write(&path, text.replace(&fault.find, &fault.replace)).map_err(io)?;
        // Development builds of this one binary: minutes less over ten faults than optimised ones.
        let built = Command::new("cargo")
            .args([
                "build",
                "--quiet",
                "--locked",
                "--package",
                "weir-dataplane",
            ])
            .arg("--no-default-features")
            .current_dir(self.folder.path())
            .env("CARGO_TARGET_DIR", self.folder.path().join("target"))
            .output();
        fs::write(&path, text).map_err(io)?;
        let built = built.map_err(io)?;
        if !built.status.success() {
            let words = String::from_utf8_lossy(&built.stderr).into_owned();
            return Err(FaultError::Build {
                name: fault.name.clone(),
                words,
            });
        }
        Ok(self.folder.path().join("target/debug/weir-dataplane"))
    }
}

/// Rules in a case: `-A` lines of both families.
pub fn rules_of(case: &Case) -> usize {
    let lines = case.rules.lines().chain(case.rules6.lines());
    lines.filter(|line| line.starts_with("-A")).count()
}
