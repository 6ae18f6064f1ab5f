//! Every query of a dashboard against a database, as Grafana would ask it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::dashboard::{Dashboard, datasource, list, text};
use super::expand::{Chosen, expand};
use super::time_range::{Range, length};

/// The data source of the SQL panels.
pub(super) const DATABASE: &str = "sentinel-postgresql";

/// Panels that may be empty in some range, each with the reason.
const MAY_BE_EMPTY: [(&str, &str); 0] = [];

/// At most so many choices of the variables are tried.
const MOST_TURNS: usize = 12;

/// What the check saw.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) asked: usize,
    pub(super) mistakes: Vec<String>,
    /// Annotations that had something to show in some range.
    shown: BTreeSet<String>,
    annotations: BTreeSet<String>,
}

impl Seen {
    /// The mistakes, with annotations that showed nothing in any range.
    pub(super) fn all_mistakes(mut self) -> Vec<String> {
        let silent = self.annotations.difference(&self.shown);
        self.mistakes
            .extend(silent.map(|at| format!("{at} shows nothing in any range")));
        self.mistakes
    }
}

/// The ranges that a dashboard is asked for: its own, and two that its folder has data in.
///
/// # Errors
/// When its own is none.
pub(super) fn ranges(dashboard: &Dashboard, now: OffsetDateTime) -> anyhow::Result<[Range; 3]> {
    let own = dashboard.json.get("time").context("has no `time`")?;
    let is_market = list(&dashboard.json, "tags").iter().any(|tag| tag == "market");
    let [second, third] = if is_market {
        // All of the demo's stocks; a month with a split in it.
        [
            ("1998-01-01T00:00:00Z", "2021-04-01T00:00:00Z"),
            ("2014-06-01T00:00:00Z", "2014-07-01T00:00:00Z"),
        ]
    } else {
        [("now-7d", "now"), ("now-1y", "now")]
    };
    Ok([
        Range::parse(text(own, "from"), text(own, "to"), now)?,
        Range::parse(second.0, second.1, now)?,
        Range::parse(third.0, third.1, now)?,
    ])
}

/// Asks everything in one range: with the first choice of each variable nothing may be empty, with the others nothing may
/// fail.
pub(super) async fn ask(dashboard: &Dashboard, range: Range, client: &Client, seen: &mut Seen) {
    let mut turn = 0;
    loop {
        let (chosen, turns) = match choose(dashboard, range, client, turn).await {
            Ok(chosen) => chosen,
            Err(error) => {
                seen.mistakes.push(format!("{}: {error:#}", dashboard.file));
                return;
            }
        };
        for query in dashboard
            .queries()
            .into_iter()
            .filter(|query| query.datasource == DATABASE)
        {
            let at = format!("{} {}", dashboard.file, query.at);
            seen.asked += 1;
            let outcome = async {
                let bucket = range.bucket(query.points, length(query.shortest.trim_start_matches('>'))?);
                answer(client, &expand(query.text, &chosen, range, bucket)?).await
            };
            let told = match outcome.await {
                Err(error) => Err(format!("{error:#}")),
                Ok(answer) => answer
                    .shape(query.is_time_series || query.panel.is_none())
                    .map(|()| answer.is_empty()),
            };
            let may_be_empty = |panel: &String| turn > 0 || MAY_BE_EMPTY.iter().any(|(allowed, _)| allowed == panel);
            match (told, &query.panel) {
                (Err(why), _) => seen
                    .mistakes
                    .push(format!("{at}, {} to {}: {why}", range.from, range.to)),
                (Ok(true), Some(panel)) if !may_be_empty(panel) => {
                    seen.mistakes
                        .push(format!("{at}, {} to {}: shows nothing", range.from, range.to));
                }
                (Ok(empty), None) => {
                    if !empty {
                        seen.shown.insert(at.clone());
                    }
                    seen.annotations.insert(at);
                }
                _ => {}
            }
        }
        turn += 1;
        if turn >= turns.min(MOST_TURNS) {
            return;
        }
    }
}

