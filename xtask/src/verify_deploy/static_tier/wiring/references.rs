//! What pods refer to by name: settings, secrets, volumes, accounts, and the ports of their probes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::selectors::has_port;
use super::{Pod, called, find, pods};
use crate::verify_deploy::static_tier::yaml::{items, text};

const PROBES: [&str; 3] = ["startupProbe", "livenessProbe", "readinessProbe"];

pub(super) fn faults(objects: &[Value], elsewhere: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in pods(objects) {
        let owner = called(pod.owner);
        for used in used_by(&pod) {
            faults.extend(used.fault(objects, elsewhere).map(|fault| format!("{owner} {fault}")));
        }
        faults.extend(mounts(&pod).into_iter().map(|fault| format!("{owner} {fault}")));
        faults.extend(probes(&pod).into_iter().map(|fault| format!("{owner} {fault}")));
    }
    faults
}

/// An object that a pod needs before it starts.
pub(super) struct Used<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    /// Keys of a Secret or `ConfigMap` that are taken by name.
    keys: Vec<&'a str>,
}

impl Used<'_> {
    fn fault(&self, objects: &[Value], elsewhere: &BTreeSet<String>) -> Option<String> {
        let Self { kind, name, keys } = self;
        let Some(found) = find(objects, kind, name) else {
            let known = *kind == "Secret" && elsewhere.contains(*name);
            return (!known).then(|| format!("uses the {kind} `{name}`, which is not there"));
        };
        let missing = keys
            .iter()
            .find(|key| found.pointer("/data").is_none_or(|data| data.get(key).is_none()))?;
        Some(format!(
            "takes `{missing}` from the {kind} `{name}`, which has no such key"
        ))
    }
}

/// All that a pod needs by name.
pub(super) fn used_by<'a>(pod: &Pod<'a>) -> Vec<Used<'a>> {
    let mut used = Vec::new();
    let account = text(pod.spec, "/serviceAccountName");
    if !account.is_empty() && account != "default" {
        used.push(Used {
            kind: "ServiceAccount",
            name: account,
            keys: Vec::new(),
        });
    }
    for container in containers(pod.spec) {
        for source in items(container, "/envFrom") {
            used.extend(named(source, "/configMapRef/name", "ConfigMap"));
            used.extend(named(source, "/secretRef/name", "Secret"));
        }
        for variable in items(container, "/env") {
            used.extend(keyed(variable, "/valueFrom/secretKeyRef", "Secret"));
            used.extend(keyed(variable, "/valueFrom/configMapKeyRef", "ConfigMap"));
        }
    }
    for volume in items(pod.spec, "/volumes") {
        used.extend(named(
            volume,
            "/persistentVolumeClaim/claimName",
            "PersistentVolumeClaim",
        ));
        used.extend(named(volume, "/secret/secretName", "Secret"));
        used.extend(named(volume, "/configMap/name", "ConfigMap"));
        for source in items(volume, "/projected/sources") {
            used.extend(with_items(source, "/secret", "Secret"));
            used.extend(with_items(source, "/configMap", "ConfigMap"));
        }
    }
    used
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    items(spec, "/initContainers").iter().chain(items(spec, "/containers"))
}

fn named<'a>(value: &'a Value, pointer: &str, kind: &'static str) -> Option<Used<'a>> {
    let name = value.pointer(pointer)?.as_str()?;
    Some(Used {
        kind,
        name,
        keys: Vec::new(),
    })
}

fn keyed<'a>(value: &'a Value, pointer: &str, kind: &'static str) -> Option<Used<'a>> {
    let reference = value.pointer(pointer)?;
    Some(Used {
        kind,
        name: text(reference, "/name"),
        keys: vec![text(reference, "/key")],
    })
}

fn with_items<'a>(value: &'a Value, pointer: &str, kind: &'static str) -> Option<Used<'a>> {
    let reference = value.pointer(pointer)?;
    Some(Used {
        kind,
        name: text(reference, "/name"),
        keys: items(reference, "/items")
            .iter()
            .map(|item| text(item, "/key"))
            .collect(),
    })
}

/// Mounts without a volume, and volumes that nothing mounts.
fn mounts(pod: &Pod<'_>) -> Vec<String> {
    let there: BTreeSet<_> = items(pod.spec, "/volumes")
        .iter()
        .map(|volume| text(volume, "/name"))
        .collect();
    let mounts = containers(pod.spec).flat_map(|container| items(container, "/volumeMounts"));
    let mounted: BTreeSet<_> = mounts.map(|mount| text(mount, "/name")).collect();
    let missing = mounted
        .difference(&there)
        .map(|name| format!("mounts `{name}`, which is no volume of it"));
    let idle = there
        .difference(&mounted)
        .map(|name| format!("has the volume `{name}`, which nothing mounts"));
    missing.chain(idle).collect()
}

/// Probes go to a port by its name, and that port is there.
fn probes(pod: &Pod<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for container in containers(pod.spec) {
        for probe in PROBES {
            let Some(port) = container.pointer(&format!("/{probe}/httpGet/port")) else {
                continue;
            };
            match port.as_str() {
                None => faults.push(format!("has a {probe} on the number {port}: name the port")),
                Some(port) if !has_port(pod, port) => {
                    faults.push(format!("has a {probe} on the port `{port}`, which is not there"));
                }
                Some(_) => {}
            }
        }
    }
    faults
}
