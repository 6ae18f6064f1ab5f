//! A copy of this checkout with a history of its own, which the scripts work in and versions are built from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::Choice;
use super::engine::said_by;
use super::report::Found;
use crate::workspace::root;

/// What is copied: what the image is built from, and what runs it.
const COPIED: [&str; 13] = [
    ".cargo",
    ".dockerignore",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "crates",
    "deploy",
    "grafana",
    "migrations",
    "tests",
    "xtask",
];

/// What belongs to whoever works here, or is not needed.
const LEFT_OUT: [&str; 6] = ["secrets", "backups", ".env", "sentinel.env", "helm", "target"];

/// Compiles nothing: a program in the root of the copy takes the place of the stages that would.
const PROGRAM: &str = include_str!("../stand_ins/program.Dockerfile");

/// The migration that only a newer version has, and the table that it makes.
const MIGRATION: &str = "2099-01-01-000001_only_newer";

/// The copy.
pub(super) struct Checkout {
    folder: PathBuf,
    compiles: bool,
}

impl Checkout {
    /// Copies the files and commits them; with a program given, images are built around that.
    pub(super) fn laid_out(engine_folder: &Path, choice: &Choice) -> anyhow::Result<Found<Self>> {
        let checkout = Self {
            folder: engine_folder.join("checkout"),
            compiles: choice.binary.is_none(),
        };
        let _former = fs::remove_dir_all(&checkout.folder);
        fs::create_dir_all(&checkout.folder).with_context(|| format!("cannot make {}", checkout.folder.display()))?;
        for name in COPIED {
            copy(&root().join(name), &checkout.folder.join(name))?;
        }
        if let Some(program) = &choice.binary {
            checkout.hold(program)?;
            checkout.change("deploy/Dockerfile", around_a_program)?;
            checkout.change(".dockerignore", |rules| Ok(format!("{rules}!sentinel\n")))?;
        }
        checkout.git(&["init", "--quiet"])?;
        let commit = checkout.commit("as it is here")?;
        Ok(Found {
            value: checkout,
            detail: format!("a copy, committed as {commit}"),
        })
    }

    /// Its root.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether an image of it is compiled, and not built around a program.
    pub(super) fn compiles(&self) -> bool {
        self.compiles
    }

    /// Puts a program where images that are not compiled are built around it.
    pub(super) fn hold(&self, program: &Path) -> anyhow::Result<()> {
        fs::copy(program, self.folder.join("sentinel"))
            .with_context(|| format!("cannot copy {}", program.display()))?;
        Ok(())
    }

    /// Rewrites a file of it.
    pub(super) fn change(&self, file: &str, into: impl FnOnce(&str) -> anyhow::Result<String>) -> anyhow::Result<()> {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        fs::write(&path, into(&text)?).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Adds the migration that only a newer version has.
    pub(super) fn add_migration(&self) -> anyhow::Result<()> {
        let folder = self.folder.join("migrations/postgres").join(MIGRATION);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("down.sql"), "DROP TABLE only_newer;\n")?;
        fs::write(folder.join("up.sql"), "CREATE TABLE only_newer (note text);\n")?;
        Ok(())
    }

    /// Takes back what was not committed.
    pub(super) fn take_back(&self) -> anyhow::Result<()> {
        self.git(&["checkout", "--quiet", "--", "crates"])?;
        self.git(&["clean", "--quiet", "--force", "-d", "--", "migrations"])?;
        Ok(())
    }

    /// The short name of a new commit of everything.
    pub(super) fn commit(&self, message: &str) -> anyhow::Result<String> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", message])?;
        self.git(&["describe", "--always", "--dirty"])
    }

    /// The short name of a new commit that changes nothing.
    pub(super) fn commit_of_nothing(&self, message: &str) -> anyhow::Result<String> {
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message])?;
        self.git(&["describe", "--always", "--dirty"])
    }

    /// What git prints, whoever works here.
    fn git(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.folder);
        git.args([
            "-c",
            "user.name=verify-deploy",
            "-c",
            "user.email=verify-deploy@localhost",
        ]);
        git.args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"]);
        said_by(git.args(args))
    }
}

/// A file, or a folder without what is left out.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.is_file() {
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if !LEFT_OUT.iter().any(|own| name == *own) {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}

/// The Dockerfile with its first stage, its last one and `dev`, and one that holds a program in the place of the others.
fn around_a_program(dockerfile: &str) -> anyhow::Result<String> {
    let mut stages: Vec<&str> = dockerfile.split("\nFROM ").collect();
    let last = stages.pop().context("deploy/Dockerfile has no stage")?;
    let named = |name: &str| {
        let end = format!(" AS {name}");
        let stage = stages
            .iter()
            .find(|stage| stage.lines().next().is_some_and(|line| line.ends_with(&end)));
        stage.with_context(|| format!("deploy/Dockerfile has no stage `{name}`"))
    };
    let Some(arguments) = stages.first() else {
        bail!("deploy/Dockerfile has one stage");
    };
    let (toolchain, dev) = (named("toolchain")?, named("dev")?);
    Ok(format!(
        "{arguments}\nFROM {toolchain}\n{PROGRAM}\nFROM {dev}\nFROM {last}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_leaves_out_what_is_somebodys_own() {
        let home = tempfile::tempdir().unwrap();
        let (from, to) = (home.path().join("from"), home.path().join("to"));
        for file in [
            "compose.yaml",
            "scripts/backup.sh",
            "secrets/database_url",
            ".env",
            "backups/market.dump",
        ] {
            let file = from.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        copy(&from, &to).unwrap();
        assert!(to.join("compose.yaml").exists() && to.join("scripts/backup.sh").exists());
        assert!(!to.join("secrets").exists() && !to.join(".env").exists() && !to.join("backups").exists());
    }

    #[test]
    fn around_a_program_nothing_is_compiled() {
        let text = around_a_program(&fs::read_to_string(root().join("deploy/Dockerfile")).unwrap()).unwrap();
        let stages: Vec<&str> = text.lines().filter(|line| line.starts_with("FROM ")).collect();
        assert_eq!(
            stages,
            [
                "FROM rust:${RUST_VERSION}-${DEBIAN_RELEASE} AS toolchain",
                "FROM toolchain AS build",
                "FROM toolchain AS dev",
                "FROM debian:${DEBIAN_RELEASE}-slim",
            ]
        );
        assert!(
            text.contains("ENTRYPOINT [\"sentinel\"]") && !text.contains("cargo build"),
            "{text}"
        );
    }

    #[test]
    fn what_an_image_is_built_from_is_copied() {
        let rules = fs::read_to_string(root().join(".dockerignore")).unwrap();
        for rule in rules.lines().filter_map(|line| line.strip_prefix('!')) {
            let first = rule.split('/').next().unwrap_or_default();
            assert!(COPIED.contains(&first), "{first} is not copied");
        }
    }
}
