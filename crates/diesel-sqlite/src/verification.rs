//! Care for the store: is it there, and does it keep its own rules?

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::Text;
use domain::{
    AssetClass, Bar, BarField, BarValues, Interval, PriceRepositoryError, SeriesKey, StoreCare, Timestamp,
    Verification, Violation,
};

use crate::SqliteStore;
use crate::market_price::PriceFailure;
use crate::market_price::rows::bar_key;
use crate::schema::{bar_revisions, bars, instruments, series};
use crate::series::{SeriesRow, key_of};

/// How many broken rules are told.
const MOST: usize = 1_000;

#[async_trait]
impl StoreCare for SqliteStore {
    async fn ping(&self) -> Result<(), PriceRepositoryError> {
        self.read(|connection| {
            let _none: Option<i64> = instruments::table
                .select(instruments::id)
                .first(connection)
                .optional()?;
            Ok(())
        })
        .await
    }

    async fn verify(&self) -> Result<Verification, PriceRepositoryError> {
        self.read(verify).await
    }
}

/// Goes through everything in one read transaction, row by row, so that memory stays flat.
fn verify(connection: &mut SqliteConnection) -> Result<Verification, PriceFailure> {
    let mut report = Report::default();
    let all: Vec<(SeriesRow, String)> = series::table
        .inner_join(instruments::table.on(instruments::id.eq(series::instrument_id)))
        .order((series::instrument_id, series::interval))
        .select((SeriesRow::as_select(), instruments::asset_class))
        .load(connection)?;
    for (row, class) in all {
        report.found.series += 1;
        let Ok(key) = key_of::<PriceRepositoryError>(row.instrument_id, &row.interval) else {
            report.broken("interval", format!("series {}/{}", row.instrument_id, row.interval));
            continue;
        };
        // An unknown class is told by reading the instrument; here it only must not hide what else is wrong.
        let class = class.parse().unwrap_or(AssetClass::Future);
        bars_of(connection, &row, key, class, &mut report)?;
        revisions_of(connection, &row, key, class, &mut report)?;
    }
    for (rule, query) in RULES {
        let lines: Vec<Line> = diesel::sql_query(*query).load(connection)?;
        for line in lines {
            report.broken(rule, line.detail);
        }
    }
    Ok(report.found)
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Rules that SQL sees at a glance; each query tells where its rule is broken.
const RULES: &[(&str, &str)] = &[
    (
        "integrity",
        "SELECT integrity_check AS detail FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    ),
    (
        "orphan",
        "SELECT 'a row of ' || \"table\" || ' refers to a missing row of ' || parent AS detail \
         FROM pragma_foreign_key_check LIMIT 1000",
    ),
    (
        "journal_lines",
        "SELECT 'series ' || s.instrument_id || '/' || s.interval || ' has version ' || s.version || ' and ' \
         || count(j.id) || ' journal lines, to version ' || ifnull(max(j.version), 0) AS detail \
         FROM series s LEFT JOIN journal j USING (instrument_id, interval) GROUP BY s.instrument_id, s.interval \
         HAVING count(j.id) <> s.version OR ifnull(max(j.version), 0) <> s.version LIMIT 1000",
    ),
    (
        "stamps_grow",
        "SELECT 'journal line ' || id || ' is stamped no later than the one before it' AS detail FROM (SELECT id, \
         changed_at, lag(changed_at) OVER (PARTITION BY instrument_id, interval ORDER BY version) AS former FROM journal) \
         WHERE changed_at <= former LIMIT 1000",
    ),
    (
        "catalogue_updated_at",
        "SELECT 'series ' || s.instrument_id || '/' || s.interval || ' was updated at ' || s.updated_at || \
         ' µs, before its last change at ' || max(j.changed_at) || ' µs' AS detail FROM series s JOIN journal j \
         USING (instrument_id, interval) GROUP BY s.instrument_id, s.interval HAVING max(j.changed_at) > s.updated_at \
         LIMIT 1000",
    ),
    (
        "belief_periods",
        "SELECT 'revision of bar ' || r.instrument_id || '/' || r.interval || ' at ' || r.opened_at || ' µs ends at ' \
         || r.believed_until || ' µs, after the current bar began at ' || b.recorded_at || ' µs' AS detail \
         FROM bar_revisions r JOIN bars b USING (instrument_id, interval, opened_at) \
         WHERE r.believed_until > b.recorded_at LIMIT 1000",
    ),
    (
        "provisional_beside_final",
        "SELECT 'bar ' || p.instrument_id || '/' || p.interval || ' at ' || p.opened_at || ' µs is both provisional and \
         final' AS detail FROM provisional_bars p JOIN bars b USING (instrument_id, interval, opened_at) LIMIT 1000",
    ),
    (
        "coverage_overlap",
        "SELECT 'coverage of ' || instrument_id || '/' || interval || ' by source ' || source_id || ' from ' \
         || range_start || ' µs begins within the range before it' AS detail FROM (SELECT *, lag(range_end) OVER previous \
         AS former_end, lag(answered_at) OVER previous AS former_answer FROM coverage WINDOW previous AS (PARTITION BY \
         instrument_id, interval, source_id ORDER BY range_start)) \
         WHERE range_start < former_end OR (range_start = former_end AND answered_at = former_answer) LIMIT 1000",
    ),
    (
        "action_periods",
        "SELECT kind || ' of instrument ' || instrument_id || ' on ' || ex_date || ' was believed in two ways at ' \
         || believed_from || ' µs' AS detail FROM (SELECT *, lag(believed_until) OVER (PARTITION BY instrument_id, kind, \
         ex_date ORDER BY believed_from) AS former FROM corporate_action_revisions) \
         WHERE believed_from < former OR believed_until <= believed_from LIMIT 1000",
    ),
];

#[derive(Default)]
struct Report {
    found: Verification,
}

impl Report {
    fn broken(&mut self, rule: &'static str, detail: String) {
        if self.found.violations.len() < MOST {
            self.found.violations.push(Violation { rule, detail });
        }
    }
}

/// A bar as text, to be compared with how the number prints.
#[derive(Queryable)]
struct TextRow {
    opened_at: i64,
    /// Open, high, low and close.
    prices: (String, String, String, String),
    volume: String,
    trade_count: Option<i64>,
    vwap: Option<String>,
    /// `recorded_at` of bars, `believed_from` of revisions.
    since: i64,
}

macro_rules! text_of {
    ($table:ident, $since:ident) => {
        (
            $table::opened_at,
            ($table::open, $table::high, $table::low, $table::close),
            $table::volume,
            $table::trade_count,
            $table::vwap,
            $table::$since,
        )
    };
}

impl TextRow {
    fn broken_rule(&self, key: SeriesKey, class: AssetClass, grid: Grid) -> Option<(&'static str, String)> {
        let of_bar = |rule, what: String| Some((rule, format!("{}: {what}", bar_key(key, self.opened_at))));
        let values = match self.values() {
            Ok(values) => values,
            Err(what) => return of_bar("decimal_text", what),
        };
        let opened_at = values.opened_at;
        match Bar::new(values, class) {
            Err(error) => of_bar("bar", error.to_string()),
            Ok(_) if !grid.holds(opened_at) => of_bar("grid", format!("opens off the grid of {} bars", key.interval)),
            Ok(_) => None,
        }
    }

    fn values(&self) -> Result<BarValues, String> {
        fn exact<T>(field: BarField, text: &str) -> Result<T, String>
        where
            T: std::str::FromStr<Err = domain::DecimalError> + std::fmt::Display,
        {
            let number: T = text.parse().map_err(|error| format!("{field}: {error}"))?;
            if number.to_string() == text {
                Ok(number)
            } else {
                Err(format!("{field}: `{text}` is written `{number}`"))
            }
        }
        let (open, high, low, close) = &self.prices;
        Ok(BarValues {
            opened_at: Timestamp::from_unix_micros(self.opened_at).map_err(|error| error.to_string())?,
            open: exact(BarField::Open, open)?,
            high: exact(BarField::High, high)?,
            low: exact(BarField::Low, low)?,
            close: exact(BarField::Close, close)?,
            volume: exact(BarField::Volume, &self.volume)?,
            trade_count: self.trade_count.map(i64::cast_unsigned),
            vwap: self
                .vwap
                .as_deref()
                .map(|text| exact(BarField::Vwap, text))
                .transpose()?,
        })
    }
}

/// Where bars of a series may open.
#[derive(Clone, Copy)]
struct Grid {
    interval: Interval,
    minutes_past_hour: i64,
}

impl Grid {
    fn holds(self, opened_at: Timestamp) -> bool {
        let minute = time::Duration::minutes(1);
        match self.interval.intraday_length() {
            None => opened_at.is_midnight() && self.interval.period_start(opened_at.date()) == opened_at.date(),
            // Four-hour bars of a session count from its opening, so only their minute is known.
            Some(length) if length >= time::Duration::hours(1) => opened_at
                .checked_add(-minute * i32::try_from(self.minutes_past_hour).unwrap_or(0))
                .is_some_and(|on_the_hour| on_the_hour.floor(time::Duration::hours(1)) == on_the_hour),
            Some(length) => opened_at.floor(length) == opened_at,
        }
    }
}

fn bars_of(
    connection: &mut SqliteConnection,
    row: &SeriesRow,
    key: SeriesKey,
    class: AssetClass,
    report: &mut Report,
) -> Result<(), PriceFailure> {
    let grid = Grid {
        interval: key.interval,
        minutes_past_hour: row.minutes_past_hour,
    };
    let (mut first, mut last, mut count) = (None, None, 0_i64);
    let rows = bars::table
        .filter(bars::instrument_id.eq(row.instrument_id))
        .filter(bars::interval.eq(&row.interval))
        .order(bars::opened_at)
        .select(text_of!(bars, recorded_at))
        .load_iter::<TextRow, _>(connection)?;
    for bar in rows {
        let bar = bar?;
        first = first.or(Some(bar.opened_at));
        last = Some(bar.opened_at);
        count += 1;
        if let Some((rule, detail)) = bar.broken_rule(key, class, grid) {
            report.broken(rule, detail);
        }
        if bar.since > row.updated_at {
            let detail = format!("{} is stamped after its series", bar_key(key, bar.opened_at));
            report.broken("catalogue_updated_at", detail);
        }
    }
    report.found.bars += u64::try_from(count).unwrap_or(0);
    if row.bar_count != count {
        let detail = format!("series {key} says {} bars and has {count}", row.bar_count);
        report.broken("catalogue_count", detail);
    }
    if (row.first_opened_at, row.last_opened_at) != (first, last) {
        report.broken(
            "catalogue_bounds",
            format!("series {key} names other first and last bars than it has"),
        );
    }
    Ok(())
}

fn revisions_of(
    connection: &mut SqliteConnection,
    row: &SeriesRow,
    key: SeriesKey,
    class: AssetClass,
    report: &mut Report,
) -> Result<(), PriceFailure> {
    let grid = Grid {
        interval: key.interval,
        minutes_past_hour: row.minutes_past_hour,
    };
    let rows = bar_revisions::table
        .filter(bar_revisions::instrument_id.eq(row.instrument_id))
        .filter(bar_revisions::interval.eq(&row.interval))
        .order((bar_revisions::opened_at, bar_revisions::believed_from))
        .select((text_of!(bar_revisions, believed_from), bar_revisions::believed_until))
        .load_iter::<(TextRow, i64), _>(connection)?;
    let mut former: Option<(i64, i64)> = None;
    for revision in rows {
        let (bar, until) = revision?;
        report.found.revisions += 1;
        if let Some((rule, detail)) = bar.broken_rule(key, class, grid) {
            report.broken(rule, format!("revision of {detail}"));
        }
        let overlaps = former.is_some_and(|(opened_at, until)| opened_at == bar.opened_at && bar.since < until);
        if overlaps || until <= bar.since {
            let detail = format!(
                "revision of {} is believed from {} µs to {until} µs, which is empty or overlaps the one before",
                bar_key(key, bar.opened_at),
                bar.since
            );
            report.broken("belief_periods", detail);
        }
        former = Some((bar.opened_at, until));
    }
    Ok(())
}
