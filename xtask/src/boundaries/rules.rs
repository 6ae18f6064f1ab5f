//! Which arrows are allowed between the crates, as a pure function over the graph.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use super::graph::{Crate, Graph, Kind};

#[cfg(test)]
mod tests;

/// Crates that talk to the outside, or run those that do: nowhere in what the domain ships, however deep. `x*` is a prefix.
const OUTSIDE: &[&str] = &[
    "actix*",
    "async-io",
    "async-std",
    "axum*",
    "curl",
    "deadpool*",
    "diesel*",
    "dotenvy",
    "figment",
    "fs-err",
    "hyper*",
    "isahc",
    "libsqlite3-sys",
    "memmap2",
    "mio",
    "mongodb",
    "mysql*",
    "native-tls",
    "notify",
    "openssl*",
    "polling",
    "postgres*",
    "quinn*",
    "r2d2*",
    "redis",
    "reqwest*",
    "rocket*",
    "rusqlite",
    "rustls*",
    "sea-orm*",
    "smol",
    "socket2",
    "sqlx*",
    "surf",
    "tempfile",
    "tiberius",
    "tokio",
    "tokio-*",
    "tonic*",
    "tungstenite",
    "ureq*",
    "walkdir",
    "warp",
];

/// Crates whose words belong to an edge (wire formats, command line, untyped errors): not named by the domain itself.
const EDGE: &[&str] = &[
    "anyhow",
    "arrow*",
    "clap*",
    "csv",
    "indicatif",
    "metrics*",
    "parquet",
    "serde*",
    "toml",
    "tracing-*",
    "utoipa*",
];

/// C libraries and their tool chains (libpq, OpenSSL, cmake) that the build must not ask for, each with the way out.
const UNWANTED: &[(&str, &str)] = &[
    (
        "pq-sys",
        "turn diesel's `postgres` feature into `postgres_backend` and connect through diesel-async",
    ),
    (
        "openssl-sys",
        "take the crate's rustls feature with the `ring` provider",
    ),
    ("native-tls", "take the crate's rustls feature with the `ring` provider"),
    (
        "aws-lc-sys",
        "switch off default features, which bring rustls with `aws-lc-rs`, and take `ring`",
    ),
];

/// What a member of the workspace is in the hexagon, by its package name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Domain,
    /// `bar-formats`, the one library that adapters share.
    BarFormats,
    /// `repository-contract`, the suite that every store passes.
    Contract,
    /// `postgres-fixture`, databases for tests.
    Fixture,
    /// `postgres-cluster`, servers for tests and chores.
    Cluster,
    /// Any other crate: a technology.
    Adapter,
    App,
    EndToEnd,
    Xtask,
}

/// An arrow that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// From the member that is to blame to the crate it must not reach, over those between.
    path: Vec<String>,
    kind: Kind,
    rule: &'static str,
    remedy: &'static str,
}

/// Every arrow that breaks a rule, by the name of the crate it starts from.
pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    let mut violations: Vec<_> = graph.members().flat_map(|member| inside(graph, member)).collect();
    violations.extend(
        graph
            .members()
            .filter(|member| role(member) == Role::Domain)
            .flat_map(|domain| pure(graph, domain)),
    );
    violations.extend(unwanted(graph));
    violations
}

fn role(member: &Crate) -> Role {
    match member.name.as_str() {
        "domain" => Role::Domain,
        "bar-formats" => Role::BarFormats,
        "repository-contract" => Role::Contract,
        "postgres-fixture" => Role::Fixture,
        "postgres-cluster" => Role::Cluster,
        "app" => Role::App,
        "end-to-end" => Role::EndToEnd,
        "xtask" => Role::Xtask,
        _ => Role::Adapter,
    }
}

/// The arrows from one member to the others.
fn inside(graph: &Graph, from: &Crate) -> Vec<Violation> {
    let members = graph.direct(from).filter(|(to, _)| to.is_member);
    let broken = members.filter_map(|(to, kind)| {
        let (rule, remedy) = broken_rule(role(from), role(to), kind)?;
        Some(Violation {
            path: vec![from.name.clone(), to.name.clone()],
            kind,
            rule,
            remedy,
        })
    });
    broken.collect()
}

