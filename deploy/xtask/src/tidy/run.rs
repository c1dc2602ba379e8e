//! Reads the tree and cargo's metadata once, then runs every check.

use std::io;
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand};

use super::report::Check;
use super::{
    floors, functions, head, imports, layout, manifest, names, scripts, size, todo, tree, unsafety,
};

/// Runs all checks on the workspace at `root`.
///
/// # Errors
/// If git or cargo cannot say what belongs to the workspace.
pub(crate) fn run(root: &Path) -> io::Result<Vec<Check>> {
    let files = tree::read(root)?;
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .map_err(io::Error::other)?;
    let crates = floors::imports(&metadata);
    let members: Vec<String> = crates.iter().map(|krate| krate.manifest.clone()).collect();
    let checks = [
        ("size", size::check(&files)),
        ("functions", functions::check(&files)),
        ("head", head::check(&files)),
        ("layout", layout::check(&files)),
        ("floors", floors::check(&crates)),
        ("imports", imports::check(&files)),
        ("unsafe", unsafety::check(&files, &roots(&metadata))),
        ("names", names::check(&files)),
        ("todo", todo::check(&files)),
        ("manifests", manifest::check(&files, &members)),
        ("scripts", scripts::check(&files)),
    ];
    Ok(checks
        .into_iter()
        .map(|(name, findings)| Check { name, findings })
        .collect())
}

/// Root files of every library and binary, from the workspace root.
fn roots(metadata: &Metadata) -> Vec<String> {
    let members = metadata.workspace_packages();
    let targets = members.iter().flat_map(|package| &package.targets);
    targets
        .filter(|target| target.is_lib() || target.is_bin())
        .map(|target| {
            let path = &target.src_path;
            path.strip_prefix(&metadata.workspace_root)
                .unwrap_or(path)
                .to_string()
        })
        .collect()
}
