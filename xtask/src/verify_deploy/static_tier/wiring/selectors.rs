//! What selects by labels selects what is there, and ports go by names that are there.

use serde_json::Value;

use super::{Pod, called, find, kind, of_kind, pods, selects};
use crate::verify_deploy::static_tier::yaml::{items, text};

const NOTHING: Value = Value::Null;

pub(super) fn faults(objects: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    for object in objects {
        match kind(object) {
            "Deployment" => faults.extend(deployment(object)),
            "Service" => faults.extend(service(object, objects)),
            "PodDisruptionBudget" => faults.extend(budget(object, objects)),
            "NetworkPolicy" => faults.extend(policy(object, objects)),
            "HorizontalPodAutoscaler" => faults.extend(autoscaler(object, objects)),
            "Ingress" => faults.extend(ingress(object, objects)),
            "ServiceMonitor" => faults.extend(monitor(object, objects)),
            _ => {}
        }
    }
    faults
}

fn at<'a>(object: &'a Value, pointer: &str) -> &'a Value {
    object.pointer(pointer).unwrap_or(&NOTHING)
}

fn deployment(object: &Value) -> Option<String> {
    let selector = at(object, "/spec/selector/matchLabels");
    let labels = at(object, "/spec/template/metadata/labels");
    (!selects(selector, labels)).then(|| format!("{} does not select its own pods", called(object)))
}

fn service(object: &Value, objects: &[Value]) -> Vec<String> {
    let selected = selected_by(at(object, "/spec/selector"), objects);
    let mut faults = only_deployments(object, &selected);
    let serving: Vec<_> = selected.iter().filter(|pod| kind(pod.owner) == "Deployment").collect();
    for port in items(object, "/spec/ports") {
        let target = text(port, "/targetPort");
        if !serving.iter().all(|pod| has_port(pod, target)) {
            faults.push(format!(
                "{} leads to the port `{target}`, which its pods have not",
                called(object)
            ));
        }
    }
    faults
}

fn budget(object: &Value, objects: &[Value]) -> Vec<String> {
    only_deployments(object, &selected_by(at(object, "/spec/selector/matchLabels"), objects))
}

fn policy(object: &Value, objects: &[Value]) -> Vec<String> {
    let selected = selected_by(at(object, "/spec/podSelector/matchLabels"), objects);
    if selected.is_empty() {
        return vec![format!("{} selects no pod", called(object))];
    }
    let ports = items(object, "/spec/ingress")
        .iter()
        .flat_map(|rule| items(rule, "/ports"));
    let named = ports.filter_map(|port| port.get("port")?.as_str());
    named
        .filter(|port| !selected.iter().all(|pod| has_port(pod, port)))
        .map(|port| {
            format!(
                "{} admits to the port `{port}`, which its pods have not",
                called(object)
            )
        })
        .collect()
}

fn autoscaler(object: &Value, objects: &[Value]) -> Option<String> {
    let target = text(object, "/spec/scaleTargetRef/name");
    match find(objects, text(object, "/spec/scaleTargetRef/kind"), target) {
        None => Some(format!("{} scales `{target}`, which is not there", called(object))),
        Some(target) if target.pointer("/spec/replicas").is_some() => Some(format!(
            "{} says its replicas, and {} does too: each upgrade would undo the other",
            called(target),
            called(object)
        )),
        Some(_) => None,
    }
}

fn ingress(object: &Value, objects: &[Value]) -> Vec<String> {
    let paths = items(object, "/spec/rules")
        .iter()
        .flat_map(|rule| items(rule, "/http/paths"));
    let backends = paths.map(|path| {
        let service = text(path, "/backend/service/name");
        (service, text(path, "/backend/service/port/name"))
    });
    backends
        .filter(|(service, port)| !find(objects, "Service", service).is_some_and(|found| offers(found, port)))
        .map(|(service, port)| {
            format!(
                "{} leads to `{service}` port `{port}`, which is not there",
                called(object)
            )
        })
        .collect()
}

fn monitor(object: &Value, objects: &[Value]) -> Vec<String> {
    let selector = at(object, "/spec/selector/matchLabels");
    let services: Vec<_> = of_kind(objects, "Service")
        .filter(|service| selects(selector, at(service, "/metadata/labels")))
        .collect();
    if services.is_empty() {
        return vec![format!("{} selects no Service", called(object))];
    }
    let ports = items(object, "/spec/endpoints")
        .iter()
        .map(|endpoint| text(endpoint, "/port"));
    ports
        .filter(|port| !services.iter().all(|service| offers(service, port)))
        .map(|port| {
            format!(
                "{} scrapes the port `{port}`, which its Service has not",
                called(object)
            )
        })
        .collect()
}

fn offers(service: &Value, port: &str) -> bool {
    items(service, "/spec/ports")
        .iter()
        .any(|offered| text(offered, "/name") == port)
}

fn selected_by<'a>(selector: &Value, objects: &'a [Value]) -> Vec<Pod<'a>> {
    pods(objects).filter(|pod| selects(selector, pod.labels)).collect()
}

/// What serves must select the pods of a Deployment, and neither a Job's nor a test's.
fn only_deployments(object: &Value, selected: &[Pod<'_>]) -> Vec<String> {
    if selected.is_empty() {
        return vec![format!("{} selects no pod", called(object))];
    }
    let others = selected.iter().filter(|pod| kind(pod.owner) != "Deployment");
    others
        .map(|pod| format!("{} also selects the pods of {}", called(object), called(pod.owner)))
        .collect()
}

pub(super) fn has_port(pod: &Pod<'_>, name: &str) -> bool {
    let ports = items(pod.spec, "/containers")
        .iter()
        .flat_map(|container| items(container, "/ports"));
    ports.into_iter().any(|port| text(port, "/name") == name)
}
