//! What runs before a release is there can only use what is there before it: hooks of a lower weight.

use serde_json::Value;

use super::references::used_by;
use super::{called, find, kind, of_kind, pods};
use crate::verify_deploy::static_tier::yaml::text;

const BEFORE: [&str; 2] = ["pre-install", "pre-upgrade"];

pub(super) fn faults(objects: &[Value]) -> Vec<String> {
    let mut faults: Vec<_> = of_kind(objects, "Job")
        .filter(|job| hooks(job).is_empty())
        .map(|job| format!("{} is no hook: an upgrade cannot change a Job", called(job)))
        .collect();
    for pod in pods(objects).filter(|pod| is_before(pod.owner)) {
        for used in used_by(&pod) {
            let Some(found) = find(objects, used.kind, used.name) else {
                continue; // told by the rule about references
            };
            faults.extend(too_late(pod.owner, found));
        }
    }
    // A policy that is made after the Job does not let it out of a namespace that lets nothing out.
    for policy in of_kind(objects, "NetworkPolicy").filter(|policy| !is_before(policy)) {
        let selector = policy.pointer("/spec/podSelector/matchLabels").unwrap_or(&Value::Null);
        let early = pods(objects).filter(|pod| is_before(pod.owner) && super::selects(selector, pod.labels));
        faults.extend(early.map(|pod| {
            format!(
                "{} is made after {}, which it selects",
                called(policy),
                called(pod.owner)
            )
        }));
    }
    faults.extend(objects.iter().filter(|object| is_before(object)).filter_map(kept));
    faults
}

fn hooks(object: &Value) -> Vec<&str> {
    let hooks = annotation(object, "helm.sh/hook");
    hooks
        .split(',')
        .map(str::trim)
        .filter(|hook| !hook.is_empty())
        .collect()
}

fn is_before(object: &Value) -> bool {
    hooks(object).iter().any(|hook| BEFORE.contains(hook))
}

fn annotation<'a>(object: &'a Value, name: &str) -> &'a str {
    let annotations = object.pointer("/metadata/annotations");
    annotations
        .map(|all| all.get(name).and_then(Value::as_str).unwrap_or_default())
        .unwrap_or_default()
}

fn weight(object: &Value) -> i64 {
    annotation(object, "helm.sh/hook-weight").parse().unwrap_or(0)
}

fn too_late(user: &Value, used: &Value) -> Option<String> {
    let (needed, had) = (hooks(user), hooks(used));
    let missing = needed.iter().find(|hook| BEFORE.contains(hook) && !had.contains(hook));
    if let Some(hook) = missing {
        return Some(format!(
            "{} runs at {hook} and uses {}, which is not there then",
            called(user),
            called(used)
        ));
    }
    (weight(user) <= weight(used)).then(|| {
        format!(
            "{} has the weight {} and uses {} with the weight {}: it must be lower",
            called(user),
            weight(user),
            called(used),
            weight(used)
        )
    })
}

/// Hooks are no part of a release: without a policy they stay for ever.
fn kept(object: &Value) -> Option<String> {
    let policy = annotation(object, "helm.sh/hook-delete-policy");
    let gone = policy.contains("before-hook-creation") && policy.contains("hook-succeeded");
    (!gone && !text(object, "/metadata/name").is_empty()).then(|| {
        format!(
            "{} stays behind: hook-delete-policy is `{policy}` for a {}",
            called(object),
            kind(object)
        )
    })
}
