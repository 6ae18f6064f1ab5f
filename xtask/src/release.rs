//! `cargo xtask release`: what a release is made of, file by file, in `target/release-files`.

mod archive;
mod chart;
mod checksums;
mod notes;
mod sbom;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::{terminal, workspace};

pub(crate) use sbom::write as write_sbom;

/// Make the files of a release; nothing is published.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(clap::Subcommand)]
enum Part {
    /// Fail unless the tag is the workspace's version and CHANGELOG.md tells about it
    Check {
        /// Such as v1.2.3
        tag: String,
    },
    /// Build `sentinel` for a target and pack it with its licences
    Archive {
        /// Such as aarch64-unknown-linux-gnu; this machine's when not given
        #[arg(long, value_name = "TRIPLE")]
        target: Option<String>,
    },
    /// Pack the Helm chart with an image as its default
    Chart {
        /// Where the image is, without a tag: REGISTRY/OWNER/NAME
        #[arg(long, value_name = "REPOSITORY")]
        image: String,
    },
    /// Write the bill of materials: every crate that the binary is linked with
    Sbom,
    /// Write what CHANGELOG.md says about this version
    Notes,
    /// Write the SHA-256 of every file that is there
    Checksums,
}

/// Makes one part.
///
/// # Errors
/// When it cannot be made, or a version is not the workspace's.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let made = match &args.part {
        Part::Check { tag } => return check(tag),
        Part::Archive { target } => archive::make(&folder()?, target.as_deref())?,
        Part::Chart { image } => chart::make(&folder()?, image)?,
        Part::Sbom => {
            let file = folder()?.join(format!("sentinel-{}.cdx.json", version()));
            write_sbom(&file)?;
            file
        }
        Part::Notes => {
            let file = folder()?.join("NOTES.md");
            fs::write(&file, notes::of(&changelog()?, version())?)?;
            file
        }
        Part::Checksums => checksums::write(&folder()?)?,
    };
    terminal::say(made.display());
    Ok(())
}

/// The version of the workspace.
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn folder() -> anyhow::Result<PathBuf> {
    let target = workspace::members()?.target_directory.into_std_path_buf();
    let folder = target.join("release-files");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn changelog() -> anyhow::Result<String> {
    fs::read_to_string(workspace::root().join("CHANGELOG.md")).context("cannot read CHANGELOG.md")
}

fn check(tag: &str) -> anyhow::Result<()> {
    if tag != format!("v{}", version()) {
        bail!(
            "the tag is {tag} and the version in Cargo.toml {}: tag v{}",
            version(),
            version()
        );
    }
    notes::of(&changelog()?, version())?;
    terminal::say(format_args!("{tag} is the version, and CHANGELOG.md tells about it"));
    Ok(())
}
