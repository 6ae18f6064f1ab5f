//! Rules that SQL sees at a glance.

use super::Report;
use crate::link::Link;
use crate::market_price::PriceFailure;

/// Looks for rows that refer to missing ones, then goes through the other rules.
pub(super) async fn check(link: &Link, report: &mut Report) -> Result<(), PriceFailure> {
    for reference in REFERENCES {
        find(link, "orphan", &reference.orphans(), report).await?;
    }
    for (rule, query) in RULES {
        find(link, rule, query, report).await?;
    }
    Ok(())
}

/// Reports each line of a query that tells where its rule is broken.
async fn find(link: &Link, rule: &'static str, query: &str, report: &mut Report) -> Result<(), PriceFailure> {
    for line in link.query_at_leisure(query).await? {
        report.broken(rule, line.try_get(0)?);
    }
    Ok(())
}

/// Columns that name a row of another table. Tables of bars have no foreign keys, and those of the others can have been
/// switched off while a backup was brought back.
struct Reference {
    table: &'static str,
    columns: &'static [&'static str],
    parent: &'static str,
    named: &'static [&'static str],
}

impl Reference {
    const fn to_series(table: &'static str) -> Self {
        Self {
            table,
            columns: &["instrument_id", "interval"],
            parent: "series",
            named: &["instrument_id", "interval"],
        }
    }

    const fn to_instrument(table: &'static str) -> Self {
        Self {
            table,
            columns: &["instrument_id"],
            parent: "instruments",
            named: &["id"],
        }
    }

    const fn to_source(table: &'static str) -> Self {
        Self {
            table,
            columns: &["source_id"],
            parent: "sources",
            named: &["id"],
        }
    }

    /// Tells each missing row once.
    fn orphans(&self) -> String {
        let Self { table, parent, .. } = self;
        let columns: Vec<String> = self.columns.iter().map(|column| format!("c.\"{column}\"")).collect();
        let same: Vec<String> = columns
            .iter()
            .zip(self.named)
            .map(|(column, named)| format!("p.\"{named}\" = {column}"))
            .collect();
        let present: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        format!(
            "SELECT 'the row ' || concat_ws('/', {keys}) || ' of {parent} is missing; rows of {table} that refer to it: ' \
             || count(*) FROM {table} c WHERE {present} AND NOT EXISTS (SELECT FROM {parent} p WHERE {same}) \
             GROUP BY {keys} ORDER BY {keys} LIMIT 1000",
            keys = columns.join(", "),
            present = present.join(" AND "),
            same = same.join(" AND "),
        )
    }
}

const REFERENCES: &[Reference] = &[
    Reference::to_instrument("provider_symbols"),
    Reference::to_instrument("series"),
    Reference {
        table: "series",
        columns: &["last_source_id"],
        parent: "sources",
        named: &["id"],
    },
    Reference::to_series("bars"),
    Reference::to_source("bars"),
    Reference::to_series("provisional_bars"),
    Reference::to_source("provisional_bars"),
    Reference::to_series("bar_revisions"),
    Reference::to_source("bar_revisions"),
    Reference::to_series("journal"),
    Reference::to_series("discrepancies"),
    Reference::to_source("discrepancies"),
    Reference::to_instrument("quarantine"),
    Reference::to_source("quarantine"),
    Reference::to_instrument("coverage"),
    Reference::to_source("coverage"),
    Reference::to_instrument("corporate_actions"),
    Reference::to_source("corporate_actions"),
    Reference::to_instrument("corporate_action_revisions"),
    Reference::to_source("corporate_action_revisions"),
    Reference::to_instrument("corporate_action_sources"),
    Reference::to_source("corporate_action_sources"),
    Reference::to_instrument("ingest_runs"),
    Reference::to_source("ingest_runs"),
    Reference {
        table: "ingest_request_runs",
        columns: &["run_id"],
        parent: "ingest_runs",
        named: &["id"],
    },
];

