//! Rules from one object of a chart to another, which no schema sees.

mod hardening;
mod hooks;
mod references;
mod selectors;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::Value;

use super::yaml::text;

/// What is wrong in a rendered chart, one sentence each; `elsewhere` are secrets that exist outside of it.
pub(super) fn faults(objects: &[Value], elsewhere: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    faults.extend(twice(objects));
    faults.extend(selectors::faults(objects));
    faults.extend(references::faults(objects, elsewhere));
    faults.extend(hooks::faults(objects));
    faults.extend(hardening::faults(objects));
    faults
}

/// Two objects of one name: the later would replace the former.
fn twice(objects: &[Value]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let again = objects.iter().map(called).filter(|name| !seen.insert(name.clone()));
    again.map(|name| format!("{name} is there twice")).collect()
}

/// `Deployment/sentinel`
fn called(object: &Value) -> String {
    format!("{}/{}", kind(object), name(object))
}

fn kind(object: &Value) -> &str {
    text(object, "/kind")
}

fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

fn of_kind<'a>(objects: &'a [Value], wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| kind(object) == wanted)
}

fn find<'a>(objects: &'a [Value], wanted: &str, called: &str) -> Option<&'a Value> {
    objects
        .iter()
        .find(|object| kind(object) == wanted && name(object) == called)
}

/// A pod, or what pods are made of: its owner, its labels and its specification.
struct Pod<'a> {
    owner: &'a Value,
    labels: &'a Value,
    spec: &'a Value,
}

fn pods(objects: &[Value]) -> impl Iterator<Item = Pod<'_>> {
    objects.iter().filter_map(|owner| {
        let (labels, spec) = if kind(owner) == "Pod" {
            ("/metadata/labels", "/spec")
        } else {
            ("/spec/template/metadata/labels", "/spec/template/spec")
        };
        Some(Pod {
            owner,
            labels: owner.pointer(labels).unwrap_or(&Value::Null),
            spec: owner.pointer(spec).filter(|spec| spec.get("containers").is_some())?,
        })
    })
}

/// Whether all labels of a selector are among those of a pod; a selector that is empty selects nothing here.
fn selects(selector: &Value, labels: &Value) -> bool {
    let Some(selector) = selector.as_object().filter(|selector| !selector.is_empty()) else {
        return false;
    };
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}
