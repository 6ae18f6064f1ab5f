//! Every pod is locked down, and says what it needs.

use serde_json::{Value, json};

use super::{called, pods};
use crate::verify_deploy::static_tier::yaml::{items, text};

/// What a pod must say, why, and where.
fn rules_of_pods() -> [(&'static str, Value, &'static str); 4] {
    [
        (
            "/enableServiceLinks",
            json!(false),
            "variables of Services look like settings of ours",
        ),
        (
            "/automountServiceAccountToken",
            json!(false),
            "nothing speaks to Kubernetes",
        ),
        ("/securityContext/runAsNonRoot", json!(true), "nothing needs root"),
        (
            "/securityContext/seccompProfile/type",
            json!("RuntimeDefault"),
            "no system call beyond the usual",
        ),
    ]
}

fn rules_of_containers() -> [(&'static str, Value, &'static str); 3] {
    [
        (
            "/securityContext/readOnlyRootFilesystem",
            json!(true),
            "nothing writes but to volumes",
        ),
        (
            "/securityContext/allowPrivilegeEscalation",
            json!(false),
            "nothing becomes more than it is",
        ),
        (
            "/securityContext/capabilities/drop",
            json!(["ALL"]),
            "nothing needs a capability",
        ),
    ]
}

const RESOURCES: [&str; 3] = [
    "/resources/requests/cpu",
    "/resources/requests/memory",
    "/resources/limits/memory",
];

pub(super) fn faults(objects: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in pods(objects) {
        let owner = called(pod.owner);
        faults.extend(rules_of_pods().iter().filter_map(|rule| broken(&owner, pod.spec, rule)));
        for container in items(pod.spec, "/containers") {
            let name = format!("{owner} container `{}`", text(container, "/name"));
            faults.extend(
                rules_of_containers()
                    .iter()
                    .filter_map(|rule| broken(&name, container, rule)),
            );
            let unsaid = RESOURCES.iter().filter(|pointer| container.pointer(pointer).is_none());
            faults.extend(unsaid.map(|pointer| format!("{name} does not say {pointer}")));
            faults.extend(floating(text(container, "/image")).map(|fault| format!("{name} {fault}")));
        }
    }
    faults
}

fn broken(name: &str, value: &Value, (pointer, expected, reason): &(&str, Value, &str)) -> Option<String> {
    let found = value.pointer(pointer).unwrap_or(&Value::Null);
    (found != expected).then(|| format!("{name}: {pointer} is {found}, not {expected}: {reason}"))
}

/// An image whose name means something else tomorrow.
fn floating(image: &str) -> Option<String> {
    let last = image.rsplit('/').next().unwrap_or_default();
    let tag = last.split_once(':').map(|(_, tag)| tag);
    (image.is_empty() || tag.is_none_or(|tag| tag.is_empty() || tag == "latest"))
        .then(|| format!("has the image `{image}`: say its tag or digest"))
}