/// Each query tells where its rule is broken.
const RULES: &[(&str, &str)] = &[
    (
        "journal_lines",
        "SELECT 'series ' || s.instrument_id || '/' || s.interval || ' has version ' || s.version || ' and ' \
         || count(j.id) || ' journal lines, to version ' || coalesce(max(j.version), 0) \
         FROM series s LEFT JOIN journal j USING (instrument_id, interval) \
         GROUP BY s.instrument_id, s.interval, s.version \
         HAVING count(j.id) <> s.version OR coalesce(max(j.version), 0) <> s.version LIMIT 1000",
    ),
    (
        "stamps_grow",
        "SELECT 'journal line ' || id || ' is stamped no later than the one before it' FROM (SELECT id, changed_at, \
         lag(changed_at) OVER (PARTITION BY instrument_id, interval ORDER BY version) AS former FROM journal) AS lines \
         WHERE changed_at <= former LIMIT 1000",
    ),
    (
        "catalogue_updated_at",
        "SELECT 'series ' || s.instrument_id || '/' || s.interval || ' was updated at ' || s.updated_at || \
         ', before its last change at ' || max(j.changed_at) FROM series s JOIN journal j \
         USING (instrument_id, interval) GROUP BY s.instrument_id, s.interval, s.updated_at \
         HAVING max(j.changed_at) > s.updated_at LIMIT 1000",
    ),
    (
        "belief_periods",
        "SELECT 'revision of bar ' || r.instrument_id || '/' || r.interval || ' at ' || r.opened_at || ' ends at ' \
         || r.believed_until || ', after the current bar began at ' || b.recorded_at \
         FROM bar_revisions r JOIN bars b USING (instrument_id, interval, opened_at) \
         WHERE r.believed_until > b.recorded_at LIMIT 1000",
    ),
    (
        "provisional_beside_final",
        "SELECT 'bar ' || p.instrument_id || '/' || p.interval || ' at ' || p.opened_at || ' is both provisional and \
         final' FROM provisional_bars p JOIN bars b USING (instrument_id, interval, opened_at) LIMIT 1000",
    ),
    (
        "coverage_overlap",
        "SELECT 'coverage of ' || instrument_id || '/' || interval || ' by source ' || source_id || ' from ' \
         || range_start || ' begins within the range before it' FROM (SELECT *, lag(range_end) OVER previous \
         AS former_end, lag(answered_at) OVER previous AS former_answer FROM coverage WINDOW previous AS (PARTITION BY \
         instrument_id, interval, source_id ORDER BY range_start)) AS answers \
         WHERE range_start < former_end OR (range_start = former_end AND answered_at = former_answer) LIMIT 1000",
    ),
    (
        "action_periods",
        "SELECT kind || ' of instrument ' || instrument_id || ' on ' || ex_date || ' was believed in two ways at ' \
         || believed_from FROM (SELECT *, lag(believed_until) OVER (PARTITION BY instrument_id, kind, \
         ex_date ORDER BY believed_from) AS former FROM corporate_action_revisions) AS actions \
         WHERE believed_from < former OR believed_until <= believed_from LIMIT 1000",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orphans_are_told_once_for_each_missing_row() {
        assert_eq!(
            Reference::to_series("bars").orphans(),
            "SELECT 'the row ' || concat_ws('/', c.\"instrument_id\", c.\"interval\") || ' of series is missing; rows of \
             bars that refer to it: ' || count(*) FROM bars c WHERE c.\"instrument_id\" IS NOT NULL AND \
             c.\"interval\" IS NOT NULL AND NOT EXISTS (SELECT FROM series p WHERE p.\"instrument_id\" = \
             c.\"instrument_id\" AND p.\"interval\" = c.\"interval\") GROUP BY c.\"instrument_id\", c.\"interval\" \
             ORDER BY c.\"instrument_id\", c.\"interval\" LIMIT 1000"
        );
    }
}
