//! The files of the project, as git lists them: tracked, and new ones that are not ignored.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::source::Source;

/// One text file.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the workspace root, with `/`.
    pub(crate) path: String,
    /// Whether anyone may execute it.
    pub(crate) is_executable: bool,
    /// Its text.
    pub(crate) text: String,
}

impl File {
    /// The name after the last `/`.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether all of it is test code: integration tests, benches, fuzz targets, `tests.rs`.
    pub(crate) fn is_test(&self) -> bool {
        let in_folder = |folder: &str| self.path.split('/').any(|part| part == folder);
        in_folder("tests") || in_folder("benches") || in_folder("fuzz") || self.name() == "tests.rs"
    }

    /// Its Rust text, ready for the checks.
    pub(crate) fn source(&self) -> Source {
        Source::new(&self.text)
    }
}

/// Reads every text file of the project at `root`.
///
/// # Errors
/// If git cannot list the files or one cannot be read.
pub(crate) fn read(root: &Path) -> io::Result<Vec<File>> {
    let listing = Command::new("git")
        .arg("-C")
        .arg(root)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()?;
    if !listing.status.success() {
        let said = String::from_utf8_lossy(&listing.stderr);
        return Err(io::Error::other(format!("git ls-files: {}", said.trim())));
    }
    let mut files = Vec::new();
    for path in String::from_utf8_lossy(&listing.stdout).split_terminator('\0') {
        let full = root.join(path);
        // A file that git tracks may be deleted in the work tree; a link is judged at its target.
        let Ok(meta) = fs::symlink_metadata(&full) else {
            continue;
        };
        if !meta.is_file() {
            continue;
        }
        // Captures and fuzz corpora are bytes, and no rule speaks of them.
        let Ok(text) = String::from_utf8(fs::read(&full)?) else {
            continue;
        };
        let is_executable = meta.permissions().mode() & 0o111 != 0;
        files.push(File {
            path: path.to_owned(),
            is_executable,
            text,
        });
    }
    Ok(files)
}

#[cfg(test)]
pub(crate) fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        is_executable: false,
        text: text.to_owned(),
    }
}
