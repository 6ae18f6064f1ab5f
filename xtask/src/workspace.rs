//! The workspace as cargo sees it: its folder, its packages, and commands that run in it.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};

use crate::terminal;

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// `cargo` at the root of the workspace, with the environment of a call by hand.
///
/// What `cargo run` told this process about the package `xtask` is taken away: build scripts that watch those variables
/// (ring's does) would otherwise compile anew whenever xtask and a person take turns.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(root());
    for name in names_about_this_package() {
        command.env_remove(name);
    }
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "names of variables to forget, not configuration"
)]
fn names_about_this_package() -> impl Iterator<Item = OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| {
        name.to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
    })
}

/// Runs a command in this terminal, after printing it.
///
/// # Errors
/// When the program is missing or ends with anything but success.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = shown(command);
    terminal::warn(format_args!("$ {line}"));
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Whether `cargo NAME` is there to be used.
pub(crate) fn has_cargo_command(name: &str) -> bool {
    let status = cargo([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// One line of `rustc --version --verbose`, by its key: `host`, `LLVM version`.
///
/// # Errors
/// When there is no rustc, or it does not print that key.
pub(crate) fn rustc_fact(key: &str) -> anyhow::Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .current_dir(root())
        .output()
        .context("cannot start `rustc -vV`")?;
    let text = String::from_utf8(output.stdout).context("`rustc -vV` printed something that is not UTF-8")?;
    let fact = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    Ok(fact
        .with_context(|| format!("`rustc -vV` does not say its `{key}`"))?
        .to_owned())
}

/// The members of the workspace with their targets, without what they depend on.
///
/// # Errors
/// When a manifest cannot be read.
pub(crate) fn members() -> anyhow::Result<Metadata> {
    read(MetadataCommand::new().no_deps().current_dir(root()))
}

/// The whole graph of packages of the workspace in `folder`, with every feature of its members, for this platform.
///
/// # Errors
/// When a manifest cannot be read or the graph cannot be resolved.
pub(crate) fn resolved(folder: &Path) -> anyhow::Result<Metadata> {
    // One platform, so that crates which are only built elsewhere are not downloaded.
    let platform = ["--filter-platform".to_owned(), rustc_fact("host")?];
    let mut command = MetadataCommand::new();
    command.features(CargoOpt::AllFeatures).other_options(platform);
    read(command.current_dir(folder))
}

fn read(command: &MetadataCommand) -> anyhow::Result<Metadata> {
    command
        .exec()
        .context("cannot read the workspace with `cargo metadata`")
}

fn shown(command: &Command) -> String {
    let settings = command.get_envs().filter_map(|(name, value)| {
        let value = value?.to_string_lossy();
        Some(format!("{}={}", name.to_string_lossy(), quoted(&value)))
    });
    let program = std::iter::once(command.get_program().to_string_lossy().into_owned());
    let args = command.get_args().map(|arg| quoted(&arg.to_string_lossy()));
    settings.chain(program).chain(args).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{word}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("cargo");
        command
            .args(["nextest", "run", "-E", "package(domain)"])
            .env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            shown(&command),
            "RUSTDOCFLAGS='-D warnings' cargo nextest run -E 'package(domain)'"
        );
    }

    #[test]
    fn the_root_holds_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn a_command_that_fails_is_an_error_that_shows_it() {
        let error = run(Command::new("rustc").arg("--no-such-flag").stderr(Stdio::null())).unwrap_err();
        assert!(
            error.to_string().starts_with("`rustc --no-such-flag` failed"),
            "{error}"
        );
    }
}
