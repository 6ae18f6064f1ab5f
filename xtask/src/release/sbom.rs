//! The list of what the binary is made of, in `CycloneDX` 1.6, from the graph that cargo resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use cargo_metadata::{DependencyKind, Metadata, Node, Package, PackageId};
use serde_json::{Value, json};

use crate::workspace;

const BINARY: &str = "app";

/// Writes the list and says how many components it has, the binary itself not counted.
///
/// # Errors
/// When the graph cannot be resolved or the file not written.
pub(crate) fn write(file: &Path) -> anyhow::Result<usize> {
    let metadata = workspace::resolved(workspace::root())?;
    let (list, components) = list(&metadata, &linked()?)?;
    let text = serde_json::to_string_pretty(&list)?;
    fs::write(file, format!("{text}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(components)
}

/// What the binary is linked with on this machine, as `cargo tree` prints it: `serde v1.0.0`.
///
/// `cargo metadata` cannot say: it takes the features of the whole workspace together, those of the tests too.
fn linked() -> anyhow::Result<BTreeSet<String>> {
    let arguments = [
        "tree",
        "--locked",
        "--package",
        BINARY,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ];
    let mut command = workspace::cargo(arguments);
    let output = command.output().context("cannot start `cargo tree`")?;
    if !output.status.success() {
        bail!("`cargo tree` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(|line| first_two_words(line).to_owned()).collect())
}

fn first_two_words(line: &str) -> &str {
    let end = line.match_indices(' ').nth(1).map_or(line.len(), |(end, _)| end);
    line.get(..end).unwrap_or(line)
}

fn list(metadata: &Metadata, linked: &BTreeSet<String>) -> anyhow::Result<(Value, usize)> {
    let is_linked = |package: &&Package| linked.contains(&format!("{} v{}", package.name, package.version));
    let packages: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .filter(is_linked)
        .map(|package| (&package.id, package))
        .collect();
    let root = packages
        .values()
        .find(|package| package.name.as_str() == BINARY)
        .context("the workspace has no package `app`")?;
    let others = packages.values().filter(|package| package.id != root.id);
    let components: Vec<_> = others.map(|package| component(package, "library")).collect();
    let count = components.len();
    let resolve = metadata.resolve.as_ref().context("`cargo metadata` resolved nothing")?;
    let nodes = resolve
        .nodes
        .iter()
        .filter_map(|node| Some((packages.get(&node.id)?, node)));
    let dependencies: Vec<_> = nodes
        .map(|(package, node)| {
            let on: BTreeSet<_> = used(node)
                .filter_map(|id| packages.get(id))
                .map(|package| reference(package))
                .collect();
            json!({ "ref": reference(package), "dependsOn": on })
        })
        .collect();
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": component(root, "application") },
        "components": components,
        "dependencies": dependencies,
    });
    Ok((list, count))
}

/// What a package is linked with; what only builds or tests it is left out.
fn used(node: &Node) -> impl Iterator<Item = &PackageId> {
    let normal = node.deps.iter().filter(|dependency| {
        dependency
            .dep_kinds
            .iter()
            .any(|kind| kind.kind == DependencyKind::Normal)
    });
    normal.map(|dependency| &dependency.pkg)
}

fn component(package: &Package, sort: &str) -> Value {
    let mut component = json!({
        "type": sort,
        "bom-ref": reference(package),
        "name": package.name.as_str(),
        "version": package.version.to_string(),
        "purl": reference(package),
    });
    if let (Some(license), Some(fields)) = (&package.license, component.as_object_mut()) {
        // Before SPDX had `OR`, cargo had `/`.
        let expression = license.replace('/', " OR ").replace("  ", " ");
        fields.insert("licenses".to_owned(), json!([{ "expression": expression }]));
    }
    component
}

fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_listed_and_what_only_tests_is_not() {
        let metadata = workspace::resolved(workspace::root()).unwrap();
        let (list, count) = list(&metadata, &linked().unwrap()).unwrap();
        let text = list.to_string();
        for linked in ["pkg:cargo/diesel@", "pkg:cargo/rustls@", "pkg:cargo/domain@"] {
            assert!(text.contains(linked), "{linked}");
        }
        for absent in ["pkg:cargo/mockall@", "pkg:cargo/insta@", "pkg:cargo/xtask@"] {
            assert!(!text.contains(absent), "{absent}");
        }
        assert!(50 < count);
    }
}
