//! Queries of Prometheus: whether `promtool` reads them, and whether the program has the metrics that they name.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::dashboard::Dashboard;
use crate::terminal;

/// The data source of the panels about the service.
const PROMETHEUS: &str = "sentinel-prometheus";
/// The name before which a metric of ours begins.
const OURS: [&str; 2] = ["sentinel_", "process_"];
/// What Prometheus makes of a histogram.
const HISTOGRAM: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Every mistake in the queries and the alert rules.
///
/// # Errors
/// When the sources cannot be read, or there is no metric in them.
pub(super) fn mistakes(dashboards: &[Dashboard], rules: &Path, root: &Path) -> anyhow::Result<Vec<String>> {
    let mut known = BTreeSet::new();
    collect(&root.join("crates"), &mut known)?;
    if known.is_empty() {
        bail!("no metric is named in crates/: `\"sentinel_…\"` in the source");
    }
    let mut found = Vec::new();
    let mut queries = Vec::new();
    for dashboard in dashboards {
        for query in dashboard
            .queries()
            .into_iter()
            .filter(|query| query.datasource == PROMETHEUS)
        {
            found.extend(
                unknown(query.text, &known)
                    .into_iter()
                    .map(|name| format!("{} {}: the program has no metric `{name}`", dashboard.file, query.at)),
            );
            queries.push((format!("{} {}", dashboard.file, query.at), plain(query.text)));
        }
    }
    let text = fs::read_to_string(rules).with_context(|| format!("cannot read {}", rules.display()))?;
    found.extend(
        unknown(&text, &known)
            .into_iter()
            .map(|name| format!("{}: the program has no metric `{name}`", rules.display())),
    );
    found.extend(unread(&queries)?);
    Ok(found)
}

/// The query with what Grafana puts in.
fn plain(query: &str) -> String {
    query
        .replace("$__rate_interval", "1m")
        .replace("$__interval", "15s")
        .replace("$__range", "1h")
}

/// Names of metrics in a text that are none of ours.
fn unknown(text: &str, known: &BTreeSet<String>) -> BTreeSet<String> {
    names(text)
        .into_iter()
        .filter(|name| {
            let of_histogram = HISTOGRAM.iter().find_map(|end| name.strip_suffix(end));
            !known.contains(name) && !of_histogram.is_some_and(|base| known.contains(base))
        })
        .collect()
}

fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    words
        .filter(|word| OURS.iter().any(|ours| word.starts_with(ours)))
        .map(str::to_owned)
        .collect()
}

/// What promtool does not read; it reads rules, so each query becomes one.
fn unread(queries: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    let has_promtool = Command::new("promtool")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !has_promtool.is_ok_and(|status| status.success()) {
        terminal::warn(
            "not run: PromQL is read by promtool, which is not installed (Debian: apt-get install prometheus)",
        );
        return Ok(Vec::new());
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("queries.yml");
    let mut found = Vec::new();
    for (at, query) in queries {
        let mut rules = String::from("groups:\n  - name: queries\n    rules:\n");
        // JSON is YAML, and quotes as it has to be.
        let quoted = serde_json::to_string(query)?;
        write!(rules, "      - record: query\n        expr: {quoted}\n")?;
        fs::write(&file, rules)?;
        let done = Command::new("promtool").args(["check", "rules"]).arg(&file).output()?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let why = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            found.push(format!("{at}: promtool does not read `{query}`: {}", why.trim()));
        }
    }
    terminal::warn(format_args!("prometheus: {} queries read by promtool", queries.len()));
    Ok(found)
}

/// Names of metrics in quotes, in the sources of the program.
fn collect(folder: &Path, known: &mut BTreeSet<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, known)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            for ours in OURS {
                let opening = format!("\"{ours}");
                let quoted = text.split(&opening).skip(1).filter_map(|rest| rest.split_once('"'));
                known.extend(quoted.map(|(rest, _)| format!("{ours}{rest}")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_the_program_lacks_is_told() {
        let known = BTreeSet::from(["sentinel_a_total".to_owned(), "sentinel_b_seconds".to_owned()]);
        let check = |query: &str, expected: &[&str]| {
            assert_eq!(
                unknown(query, &known),
                expected.iter().map(|name| (*name).to_owned()).collect(),
                "{query}"
            );
        };
        check("rate(sentinel_a_total[1m]) / sentinel_b_seconds_bucket", &[]);
        check(r#"sentinel_a{by="sentinel_b_seconds"}"#, &["sentinel_a"]);
        check(
            "process_x and sentinel_b_seconds_max",
            &["process_x", "sentinel_b_seconds_max"],
        );
    }

    #[test]
    fn queries_that_promtool_does_not_read_are_told() {
        let queries = ["sum(up", "sum(up)"].map(|query| (query.to_owned(), query.to_owned()));
        let told = unread(&queries).unwrap();
        // Without promtool nothing is told, which the check says.
        assert!(
            told.is_empty() || matches!(told.as_slice(), [one] if one.contains("`sum(up`")),
            "{told:?}"
        );
    }
}
