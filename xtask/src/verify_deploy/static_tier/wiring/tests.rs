//! A sound chart, and the same with one thing wrong at a time.

use super::*;
use crate::verify_deploy::static_tier::yaml;

const SOUND: &str = include_str!("tests/sound.yaml");

fn sound() -> Vec<Value> {
    yaml::parse(SOUND).unwrap()
}

fn told(objects: &[Value]) -> Vec<String> {
    faults(objects, &BTreeSet::from(["elsewhere".to_owned()]))
}

/// One value of the sound chart is replaced (or, by null, taken away); exactly one fault is told.
#[track_caller]
fn check(object: &str, pointer: &str, value: Value, expected: &str) {
    let mut objects = sound();
    let broken = objects.iter_mut().find(|found| called(found) == object).unwrap();
    if value.is_null() {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        broken
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(&key.replace("~1", "/"))
            .unwrap();
    } else {
        *broken.pointer_mut(pointer).unwrap() = value;
    }
    assert_eq!(told(&objects), [expected]);
}

#[test]
fn a_sound_chart_has_no_fault() {
    assert_eq!(told(&sound()), Vec::<String>::new());
}

#[test]
fn two_objects_of_one_name_are_told() {
    let mut objects = sound();
    objects.push(objects[0].clone());
    assert_eq!(told(&objects), ["ConfigMap/app is there twice"]);
}

#[test]
fn selectors_that_miss_are_told() {
    let elsewhere = || Value::from("elsewhere");
    check(
        "Service/app",
        "/spec/selector/role",
        elsewhere(),
        "Service/app selects no pod",
    );
    check(
        "PodDisruptionBudget/app",
        "/spec/selector/matchLabels/role",
        elsewhere(),
        "PodDisruptionBudget/app selects no pod",
    );
    check(
        "NetworkPolicy/app",
        "/spec/podSelector/matchLabels/role",
        elsewhere(),
        "NetworkPolicy/app selects no pod",
    );
    check(
        "ServiceMonitor/app",
        "/spec/selector/matchLabels/role",
        elsewhere(),
        "ServiceMonitor/app selects no Service",
    );
    check(
        "Deployment/app",
        "/spec/selector/matchLabels/role",
        elsewhere(),
        "Deployment/app does not select its own pods",
    );
    check(
        "HorizontalPodAutoscaler/app",
        "/spec/scaleTargetRef/name",
        elsewhere(),
        "HorizontalPodAutoscaler/app scales `elsewhere`, which is not there",
    );
}

#[test]
fn a_service_that_also_selects_a_job_is_told() {
    check(
        "Service/app",
        "/spec/selector",
        serde_json::json!({"name": "app"}),
        "Service/app also selects the pods of Job/migrate",
    );
}

#[test]
fn ports_that_are_not_there_are_told() {
    let grpc = || Value::from("grpc");
    check(
        "Service/app",
        "/spec/ports/0/targetPort",
        grpc(),
        "Service/app leads to the port `grpc`, which its pods have not",
    );
    check(
        "NetworkPolicy/app",
        "/spec/ingress/0/ports/0/port",
        grpc(),
        "NetworkPolicy/app admits to the port `grpc`, which its pods have not",
    );
    check(
        "ServiceMonitor/app",
        "/spec/endpoints/0/port",
        grpc(),
        "ServiceMonitor/app scrapes the port `grpc`, which its Service has not",
    );
    check(
        "Ingress/app",
        "/spec/rules/0/http/paths/0/backend/service/port/name",
        grpc(),
        "Ingress/app leads to `app` port `grpc`, which is not there",
    );
    let probe = "/spec/template/spec/containers/0/livenessProbe/httpGet/port";
    check(
        "Deployment/app",
        probe,
        grpc(),
        "Deployment/app has a livenessProbe on the port `grpc`, which is not there",
    );
    check(
        "Deployment/app",
        probe,
        Value::from(8000),
        "Deployment/app has a livenessProbe on the number 8000: name the port",
    );
}

