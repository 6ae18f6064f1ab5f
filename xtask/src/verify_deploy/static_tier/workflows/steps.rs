//! The steps of a workflow, and whether a person can run them on their own machine.

use std::path::Path;

use serde_json::Value;

use crate::verify_deploy::static_tier::yaml::{entries, items, text};

/// Each `run:` of a workflow with the name of its job.
pub(super) fn runs(workflow: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (job, steps) in entries(workflow, "/jobs") {
        let runs = items(steps, "/steps").iter().map(|step| text(step, "/run"));
        found.extend(
            runs.filter(|run| !run.is_empty())
                .map(|run| (job.clone(), run.to_owned())),
        );
    }
    found
}

/// What is wrong with the lines of a step.
pub(super) fn faults(run: &str, root: &Path) -> Vec<String> {
    let lines = run
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| fault(line, root)).collect()
}

fn fault(line: &str, root: &Path) -> Option<String> {
    if let Some(joined) = ["&&", "||", ";", "|", "`", "$(", "${{"]
        .iter()
        .find(|joined| line.contains(**joined))
    {
        return Some(format!(
            "`{line}` has `{joined}`: put it into a script, which can be tried here"
        ));
    }
    let words: Vec<_> = line.split_whitespace().map(|word| word.trim_matches('"')).collect();
    match words.as_slice() {
        ["cargo", "xtask", arguments @ ..] => crate::understands(arguments).err().map(|error| {
            format!(
                "`{line}` is no call of xtask: {}",
                error.lines().next().unwrap_or_default()
            )
        }),
        // What a person with rustup does once, too.
        ["rustup", "component" | "target", "add", _] => None,
        [script, ..] if script.contains('/') => {
            not_a_script(&root.join(script)).map(|fault| format!("`{line}`: {fault}"))
        }
        _ => Some(format!(
            "`{line}` is neither `cargo xtask …` nor a script of the workspace"
        )),
    }
}

fn not_a_script(file: &Path) -> Option<String> {
    if !file.is_file() {
        return Some("there is no such script".to_owned());
    }
    is_executable(file).err()
}

#[cfg(unix)]
fn is_executable(file: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file
        .metadata()
        .map(|metadata| metadata.permissions().mode())
        .unwrap_or_default();
    if mode & 0o111 == 0 {
        return Err("it is not executable: `git update-index --chmod=+x` it".to_owned());
    }
    Ok(())
}

/// Elsewhere files have no such mark.
#[cfg(not(unix))]
fn is_executable(_file: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify_deploy::static_tier::yaml;

    #[track_caller]
    fn check(run: &str, expected: &[&str]) {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("plain.sh"), "").unwrap();
        assert_eq!(faults(run, home.path()), expected);
    }

    #[test]
    fn calls_of_xtask_are_read_by_its_own_command_line() {
        check("cargo xtask ci --only fmt,clippy", &[]);
        check("rustup target add \"$TARGET\"", &[]);
        check("# why\ncargo xtask boundaries\n\ncargo xtask test\n", &[]);
        check(
            "cargo xtask ci --only nonsense",
            &[
                "`cargo xtask ci --only nonsense` is no call of xtask: error: invalid value 'nonsense' for '--only <STEP>'",
            ],
        );
        check(
            "cargo xtask tset",
            &["`cargo xtask tset` is no call of xtask: error: unrecognized subcommand 'tset'"],
        );
    }

    #[test]
    fn anything_else_must_be_a_script_of_the_workspace() {
        check(
            "cargo build",
            &["`cargo build` is neither `cargo xtask …` nor a script of the workspace"],
        );
        check("./missing.sh", &["`./missing.sh`: there is no such script"]);
        #[cfg(unix)]
        check(
            "./plain.sh",
            &["`./plain.sh`: it is not executable: `git update-index --chmod=+x` it"],
        );
    }

    #[test]
    fn a_step_is_no_program_of_its_own() {
        check(
            "cargo xtask test && cargo xtask boundaries",
            &["`cargo xtask test && cargo xtask boundaries` has `&&`: put it into a script, which can be tried here"],
        );
        check(
            "cargo xtask test -- ${{ inputs.name }}",
            &["`cargo xtask test -- ${{ inputs.name }}` has `${{`: put it into a script, which can be tried here"],
        );
    }

    #[test]
    fn every_step_of_every_job_is_found() {
        let text = "jobs:\n  a: {steps: [{uses: x}, {run: one}]}\n  b: {steps: [{run: two}]}\n";
        let found = runs(&yaml::parse(text).unwrap()[0]);
        assert_eq!(
            found,
            [("a".to_owned(), "one".to_owned()), ("b".to_owned(), "two".to_owned())]
        );
    }
}
