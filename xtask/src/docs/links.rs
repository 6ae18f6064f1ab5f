//! Whether what a document links to is there, anchor included.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};

use super::markdown::Page;

/// The files of the repository by their path from its root, with `/`, and the documents among them.
pub(crate) struct Repository {
    files: BTreeSet<String>,
    pages: BTreeMap<String, Page>,
}

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To something in this repository, which is there.
    Here,
    /// To another address, which is not asked.
    Elsewhere,
}

impl Repository {
    pub(crate) fn of(files: BTreeSet<String>, pages: BTreeMap<String, Page>) -> Self {
        Self { files, pages }
    }

    pub(crate) fn pages(&self) -> &BTreeMap<String, Page> {
        &self.pages
    }

    /// Follows a link of a page.
    ///
    /// # Errors
    /// When it leads out of the repository, to no file, or to no anchor of one.
    pub(crate) fn follow(&self, page: &str, target: &str) -> anyhow::Result<Leads> {
        if is_address(target) {
            return Ok(Leads::Elsewhere);
        }
        if let Some(workflow) = workflow_of(page, target) {
            let file = format!(".github/workflows/{workflow}");
            return match self.is_there(&file) {
                true => Ok(Leads::Elsewhere),
                false => bail!("`{target}` shows the runs of {file}, which is not there"),
            };
        }
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let path = if path.is_empty() {
            page.to_owned()
        } else {
            resolve(page, &decoded(path)?)?
        };
        if !self.is_there(&path) {
            bail!("`{target}` leads to {path}, which is not there");
        }
        if !anchor.is_empty() {
            self.find_anchor(&path, &decoded(anchor)?)
                .with_context(|| format!("`{target}`"))?;
        }
        Ok(Leads::Here)
    }

    /// A file, or a folder with one in it.
    fn is_there(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains(path)
            || self
                .files
                .range(folder.clone()..)
                .next()
                .is_some_and(|file| file.starts_with(&folder))
    }

    fn find_anchor(&self, path: &str, anchor: &str) -> anyhow::Result<()> {
        let Some(page) = self.pages.get(path) else {
            bail!("{path} is no document, so it has no anchor `{anchor}`");
        };
        if !page.anchors.contains(anchor) {
            let there: Vec<_> = page.anchors.names().collect();
            bail!("{path} has no heading `#{anchor}`; it has {}", there.join(", "));
        }
        Ok(())
    }
}

/// `https://…`, `mailto:…`, `//host/…`.
fn is_address(target: &str) -> bool {
    let scheme = target.split_once(':').map(|(scheme, _)| scheme);
    target.starts_with("//")
        || scheme.is_some_and(|scheme| {
            !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        })
}

/// The file of a workflow whose runs or badge GitHub shows at that path, beside the tree of the files.
fn workflow_of<'a>(page: &str, target: &'a str) -> Option<&'a str> {
    let path = target.strip_prefix("../../actions/workflows/")?;
    let workflow = path.strip_suffix("/badge.svg").unwrap_or(path);
    // From a folder, the same path would lead into the tree.
    (!page.contains('/')).then_some(workflow)
}

/// The path from the root that a relative one means on this page; one with `/` before it begins at the root, as on GitHub.
fn resolve(page: &str, path: &str) -> anyhow::Result<String> {
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = match path.strip_prefix('/') {
        Some(from_root) => from_root.to_owned(),
        None => format!("{folder}/{path}"),
    };
    let mut parts = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => bail!("`{path}` leads out of the repository"),
            ".." => {}
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// `%20` and the like as what they stand for.
fn decoded(text: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        let [Some(high), Some(low)] = digits else {
            bail!("`{text}` has a `%` without two hexadecimal digits behind it: write `%25`");
        };
        bytes.push(u8::try_from(high * 16 + low)?);
    }
    String::from_utf8(bytes).with_context(|| format!("`{text}` is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> Repository {
        let files = [
            ".github/workflows/ci.yml",
            "README.md",
            "docs/guide.md",
            "docs/adr/0001-a b.md",
            "src/main.rs",
        ];
        let pages = [
            ("README.md", "# Sentinel\n\n## ¿Qué hace?\n"),
            ("docs/guide.md", "# Guide\n"),
            ("docs/adr/0001-a b.md", "# One\n"),
        ];
        Repository::of(
            files.map(str::to_owned).into(),
            pages.map(|(path, text)| (path.to_owned(), Page::read(text))).into(),
        )
    }

    #[track_caller]
    fn leads_here(page: &str, target: &str) {
        assert_eq!(repository().follow(page, target).unwrap(), Leads::Here, "{target}");
    }

    #[track_caller]
    fn refused(page: &str, target: &str, expected: &str) {
        let error = format!("{:#}", repository().follow(page, target).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn files_folders_and_anchors_are_found() {
        leads_here("README.md", "docs/guide.md");
        leads_here("README.md", "docs/guide.md#guide");
        leads_here("README.md", "docs/");
        leads_here("README.md", "#qué-hace");
        leads_here("README.md", "#qu%C3%A9-hace");
        leads_here("docs/guide.md", "../README.md");
        leads_here("docs/guide.md", "/src/main.rs");
        leads_here("docs/guide.md", "adr/0001-a%20b.md#one");
        leads_here("docs/adr/0001-a b.md", "../..");
    }

    #[test]
    fn other_addresses_are_not_asked() {
        for target in ["https://example.org/x.md#y", "mailto:a@example.org", "//example.org"] {
            assert_eq!(repository().follow("README.md", target).unwrap(), Leads::Elsewhere);
        }
    }

    #[test]
    fn a_badge_belongs_to_a_workflow_that_is_there() {
        let badge = "../../actions/workflows/ci.yml/badge.svg";
        assert_eq!(repository().follow("README.md", badge).unwrap(), Leads::Elsewhere);
        refused(
            "README.md",
            "../../actions/workflows/tests.yml",
            "shows the runs of .github/workflows/tests.yml",
        );
        refused("docs/guide.md", badge, "leads out of the repository");
    }

    #[test]
    fn what_is_not_there_is_told() {
        refused("README.md", "docs/guid.md", "leads to docs/guid.md, which is not there");
        refused("README.md", "doc", "leads to doc, which is not there");
        refused(
            "docs/guide.md",
            "README.md",
            "leads to docs/README.md, which is not there",
        );
        refused("README.md", "docs/Guide.md", "which is not there");
        refused("README.md", "../other/README.md", "out of the repository");
        refused(
            "README.md",
            "#que-hace",
            "has no heading `#que-hace`; it has qué-hace, sentinel",
        );
        refused("README.md", "docs/guide.md#Guide", "has no heading `#Guide`");
        refused("README.md", "src/main.rs#main", "is no document");
        refused("README.md", "a%2", "two hexadecimal digits");
    }
}