/// A value for each variable, and how many turns try every option: the current ones first, then one after the other.
pub(super) async fn choose(
    dashboard: &Dashboard,
    range: Range,
    client: &Client,
    turn: usize,
) -> anyhow::Result<(BTreeMap<String, Chosen>, usize)> {
    let mut chosen = BTreeMap::new();
    let mut turns = 1;
    for variable in dashboard.variables() {
        let name = text(variable, "name");
        let options = options(variable, &chosen, range, client)
            .await
            .with_context(|| format!("variable {name}"))?;
        if options.is_empty() {
            bail!("variable {name} has no option");
        }
        let current = variable.pointer("/current/value");
        let may_be_several = flag(variable, "multi") || flag(variable, "includeAll");
        let value = if may_be_several {
            let current: Vec<String> = current
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(as_text)
                .collect();
            let is_all = current.is_empty() || turn > 0;
            let gone = current.iter().find(|value| !options.contains(value));
            if let Some(gone) = gone {
                bail!("variable {name}: `{gone}` is chosen and is none of its options");
            }
            Chosen::Several(if is_all { options } else { current })
        } else {
            turns = turns.max(options.len() + 1);
            let current = current.and_then(Value::as_str).filter(|_| turn == 0);
            if let Some(gone) = current.filter(|current| !options.iter().any(|option| option == current)) {
                bail!("variable {name}: `{gone}` is chosen and is none of its options");
            }
            let nth = options.iter().cycle().nth(turn.saturating_sub(1)).cloned();
            Chosen::One(current.map(str::to_owned).or(nth).unwrap_or_default())
        };
        chosen.insert(name.to_owned(), value);
    }
    Ok((chosen, turns))
}

async fn options(
    variable: &Value,
    chosen: &BTreeMap<String, Chosen>,
    range: Range,
    client: &Client,
) -> anyhow::Result<Vec<String>> {
    match text(variable, "type") {
        "custom" => Ok(text(variable, "query")
            .split(',')
            .map(|option| {
                option
                    .rsplit_once(" : ")
                    .map_or(option, |(_, value)| value)
                    .trim()
                    .to_owned()
            })
            .filter(|option| !option.is_empty())
            .collect()),
        "query" if datasource(variable) == Some(DATABASE) => {
            let sql = expand(
                text(variable, "query"),
                chosen,
                range,
                range.bucket(1_000, time::Duration::ZERO),
            )?;
            let answer = answer(client, &sql).await?;
            let column = answer
                .columns
                .iter()
                .position(|(name, _)| name == "__value")
                .unwrap_or(0);
            Ok(answer
                .rows
                .into_iter()
                .filter_map(|row| row.into_iter().nth(column).flatten())
                .collect())
        }
        other => bail!("type `{other}` is not known here"),
    }
}

fn flag(value: &Value, field: &str) -> bool {
    value.get(field).and_then(Value::as_bool).unwrap_or(false)
}

fn as_text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| *text != "$__all").map(str::to_owned)
}

/// What the database answered.
#[derive(Debug)]
pub(super) struct Answer {
    columns: Vec<(String, Type)>,
    rows: Vec<Vec<Option<String>>>,
}

/// Asks once.
///
/// # Errors
/// What the database says of the query.
pub(super) async fn answer(client: &Client, sql: &str) -> anyhow::Result<Answer> {
    let said = |error: tokio_postgres::Error| {
        let message = error.as_db_error().map(ToString::to_string);
        anyhow::Error::new(error).context(message.unwrap_or_default())
    };
    let statement = client.prepare(sql).await.map_err(said)?;
    let columns = statement
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), column.type_().clone()));
    let columns: Vec<_> = columns.collect();
    let messages = client.simple_query(sql).await.map_err(said)?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect()),
        _ => None,
    });
    Ok(Answer {
        columns,
        rows: rows.collect(),
    })
}

