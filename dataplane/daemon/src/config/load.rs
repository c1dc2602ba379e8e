//! From the file to a [`Config`], or to every reason why not.

use std::path::{Path, PathBuf};

use super::{Config, ConfigError, check, fault::Faults};

/// Why a configuration cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{file}: {why}")]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// The file is refused.
    #[error(transparent)]
    Refused(#[from] ConfigError),
}

impl Config {
    /// Reads and checks `file`. `machine_cores` are the CPUs that workers may run on; `None`
    /// where no worker will be pinned.
    ///
    /// # Errors
    /// The file cannot be read, or [`ConfigError`].
    pub fn load(file: &Path, machine_cores: Option<&[usize]>) -> Result<Self, LoadError> {
        let text = std::fs::read_to_string(file).map_err(|why| LoadError::Read {
            file: file.to_owned(),
            why,
        })?;
        Ok(Self::parse(&text, file, machine_cores)?)
    }

    /// Checks the `text` of `file`.
    ///
    /// # Errors
    /// Every fault, by line and key.
    pub fn parse(
        text: &str,
        file: &Path,
        machine_cores: Option<&[usize]>,
    ) -> Result<Self, ConfigError> {
        let mut faults = Faults::new(text);
        let config = match toml::from_str(text) {
            Ok(raw) => check::check(raw, machine_cores, &mut faults),
            Err(error) => {
                faults.note(
                    &error.span().unwrap_or(0..0),
                    error.message().replace('\n', "; "),
                );
                None
            }
        };
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(faults.into_error(file.to_owned())),
        }
    }
}
