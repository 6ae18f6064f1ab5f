//! The image's recipe and the stack: hadolint, the real loader of Compose, the schema of its files.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bench::{Bench, required};
use super::toolbox::{Tool, judged_by};
use super::verdict::Outcome;
use super::yaml;

pub(super) const COMPOSE: &str = "deploy/compose.yaml";
pub(super) const ENVIRONMENT: &str = "deploy/.env.example";
const DOCKERFILE: &str = "deploy/Dockerfile";

/// hadolint, with its settings in `.hadolint.yaml` when there are some.
pub(super) fn dockerfile(bench: &Bench) -> Outcome {
    let file = required(DOCKERFILE)?;
    judged_by(bench.tools.command(Tool::Hadolint)?.arg("--no-color").arg(file))?;
    Ok(DOCKERFILE.to_owned())
}

/// Compose loads the stack with no profile, with each one, and with all; with and without the variables of the example.
pub(super) fn config(bench: &Bench) -> Outcome {
    let compose = required(COMPOSE)?;
    let environment = required(ENVIRONMENT)?;
    let nothing = bench.folder("compose")?.join("empty.env");
    std::fs::write(&nothing, "").map_err(anyhow::Error::from)?;
    let named = profiles(&yaml::document(&compose)?);
    for profile in std::iter::once("").chain(named.iter().map(String::as_str)).chain(["*"]) {
        for variables in [&environment, &nothing] {
            let mut command = bench.tools.command(Tool::DockerCompose)?;
            command.arg("--file").arg(&compose).arg("--env-file").arg(variables);
            if !profile.is_empty() {
                command.args(["--profile", profile]);
            }
            judged_by(command.args(["config", "--quiet"]))?;
        }
    }
    let named = named.into_iter().collect::<Vec<_>>().join(", ");
    Ok(format!("no profile, {named}, all"))
}

/// The schema of Compose files.
pub(super) fn schema(bench: &Bench) -> Outcome {
    let compose = required(COMPOSE)?;
    let mut command = bench.tools.command(Tool::CheckJsonschema)?;
    judged_by(command.args(["--builtin-schema", "vendor.compose-spec"]).arg(compose))?;
    Ok(COMPOSE.to_owned())
}

fn profiles(compose: &Value) -> BTreeSet<String> {
    let services = yaml::entries(compose, "/services").map(|(_, service)| service);
    let named = services.flat_map(|service| yaml::items(service, "/profiles"));
    named.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_of_all_services_are_found_once() {
        let text = "services:\n  a: {profiles: [dev]}\n  b: {profiles: [demo, dev]}\n  c: {}\n";
        let found = profiles(&yaml::parse(text).unwrap()[0]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["demo", "dev"]);
    }
}
