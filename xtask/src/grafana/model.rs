//! Dashboards against Grafana's own JSON Schemas, which `grafana/schema` holds.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::dashboard::{Dashboard, text};
use super::json_schema::Schema;

/// Everything that the schemas forbid, as `file: where: what`.
///
/// # Errors
/// When a schema cannot be read, or says something that is not known here.
pub(super) fn violations(dashboards: &[Dashboard], folder: &Path) -> anyhow::Result<Vec<String>> {
    let document = read(&folder.join("dashboard.jsonschema.json"))?;
    let schema = Schema::of(&document, true)?;
    let mut found = Vec::new();
    for dashboard in dashboards {
        let mut told = schema.violations("Dashboard", &without(&dashboard.json, "panels"))?;
        for panel in dashboard.panels() {
            let at = format!("panel {:?} ", text(panel, "title"));
            let kind = if text(panel, "type") == "row" {
                "RowPanel"
            } else {
                "Panel"
            };
            let mut mine = schema.violations(kind, panel)?;
            mine.extend(of_options(panel, folder)?);
            told.extend(mine.into_iter().map(|violation| at.clone() + &violation));
        }
        found.extend(
            told.into_iter()
                .map(|violation| format!("{}: {violation}", dashboard.file)),
        );
    }
    Ok(found)
}

/// What belongs to one kind of panel: its options, and what it adds to each field.
fn of_options(panel: &Value, folder: &Path) -> anyhow::Result<Vec<String>> {
    let file = folder.join(format!("{}.jsonschema.json", text(panel, "type")));
    if !file.exists() {
        return Ok(Vec::new());
    }
    let document = read(&file)?;
    let schema = Schema::of(&document, false)?;
    let mut found = Vec::new();
    for (name, pointer) in [("Options", "/options"), ("FieldConfig", "/fieldConfig/defaults/custom")] {
        if let Some(value) = panel.pointer(pointer).filter(|_| schema.defines(name)) {
            let told = schema.violations(name, value)?;
            found.extend(told.into_iter().map(|violation| format!("{pointer}{violation}")));
        }
    }
    Ok(found)
}

fn without(json: &Value, field: &str) -> Value {
    let mut json = json.clone();
    if let Some(object) = json.as_object_mut() {
        object.remove(field);
    }
    json
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::root;

    #[test]
    fn a_dashboard_that_grafana_would_not_know_is_told() {
        let json = json!({
            "title": 7, "schemaVersion": 42, "templating": { "list": [] }, "annotations": { "list": [] }, "colour": "red",
            "panels": [{ "type": "candlestick", "title": "Candles", "options": { "candleStyle": "sticks" } }],
        });
        let file = "broken.json".to_owned();
        let mut told = violations(&[Dashboard { file, json }], &root().join("grafana/schema")).unwrap();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                "broken.json: /colour: is not known",
                r#"broken.json: /title: 7 is not "string""#,
                r#"broken.json: panel "Candles" /options/candleStyle: "sticks" is none of ["candles","ohlcbars"]"#,
            ]
        );
    }
}
