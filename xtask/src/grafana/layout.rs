//! What can be told of a dashboard without asking anything: names, references, places on the grid.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::dashboard::{Dashboard, asks, datasource, list, text};
use super::expand::variables_in;

/// The model that current versions of Grafana write.
const SCHEMA_VERSION: u64 = 42;
/// Of Grafana itself, always there.
const BUILT_IN: &str = "-- Grafana --";
const COLUMNS: i64 = 24;

/// Every mistake, as `file: what`.
pub(super) fn mistakes(dashboards: &[Dashboard], datasources: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for field in ["uid", "title"] {
        let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for dashboard in dashboards {
            files
                .entry(text(&dashboard.json, field))
                .or_default()
                .push(&dashboard.file);
        }
        for (value, files) in files.iter().filter(|(_, files)| files.len() > 1) {
            found.push(format!(
                "{}: {field} `{value}` is used more than once",
                files.join(", ")
            ));
        }
    }
    for dashboard in dashboards {
        let mine = of_one(dashboard, datasources);
        found.extend(mine.into_iter().map(|mistake| format!("{}: {mistake}", dashboard.file)));
    }
    found
}

fn of_one(dashboard: &Dashboard, datasources: &BTreeSet<String>) -> Vec<String> {
    let mut found = head(dashboard);
    let mut ids = BTreeSet::new();
    for panel in dashboard.panels() {
        let Some(id) = panel.get("id").and_then(Value::as_u64) else {
            found.push(format!(
                "panel {:?} has no id: give it a number of its own",
                text(panel, "title")
            ));
            continue;
        };
        if !ids.insert(id) {
            found.push(format!("panel id {id} is used more than once"));
        }
        found.extend(
            of_panel(panel)
                .into_iter()
                .map(|mistake| format!("panel {id}: {mistake}")),
        );
    }
    found.extend(overlaps(list(&dashboard.json, "panels")));
    for (at, source) in references(dashboard) {
        if source != BUILT_IN && !datasources.contains(source) {
            let known: Vec<_> = datasources.iter().map(String::as_str).collect();
            found.push(format!(
                "{at}: data source `{source}` is not provisioned; there are {}",
                known.join(", ")
            ));
        }
    }
    found.extend(unknown_variables(dashboard));
    found
}

fn head(dashboard: &Dashboard) -> Vec<String> {
    let json = &dashboard.json;
    let mut found = Vec::new();
    let uid = dashboard.uid();
    let is_uid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if uid.is_empty() || uid.len() > 40 || !uid.chars().all(is_uid) {
        found.push(format!(
            "uid `{uid}`: 1 to 40 letters, digits, `-` and `_` are needed, so that links stay"
        ));
    }
    for field in ["title", "description"] {
        if text(json, field).trim().is_empty() {
            found.push(format!("{field} is empty"));
        }
    }
    if json.get("schemaVersion").and_then(Value::as_u64) != Some(SCHEMA_VERSION) {
        found.push(format!("schemaVersion is not {SCHEMA_VERSION}"));
    }
    if json.get("id").is_some_and(|id| !id.is_null()) {
        found.push("id belongs to one Grafana: leave it out".to_owned());
    }
    if json.get("__inputs").is_some() || json.to_string().contains("${DS_") {
        found.push(
            "placeholders of an export (`__inputs`, `${DS_…}`) do not work in a provisioned dashboard".to_owned(),
        );
    }
    found
}

fn of_panel(panel: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if !asks(panel) {
        return found;
    }
    for field in ["title", "description"] {
        if text(panel, field).trim().is_empty() {
            found.push(format!("{field} is empty: say what is seen"));
        }
    }
    if panel.get("libraryPanel").is_some() {
        found.push("a library panel lives in one Grafana: write it out".to_owned());
    }
    let targets = list(panel, "targets");
    if targets.is_empty() {
        found.push("asks nothing: give it a target".to_owned());
    }
    let refs: BTreeSet<_> = targets.iter().map(|target| text(target, "refId")).collect();
    if refs.len() < targets.len() || refs.contains("") {
        found.push("each target needs a refId of its own".to_owned());
    }
    if targets
        .iter()
        .any(|target| datasource(target).or_else(|| datasource(panel)).is_none())
    {
        found.push("names no data source".to_owned());
    }
    if panel.pointer("/fieldConfig/defaults/unit").is_none() && text(panel, "type") != "table" {
        found.push("has no unit".to_owned());
    }
    found
}

/// Left, top, right and bottom on the grid, the last two exclusive.
type Place = (i64, i64, i64, i64);

/// `None` when that is no place on the grid.
fn place(panel: &Value) -> Option<Place> {
    let grid = panel.get("gridPos")?;
    let side = |name| grid.get(name).and_then(Value::as_i64);
    let (x, y, w, h) = (side("x")?, side("y")?, side("w")?, side("h")?);
    let (right, bottom) = (x.checked_add(w)?, y.checked_add(h)?);
    (x >= 0 && y >= 0 && w > 0 && h > 0 && right <= COLUMNS).then_some((x, y, right, bottom))
}

