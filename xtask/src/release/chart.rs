//! The Helm chart as it is released: of this version, with the published image as its default.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::version;
use crate::workspace::{self, run};

const CHART: &str = "deploy/helm/market-sentinel";
/// The line of values.yaml that names the image.
const UNPUBLISHED: &str = "  repository: market-sentinel\n";

/// Packs a copy of the chart.
///
/// # Errors
/// When helm is missing, or values.yaml does not name the image as expected.
pub(super) fn make(folder: &Path, image: &str) -> anyhow::Result<PathBuf> {
    let chart = workspace::root().join(CHART);
    let copy = tempfile::tempdir()?;
    let inside = copy.path().join("market-sentinel");
    copy_folder(&chart, &inside)?;
    let values = inside.join("values.yaml");
    let text = fs::read_to_string(&values).with_context(|| format!("cannot read {}", values.display()))?;
    fs::write(&values, with_image(&text, image)?)?;
    let mut helm = Command::new("helm");
    run(helm.args(["package"]).arg(&inside).arg("--destination").arg(folder))
        .context("helm is needed: https://helm.sh/docs/intro/install")?;
    Ok(folder.join(format!("market-sentinel-{}.tgz", version())))
}

fn with_image(values: &str, image: &str) -> anyhow::Result<String> {
    if values.matches(UNPUBLISHED).count() != 1 {
        bail!("values.yaml has not exactly one line `{}`", UNPUBLISHED.trim());
    }
    Ok(values.replace(UNPUBLISHED, &format!("  repository: {image}\n")))
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_of_the_release_is_the_default() {
        let values = fs::read_to_string(workspace::root().join(CHART).join("values.yaml")).unwrap();
        let released = with_image(&values, "registry.example.com/owner/sentinel").unwrap();
        assert!(released.contains("\n  repository: registry.example.com/owner/sentinel\n"));
        assert!(with_image(&released, "again").is_err());
    }
}
