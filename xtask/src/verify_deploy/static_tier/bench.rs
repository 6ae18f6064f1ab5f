//! What the checks work with: the files of the workspace, the tools, a folder of their own, the chart as rendered.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::chart;
use super::toolbox::Toolbox;
use super::verdict::Trouble;
use crate::workspace;

/// The chart, rendered with one of its values sets.
#[derive(Clone)]
pub(super) struct Rendered {
    /// What the set is called: `default`.
    pub(super) set: String,
    /// The values that it gives.
    pub(super) values: Value,
    /// Where the manifests are.
    pub(super) file: PathBuf,
    /// The manifests.
    pub(super) objects: Vec<Value>,
}

pub(super) struct Bench {
    /// The tools.
    pub(super) tools: Toolbox,
    work: PathBuf,
    rendered: OnceCell<Result<Vec<Rendered>, Trouble>>,
}

impl Bench {
    /// # Errors
    /// When the target folder cannot be found or written.
    pub(super) fn set_up(install: bool) -> anyhow::Result<Self> {
        let target = workspace::members()?.target_directory.into_std_path_buf();
        let work = target.join("deploy-checks");
        if work.exists() {
            fs::remove_dir_all(&work).with_context(|| format!("cannot empty {}", work.display()))?;
        }
        fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
        Ok(Self {
            tools: Toolbox::set_up(target.join("deploy-tools"), install),
            work,
            rendered: OnceCell::new(),
        })
    }

    /// A folder that the check called so has for itself.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.work.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// The chart, rendered once with each of its values sets.
    ///
    /// # Errors
    /// When helm is missing, or a set does not render.
    pub(super) fn rendered(&self) -> Result<&[Rendered], Trouble> {
        let rendered = self.rendered.get_or_init(|| chart::render(self));
        rendered.as_deref().map_err(Clone::clone)
    }
}

/// A file of the workspace that must be there.
///
/// # Errors
/// When it is not.
pub(super) fn required(path: &str) -> Result<PathBuf, Trouble> {
    let file = workspace::root().join(path);
    if file.is_file() {
        return Ok(file);
    }
    Err(Trouble::Failed(format!("{path} is missing")))
}

/// The files below a folder of the workspace whose names end so, at least one, in order.
///
/// # Errors
/// When there is none, or the folder cannot be read.
pub(super) fn files(folder: &str, endings: &[&str]) -> Result<Vec<PathBuf>, Trouble> {
    let found = files_below(&workspace::root().join(folder), endings)?;
    if found.is_empty() {
        let wanted = endings.join(" or ");
        return Err(Trouble::Failed(format!(
            "{folder}/ holds no file that ends in {wanted}"
        )));
    }
    Ok(found)
}

/// The files below a folder whose names end so, in order; none when there is no such folder.
///
/// # Errors
/// When a folder cannot be read.
pub(super) fn files_below(folder: &Path, endings: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders: Vec<_> = folder.is_dir().then(|| folder.to_path_buf()).into_iter().collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A path as the reader of a message knows it: from the root of the workspace.
pub(super) fn shown(path: &Path) -> String {
    let short = path.strip_prefix(workspace::root()).unwrap_or(path);
    short.display().to_string()
}

/// What a file holds, as text.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", shown(file)))
}
