//! Prometheus and Grafana: what they read is what they can read, and alerts fire when they should.

use std::path::PathBuf;

use super::bench::{Bench, files, required};
use super::toolbox::{Tool, judged_by};
use super::verdict::{Outcome, Trouble};
use super::yaml;

fn promtool(bench: &Bench, arguments: &[&str], files: &[PathBuf]) -> Result<(), Trouble> {
    judged_by(bench.tools.command(Tool::Promtool)?.args(arguments).args(files)).map(drop)
}

/// The configuration; files that it names are in the container and not looked for.
pub(super) fn configuration(bench: &Bench) -> Outcome {
    let file = required("deploy/prometheus/prometheus.yml")?;
    promtool(bench, &["check", "config", "--syntax-only"], &[file])?;
    Ok("deploy/prometheus/prometheus.yml".to_owned())
}

/// The rules for alerts.
pub(super) fn rules(bench: &Bench) -> Outcome {
    let rules = files("deploy/prometheus/rules", &[".yml"])?;
    promtool(bench, &["check", "rules"], &rules)?;
    Ok(format!("{} files", rules.len()))
}

/// The rules against series: they fire, and are silent, when the tests say so.
pub(super) fn rule_tests(bench: &Bench) -> Outcome {
    let tests = files("deploy/prometheus/tests", &[".yml"])?;
    promtool(bench, &["test", "rules"], &tests)?;
    Ok(format!("{} files", tests.len()))
}

/// What Grafana is provisioned with. `cargo xtask grafana check` looks closer.
pub(super) fn provisioning(_bench: &Bench) -> Outcome {
    let files = files("grafana", &[".yaml", ".yml"])?;
    for file in &files {
        yaml::document(file)?;
    }
    Ok(format!("{} files", files.len()))
}