fn overlaps(panels: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let mut placed: Vec<(&Value, Place)> = Vec::new();
    for panel in panels {
        let Some(mine) = place(panel) else {
            found.push(format!(
                "panel {:?} is not within the {COLUMNS} columns of the grid",
                text(panel, "title")
            ));
            continue;
        };
        for (other, theirs) in &placed {
            if mine.0 < theirs.2 && theirs.0 < mine.2 && mine.1 < theirs.3 && theirs.1 < mine.3 {
                found.push(format!(
                    "panels {:?} and {:?} overlap",
                    text(other, "title"),
                    text(panel, "title")
                ));
            }
        }
        placed.push((panel, mine));
    }
    found
}

/// Every data source that is named, with where.
fn references(dashboard: &Dashboard) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for panel in dashboard.panels() {
        let at = format!("panel {:?}", text(panel, "title"));
        let all = std::iter::once(panel).chain(list(panel, "targets"));
        found.extend(all.filter_map(datasource).map(|source| (at.clone(), source)));
    }
    for named in dashboard.variables().iter().chain(dashboard.annotations()) {
        found.extend(datasource(named).map(|source| (text(named, "name").to_owned(), source)));
    }
    found
}

fn unknown_variables(dashboard: &Dashboard) -> Vec<String> {
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for variable in dashboard.variables() {
        let name = text(variable, "name");
        let unknown = variables_in(text(variable, "query"))
            .into_iter()
            .filter(|used| !known.contains(used));
        found.extend(unknown.map(|used| format!("variable {name} uses ${used}, which is not defined before it")));
        if !known.insert(name.to_owned()) {
            found.push(format!("variable {name} is there more than once"));
        }
    }
    for query in dashboard.queries() {
        let unknown = variables_in(query.text)
            .into_iter()
            .filter(|used| !known.contains(used));
        found.extend(unknown.map(|used| format!("{}: ${used} is not defined", query.at)));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sound() -> Value {
        let source = json!({ "type": "grafana-postgresql-datasource", "uid": "pg" });
        json!({
            "uid": "one", "title": "One", "description": "First.", "schemaVersion": 42,
            "templating": { "list": [{ "name": "symbol", "type": "query", "query": "SELECT 1", "datasource": source }] },
            "panels": [{
                "id": 1, "type": "stat", "title": "Last", "description": "The last.", "datasource": source,
                "gridPos": { "x": 0, "y": 0, "w": 12, "h": 4 }, "fieldConfig": { "defaults": { "unit": "none" } },
                "targets": [{ "refId": "A", "datasource": source, "format": "table", "rawSql": "SELECT '$symbol'" }],
            }],
        })
    }

    /// The mistakes of the sound dashboard after a change at one place.
    fn after(pointer: &str, value: Value) -> Vec<String> {
        let mut json = sound();
        if let Some(place) = json.pointer_mut(pointer) {
            *place = value;
        } else {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            json.pointer_mut(parent)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .insert(name.to_owned(), value);
        }
        let file = "one.json".to_owned();
        mistakes(&[Dashboard { file, json }], &BTreeSet::from(["pg".to_owned()]))
    }

    #[track_caller]
    fn check(pointer: &str, value: Value, expected: &str) {
        let told = after(pointer, value);
        assert!(
            told.iter().any(|mistake| mistake.contains(expected)),
            "{pointer}: {told:?}"
        );
    }

    #[test]
    fn a_sound_dashboard_has_no_mistake() {
        assert_eq!(after("/version", json!(1)), [""; 0]);
    }

    #[test]
    fn each_mistake_is_told() {
        check("/uid", json!("a b"), "uid `a b`");
        check("/title", json!(" "), "title is empty");
        check("/schemaVersion", json!(36), "schemaVersion is not 42");
        check("/id", json!(7), "belongs to one Grafana");
        check("/__inputs", json!([]), "placeholders");
        check("/panels/0/id", json!(null), "has no id");
        check("/panels/0/description", json!(""), "description is empty");
        check("/panels/0/targets", json!([]), "asks nothing");
        check("/panels/0/targets/0/refId", json!(""), "refId of its own");
        check("/panels/0/gridPos/w", json!(25), "24 columns");
        check("/panels/0/fieldConfig", json!({}), "no unit");
        check(
            "/panels/0/targets/0/datasource/uid",
            json!("other"),
            "`other` is not provisioned; there are pg",
        );
        check(
            "/panels/0/targets/0/rawSql",
            json!("SELECT '${nobody:csv}'"),
            "$nobody is not defined",
        );
        check(
            "/templating/list/0/query",
            json!("SELECT '$symbol'"),
            "not defined before it",
        );
    }

    #[test]
    fn panels_that_overlap_and_ids_that_repeat_are_told() {
        let mut panels = sound().get("panels").cloned().unwrap();
        let again = panels.get(0).cloned().unwrap();
        panels.as_array_mut().unwrap().push(again);
        check("/panels", panels.clone(), "overlap");
        check("/panels", panels, "id 1 is used more than once");
    }

    #[test]
    fn two_files_with_one_uid_are_told() {
        let one = |file: &str| Dashboard {
            file: file.to_owned(),
            json: sound(),
        };
        let told = mistakes(&[one("a.json"), one("b.json")], &BTreeSet::from(["pg".to_owned()]));
        assert_eq!(
            told.first().unwrap(),
            "a.json, b.json: uid `one` is used more than once"
        );
    }
}