#[test]
fn names_that_are_not_there_are_told() {
    let elsewhere = || Value::from("nowhere");
    let pod = "/spec/template/spec";
    let cases = [
        (
            "serviceAccountName",
            "uses the ServiceAccount `nowhere`, which is not there",
        ),
        (
            "containers/0/envFrom/0/configMapRef/name",
            "uses the ConfigMap `nowhere`, which is not there",
        ),
        (
            "volumes/0/projected/sources/0/secret/name",
            "uses the Secret `nowhere`, which is not there",
        ),
        (
            "volumes/1/persistentVolumeClaim/claimName",
            "uses the PersistentVolumeClaim `nowhere`, which is not there",
        ),
        (
            "volumes/0/projected/sources/0/secret/items/0/key",
            "takes `nowhere` from the Secret `app`, which has no such key",
        ),
    ];
    for (pointer, expected) in cases {
        check(
            "Deployment/app",
            &format!("{pod}/{pointer}"),
            elsewhere(),
            &format!("Deployment/app {expected}"),
        );
    }
}

#[test]
fn a_secret_that_is_said_to_exist_elsewhere_may_be_used() {
    let mut objects = sound();
    objects.retain(|object| called(object) != "Secret/app");
    let deployment = objects
        .iter_mut()
        .find(|object| called(object) == "Deployment/app")
        .unwrap();
    let name = "/spec/template/spec/volumes/0/projected/sources/0/secret/name";
    *deployment.pointer_mut(name).unwrap() = Value::from("elsewhere");
    assert_eq!(told(&objects), Vec::<String>::new());
}

#[test]
fn replicas_beside_an_autoscaler_are_told() {
    let mut objects = sound();
    let deployment = objects
        .iter_mut()
        .find(|object| called(object) == "Deployment/app")
        .unwrap();
    deployment["spec"]["replicas"] = Value::from(2);
    assert_eq!(
        told(&objects),
        [
            "Deployment/app says its replicas, and HorizontalPodAutoscaler/app does too: each upgrade would undo the other"
        ]
    );
}

#[test]
fn a_migration_that_needs_what_comes_later_is_told() {
    let weight = "/metadata/annotations/helm.sh~1hook-weight";
    check(
        "Secret/migrate",
        weight,
        Value::from("0"),
        "Job/migrate has the weight 0 and uses Secret/migrate with the weight 0: it must be lower",
    );
    check(
        "Secret/migrate",
        "/metadata/annotations/helm.sh~1hook",
        Value::from("pre-install"),
        "Job/migrate runs at pre-upgrade and uses Secret/migrate, which is not there then",
    );
    check(
        "Job/migrate",
        "/spec/template/spec/volumes/0/projected/sources/0/secret/name",
        Value::from("app"),
        "Job/migrate runs at pre-install and uses Secret/app, which is not there then",
    );
    check(
        "Secret/migrate",
        "/metadata/annotations/helm.sh~1hook-delete-policy",
        Value::from("before-hook-creation"),
        "Secret/migrate stays behind: hook-delete-policy is `before-hook-creation` for a Secret",
    );
    check(
        "Job/migrate",
        "/metadata/annotations/helm.sh~1hook",
        Value::Null,
        "Job/migrate is no hook: an upgrade cannot change a Job",
    );
}

#[test]
fn a_pod_that_is_not_locked_down_is_told() {
    let pod = "/spec/template/spec";
    let cases = [
        (
            "enableServiceLinks",
            ": /enableServiceLinks is null, not false: variables of Services look like settings of ours",
        ),
        (
            "securityContext/runAsNonRoot",
            ": /securityContext/runAsNonRoot is null, not true: nothing needs root",
        ),
        (
            "containers/0/securityContext/readOnlyRootFilesystem",
            " container `app`: /securityContext/readOnlyRootFilesystem is null, not true: nothing writes but to volumes",
        ),
        (
            "containers/0/resources/limits/memory",
            " container `app` does not say /resources/limits/memory",
        ),
    ];
    for (pointer, expected) in cases {
        check(
            "Deployment/app",
            &format!("{pod}/{pointer}"),
            Value::Null,
            &format!("Deployment/app{expected}"),
        );
    }
    check(
        "Deployment/app",
        "/spec/template/spec/containers/0/image",
        Value::from("registry:5000/app"),
        "Deployment/app container `app` has the image `registry:5000/app`: say its tag or digest",
    );
}

#[test]
fn a_volume_that_nothing_mounts_is_told() {
    check(
        "Deployment/app",
        "/spec/template/spec/containers/0/volumeMounts",
        serde_json::json!([{"name": "secrets", "mountPath": "/s"}]),
        "Deployment/app has the volume `data`, which nothing mounts",
    );
}
