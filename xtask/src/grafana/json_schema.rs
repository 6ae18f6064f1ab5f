//! JSON Schema draft 7, as much of it as Grafana's schemas use; a keyword that is not known here is an error.

use anyhow::{Context, bail};
use serde_json::{Map, Value};

/// Keywords that forbid nothing.
const WORDS: [&str; 7] = [
    "$schema",
    "definitions",
    "default",
    "deprecated",
    "description",
    "format",
    "title",
];

/// A schema with what its references point to.
pub(super) struct Schema<'a> {
    definitions: &'a Map<String, Value>,
    /// Whether a missing field is a mistake: Grafana fills the options of a panel with their defaults.
    requires: bool,
}

impl<'a> Schema<'a> {
    /// The `definitions` of a document.
    ///
    /// # Errors
    /// When it has none.
    pub(super) fn of(document: &'a Value, requires: bool) -> anyhow::Result<Self> {
        let definitions = document.get("definitions").and_then(Value::as_object);
        Ok(Self {
            definitions: definitions.context("the schema has no `definitions`")?,
            requires,
        })
    }

    pub(super) fn defines(&self, name: &str) -> bool {
        self.definitions.contains_key(name)
    }

    /// Everything in `value` that the definition of that name forbids, as `/path: why`.
    ///
    /// # Errors
    /// When the schema itself says something that is not known here.
    pub(super) fn violations(&self, name: &str, value: &Value) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        self.check(self.definition(name)?, value, "", &mut found)?;
        Ok(found)
    }

    fn definition(&self, name: &str) -> anyhow::Result<&'a Value> {
        self.definitions
            .get(name)
            .with_context(|| format!("the schema does not define {name}"))
    }

    fn check(&self, schema: &'a Value, value: &Value, path: &str, found: &mut Vec<String>) -> anyhow::Result<()> {
        let Some(rules) = schema.as_object() else {
            bail!("`{schema}` is no schema");
        };
        for (keyword, rule) in rules {
            match keyword.as_str() {
                "$ref" => {
                    let name = rule.as_str().and_then(|text| text.strip_prefix("#/definitions/"));
                    self.check(
                        self.definition(name.context("a `$ref` leads elsewhere")?)?,
                        value,
                        path,
                        found,
                    )?;
                }
                "type" if !is_of_type(rule, value)? => found.push(format!("{path}: {} is not {rule}", short(value))),
                "enum" if !list(rule)?.contains(value) => {
                    found.push(format!("{path}: {} is none of {}", short(value), short(rule)));
                }
                "const" if rule != value => found.push(format!("{path}: {} is not {rule}", short(value))),
                "minLength" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                    if !is_within(keyword, rule, value)? {
                        found.push(format!("{path}: {} breaks {keyword} {rule}", short(value)));
                    }
                }
                "allOf" => {
                    for all in list(rule)? {
                        self.check(all, value, path, found)?;
                    }
                }
                // `oneOf` stands in these schemas for a union of types that overlap, so that more than one may hold.
                "anyOf" | "oneOf" => self.check_any(list(rule)?, value, path, found)?,
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, item, &format!("{path}/{index}"), found)?;
                    }
                }
                "required" if self.requires => {
                    let missing = list(rule)?.iter().filter_map(Value::as_str);
                    let missing =
                        missing.filter(|name| value.as_object().is_some_and(|object| !object.contains_key(*name)));
                    found.extend(missing.map(|name| format!("{path}: `{name}` is missing")));
                }
                "properties" | "additionalProperties" | "required" | "type" | "enum" | "const" => {}
                known if WORDS.contains(&known) || known.starts_with("x-") => {}
                unknown => bail!("the schema uses `{unknown}`, which xtask/src/grafana/json_schema.rs does not know"),
            }
        }
        if let Some(object) = value.as_object() {
            self.check_fields(rules, object, path, found)?;
        }
        Ok(())
    }

    fn check_any(&self, any: &'a [Value], value: &Value, path: &str, found: &mut Vec<String>) -> anyhow::Result<()> {
        let mut closest: Option<Vec<String>> = None;
        for one in any {
            let mut mistakes = Vec::new();
            self.check(one, value, path, &mut mistakes)?;
            if closest.as_ref().is_none_or(|closest| mistakes.len() < closest.len()) {
                closest = Some(mistakes);
            }
        }
        found.extend(closest.into_iter().flatten());
        Ok(())
    }

    fn check_fields(
        &self,
        rules: &'a Map<String, Value>,
        object: &Map<String, Value>,
        path: &str,
        found: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        let known = rules.get("properties").and_then(Value::as_object);
        for (name, value) in object {
            let path = format!("{path}/{name}");
            match (
                known.and_then(|known| known.get(name)),
                rules.get("additionalProperties"),
            ) {
                (Some(rule), _) if is_anything(rule) => {}
                (Some(rule), _) => self.check(rule, value, &path, found)?,
                (None, Some(Value::Bool(false))) => found.push(format!("{path}: is not known")),
                (None, Some(rest)) if rest.is_object() => self.check(rest, value, &path, found)?,
                (None, _) => {}
            }
        }
        Ok(())
    }
}

