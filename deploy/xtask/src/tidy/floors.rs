//! Who may import whom. The table lists everything a crate may depend on among ours; what
//! `cargo metadata` says beyond it is a finding. Tests and build scripts may import anything.

use cargo_metadata::{DependencyKind, Metadata};

use super::report::Finding;

/// Crate, and the crates of ours that it may import.
const FLOORS: &[(&str, &[&str])] = &[
    // The contract: no I/O, no threads, no policy.
    ("wire", &[]),
    ("rules", &["wire"]),
    ("syntax", &["rules"]),
    ("api", &["rules"]),
    // The control plane versions.
    ("store", &["api", "rules"]),
    ("cli", &["api", "rules", "syntax"]),
    ("weir-controlplane", &["api", "rules", "store", "syntax"]),
    // The data plane compiles and runs.
    ("dpdk-sys", &[]),
    ("sync", &[]),
    ("packet", &["wire"]),
    ("netio", &["packet", "dpdk-sys"]),
    ("classifier", &["packet", "rules"]),
    ("route", &["packet", "sync", "wire"]),
    (
        "pipeline",
        &["classifier", "packet", "route", "rules", "sync", "wire"],
    ),
    (
        "weir-dataplane",
        &[
            "api",
            "classifier",
            "netio",
            "packet",
            "pipeline",
            "route",
            "rules",
            "sync",
            "syntax",
            "wire",
        ],
    ),
];

/// Crates outside the product: they may import anything, and nothing may import them.
const OUTSIDE: &[&str] = &["bench", "rig", "traffic", "xtask"];

/// One crate of ours and what it imports of ours.
#[derive(Debug)]
pub(crate) struct Imports {
    /// The package's name.
    pub(crate) name: String,
    /// Its manifest, from the workspace root.
    pub(crate) manifest: String,
    /// The workspace's packages it depends on outside tests and build scripts.
    pub(crate) ours: Vec<String>,
}

/// Reads each member's imports from cargo's metadata.
pub(crate) fn imports(metadata: &Metadata) -> Vec<Imports> {
    let members = metadata.workspace_packages();
    let is_ours = |name: &str| members.iter().any(|package| package.name.as_str() == name);
    let of = |package: &cargo_metadata::Package| Imports {
        name: package.name.to_string(),
        manifest: package
            .manifest_path
            .strip_prefix(&metadata.workspace_root)
            .unwrap_or(&package.manifest_path)
            .to_string(),
        ours: package
            .dependencies
            .iter()
            .filter(|wanted| wanted.kind == DependencyKind::Normal && is_ours(&wanted.name))
            .map(|wanted| wanted.name.clone())
            .collect(),
    };
    members.iter().map(|package| of(package)).collect()
}

/// Imports that go up or across, and crates that the table does not know.
pub(crate) fn check(crates: &[Imports]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for krate in crates
        .iter()
        .filter(|krate| !OUTSIDE.contains(&krate.name.as_str()))
    {
        let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == krate.name) else {
            let why = format!(
                "crate {} has no floor: add it to the table in floors.rs",
                krate.name
            );
            findings.push(Finding::new(&krate.manifest, 0, why));
            continue;
        };
        for import in krate
            .ours
            .iter()
            .filter(|import| !allowed.contains(&import.as_str()))
        {
            let why = format!(
                "{} may not import {import}; it may import: {}",
                krate.name,
                allowed.join(" ")
            );
            findings.push(Finding::new(&krate.manifest, 0, why));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(name: &str, ours: &[&str]) -> Imports {
        let ours = ours.iter().map(|name| (*name).to_owned()).collect();
        Imports {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml"),
            ours,
        }
    }

    #[test]
    fn the_table_itself_has_no_cycle() {
        // A crate may import only crates listed above it.
        for (at, (name, allowed)) in FLOORS.iter().enumerate() {
            for import in *allowed {
                assert!(
                    FLOORS[..at].iter().any(|(above, _)| above == import),
                    "{name} -> {import}"
                );
            }
        }
    }

    #[test]
    fn an_import_across_is_found() {
        assert!(check(&[krate("rules", &["wire"])]).is_empty());
        assert_eq!(check(&[krate("wire", &["rules"])]).len(), 1);
        assert_eq!(check(&[krate("weir-dataplane", &["store"])]).len(), 1);
    }

    #[test]
    fn a_crate_without_a_floor_is_found() {
        assert_eq!(check(&[krate("surprise", &[])]).len(), 1);
        assert!(check(&[krate("bench", &["wire", "store"])]).is_empty());
        assert_eq!(check(&[krate("rules", &["bench"])]).len(), 1);
    }
}
