//! Graphs as they should be, and each arrow that must not be drawn.

use super::super::graph::Arrow;
use super::*;

/// The workspace as the architecture draws it, with what it takes from the registry.
const SOUND: &str = "
    domain -> time, jiff, thiserror
    domain -dev-> tokio, serde_json
    bar-formats -> domain, csv, serde
    repository-contract -> domain, tokio
    diesel-sqlite -> domain, diesel, tokio
    diesel-sqlite -dev-> repository-contract
    diesel-postgres -> domain, tokio-postgres
    diesel-postgres -dev-> repository-contract, postgres-fixture
    postgres-fixture -> diesel-postgres, postgres-cluster
    http-providers -> domain, bar-formats, reqwest
    actix-api -> domain, bar-formats, actix-web
    app -> actix-api, bar-formats, diesel-sqlite, domain, http-providers, tokio
    app -dev-> postgres-fixture
    end-to-end -> app, diesel-sqlite, postgres-fixture, postgres-cluster, reqwest
    xtask -> clap, postgres-cluster
    actix-web -> tokio
    tokio -> mio, socket2
    tokio-postgres -> tokio
    time -> num-conv
    reqwest -> hyper, rustls
    rustls -> ring
";

const MEMBERS: [&str; 12] = [
    "domain",
    "bar-formats",
    "repository-contract",
    "diesel-sqlite",
    "diesel-postgres",
    "postgres-fixture",
    "postgres-cluster",
    "http-providers",
    "actix-api",
    "app",
    "end-to-end",
    "xtask",
];

/// One crate a line: `from -> to, to`, `-dev->` and `-build->` likewise.
fn graph(lines: &str) -> Graph {
    let mut graph = Graph::default();
    let mut add = |name: &str, arrows: Vec<Arrow>| {
        let is_member = MEMBERS.contains(&name);
        let one = Crate {
            name: name.to_owned(),
            is_member,
            arrows: Vec::new(),
        };
        graph.crates.entry(name.to_owned()).or_insert(one).arrows.extend(arrows);
    };
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (from, arrow, to) = {
            let mut words = line.splitn(3, ' ');
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap())
        };
        let kind = match arrow {
            "->" => Kind::Normal,
            "-dev->" => Kind::Dev,
            "-build->" => Kind::Build,
            other => panic!("no arrow: {other}"),
        };
        for to in to.split(", ") {
            add(to, Vec::new());
            add(
                from,
                vec![Arrow {
                    to: to.to_owned(),
                    kind,
                }],
            );
        }
    }
    graph
}

