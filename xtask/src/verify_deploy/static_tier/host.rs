//! What runs on a machine: units, scripts, hooks, and YAML of all sorts.

use std::fs;
use std::path::PathBuf;

use super::bench::{Bench, files, files_below, read, required};
use super::toolbox::{Tool, judged_by, listened_to};
use super::verdict::{Outcome, Trouble};
use crate::workspace;

/// Stands for what Docker's package brings.
const DOCKER: &str = "[Unit]\nDescription=Stands for Docker\n[Service]\nExecStart=/bin/true\n";

/// systemd reads each unit; programs that are not on this machine are replaced by `/bin/true`, all else is as it stands.
pub(super) fn units(bench: &Bench) -> Outcome {
    let units = files("deploy/systemd", &[".service", ".timer"])?;
    let folder = bench.folder("units")?;
    fs::write(folder.join("docker.service"), DOCKER).map_err(anyhow::Error::from)?;
    let mut command = bench.tools.command(Tool::SystemdAnalyze)?;
    command
        .args(["verify", "--man=no"])
        .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.display()));
    for unit in &units {
        let copy = folder.join(unit.file_name().unwrap_or_default());
        fs::write(&copy, with_programs_of_here(&read(unit)?)).map_err(anyhow::Error::from)?;
        command.arg(copy);
    }
    // It ends with success when it does not know a key: whatever it says is a fault.
    let said = listened_to(&mut command)?;
    if said.success && said.text.trim().is_empty() {
        Ok(format!("{} units", units.len()))
    } else {
        Err(Trouble::Failed(said.text))
    }
}

/// `ExecStart=/usr/bin/docker compose up` becomes `ExecStart=/bin/true compose up`.
fn with_programs_of_here(unit: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((key, value)) if key.starts_with("Exec") => {
            let program = value.split(' ').next().unwrap_or_default();
            let prefix: String = program.chars().take_while(|c| "-@:+!".contains(*c)).collect();
            let arguments = value.strip_prefix(program).unwrap_or_default();
            format!("{key}={prefix}/bin/true{arguments}\n")
        }
        _ => format!("{line}\n"),
    };
    unit.lines().map(line).collect()
}

fn shell_scripts() -> Result<Vec<PathBuf>, Trouble> {
    let mut scripts = files("deploy", &[".sh"])?;
    scripts.push(required(".ci/run")?);
    scripts.extend(files_below(&workspace::root().join(".github"), &[".sh"])?);
    Ok(scripts)
}

/// shellcheck, down to matters of style.
pub(super) fn scripts(bench: &Bench) -> Outcome {
    let scripts = shell_scripts()?;
    let mut command = bench.tools.command(Tool::Shellcheck)?;
    judged_by(
        command
            .args(["--color=never", "--severity=style", "--external-sources"])
            .args(&scripts),
    )?;
    Ok(format!("{} scripts", scripts.len()))
}

/// The shell reads each script to its end.
pub(super) fn syntax(bench: &Bench) -> Outcome {
    let scripts = shell_scripts()?;
    for script in &scripts {
        judged_by(bench.tools.command(Tool::Bash)?.arg("-n").arg(script))?;
    }
    Ok(format!("{} scripts", scripts.len()))
}

/// yamllint with `.yamllint.yaml`, which says what is left out.
pub(super) fn yaml(bench: &Bench) -> Outcome {
    required(".yamllint.yaml")?;
    judged_by(
        bench
            .tools
            .command(Tool::Yamllint)?
            .args(["--strict", "--format", "parsable", "."]),
    )?;
    Ok("the whole workspace".to_owned())
}

/// The hooks are set up as pre-commit wants them, and download nothing.
pub(super) fn hooks(bench: &Bench) -> Outcome {
    let file = required(".pre-commit-config.yaml")?;
    judged_by(bench.tools.command(Tool::PreCommit)?.arg("validate-config").arg(&file))?;
    let configuration = super::yaml::document(&file)?;
    let repositories = super::yaml::items(&configuration, "/repos");
    let elsewhere = repositories
        .iter()
        .find(|repository| super::yaml::text(repository, "/repo") != "local");
    match elsewhere {
        Some(repository) => Err(Trouble::Failed(format!(
            "hooks come from {}: only local ones work without a network",
            super::yaml::text(repository, "/repo")
        ))),
        None => Ok(".pre-commit-config.yaml".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_replaced_and_everything_else_stays() {
        let unit = "[Service]\nType=oneshot\nExecStart=/usr/bin/docker compose up --wait\nExecStop=-/opt/x/stop.sh\n";
        assert_eq!(
            with_programs_of_here(unit),
            "[Service]\nType=oneshot\nExecStart=/bin/true compose up --wait\nExecStop=-/bin/true\n"
        );
    }
}