impl Answer {
    /// How many rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// No row, or nothing in any row but times and names.
    fn is_empty(&self) -> bool {
        let is_value = |index: &usize| self.columns.get(*index).is_some_and(|(_, of)| is_number(of));
        let values: Vec<usize> = (0..self.columns.len()).filter(is_value).collect();
        let any = |row: &Vec<Option<String>>, index: usize| row.get(index).is_some_and(Option::is_some);
        self.rows.iter().all(|row| {
            let columns = if values.is_empty() { 0..self.columns.len() } else { 0..0 };
            !columns.chain(values.iter().copied()).any(|index| any(row, index))
        })
    }

    /// What Grafana would refuse or draw wrongly.
    fn shape(&self, is_time_series: bool) -> Result<(), String> {
        let names: BTreeSet<_> = self.columns.iter().map(|(name, _)| name).collect();
        if names.len() < self.columns.len() {
            return Err("two columns have one name".to_owned());
        }
        let time = self.columns.iter().position(|(name, _)| name == "time");
        let Some(time) = time else {
            return if is_time_series {
                Err("has no column `time`".to_owned())
            } else {
                Ok(())
            };
        };
        if self.columns.get(time).is_none_or(|(_, of)| *of != Type::TIMESTAMPTZ) {
            return Err("`time` is no timestamptz".to_owned());
        }
        let mut before: Option<&str> = None;
        for row in &self.rows {
            let Some(at) = row.get(time).and_then(Option::as_deref) else {
                return Err("a row has no time".to_owned());
            };
            // All in one zone, so in the order of their texts.
            if before.is_some_and(|before| before > at) {
                return Err("rows are not in the order of time".to_owned());
            }
            before = Some(at);
        }
        Ok(())
    }
}

fn is_number(of: &Type) -> bool {
    [
        Type::INT2,
        Type::INT4,
        Type::INT8,
        Type::FLOAT4,
        Type::FLOAT8,
        Type::NUMERIC,
    ]
    .contains(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(columns: &[(&str, Type)], rows: &[&[Option<&str>]]) -> Answer {
        Answer {
            columns: columns
                .iter()
                .map(|(name, of)| ((*name).to_owned(), of.clone()))
                .collect(),
            rows: rows
                .iter()
                .map(|row| row.iter().map(|cell| cell.map(str::to_owned)).collect())
                .collect(),
        }
    }

    #[test]
    fn a_panel_without_values_is_empty() {
        let columns = [("time", Type::TIMESTAMPTZ), ("value", Type::FLOAT8)];
        assert!(told(&columns, &[]).is_empty());
        assert!(told(&columns, &[&[Some("2014-06-09"), None]]).is_empty());
        assert!(!told(&columns, &[&[Some("2014-06-09"), Some("0")]]).is_empty());
        assert!(!told(&[("Error", Type::TEXT)], &[&[Some("x")]]).is_empty());
    }

    #[test]
    fn what_grafana_would_draw_wrongly_is_told() {
        let (time, value) = (("time", Type::TIMESTAMPTZ), ("value", Type::INT8));
        let check = |answer: Answer, expected: &str| assert_eq!(answer.shape(true).unwrap_err(), expected);
        check(told(std::slice::from_ref(&value), &[]), "has no column `time`");
        check(
            told(&[("time", Type::TEXT), value.clone()], &[]),
            "`time` is no timestamptz",
        );
        check(told(&[value.clone(), value.clone()], &[]), "two columns have one name");
        let columns = [time, value];
        check(told(&columns, &[&[None, Some("1")]]), "a row has no time");
        let back = told(
            &columns,
            &[&[Some("2014-06-10"), Some("1")], &[Some("2014-06-09"), Some("1")]],
        );
        check(back, "rows are not in the order of time");
        assert_eq!(told(&[("n", Type::INT8)], &[]).shape(false), Ok(()));
    }
}
