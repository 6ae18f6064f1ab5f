//! The rendered manifests: by the schemas of Kubernetes, and by rules that go from one object to another.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::bench::{Bench, required};
use super::none_or;
use super::toolbox::{Tool, listened_to};
use super::verdict::{Outcome, Trouble};
use super::wiring;
use super::yaml::text;

/// The oldest that Chart.yaml admits and the newest whose schemas the tool has.
const KUBERNETES: [&str; 2] = ["1.28", "1.37"];
const SERVICE_MONITOR: &str = "xtask/src/verify_deploy/static_tier/service_monitor.schema.json";

/// Every object follows the schema of its kind, in the oldest and in the newest Kubernetes.
pub(super) fn schemas(bench: &Bench) -> Outcome {
    let rendered = bench.rendered()?;
    for version in KUBERNETES {
        let mut command = bench.tools.command(Tool::KubernetesValidate)?;
        command.args(["--strict", "-k", version]);
        let said = listened_to(command.args(rendered.iter().map(|rendered| &rendered.file)))?;
        let found: Vec<_> = said.text.lines().filter(|line| !is_no_fault(line)).collect();
        if !said.success || !found.is_empty() {
            return Err(Trouble::Failed(format!("Kubernetes {version}:\n{}", found.join("\n"))));
        }
    }
    Ok(format!(
        "{} sets on Kubernetes {}",
        rendered.len(),
        KUBERNETES.join(" and ")
    ))
}

/// What passed; and that there is no schema of our custom resource, which has a check of its own.
fn is_no_fault(line: &str) -> bool {
    let unseen = line.starts_with("WARN") && line.contains("find schema for kind ServiceMonitor ");
    line.starts_with("INFO") || unseen
}

/// Every `ServiceMonitor` follows the part of its schema that we use.
pub(super) fn service_monitors(bench: &Bench) -> Outcome {
    let folder = bench.folder("service-monitors")?;
    let mut command = bench.tools.command(Tool::CheckJsonschema)?;
    command.arg("--schemafile").arg(required(SERVICE_MONITOR)?);
    let mut count = 0_usize;
    for rendered in bench.rendered()? {
        let monitors = rendered
            .objects
            .iter()
            .filter(|object| kind(object) == "ServiceMonitor");
        for monitor in monitors {
            count = count.saturating_add(1);
            let file = folder.join(format!("{}-{count}.json", rendered.set));
            fs::write(&file, monitor.to_string()).map_err(anyhow::Error::from)?;
            command.arg(file);
        }
    }
    if count == 0 {
        return Err(Trouble::Failed("no values set renders a ServiceMonitor".to_owned()));
    }
    let said = listened_to(&mut command)?;
    if said.success {
        Ok(format!("{count} of them"))
    } else {
        Err(Trouble::Failed(said.text))
    }
}

/// What refers to something refers to what is there, and every pod is locked down.
pub(super) fn wiring(bench: &Bench) -> Outcome {
    let mut faults = Vec::new();
    let mut objects = 0_usize;
    for rendered in bench.rendered()? {
        objects = objects.saturating_add(rendered.objects.len());
        let found = wiring::faults(&rendered.objects, &secrets_elsewhere(&rendered.values));
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", rendered.set)));
    }
    none_or(faults, format!("{objects} objects"))
}

/// Names of the secrets that a values set says are there already.
fn secrets_elsewhere(values: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open = vec![values];
    while let Some(value) = open.pop() {
        let name = text(value, "/existingSecret/name");
        if !name.is_empty() {
            names.insert(name.to_owned());
        }
        open.extend(value.as_object().into_iter().flat_map(|map| map.values()));
    }
    names
}

fn kind(object: &Value) -> &str {
    text(object, "/kind")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify_deploy::static_tier::yaml;

    #[test]
    fn only_our_own_custom_resource_may_be_passed_unseen() {
        let unseen = |kind| format!("WARN x.yaml Couldn't find schema for kind {kind} with api version y/v1");
        assert!(is_no_fault(&unseen("ServiceMonitor")));
        assert!(!is_no_fault(&unseen("Deploiment")));
        assert!(!is_no_fault("ERROR x.yaml did not validate"));
    }

    #[test]
    fn secrets_that_exist_are_found_at_any_depth() {
        let values = "database: {existingSecret: {name: a}}\nx: {y: {existingSecret: {name: b, key: c}}}\nz: {existingSecret: {name: ''}}\n";
        let found = secrets_elsewhere(&yaml::parse(values).unwrap()[0]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
