//! The catalogue: one row a series, in step with its bars.

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{
    Basis, InstrumentId, Listing, PriceRepositoryError, Series, SeriesCatalogue, SeriesKey, SeriesStanding, Symbol,
    Timestamp,
};

use crate::SqliteStore;
use crate::error::Failure;
use crate::instrument::with_symbol;
use crate::schema::{discrepancies, series};
use crate::source::Sources;

/// A row of `series`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = series, primary_key(instrument_id, interval))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct SeriesRow {
    pub(crate) instrument_id: i64,
    pub(crate) interval: String,
    pub(crate) basis: String,
    pub(crate) minutes_past_hour: i64,
    pub(crate) gives_volume: bool,
    pub(crate) first_opened_at: Option<i64>,
    pub(crate) last_opened_at: Option<i64>,
    pub(crate) bar_count: i64,
    pub(crate) version: i64,
    pub(crate) partial_version: i64,
    pub(crate) last_source_id: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl SeriesRow {
    pub(crate) fn find(connection: &mut SqliteConnection, key: SeriesKey) -> QueryResult<Option<Self>> {
        series::table
            .filter(series::instrument_id.eq(key.instrument.0))
            .filter(series::interval.eq(key.interval.as_str()))
            .select(Self::as_select())
            .first(connection)
            .optional()
    }

    pub(crate) fn of_instrument(connection: &mut SqliteConnection, instrument: InstrumentId) -> QueryResult<Vec<Self>> {
        series::table
            .filter(series::instrument_id.eq(instrument.0))
            .select(Self::as_select())
            .load(connection)
    }

    /// The rows of an instrument, each with whether a discrepancy about one of its bars is open.
    fn standings(connection: &mut SqliteConnection, instrument: InstrumentId) -> QueryResult<Vec<(Self, bool)>> {
        let open = discrepancies::table
            .filter(discrepancies::instrument_id.eq(series::instrument_id))
            .filter(discrepancies::interval.eq(series::interval))
            .filter(discrepancies::closed_at.is_null());
        series::table
            .filter(series::instrument_id.eq(instrument.0))
            .select((Self::as_select(), exists(open)))
            .load(connection)
    }

    /// Writes the row, new or changed. An upsert and no `REPLACE`, which would delete the bars first.
    pub(crate) fn save(&self, connection: &mut SqliteConnection) -> QueryResult<()> {
        diesel::insert_into(series::table)
            .values(self)
            .on_conflict((series::instrument_id, series::interval))
            .do_update()
            .set(self)
            .execute(connection)?;
        Ok(())
    }

    pub(crate) fn into_series<E>(self, sources: &Sources) -> Result<Series, Failure<E>> {
        let row = || format!("series {}/{}", self.instrument_id, self.interval);
        let corrupt =
            |what: &str, cause: &dyn std::fmt::Display| Failure::Corrupt(format!("{}: {what}: {cause}", row()));
        let instant =
            |column: &str, micros: i64| Timestamp::from_unix_micros(micros).map_err(|error| corrupt(column, &error));
        let count = |column: &str, value: i64| u64::try_from(value).map_err(|error| corrupt(column, &error));
        Ok(Series {
            key: key_of(self.instrument_id, &self.interval)?,
            basis: self.basis.parse::<Basis>().map_err(|error| corrupt("basis", &error))?,
            minutes_past_hour: u8::try_from(self.minutes_past_hour)
                .map_err(|error| corrupt("minutes_past_hour", &error))?,
            gives_volume: self.gives_volume,
            first: self
                .first_opened_at
                .map(|at| instant("first_opened_at", at))
                .transpose()?,
            last: self
                .last_opened_at
                .map(|at| instant("last_opened_at", at))
                .transpose()?,
            count: count("bar_count", self.bar_count)?,
            version: count("version", self.version)?,
            partial_version: count("partial_version", self.partial_version)?,
            last_source: self.last_source_id.map(|id| sources.name(id, row)).transpose()?,
            created_at: instant("created_at", self.created_at)?,
            updated_at: instant("updated_at", self.updated_at)?,
        })
    }
}

/// The key of a series as the columns of a row say it.
pub(crate) fn key_of<E>(instrument: i64, interval: &str) -> Result<SeriesKey, Failure<E>> {
    match interval.parse() {
        Ok(interval) => Ok(SeriesKey {
            instrument: InstrumentId(instrument),
            interval,
        }),
        Err(error) => Err(Failure::Corrupt(format!("series {instrument}/{interval}: {error}"))),
    }
}

#[async_trait]
impl SeriesCatalogue for SqliteStore {
    async fn find(&self, key: SeriesKey) -> Result<Option<Series>, PriceRepositoryError> {
        self.read(move |connection| {
            let row = SeriesRow::find(connection, key)?;
            let sources = Sources::load(connection)?;
            row.map(|row| row.into_series(&sources)).transpose()
        })
        .await
    }

    async fn standings(&self, instrument: InstrumentId) -> Result<Vec<SeriesStanding>, PriceRepositoryError> {
        self.read(move |connection| standings(connection, instrument)).await
    }

    async fn listings(&self, symbol: &Symbol) -> Result<Vec<Listing>, PriceRepositoryError> {
        let symbol = symbol.clone();
        self.read(move |connection| {
            let mut listings = Vec::new();
            for instrument in with_symbol(connection, &symbol)? {
                let series = standings(connection, instrument.id)?;
                listings.push(Listing { instrument, series });
            }
            Ok(listings)
        })
        .await
    }

    async fn list(&self, limit: usize, after: Option<SeriesKey>) -> Result<Vec<Series>, PriceRepositoryError> {
        self.read(move |connection| {
            // Intervals sort by length, and their names do not: read whole instruments, of which the first may lie in
            // front of `after` and the last may be cut, and sort here.
            let spare = 2 * domain::Interval::ALL.len();
            let first = after.map_or(i64::MIN, |key| key.instrument.0);
            let rows: Vec<SeriesRow> = series::table
                .filter(series::instrument_id.ge(first))
                .order(series::instrument_id)
                .limit(i64::try_from(limit.saturating_add(spare)).unwrap_or(i64::MAX))
                .select(SeriesRow::as_select())
                .load(connection)?;
            let mut found = in_order(connection, rows)?;
            found.retain(|series| after.is_none_or(|after| series.key > after));
            found.truncate(limit);
            Ok(found)
        })
        .await
    }
}

fn standings<E>(
    connection: &mut SqliteConnection,
    instrument: InstrumentId,
) -> Result<Vec<SeriesStanding>, Failure<E>> {
    let rows = SeriesRow::standings(connection, instrument)?;
    let sources = Sources::load(connection)?;
    let mut found = Vec::with_capacity(rows.len());
    for (row, disputed) in rows {
        let line = row.into_series(&sources)?;
        found.push(SeriesStanding { line, disputed });
    }
    found.sort_by_key(|standing| standing.line.key);
    Ok(found)
}

fn in_order<E>(connection: &mut SqliteConnection, rows: Vec<SeriesRow>) -> Result<Vec<Series>, Failure<E>> {
    let sources = Sources::load(connection)?;
    let mut found = rows
        .into_iter()
        .map(|row| row.into_series(&sources))
        .collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|series| series.key);
    Ok(found)
}
