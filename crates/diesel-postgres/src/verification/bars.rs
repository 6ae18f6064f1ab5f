//! Bars and revisions, one by one in the order of their key.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{AssetClass, Bar, BarField, BarValues, Interval, SeriesKey, Timestamp};

use super::Report;
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::PriceFailure;
use crate::market_price::rows::{ValuesRow, bar_key, values_of};
use crate::numeric::Stored;
use crate::schema::{bar_revisions, bars};
use crate::series::SeriesRow;

/// How many rows are asked for at a time: a few megabytes, in much less time than a statement is given.
const CHUNK: usize = 5_000;

/// `-infinity`, which lies before every row.
const BEFORE_ALL: Micros = Micros(i64::MIN);

/// Values with `recorded_at`.
type BarRow = (ValuesRow, Micros);

/// Values with the period in which they were believed.
type RevisionRow = (ValuesRow, Micros, Micros);

/// What bars of a series have to keep to.
#[derive(Clone, Copy)]
struct Rules {
    key: SeriesKey,
    class: AssetClass,
    grid: Grid,
}

impl Rules {
    fn of(row: &SeriesRow, key: SeriesKey, class: AssetClass) -> Self {
        Self {
            key,
            class,
            grid: Grid {
                interval: key.interval,
                minutes_past_hour: row.minutes_past_hour,
            },
        }
    }

    fn broken_by(self, row: ValuesRow) -> Option<(&'static str, String)> {
        let stored_at = row.opened_at;
        let of_bar = |rule, what: String| Some((rule, format!("{}: {what}", bar_key(self.key, stored_at))));
        let values = match values(row) {
            Ok(values) => values,
            Err((rule, what)) => return of_bar(rule, what),
        };
        let opened_at = values.opened_at;
        match Bar::new(values, self.class) {
            Err(error) => of_bar("bar", error.to_string()),
            Ok(_) if !self.grid.holds(opened_at) => {
                of_bar("grid", format!("opens off the grid of {} bars", self.key.interval))
            }
            Ok(_) => None,
        }
    }
}

fn values(row: ValuesRow) -> Result<BarValues, (&'static str, String)> {
    fn readable<T>(field: BarField, stored: Stored<T>) -> Result<T, (&'static str, String)> {
        stored.0.map_err(|error| ("decimal", format!("{field}: {error}")))
    }
    Ok(BarValues {
        opened_at: Timestamp::from_unix_micros(row.opened_at.0).map_err(|error| ("instant", error.to_string()))?,
        open: readable(BarField::Open, row.open)?,
        high: readable(BarField::High, row.high)?,
        low: readable(BarField::Low, row.low)?,
        close: readable(BarField::Close, row.close)?,
        volume: readable(BarField::Volume, row.volume)?,
        trade_count: row.trade_count.map(i64::cast_unsigned),
        vwap: row.vwap.map(|vwap| readable(BarField::Vwap, vwap)).transpose()?,
    })
}

/// Where bars of a series may open.
#[derive(Clone, Copy)]
struct Grid {
    interval: Interval,
    minutes_past_hour: i32,
}

impl Grid {
    fn holds(self, opened_at: Timestamp) -> bool {
        let minute = time::Duration::minutes(1);
        match self.interval.intraday_length() {
            None => opened_at.is_midnight() && self.interval.period_start(opened_at.date()) == opened_at.date(),
            // Four-hour bars of a session count from its opening, so only their minute is known.
            Some(length) if length >= time::Duration::hours(1) => opened_at
                .checked_add(-minute * self.minutes_past_hour)
                .is_some_and(|on_the_hour| on_the_hour.floor(time::Duration::hours(1)) == on_the_hour),
            Some(length) => opened_at.floor(length) == opened_at,
        }
    }
}

/// The believed bars of a series, and whether its line of the catalogue is in step with them.
pub(super) async fn current(
    link: &mut Link,
    row: &SeriesRow,
    key: SeriesKey,
    class: AssetClass,
    report: &mut Report,
) -> Result<(), PriceFailure> {
    let rules = Rules::of(row, key, class);
    let (mut first, mut last, mut count) = (None, None, 0_i64);
    loop {
        let chunk = bars_behind(link, row, last.unwrap_or(BEFORE_ALL)).await?;
        let more = chunk.len() == CHUNK;
        for (values, recorded_at) in chunk {
            let opened_at = values.opened_at;
            first = first.or(Some(opened_at));
            last = Some(opened_at);
            count += 1;
            if let Some((rule, detail)) = rules.broken_by(values) {
                report.broken(rule, detail);
            }
            if recorded_at > row.updated_at {
                let detail = format!("{} is stamped after its series", bar_key(key, opened_at));
                report.broken("catalogue_updated_at", detail);
            }
        }
        if !more {
            break;
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

async fn bars_behind(link: &mut Link, row: &SeriesRow, last: Micros) -> QueryResult<Vec<BarRow>> {
    bars::table
        .filter(bars::instrument_id.eq(row.instrument_id))
        .filter(bars::interval.eq(&row.interval))
        .filter(bars::opened_at.gt(last))
        .order(bars::opened_at)
        .limit(i64::try_from(CHUNK).unwrap_or(i64::MAX))
        .select((values_of!(bars), bars::recorded_at))
        .load(link)
        .await
}

/// The former bars of a series, and whether the periods in which each was believed follow one another.
pub(super) async fn revisions(
    link: &mut Link,
    row: &SeriesRow,
    key: SeriesKey,
    class: AssetClass,
    report: &mut Report,
) -> Result<(), PriceFailure> {
    let rules = Rules::of(row, key, class);
    let mut last = (BEFORE_ALL, BEFORE_ALL);
    let mut former: Option<(Micros, Micros)> = None;
    loop {
        let chunk = revisions_behind(link, row, last).await?;
        let more = chunk.len() == CHUNK;
        for (values, from, until) in chunk {
            let opened_at = values.opened_at;
            last = (opened_at, from);
            report.found.revisions += 1;
            if let Some((rule, detail)) = rules.broken_by(values) {
                report.broken(rule, format!("revision of {detail}"));
            }
            let overlaps =
                former.is_some_and(|(former_at, former_until)| former_at == opened_at && from < former_until);
            if overlaps || until <= from {
                let detail = format!(
                    "revision of {} is believed from {} µs to {} µs, which is empty or overlaps the one before",
                    bar_key(key, opened_at),
                    from.0,
                    until.0
                );
                report.broken("belief_periods", detail);
            }
            former = Some((opened_at, until));
        }
        if !more {
            return Ok(());
        }
    }
}

async fn revisions_behind(
    link: &mut Link,
    row: &SeriesRow,
    (opened_at, from): (Micros, Micros),
) -> QueryResult<Vec<RevisionRow>> {
    bar_revisions::table
        .filter(bar_revisions::instrument_id.eq(row.instrument_id))
        .filter(bar_revisions::interval.eq(&row.interval))
        // Said apart, so that the key finds the place.
        .filter(bar_revisions::opened_at.ge(opened_at))
        .filter(
            bar_revisions::opened_at
                .gt(opened_at)
                .or(bar_revisions::believed_from.gt(from)),
        )
        .order((bar_revisions::opened_at, bar_revisions::believed_from))
        .limit(i64::try_from(CHUNK).unwrap_or(i64::MAX))
        .select((
            values_of!(bar_revisions),
            bar_revisions::believed_from,
            bar_revisions::believed_until,
        ))
        .load(link)
        .await
}
