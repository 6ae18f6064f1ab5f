//! The binary of one target, packed with its licences.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::version;
use crate::workspace::{self, cargo, run, rustc_fact};

/// What goes along.
const BESIDE: [&str; 5] = [
    "README.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    ".env.example",
];

/// Builds with the profile `dist` and packs: `.tar.gz`, on Windows `.zip`.
///
/// # Errors
/// When the target is not installed, the build fails, or there is no `tar`.
pub(super) fn make(folder: &Path, target: Option<&str>) -> anyhow::Result<PathBuf> {
    let target = match target {
        Some(target) => target.to_owned(),
        None => rustc_fact("host")?,
    };
    let build = [
        "build",
        "--locked",
        "--profile",
        "dist",
        "--package",
        "app",
        "--bin",
        "sentinel",
        "--target",
        &target,
    ];
    run(&mut cargo(build))?;
    let windows = target.contains("windows");
    let program = if windows { "sentinel.exe" } else { "sentinel" };
    let built = workspace::members()?.target_directory.into_std_path_buf();
    let built = built.join(&target).join("dist").join(program);
    let name = format!("sentinel-{}-{target}", version());
    pack(folder, &name, &built, windows)
}

fn pack(folder: &Path, name: &str, program: &Path, windows: bool) -> anyhow::Result<PathBuf> {
    let inside = folder.join(name);
    fs::create_dir_all(&inside).with_context(|| format!("cannot make {}", inside.display()))?;
    let beside = BESIDE.map(|file| workspace::root().join(file));
    for file in beside.iter().map(PathBuf::as_path).chain([program]) {
        let copy = inside.join(file.file_name().unwrap_or_default());
        fs::copy(file, copy).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    // The `tar` of Windows writes zip when the name says so.
    let (ending, flags) = if windows { ("zip", "-acf") } else { ("tar.gz", "-czf") };
    let archive = folder.join(format!("{name}.{ending}"));
    let mut tar = Command::new("tar");
    run(tar.arg(flags).arg(&archive).arg("-C").arg(folder).arg(name))?;
    fs::remove_dir_all(&inside)?;
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_program_is_packed_with_its_licences() {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("sentinel");
        fs::write(&program, "a program").unwrap();
        let archive = pack(home.path(), "sentinel-1.0.0-here", &program, false).unwrap();
        let listed = Command::new("tar").arg("-tzf").arg(&archive).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        for name in BESIDE.iter().chain([&"sentinel"]) {
            assert!(listed.contains(&format!("sentinel-1.0.0-here/{name}\n")), "{listed}");
        }
        assert!(!home.path().join("sentinel-1.0.0-here").exists());
    }
}
