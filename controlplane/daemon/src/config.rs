//! weir.toml: the parts that the control plane reads. Sections of the data plane are passed over
//! here and checked there; a section that neither knows is refused by both.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use api::Paths;
use serde::{Deserialize, de::IgnoredAny};

use crate::roles::{AccessError, RawAccess, Roles};

/// The form of the file that this release reads.
const SCHEMA_VERSION: u32 = 1;

/// The file as it is typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    schema_version: u32,
    #[serde(default)]
    paths: Paths,
    #[serde(default)]
    access: RawAccess,
    #[serde(rename = "dataplane")]
    _dataplane: Option<IgnoredAny>,
    #[serde(rename = "dpdk")]
    _dpdk: Option<IgnoredAny>,
    #[serde(rename = "interfaces")]
    _interfaces: Option<IgnoredAny>,
    #[serde(rename = "bridges")]
    _bridges: Option<IgnoredAny>,
    #[serde(rename = "routes")]
    _routes: Option<IgnoredAny>,
    #[serde(rename = "neighbours")]
    _neighbours: Option<IgnoredAny>,
    #[serde(rename = "management")]
    _management: Option<IgnoredAny>,
    #[serde(rename = "conntrack")]
    _conntrack: Option<IgnoredAny>,
    #[serde(rename = "sysctl")]
    _sysctl: Option<IgnoredAny>,
}

/// What the file means for the control plane.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where sockets and state live.
    pub(crate) paths: Paths,
    /// Who may do what.
    pub(crate) roles: Roles,
}

/// Why the file was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// It cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not what it should be; the message quotes the line.
    #[error("{}: {source}", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where, and what was expected.
        source: Box<toml::de::Error>,
    },
    /// It is of another form.
    #[error("{}: schema_version = {found}: this release reads {SCHEMA_VERSION}", .path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: u32,
    },
    /// `[access]` names somebody who does not exist.
    #[error("{}: {source}", .path.display())]
    Access {
        /// The file.
        path: PathBuf,
        /// Who.
        source: AccessError,
    },
}

impl Config {
    /// Reads the file at `path`, and looks its users and groups up.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        let in_file = || path.to_owned();
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: in_file(),
            source,
        })?;
        let raw: RawConfig = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: in_file(),
            source: Box::new(source),
        })?;
        if raw.schema_version != SCHEMA_VERSION {
            return Err(ConfigError::Schema {
                path: in_file(),
                found: raw.schema_version,
            });
        }
        let roles = Roles::of_this_machine(&raw.access).map_err(|source| ConfigError::Access {
            path: in_file(),
            source,
        })?;
        Ok(Self {
            paths: raw.paths,
            roles,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        Config::load(file.path())
    }

    #[test]
    fn the_data_planes_sections_are_passed_over() {
        let config = load(
            "schema_version = 1\n[paths]\nrun = \"/tmp/r\"\n[interfaces.wan]\ndevice = \"x\"\n\
             [[routes]]\nto = \"0.0.0.0/0\"\n[sysctl]\na = 1\n",
        )
        .unwrap();
        assert_eq!(config.paths.run, Path::new("/tmp/r"));
        assert_eq!(config.paths.state, Path::new("/var/lib/weir"));
    }

    #[test]
    fn the_sample_shows_the_defaults() {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config/weir.toml");
        let text = fs::read_to_string(sample).unwrap();
        let sample: RawConfig = toml::from_str(&text).unwrap();
        let bare: RawConfig = toml::from_str("schema_version = 1").unwrap();
        assert_eq!((sample.paths, sample.access), (bare.paths, bare.access));
        for key in [
            "run = ",
            "state = ",
            "admins = ",
            "operators = ",
            "viewers = ",
        ] {
            assert!(text.contains(&format!("\n{key}")), "{key}");
        }
    }

    #[test]
    fn what_is_unknown_is_named_with_its_line() {
        let error = load("schema_version = 1\n[acess]\nadmins = []\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(error.contains("acess"), "{error}");
        let error = load("schema_version = 1\n[access]\nadmin = []\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 3") && error.contains("`admin`"),
            "{error}"
        );
        let error = load("schema_version = 2\n").unwrap_err().to_string();
        assert!(error.contains("schema_version = 2"), "{error}");
        let error = load("").unwrap_err().to_string();
        assert!(error.contains("schema_version"), "{error}");
    }

    #[test]
    fn somebody_who_does_not_exist_is_named() {
        let text = "schema_version = 1\n[access]\noperators = [\"no such user\"]\n";
        let error = load(text).unwrap_err().to_string();
        assert!(
            error.contains("access.operators") && error.contains("no such user"),
            "{error}"
        );
    }
}
