//! How the server finds what the dashboards ask for when there are many bars: never by reading the table from end to end.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Client;

use super::dashboard::Dashboard;
use super::expand::{Chosen, expand};
use super::live::{DATABASE, answer, choose};
use super::time_range::{Range, length};
use crate::terminal;

/// Daily bars of one made-up instrument: twenty years.
const BARS_OF_ONE: i64 = 5_000;
/// As many instruments as a person would compare.
const MOST_COMPARED: usize = 8;
/// Tables that grow with the bars.
const LARGE: [&str; 2] = ["bars", "bar_revisions"];

/// What a query took.
pub(super) struct Timing {
    pub(super) at: String,
    pub(super) took: Duration,
    pub(super) rows: usize,
}

/// Fills an empty, migrated database with so many daily bars of made-up stocks up to today; every fiftieth restated, and
/// two dividends a year and a split for each.
///
/// # Errors
/// When the server does not take them.
pub(super) async fn fill(client: &Client, bars: i64) -> anyhow::Result<()> {
    let instruments = (bars / BARS_OF_ONE).max(1);
    let of_one = bars / instruments;
    let sql = format!(
        "BEGIN;
         INSERT INTO sources (name) VALUES ('made-up');
         INSERT INTO instruments (symbol, symbol_upper, name, search_key, asset_class, exchange, currency, calendar, active, created_at, updated_at)
         SELECT 'SYM' || n, 'SYM' || n, 'Made-up ' || n, 'sym' || n, 'stock', 'XNAS', 'USD', 'XNAS', true, now(), now()
         FROM generate_series(1, {instruments}) n;
         INSERT INTO series (instrument_id, \"interval\", basis, minutes_past_hour, gives_volume, first_opened_at, last_opened_at, bar_count,
                             version, partial_version, last_source_id, created_at, updated_at)
         SELECT id, '1d', 'raw', 0, true, date_trunc('day', now(), 'UTC') - ({of_one} - 1) * interval '1 day',
                date_trunc('day', now(), 'UTC'), {of_one}, 1, 0, 1, now(), now()
         FROM instruments;
         INSERT INTO bars (instrument_id, opened_at, recorded_at, source_id, \"interval\", open, high, low, close, volume)
         SELECT i.id, d, now(), 1, '1d', p, p + 1.25, p - 1.25, p + 0.5, 1000000 + (n * 7919 + i.id * 104729) % 500000
         FROM instruments i
         CROSS JOIN LATERAL (
             SELECT n, date_trunc('day', now(), 'UTC') - n * interval '1 day' AS d,
                    round((100 + 20 * sin(n / 97.0 + i.id) + 3 * sin(n * 1.7 + i.id))::numeric, 2) AS p
             FROM generate_series({of_one} - 1, 0, -1) n) b;
         INSERT INTO bar_revisions (instrument_id, opened_at, believed_from, believed_until, source_id, \"interval\", kind, open, high, low, close, volume)
         SELECT instrument_id, opened_at, opened_at, recorded_at, source_id, \"interval\", 'restated', open, high, low, close, volume + 1
         FROM bars WHERE extract(epoch FROM opened_at)::bigint / 86400 % 50 = 0;
         INSERT INTO corporate_actions (instrument_id, kind, ex_date, amount, currency, source_id, recorded_at)
         SELECT id, 'dividend', current_date - n * 182, 0.25, 'USD', 1, now() FROM instruments, generate_series(1, 38) n;
         INSERT INTO corporate_actions (instrument_id, kind, ex_date, new_shares, old_shares, source_id, recorded_at)
         SELECT id, 'split', current_date - 2000, 2, 1, 1, now() FROM instruments;
         INSERT INTO discrepancies (instrument_id, opened_at, noticed_at, source_id, \"interval\", value_key, open, high, low, close, volume)
         SELECT instrument_id, opened_at, recorded_at, 1, '1d', 'made-up', open, high, low, close + 0.01, volume
         FROM bars WHERE opened_at > now() - interval '3 days';
         COMMIT;"
    );
    client.batch_execute(&sql).await.context("cannot make the bars")?;
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

/// Asks every SQL query of every dashboard for its own range and for twenty years; told are the queries that read a large
/// table from end to end, by the plan or by the server's count of it, and how long each took.
///
/// # Errors
/// When a query fails.
pub(super) async fn examine(
    dashboards: &[Dashboard],
    client: &Client,
    now: OffsetDateTime,
) -> anyhow::Result<(Vec<String>, Vec<Timing>)> {
    let (mut mistakes, mut timings) = (Vec::new(), Vec::new());
    for dashboard in dashboards {
        let own = dashboard.json.get("time").context("has no `time`")?;
        let own = Range::parse(
            own.get("from").and_then(Value::as_str).unwrap_or_default(),
            own.get("to").and_then(Value::as_str).unwrap_or_default(),
            now,
        )?;
        for range in [own, Range::parse("now-20y", "now", now)?] {
            // What the file has chosen is of the demo: the first of each instead.
            let chosen = choose(&without_choice(dashboard), range, client, 0).await;
            let (mut chosen, _) = chosen.with_context(|| dashboard.file.clone())?;
            for several in chosen.values_mut() {
                if let Chosen::Several(values) = several {
                    values.truncate(MOST_COMPARED);
                }
            }
            for query in dashboard
                .queries()
                .into_iter()
                .filter(|query| query.datasource == DATABASE)
            {
                let at = format!(
                    "{} {}, {} days",
                    dashboard.file,
                    query.at,
                    (range.to - range.from).whole_days()
                );
                let bucket = range.bucket(query.points, length(query.shortest)?);
                let sql = expand(query.text, &chosen, range, bucket)?;
                if let Some(table) = planned(client, &sql).await.with_context(|| at.clone())? {
                    mistakes.push(format!("{at}: the plan reads {table} from end to end"));
                }
                let before = scans(client).await?;
                let started = Instant::now();
                let rows = answer(client, &sql).await.with_context(|| at.clone())?.len();
                timings.push(Timing {
                    at: at.clone(),
                    took: started.elapsed(),
                    rows,
                });
                if scans(client).await? > before {
                    mistakes.push(format!("{at}: a function reads a table of bars from end to end"));
                }
            }
        }
    }
    Ok((mistakes, timings))
}

/// Seen to fail: a query that does read the table is told, else the examination is worth nothing.
///
/// # Errors
/// When it is not told.
pub(super) async fn prove(client: &Client) -> anyhow::Result<()> {
    let all = "SELECT sum(volume) FROM market_views.bars";
    let before = scans(client).await?;
    answer(client, all).await?;
    if planned(client, all).await?.is_none() || scans(client).await? == before {
        bail!("a query that reads all bars was not told");
    }
    Ok(())
}

fn without_choice(dashboard: &Dashboard) -> Dashboard {
    let mut json = dashboard.json.clone();
    let variables = json.pointer_mut("/templating/list").and_then(Value::as_array_mut);
    for variable in variables.into_iter().flatten().filter_map(Value::as_object_mut) {
        if variable.get("type").is_some_and(|of| of == "query") {
            variable.remove("current");
        }
    }
    Dashboard {
        file: dashboard.file.clone(),
        json,
    }
}

/// A large table that the plan reads from end to end.
async fn planned(client: &Client, sql: &str) -> anyhow::Result<Option<String>> {
    let lines = client.simple_query(&format!("EXPLAIN (FORMAT JSON) {sql}")).await?;
    let text: String = lines
        .into_iter()
        .filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect();
    let plan: Value = serde_json::from_str(&text).context("EXPLAIN gave no JSON")?;
    Ok(scanned(&plan))
}

fn scanned(plan: &Value) -> Option<String> {
    match plan {
        Value::Array(items) => items.iter().find_map(scanned),
        Value::Object(node) => {
            let is_scan = node.get("Node Type").is_some_and(|of| of == "Seq Scan");
            let table = node
                .get("Relation Name")
                .and_then(Value::as_str)
                .filter(|name| is_scan && LARGE.contains(name));
            table.map(str::to_owned).or_else(|| node.values().find_map(scanned))
        }
        _ => None,
    }
}

/// How often this session has read a large table from end to end, functions included.
async fn scans(client: &Client) -> anyhow::Result<i64> {
    // In one transaction with the query the count would be at once; a session tells it when it is asked to.
    client.batch_execute("SELECT pg_stat_force_next_flush()").await?;
    let sql =
        "SELECT coalesce(sum(seq_scan), 0)::bigint FROM pg_stat_user_tables WHERE relname IN ('bars', 'bar_revisions')";
    Ok(client.query_one(sql, &[]).await?.get(0))
}

/// The slowest, for people.
pub(super) fn tell(timings: &[Timing], most: usize) {
    let mut slowest: Vec<&Timing> = timings.iter().collect();
    slowest.sort_by_key(|timing| std::cmp::Reverse(timing.took));
    for Timing { at, took, rows } in slowest.into_iter().take(most) {
        terminal::say(format_args!("{:>7} ms {rows:>6} rows  {at}", took.as_millis()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scan_anywhere_in_a_plan_is_found() {
        let plan = |kind: &str, table: &str| json!([{ "Plan": { "Node Type": "Sort", "Plans": [{ "Node Type": kind, "Relation Name": table }] } }]);
        assert_eq!(scanned(&plan("Seq Scan", "bars")), Some("bars".to_owned()));
        assert_eq!(scanned(&plan("Index Scan", "bars")), None);
        assert_eq!(scanned(&plan("Seq Scan", "sources")), None);
    }
}