/// An object of anything is how these schemas write `any`, also where Grafana itself has texts and numbers.
fn is_anything(rule: &Value) -> bool {
    let is_object = rule.get("type").and_then(Value::as_str) == Some("object");
    is_object
        && rule.get("properties").is_none()
        && rule.get("additionalProperties") == Some(&Value::Object(Map::new()))
}

fn is_of_type(rule: &Value, value: &Value) -> anyhow::Result<bool> {
    Ok(match rule.as_str().context("`type` is no text")? {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => bail!("`{other}` is no type"),
    })
}

fn is_within(keyword: &str, rule: &Value, value: &Value) -> anyhow::Result<bool> {
    let limit = rule.as_f64().with_context(|| format!("`{keyword}` is no number"))?;
    if keyword == "minLength" {
        let least = usize::try_from(rule.as_u64().context("`minLength` is no count")?)?;
        return Ok(value.as_str().is_none_or(|text| text.chars().count() >= least));
    }
    Ok(value.as_f64().is_none_or(|number| match keyword {
        "minimum" => number >= limit,
        "maximum" => number <= limit,
        "exclusiveMinimum" => number > limit,
        _ => number < limit,
    }))
}

fn list(rule: &Value) -> anyhow::Result<&[Value]> {
    rule.as_array()
        .map(Vec::as_slice)
        .context("the schema has no list where one belongs")
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(rule: Value, value: Value, expected: &[&str]) {
        let document = json!({ "definitions": { "It": rule, "Colour": { "enum": ["red", "green"] } } });
        let told = Schema::of(&document, true).unwrap().violations("It", &value).unwrap();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_a_schema_forbids_is_told_with_its_path() {
        let object = || {
            json!({ "type": "object", "required": ["a"], "additionalProperties": false,
            "properties": { "a": { "type": "array", "items": { "$ref": "#/definitions/Colour" } } } })
        };
        check(object(), json!({ "a": ["red"] }), &[]);
        check(
            object(),
            json!({ "a": ["blue"] }),
            &[r#"/a/0: "blue" is none of ["red","green"]"#],
        );
        check(object(), json!({}), &[": `a` is missing"]);
        check(object(), json!({ "a": [], "b": 1 }), &["/b: is not known"]);
        check(object(), json!(7), &[r#": 7 is not "object""#]);
    }

    #[test]
    fn numbers_and_lengths_have_limits() {
        check(
            json!({ "type": "integer", "exclusiveMaximum": 12 }),
            json!(12),
            &[": 12 breaks exclusiveMaximum 12"],
        );
        check(json!({ "minimum": 0, "maximum": 1 }), json!(0.5), &[]);
        check(json!({ "minLength": 1 }), json!(""), &[r#": "" breaks minLength 1"#]);
        check(json!({ "type": "integer" }), json!(1.5), &[r#": 1.5 is not "integer""#]);
    }

    #[test]
    fn of_alternatives_one_has_to_hold() {
        let either = || json!({ "anyOf": [{ "type": "null" }, { "$ref": "#/definitions/Colour" }] });
        check(either(), json!(null), &[]);
        check(either(), json!("green"), &[]);
        check(either(), json!(1), &[r#": 1 is not "null""#]);
    }

    #[test]
    fn an_object_of_anything_is_anything() {
        let any =
            json!({ "type": "object", "properties": { "value": { "type": "object", "additionalProperties": {} } } });
        check(any, json!({ "value": "text" }), &[]);
    }

    #[test]
    fn a_keyword_that_is_not_known_is_an_error() {
        let document = json!({ "definitions": { "It": { "uniqueItems": true } } });
        let schema = Schema::of(&document, true).unwrap();
        assert!(
            schema
                .violations("It", &json!([]))
                .unwrap_err()
                .to_string()
                .contains("uniqueItems")
        );
    }
}