/// What the check says about the sound graph with these arrows added, without the remedies.
fn check_with(added: &str) -> Vec<String> {
    let violations = check(&graph(&format!("{SOUND}\n{added}")));
    violations
        .iter()
        .map(|violation| violation.to_string().lines().next().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn refused(added: &str, expected: &str) {
    assert_eq!(check_with(added), [expected], "{added}");
}

#[test]
fn the_workspace_as_drawn_is_sound() {
    assert_eq!(check(&graph(SOUND)), []);
}

#[test]
fn the_domain_depends_on_nobody_here_not_even_for_tests() {
    let rule = "the domain depends on no crate of the workspace";
    refused("domain -> bar-formats", &format!("domain → bar-formats: {rule}"));
    refused(
        "domain -dev-> repository-contract",
        &format!("domain → repository-contract (dev-dependency): {rule}"),
    );
}

#[test]
fn the_domain_reaches_no_io_however_deep() {
    refused("domain -> tokio", "domain → tokio: the domain does no I/O");
    refused(
        "num-conv -> cache\n cache -> rusqlite\n rusqlite -> libsqlite3-sys",
        "domain → time → num-conv → cache → rusqlite: the domain does no I/O",
    );
    refused("domain -> actix-http", "domain → actix-http: the domain does no I/O");
}

#[test]
fn build_scripts_of_its_dependencies_are_not_shipped_with_the_domain() {
    assert_eq!(check_with("time -build-> walkdir\n jiff -dev-> tempfile"), [""; 0]);
}

#[test]
fn the_domain_itself_names_no_wire_format_though_its_dependencies_may() {
    let rule = "the domain knows no wire format, command line or untyped error";
    refused("domain -> serde", &format!("domain → serde: {rule}"));
    refused(
        "domain -build-> serde_json",
        &format!("domain → serde_json (build-dependency): {rule}"),
    );
    assert_eq!(check_with("time -> serde_core"), [""; 0]);
}

#[test]
fn adapters_do_not_know_each_other() {
    let rule = "adapters do not know each other";
    refused(
        "actix-api -> diesel-sqlite",
        &format!("actix-api → diesel-sqlite: {rule}"),
    );
    refused(
        "actix-api -dev-> diesel-sqlite",
        &format!("actix-api → diesel-sqlite (dev-dependency): {rule}"),
    );
}

#[test]
fn bar_formats_and_the_contract_know_the_domain_only() {
    let rule = "bar-formats and repository-contract depend on the domain only";
    refused("bar-formats -> actix-api", &format!("bar-formats → actix-api: {rule}"));
    refused(
        "repository-contract -> bar-formats",
        &format!("repository-contract → bar-formats: {rule}"),
    );
}

#[test]
fn the_contract_is_for_the_tests_of_adapters() {
    let rule = "repository-contract is test support of the adapters";
    refused(
        "diesel-sqlite -> repository-contract",
        &format!("diesel-sqlite → repository-contract: {rule}"),
    );
    refused(
        "app -dev-> repository-contract",
        &format!("app → repository-contract (dev-dependency): {rule}"),
    );
}

#[test]
fn databases_for_tests_are_shipped_with_nothing() {
    let rule = "postgres-fixture and postgres-cluster are test support";
    refused("app -> postgres-fixture", &format!("app → postgres-fixture: {rule}"));
    refused(
        "diesel-postgres -> postgres-cluster",
        &format!("diesel-postgres → postgres-cluster: {rule}"),
    );
    refused(
        "postgres-cluster -> domain",
        "postgres-cluster → domain: postgres-cluster depends on no other crate, so that xtask may have it",
    );
    refused(
        "postgres-fixture -> bar-formats",
        "postgres-fixture → bar-formats: postgres-fixture knows the adapter whose schema it copies, and no more",
    );
}

#[test]
fn nothing_depends_on_the_composition() {
    let rule = "nothing depends on the composition";
    refused("actix-api -> app", &format!("actix-api → app: {rule}"));
    refused(
        "app -dev-> end-to-end",
        &format!("app → end-to-end (dev-dependency): {rule}"),
    );
}

#[test]
fn xtask_stands_alone() {
    refused(
        "xtask -> app",
        "xtask → app: xtask depends on no other crate but postgres-cluster, so that it builds in seconds",
    );
}

#[test]
fn c_libraries_are_found_with_the_shortest_way_to_them() {
    let rule = "a plain C compiler is all that the build needs";
    refused("diesel -> pq-sys", &format!("diesel-sqlite → diesel → pq-sys: {rule}"));
    refused(
        "rustls -> aws-lc-rs\n aws-lc-rs -> aws-lc-sys",
        &format!("end-to-end → reqwest → rustls → aws-lc-rs → aws-lc-sys: {rule}"),
    );
    refused(
        "hyper -> native-tls",
        &format!("end-to-end → reqwest → hyper → native-tls: {rule}"),
    );
}

#[test]
fn a_message_says_which_arrow_and_what_to_do() {
    let violations = check(&graph(&format!("{SOUND}\n actix-api -> diesel-sqlite")));
    assert_eq!(
        violations.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "actix-api → diesel-sqlite: adapters do not know each other\n    instead: let both meet at a port of the domain \
          and join them in `app`; what readers of files share is bar-formats"
        ],
    );
}
