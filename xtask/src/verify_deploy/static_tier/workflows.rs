//! GitHub's files: what real tools say of them, that actions are pinned, and that each step is a command of this workspace.

mod steps;

use std::path::PathBuf;

use super::bench::{Bench, files, files_below, read, required, shown};
use super::none_or;
use super::toolbox::{Tool, judged_by};
use super::verdict::{Outcome, Trouble};
use super::yaml;
use crate::workspace;

const FOLDER: &str = ".github/workflows";

fn workflows() -> Result<Vec<PathBuf>, Trouble> {
    files(FOLDER, &[".yml", ".yaml"])
}

/// Syntax, expressions, contexts, `needs`, and shellcheck on each step.
pub(super) fn actionlint(bench: &Bench) -> Outcome {
    let workflows = workflows()?;
    let shellcheck = bench.tools.command(Tool::Shellcheck)?;
    let mut command = bench.tools.command(Tool::Actionlint)?;
    command.args(["-no-color", "-shellcheck"]).arg(shellcheck.get_program());
    judged_by(command.args(&workflows))?;
    Ok(format!("{} workflows", workflows.len()))
}

/// The schemas of workflows, of the update bot and of issue forms.
pub(super) fn schemas(bench: &Bench) -> Outcome {
    let forms = files_below(&workspace::root().join(".github/ISSUE_TEMPLATE"), &[".yml"])?;
    let (settings, forms): (Vec<_>, Vec<_>) = forms.into_iter().partition(|file| file.ends_with("config.yml"));
    let sorts = [
        ("vendor.github-workflows", workflows()?),
        ("vendor.dependabot", vec![required(".github/dependabot.yml")?]),
        ("vendor.github-issue-config", settings),
        ("vendor.github-issue-forms", forms),
    ];
    let mut count = 0_usize;
    for (schema, files) in sorts.iter().filter(|(_, files)| !files.is_empty()) {
        let mut command = bench.tools.command(Tool::CheckJsonschema)?;
        judged_by(command.args(["--builtin-schema", schema]).args(files))?;
        count = count.saturating_add(files.len());
    }
    Ok(format!("{count} files"))
}

/// Injection, permissions, credentials that stay: whatever zizmor finds, without asking GitHub.
pub(super) fn zizmor(bench: &Bench) -> Outcome {
    let mut command = bench.tools.command(Tool::Zizmor)?;
    command.args([
        "--offline",
        "--no-progress",
        "--color=never",
        "--strict-collection",
        ".github",
    ]);
    judged_by(&mut command)?;
    Ok("nothing found".to_owned())
}

/// Each action is pinned by the full hash of a commit, with its version beside it.
pub(super) fn pins(_bench: &Bench) -> Outcome {
    let mut faults = Vec::new();
    let mut count = 0_usize;
    for workflow in workflows()? {
        for (line, text) in read(&workflow)?.lines().zip(1_usize..).map(|(text, line)| (line, text)) {
            let Some((_, action)) = text.split_once("uses: ") else {
                continue;
            };
            count = count.saturating_add(1);
            if !is_pinned(action) {
                let place = shown(&workflow);
                faults.push(format!(
                    "{place}:{line}: `{action}` is not OWNER/NAME@COMMIT # vVERSION"
                ));
            }
        }
    }
    none_or(faults, format!("{count} uses"))
}

fn is_pinned(action: &str) -> bool {
    let Some((name, rest)) = action.trim().split_once('@') else {
        return action.trim().starts_with("./");
    };
    let Some((commit, version)) = rest.split_once(" # v") else {
        return false;
    };
    let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    name.contains('/') && is_commit && version.starts_with(|c: char| c.is_ascii_digit())
}

/// Each `run:` step calls `cargo xtask …` as its command line allows it, or a script of the workspace, or adds to
/// rustup: all of it runs here too.
pub(super) fn steps(_bench: &Bench) -> Outcome {
    let mut faults = Vec::new();
    let mut count = 0_usize;
    for workflow in workflows()? {
        for (job, run) in steps::runs(&yaml::document(&workflow)?) {
            count = count.saturating_add(1);
            let found = steps::faults(&run, workspace::root());
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{} job `{job}`: {fault}", shown(&workflow))),
            );
        }
    }
    none_or(faults, format!("{count} steps"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_commit_with_its_version_is_a_pin() {
        let commit = "de0fac2e4500dabe0009e67214ff5f5447ce83dd";
        assert!(is_pinned(&format!("actions/checkout@{commit} # v6.0.2")));
        assert!(is_pinned("./.github/actions/setup"));
        for loose in [
            "actions/checkout@v6".to_owned(),
            "actions/checkout".to_owned(),
            format!("actions/checkout@{commit}"),
            format!("actions/checkout@{} # v6", &commit[..12]),
            format!("actions/checkout@{commit} # main"),
        ] {
            assert!(!is_pinned(&loose), "{loose}");
        }
    }
}
