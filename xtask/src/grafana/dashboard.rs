//! A dashboard as its file holds it: panels, queries, variables and annotations.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

/// Panels that ask nothing.
const WITHOUT_QUERY: [&str; 4] = ["row", "text", "dashlist", "alertlist"];

/// One file under `grafana/dashboards`.
pub(super) struct Dashboard {
    /// The name of the file, for messages.
    pub(super) file: String,
    pub(super) json: Value,
}

/// What asks a data source: a query of a panel, or an annotation.
pub(super) struct Query<'a> {
    /// For messages: `panel 7 "Candles" A`.
    pub(super) at: String,
    /// `uid:id` of its panel; none for an annotation.
    pub(super) panel: Option<String>,
    pub(super) datasource: &'a str,
    /// SQL, or a query of Prometheus.
    pub(super) text: &'a str,
    pub(super) is_time_series: bool,
    /// As many points as the panel asks for.
    pub(super) points: u32,
    /// The panel's shortest bucket, such as `1d`.
    pub(super) shortest: &'a str,
}

/// A field of an object as text; empty when there is none.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A field of an object as a list; empty when there is none.
pub(super) fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The uid of the data source that a panel, query, variable or annotation names; none when it names none.
pub(super) fn datasource(value: &Value) -> Option<&str> {
    value.get("datasource").map(|source| text(source, "uid"))
}

impl Dashboard {
    /// All of a folder and those below it, by name.
    ///
    /// # Errors
    /// When there is none, or one cannot be read or is not JSON.
    pub(super) fn all(folder: &Path) -> anyhow::Result<Vec<Self>> {
        let mut dashboards = Vec::new();
        for path in json_files(folder)? {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let json = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            dashboards.push(Self { file: name, json });
        }
        if dashboards.is_empty() {
            bail!("there is no dashboard (*.json) in {}", folder.display());
        }
        Ok(dashboards)
    }

    pub(super) fn uid(&self) -> &str {
        text(&self.json, "uid")
    }

    /// Panels in their order, those in collapsed rows too.
    pub(super) fn panels(&self) -> impl Iterator<Item = &Value> {
        list(&self.json, "panels")
            .iter()
            .flat_map(|panel| std::iter::once(panel).chain(list(panel, "panels")))
    }

    pub(super) fn variables(&self) -> &[Value] {
        self.json
            .get("templating")
            .map_or(&[], |templating| list(templating, "list"))
    }

    pub(super) fn annotations(&self) -> &[Value] {
        self.json
            .get("annotations")
            .map_or(&[], |annotations| list(annotations, "list"))
    }

    /// Every query of a panel and every annotation that asks a data source.
    pub(super) fn queries(&self) -> Vec<Query<'_>> {
        let mut queries = Vec::new();
        for panel in self.panels().filter(|panel| asks(panel)) {
            let id = panel.get("id").and_then(Value::as_u64).unwrap_or_default();
            let points = panel.get("maxDataPoints").and_then(Value::as_u64).unwrap_or(1_000);
            for target in list(panel, "targets") {
                let text_of = |field| target.get(field).and_then(Value::as_str);
                queries.push(Query {
                    at: format!("panel {id} {:?} {}", text(panel, "title"), text(target, "refId")),
                    panel: Some(format!("{}:{id}", self.uid())),
                    datasource: datasource(target).or_else(|| datasource(panel)).unwrap_or_default(),
                    text: text_of("rawSql").or_else(|| text_of("expr")).unwrap_or_default(),
                    is_time_series: text(target, "format") != "table",
                    points: u32::try_from(points).unwrap_or(u32::MAX),
                    shortest: text(panel, "interval"),
                });
            }
        }
        for annotation in self.annotations() {
            if let Some(target) = annotation.get("target") {
                queries.push(Query {
                    at: format!("annotation {:?}", text(annotation, "name")),
                    panel: None,
                    datasource: datasource(annotation).unwrap_or_default(),
                    text: text(target, "rawSql"),
                    is_time_series: false,
                    points: 1_000,
                    shortest: "",
                });
            }
        }
        queries
    }
}

/// Whether a panel has queries.
pub(super) fn asks(panel: &Value) -> bool {
    !WITHOUT_QUERY.contains(&text(panel, "type"))
}

fn json_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(json_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
