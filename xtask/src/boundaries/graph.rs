//! The crates of the workspace and of the registry, and the arrows between them.

use std::collections::BTreeMap;

use anyhow::Context;
use cargo_metadata::{DependencyKind, Metadata, Package};

/// Every crate of the resolved graph, by cargo's id (two versions of one crate are two entries).
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) crates: BTreeMap<String, Crate>,
}

/// A node of the graph.
#[derive(Debug)]
pub(super) struct Crate {
    pub(super) name: String,
    /// Part of this workspace, not of a registry.
    pub(super) is_member: bool,
    pub(super) arrows: Vec<Arrow>,
}

/// "Depends on the crate of the id `to`".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) to: String,
    pub(super) kind: Kind,
}

/// Where a dependency is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In what is shipped.
    Normal,
    /// By tests, benches and examples only.
    Dev,
    /// By the build script only.
    Build,
}

impl Graph {
    /// The crates of the workspace.
    pub(super) fn members(&self) -> impl Iterator<Item = &Crate> {
        self.crates.values().filter(|one| one.is_member)
    }

    /// What `from` depends on itself, with the kind of each arrow.
    pub(super) fn direct<'a>(&'a self, from: &'a Crate) -> impl Iterator<Item = (&'a Crate, Kind)> {
        from.arrows
            .iter()
            .filter_map(|arrow| Some((self.crates.get(&arrow.to)?, arrow.kind)))
    }
}

/// The graph that `cargo metadata` resolved; of the members also what they declare for other platforms.
///
/// # Errors
/// When the metadata was read without dependencies.
pub(super) fn from_metadata(metadata: &Metadata) -> anyhow::Result<Graph> {
    let resolve = metadata
        .resolve
        .as_ref()
        .context("`cargo metadata` did not resolve the dependencies")?;
    let mut graph = Graph::default();
    for package in &metadata.packages {
        let is_member = metadata.workspace_members.contains(&package.id);
        let one = Crate {
            name: package.name.to_string(),
            is_member,
            arrows: Vec::new(),
        };
        graph.crates.insert(package.id.repr.clone(), one);
    }
    for node in &resolve.nodes {
        let arrows = node.deps.iter().flat_map(|dependency| {
            let to = &dependency.pkg.repr;
            dependency.dep_kinds.iter().map(move |used| Arrow {
                to: to.clone(),
                kind: Kind::from(used.kind),
            })
        });
        if let Some(from) = graph.crates.get_mut(&node.id.repr) {
            from.arrows.extend(arrows);
        }
    }
    for package in metadata.workspace_packages() {
        add_declared(&mut graph, package);
    }
    Ok(graph)
}

/// Adds what a member's manifest names and this platform does not build: it breaks a rule all the same.
fn add_declared(graph: &mut Graph, package: &Package) {
    for dependency in &package.dependencies {
        let kind = Kind::from(dependency.kind);
        let Some(from) = graph.crates.get(&package.id.repr) else {
            continue;
        };
        if graph
            .direct(from)
            .any(|(to, used)| to.name == dependency.name && used == kind)
        {
            continue;
        }
        let known = graph
            .crates
            .iter()
            .find(|(_, one)| one.name == dependency.name)
            .map(|(id, _)| id.clone());
        let to = known.unwrap_or_else(|| dependency.name.clone());
        graph.crates.entry(to.clone()).or_insert_with(|| Crate {
            name: dependency.name.clone(),
            is_member: false,
            arrows: Vec::new(),
        });
        if let Some(from) = graph.crates.get_mut(&package.id.repr) {
            from.arrows.push(Arrow { to, kind });
        }
    }
}

impl From<DependencyKind> for Kind {
    fn from(kind: DependencyKind) -> Self {
        match kind {
            DependencyKind::Development => Self::Dev,
            DependencyKind::Build => Self::Build,
            // a normal one, or a kind that cargo may add: it counts as shipped
            _ => Self::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace;

    /// A workspace of `user` and `used`, whose manifest of `user` ends with these lines.
    fn arrows_of_user(dependencies: &str) -> Vec<(String, Kind)> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("Cargo.toml"),
            "[workspace]\nmembers = [\"u*\"]\nresolver = \"3\"\n",
        )
        .unwrap();
        for (name, rest) in [("user", dependencies), ("used", "")] {
            fs::create_dir_all(folder.path().join(name).join("src")).unwrap();
            fs::write(folder.path().join(name).join("src/lib.rs"), "").unwrap();
            let manifest = format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{rest}");
            fs::write(folder.path().join(name).join("Cargo.toml"), manifest).unwrap();
        }
        let graph = from_metadata(&workspace::resolved(folder.path()).unwrap()).unwrap();
        let user = graph.members().find(|member| member.name == "user").unwrap();
        graph.direct(user).map(|(to, kind)| (to.name.clone(), kind)).collect()
    }

    #[test]
    fn each_kind_of_arrow_is_read_once() {
        let arrows = arrows_of_user(
            "[dependencies]\nused = { path = \"../used\" }\n[dev-dependencies]\nused = { path = \"../used\" }\n",
        );
        assert_eq!(
            arrows,
            [("used".to_owned(), Kind::Normal), ("used".to_owned(), Kind::Dev)]
        );
    }

    #[test]
    fn optional_dependencies_and_those_of_other_platforms_count() {
        let optional = arrows_of_user("[dependencies]\nused = { path = \"../used\", optional = true }\n");
        assert_eq!(optional, [("used".to_owned(), Kind::Normal)]);
        let elsewhere =
            arrows_of_user("[target.'cfg(target_os = \"none\")'.build-dependencies]\nused.path = \"../used\"\n");
        assert_eq!(elsewhere, [("used".to_owned(), Kind::Build)]);
    }
}
