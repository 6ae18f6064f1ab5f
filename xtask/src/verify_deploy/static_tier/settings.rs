//! Names of variables: what one file uses is what another explains.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::{Bench, files, files_below, read, required, shown};
use super::compose::{COMPOSE, ENVIRONMENT};
use super::none_or;
use super::verdict::Outcome;
use crate::workspace;

/// Every variable of the Compose file is in its example, and every one of the example is used.
pub(super) fn compose_variables(_bench: &Bench) -> Outcome {
    let used = interpolated(&read(&required(COMPOSE)?)?);
    let explained = assigned(&read(&required(ENVIRONMENT)?)?);
    let unexplained = used.difference(&explained);
    let unused = explained.difference(&used);
    let faults = unexplained
        .map(|name| format!("{COMPOSE} uses ${{{name}}}, which {ENVIRONMENT} does not explain"))
        // Compose itself reads these.
        .chain(
            unused
                .filter(|name| !name.starts_with("COMPOSE_"))
                .map(|name| format!("{ENVIRONMENT} explains {name}, which {COMPOSE} does not use")),
        );
    none_or(faults.collect(), format!("{} variables", used.len()))
}

/// Every variable of ours that documents and deployments name is one that `.env.example` explains.
pub(super) fn names(_bench: &Bench) -> Outcome {
    let known = ours(&read(&required(".env.example")?)?);
    let mut places = vec![required("README.md")?];
    places.extend(files("docs", &[".md"])?);
    places.extend(files_below(
        &workspace::root().join("deploy"),
        &[".yaml", ".yml", ".tpl", ".md", ".txt", ".sh", "Dockerfile", ".service"],
    )?);
    places.extend(files_below(&workspace::root().join(".github"), &[".yml"])?);
    let mut unknown: BTreeMap<String, String> = BTreeMap::new();
    let mut named = BTreeSet::new();
    for place in &places {
        for name in ours(&read(place)?) {
            if !is_known(&name, &known) {
                unknown.entry(name.clone()).or_insert_with(|| shown(place));
            }
            named.insert(name);
        }
    }
    let faults = unknown
        .into_iter()
        .map(|(name, place)| format!("{place} names {name}, which .env.example does not: the program would refuse it"));
    none_or(
        faults.collect(),
        format!("{} names in {} files", named.len(), places.len()),
    )
}

fn is_known(name: &str, known: &BTreeSet<String>) -> bool {
    let of_a_file = name.strip_suffix("_FILE").is_some_and(|base| known.contains(base));
    known.contains(name) || of_a_file || name.starts_with("SENTINEL_GROUPS__")
}

/// `${NAME}`, `${NAME:-default}`, `$NAME`; not `$$NAME`, and nothing in comments.
fn interpolated(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once('$') {
            if let Some(escaped) = after.strip_prefix('$') {
                rest = escaped;
                continue;
            }
            let name = leading_name(after.strip_prefix('{').unwrap_or(after));
            if !name.is_empty() {
                found.insert(name.to_owned());
            }
            rest = after;
        }
    }
    found
}

/// `NAME=value`, also when it is commented out because the value is the default: `#NAME=value`.
fn assigned(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(|line| line.strip_prefix('#').unwrap_or(line));
    lines
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| !name.is_empty() && leading_name(name) == *name)
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// `SENTINEL_SECTION__NAME`: every setting has a section, and what has none is not a setting but a name of our own.
fn ours(text: &str) -> BTreeSet<String> {
    let starts = text
        .match_indices("SENTINEL_")
        .filter_map(|(start, _)| text.get(start..));
    starts
        .map(leading_name)
        .filter(|name| name.contains("__") && !name.ends_with('_'))
        .map(str::to_owned)
        .collect()
}

fn leading_name(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let name = text.get(..end).unwrap_or_default();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: BTreeSet<String>) -> Vec<String> {
        names.into_iter().collect()
    }

    #[test]
    fn variables_of_compose_are_found_and_escaped_ones_are_not() {
        let text = "# ${COMMENT}\nimage: ${IMAGE:-sentinel}:${TAG:?say it}\ntest: echo $$HOME $PORT costs 5$\n";
        assert_eq!(list(interpolated(text)), ["IMAGE", "PORT", "TAG"]);
    }

    #[test]
    fn commented_defaults_count_as_explained_and_prose_does_not() {
        let text = "# Prose with a = sign.\nPORT=1\n#TAG=\n# such as A=b\n";
        assert_eq!(list(assigned(text)), ["PORT", "TAG"]);
    }

    #[test]
    fn a_setting_that_there_is_not_is_found() {
        let known = ours("#SENTINEL_DATABASE__URL=x\n#SENTINEL_LOG__LEVEL=info\n");
        let named = ours(
            "SENTINEL_LOG__LEVEL=debug SENTINEL_DATABASE__URL_FILE SENTINEL_LOG_LEVL SENTINEL_LOGS__LEVEL `SENTINEL_PROVIDERS__`",
        );
        let unknown: Vec<_> = named.iter().filter(|name| !is_known(name, &known)).collect();
        assert_eq!(unknown, ["SENTINEL_LOGS__LEVEL"]);
        assert!(is_known("SENTINEL_GROUPS__TECH", &known));
        assert!(!is_known("SENTINEL_LOG__LEVEL_FILES", &known));
    }
}
