//! What Grafana makes of a query before it is asked: variables and macros become text.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::time_range::{Range, shown};

/// What is chosen of a variable.
#[derive(Clone, Debug)]
pub(super) enum Chosen {
    /// Of a variable that has one value: it is put in as it is, with quotes doubled.
    One(String),
    /// Of a variable that may have several: a list of quoted texts.
    Several(Vec<String>),
}

/// The variables that a text uses, those of Grafana itself left out.
pub(super) fn variables_in(text: &str) -> Vec<String> {
    let names = uses(text).into_iter().map(|found| found.name.to_owned());
    names.filter(|name| !name.starts_with("__")).collect()
}

/// The query as the database gets it.
///
/// # Errors
/// When a variable has no value, or a macro is none of those that this project uses.
pub(super) fn expand(
    query: &str,
    chosen: &BTreeMap<String, Chosen>,
    range: Range,
    bucket: time::Duration,
) -> anyhow::Result<String> {
    let mut expanded = String::new();
    let mut behind = 0;
    for found in uses(query) {
        expanded.push_str(query.get(behind..found.start).unwrap_or_default());
        behind = found.end;
        match found.name {
            "__interval" => expanded.push_str(&shown(bucket)),
            "__interval_ms" => expanded.push_str(&bucket.whole_milliseconds().to_string()),
            "__timeFrom" | "__timeTo" | "__timeFilter" => {
                let rest = query.get(behind..).unwrap_or_default();
                let close = rest.find(')').filter(|_| rest.starts_with('('));
                let close = close.with_context(|| format!("${} is a macro: write ${}(…)", found.name, found.name))?;
                let column = rest.get(1..close).unwrap_or_default().trim();
                behind += close + 1;
                let (from, to) = (literal(range.from)?, literal(range.to)?);
                match found.name {
                    "__timeFrom" => expanded.push_str(&from),
                    "__timeTo" => expanded.push_str(&to),
                    // Grafana ends the argument at the first parenthesis.
                    _ if column.is_empty() || column.contains('(') => {
                        bail!("$__timeFilter takes a column without parentheses, not `{column}`")
                    }
                    _ => expanded.push_str(&format!("{column} BETWEEN {from} AND {to}")),
                }
            }
            macro_name if macro_name.starts_with("__") => bail!(
                "${macro_name} is not known here: use $__timeFrom(), $__timeTo(), $__timeFilter(column), $__interval or \
                 $__interval_ms"
            ),
            name => match chosen.get(name).with_context(|| format!("${name} has no value"))? {
                Chosen::One(value) => expanded.push_str(&value.replace('\'', "''")),
                Chosen::Several(values) => {
                    let quoted: Vec<_> = values
                        .iter()
                        .map(|value| format!("'{}'", value.replace('\'', "''")))
                        .collect();
                    expanded.push_str(&quoted.join(","));
                }
            },
        }
    }
    expanded.push_str(query.get(behind..).unwrap_or_default());
    Ok(expanded)
}

fn literal(instant: OffsetDateTime) -> anyhow::Result<String> {
    Ok(format!("'{}'", instant.format(&Rfc3339)?))
}

/// One `$name` or `${name:format}`.
struct Use<'a> {
    name: &'a str,
    start: usize,
    end: usize,
}

fn uses(text: &str) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (start, _) in text.match_indices('$') {
        let rest = text.get(start + 1..).unwrap_or_default();
        let (inside, braces) = match rest.strip_prefix('{') {
            Some(inside) => (inside, true),
            None => (rest, false),
        };
        let length = inside.find(|c| !is_word(c)).unwrap_or(inside.len());
        let name = inside.get(..length).unwrap_or_default();
        let end = if braces {
            rest.find('}').map_or(text.len(), |close| start + 1 + close + 1)
        } else {
            start + 1 + length
        };
        if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            found.push(Use { name, start, end });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    fn expanded(query: &str) -> anyhow::Result<String> {
        let chosen = BTreeMap::from([
            ("symbol".to_owned(), Chosen::One("O'Neil".to_owned())),
            (
                "symbols".to_owned(),
                Chosen::Several(vec!["A".to_owned(), "B'".to_owned()]),
            ),
        ]);
        let range = Range {
            from: datetime!(2014-06-01 0:00 UTC),
            to: datetime!(2014-07-01 0:00 UTC),
        };
        expand(query, &chosen, range, Duration::hours(1))
    }

    #[track_caller]
    fn check(query: &str, expected: &str) {
        assert_eq!(expanded(query).unwrap(), expected);
    }

    #[test]
    fn variables_become_their_values() {
        check("= '$symbol'", "= 'O''Neil'");
        check("IN (${symbols:sqlstring})", "IN ('A','B''')");
        check("no variable costs 5$", "no variable costs 5$");
    }

    #[test]
    fn macros_become_times_and_buckets() {
        check("$__timeFrom()::timestamptz", "'2014-06-01T00:00:00Z'::timestamptz");
        check(
            "$__timeFilter(b.at) x",
            "b.at BETWEEN '2014-06-01T00:00:00Z' AND '2014-07-01T00:00:00Z' x",
        );
        check("'$__interval_ms milliseconds' $__interval", "'3600000 milliseconds' 1h");
    }

    #[test]
    fn what_would_not_work_is_told() {
        for (query, told) in [
            ("$nobody", "$nobody has no value"),
            ("$__timeGroup(at, 1h)", "$__timeGroup is not known here"),
            ("$__timeFrom", "$__timeFrom is a macro"),
            ("$__timeFilter(lower(at))", "without parentheses"),
        ] {
            let error = expanded(query).unwrap_err().to_string();
            assert!(error.contains(told), "{query}: {error}");
        }
    }

    #[test]
    fn the_variables_of_a_text_are_found() {
        assert_eq!(variables_in("$a ${b:csv} $__interval '$1' $c_d."), ["a", "b", "c_d"]);
    }
}
