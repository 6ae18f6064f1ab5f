//! The static tier: charts, Compose, workflows, units and scripts as real tools see them, and as our own rules do.

mod bench;
mod chart;
mod compose;
mod host;
mod manifests;
mod monitoring;
mod settings;
mod supply_chain;
mod toolbox;
mod verdict;
mod wiring;
mod workflows;
mod yaml;

use std::time::Instant;

use anyhow::bail;

use crate::terminal;
use bench::Bench;
use verdict::{Outcome, Tally, Trouble};

/// How strict to be.
#[derive(clap::Args, Default)]
pub(crate) struct Strictness {
    /// Fail also when a check could not be made because a tool is missing.
    #[arg(long, requires = "as_they_are")]
    strict: bool,
    /// Install nothing: what is not there already is told as not run.
    #[arg(long, requires = "as_they_are")]
    no_install: bool,
    /// Only checks whose name holds this.
    #[arg(long, requires = "as_they_are", value_name = "TEXT")]
    only: Option<String>,
}

/// One thing that is looked at, and who looks.
type Check = (&'static str, fn(&Bench) -> Outcome);

const CHECKS: [Check; 31] = [
    ("chart: lint", chart::lint),
    ("chart: values sets render", chart::sets),
    ("chart: wrong values are refused", chart::refused),
    ("chart: package and version", chart::package),
    ("chart: Kubernetes versions", chart::kubernetes_versions),
    ("chart: README lists every value", chart::values_table),
    ("manifests: Kubernetes schemas", manifests::schemas),
    ("manifests: ServiceMonitor schema", manifests::service_monitors),
    ("manifests: wiring and hardening", manifests::wiring),
    ("Dockerfile: hadolint", compose::dockerfile),
    ("compose: config of each profile", compose::config),
    ("compose: schema", compose::schema),
    ("compose: variables and .env.example", settings::compose_variables),
    ("settings: named as .env.example does", settings::names),
    ("workflows: actionlint", workflows::actionlint),
    ("workflows: schemas", workflows::schemas),
    ("workflows: zizmor", workflows::zizmor),
    ("workflows: actions are pinned", workflows::pins),
    ("workflows: steps run here too", workflows::steps),
    ("systemd: units", host::units),
    ("scripts: shellcheck", host::scripts),
    ("scripts: bash reads them", host::syntax),
    ("YAML: yamllint", host::yaml),
    ("pre-commit: configuration", host::hooks),
    ("Prometheus: configuration", monitoring::configuration),
    ("Prometheus: rules", monitoring::rules),
    ("Prometheus: rules fire", monitoring::rule_tests),
    ("Grafana: provisioning is YAML", monitoring::provisioning),
    ("licences, bans, sources", supply_chain::deny),
    ("advisories", supply_chain::advisories),
    ("SBOM", supply_chain::sbom),
];

/// Makes every check and prints a line for each.
///
/// # Errors
/// When a check failed; when strict, also when one was not run.
pub(crate) fn run(strictness: &Strictness) -> anyhow::Result<()> {
    let chosen = |name: &str| strictness.only.as_deref().is_none_or(|text| name.contains(text));
    let checks: Vec<&Check> = CHECKS.iter().filter(|(name, _)| chosen(name)).collect();
    if checks.is_empty() {
        bail!("no check is called so; `cargo xtask verify-deploy --static` prints the names");
    }
    let bench = Bench::set_up(!strictness.no_install)?;
    let mut tally = Tally::default();
    let began = Instant::now();
    for (name, judge) in checks {
        let started = Instant::now();
        let outcome = judge(&bench);
        for line in verdict::lines(name, &outcome, started.elapsed()) {
            terminal::say(line);
        }
        tally.add(&outcome);
    }
    terminal::say(format_args!("{tally}, in {:.1} s", began.elapsed().as_secs_f64()));
    tally.judged(strictness.strict)
}

/// Something is wrong with what is deployed, in a sentence for each.
fn none_or(faults: Vec<String>, otherwise: impl Into<String>) -> Outcome {
    if faults.is_empty() {
        Ok(otherwise.into())
    } else {
        Err(Trouble::Failed(faults.join("\n")))
    }
}
