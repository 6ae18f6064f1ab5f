//! YAML as JSON values: anchors and merge keys resolved.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// The documents of a file; empty ones are left out.
///
/// # Errors
/// When the file cannot be read or is no YAML.
pub(super) fn documents(file: &Path) -> anyhow::Result<Vec<Value>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    parse(&text).with_context(|| format!("{} is no YAML", file.display()))
}

/// The one document of a file.
///
/// # Errors
/// When the file cannot be read, is no YAML, or holds none or several documents.
pub(super) fn document(file: &Path) -> anyhow::Result<Value> {
    let [document] = <[Value; 1]>::try_from(documents(file)?)
        .map_err(|found| anyhow::anyhow!("{} holds {} documents, not one", file.display(), found.len()))?;
    Ok(document)
}

/// The documents of a text; empty ones are left out.
///
/// # Errors
/// When it is no YAML.
pub(super) fn parse(text: &str) -> anyhow::Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// The text at a pointer such as `/metadata/name`; empty when there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items at a pointer; none when there is no list.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// Keys and values at a pointer; none when there is no map.
pub(super) fn entries<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_and_merge_keys_are_resolved() {
        let documents = parse("base: &base {a: 1, b: 2}\nfull:\n  <<: *base\n  b: 3\n---\n---\non: push\n").unwrap();
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[0].pointer("/full/a"), Some(&Value::from(1)));
        assert_eq!(documents[0].pointer("/full/b"), Some(&Value::from(3)));
        assert_eq!(text(&documents[1], "/on"), "push");
    }

    #[test]
    fn a_key_that_is_given_twice_is_refused() {
        assert!(parse("a: 1\na: 2\n").is_err());
    }
}