/// The rule that such an arrow breaks, and what to do instead; none when it is allowed.
fn broken_rule(from: Role, to: Role, kind: Kind) -> Option<(&'static str, &'static str)> {
    use Role::{Adapter, App, BarFormats, Cluster, Contract, Domain, EndToEnd, Fixture, Xtask};
    match (from, to) {
        // what each may know
        (Adapter | App | EndToEnd, Domain | BarFormats) | (BarFormats | Contract, Domain) => None,
        (App | EndToEnd, Adapter) | (EndToEnd, App) => None,
        (Adapter, Contract) if kind == Kind::Dev => None,
        (Adapter | App, Fixture | Cluster) if kind == Kind::Dev => None,
        (EndToEnd, Fixture | Cluster) | (Fixture, Adapter | Cluster) | (Xtask, Cluster) => None,
        // and what not
        (Domain, _) => Some((
            "the domain depends on no crate of the workspace",
            "declare a port (a trait) in the domain, implement it in the other crate, and join the two in `app`",
        )),
        (_, Contract) => Some((
            "repository-contract is test support of the adapters",
            "take it under [dev-dependencies] of an adapter that implements the ports it tests, and nowhere else",
        )),
        (BarFormats | Contract, _) => Some((
            "bar-formats and repository-contract depend on the domain only",
            "move what they need into the domain, or pass it in as an argument",
        )),
        (Cluster, _) => Some((
            "postgres-cluster depends on no other crate, so that xtask may have it",
            "put what needs the other crate into postgres-fixture",
        )),
        (Xtask, _) => Some((
            "xtask depends on no other crate but postgres-cluster, so that it builds in seconds",
            "run the binary instead: `cargo run -p app -- …`",
        )),
        (_, Fixture | Cluster) => Some((
            "postgres-fixture and postgres-cluster are test support",
            "take them under [dev-dependencies], and nowhere else",
        )),
        (_, App | EndToEnd | Xtask) => Some((
            "nothing depends on the composition",
            "move what is shared to the crate whose subject it is; tests of the whole belong in `tests/`",
        )),
        (Fixture, _) => Some((
            "postgres-fixture knows the adapter whose schema it copies, and no more",
            "take both in the test that needs them",
        )),
        (Adapter, Adapter) => Some((
            "adapters do not know each other",
            "let both meet at a port of the domain and join them in `app`; what readers of files share is bar-formats",
        )),
    }
}

/// What the domain must not reach.
fn pure(graph: &Graph, domain: &Crate) -> Vec<Violation> {
    let outside = ways(graph, domain, &[Kind::Normal], |name| matches_any(OUTSIDE, name)).into_iter();
    let outside = outside.map(|path| Violation {
        path,
        kind: Kind::Normal,
        rule: "the domain does no I/O",
        remedy: "put the work behind a port and do it in an adapter; tests may have it under [dev-dependencies]",
    });
    let edge = graph
        .direct(domain)
        .filter(|(to, kind)| *kind != Kind::Dev && matches_any(EDGE, &to.name));
    let edge = edge.map(|(to, kind)| Violation {
        path: vec![domain.name.clone(), to.name.clone()],
        kind,
        rule: "the domain knows no wire format, command line or untyped error",
        remedy: "map to domain types at the edge of the crate that speaks the format",
    });
    outside.chain(edge).collect()
}

/// The unwanted libraries in the graph, each with the shortest way in which a member reaches it.
fn unwanted(graph: &Graph) -> Vec<Violation> {
    let found = UNWANTED.iter().filter_map(|&(unwanted, remedy)| {
        let kinds = [Kind::Normal, Kind::Dev, Kind::Build];
        let ways = graph
            .members()
            .flat_map(|member| ways(graph, member, &kinds, |name| name == unwanted));
        let path = ways.min_by_key(Vec::len)?;
        Some(Violation {
            path,
            kind: Kind::Normal,
            rule: "a plain C compiler is all that the build needs",
            remedy,
        })
    });
    found.collect()
}

/// The shortest way from a crate to each one that `is_end`, over arrows of these kinds; no way leads on from an end.
fn ways(graph: &Graph, from: &Crate, kinds: &[Kind], is_end: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut queue = VecDeque::from([(from, vec![from.name.clone()])]);
    while let Some((here, way)) = queue.pop_front() {
        for arrow in here.arrows.iter().filter(|arrow| kinds.contains(&arrow.kind)) {
            let Some(next) = graph.crates.get(&arrow.to) else {
                continue;
            };
            if !seen.insert(&arrow.to) {
                continue;
            }
            let way: Vec<_> = way.iter().chain([&next.name]).cloned().collect();
            if is_end(&next.name) {
                found.push(way);
            } else {
                queue.push_back((next, way));
            }
        }
    }
    found
}

fn matches_any(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *pattern,
    })
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Normal => "",
            Kind::Dev => " (dev-dependency)",
            Kind::Build => " (build-dependency)",
        };
        writeln!(f, "{}{kind}: {}", self.path.join(" → "), self.rule)?;
        write!(f, "    instead: {}", self.remedy)
    }
}
