//! The catalogue: one row a series, in step with its bars.

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    Basis, InstrumentId, Listing, PriceRepositoryError, Series, SeriesCatalogue, SeriesKey, SeriesStanding, Symbol,
    Timestamp,
};

use crate::PostgresStore;
use crate::error::Failure;
use crate::instant::Micros;
use crate::instrument::{InstrumentRow, gathered, instrument_columns};
use crate::link::Link;
use crate::market_price::PriceFailure;
use crate::schema::{discrepancies, instruments, provider_symbols, series};
use crate::source::Sources;

/// A row of `series`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = series, primary_key(instrument_id, interval))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct SeriesRow {
    pub(crate) instrument_id: i64,
    pub(crate) interval: String,
    pub(crate) basis: String,
    pub(crate) minutes_past_hour: i32,
    pub(crate) gives_volume: bool,
    pub(crate) first_opened_at: Option<Micros>,
    pub(crate) last_opened_at: Option<Micros>,
    pub(crate) bar_count: i64,
    pub(crate) version: i64,
    pub(crate) partial_version: i64,
    pub(crate) last_source_id: Option<i32>,
    pub(crate) created_at: Micros,
    pub(crate) updated_at: Micros,
}

/// An instrument, one of its spellings, one of its series, and whether that one is disputed.
type ListingRow = (InstrumentRow, Option<(String, String)>, Option<SeriesRow>, bool);

/// Whether a discrepancy about a bar of the series is open.
macro_rules! is_disputed {
    () => {
        exists(
            discrepancies::table
                .filter(
                    discrepancies::instrument_id
                        .nullable()
                        .eq(series::instrument_id.nullable()),
                )
                .filter(discrepancies::interval.nullable().eq(series::interval.nullable()))
                .filter(discrepancies::closed_at.is_null()),
        )
    };
}

impl SeriesRow {
    pub(crate) async fn find(link: &mut Link, key: SeriesKey) -> QueryResult<Option<Self>> {
        series::table
            .filter(series::instrument_id.eq(key.instrument.0))
            .filter(series::interval.eq(key.interval.as_str()))
            .select(Self::as_select())
            .first(link)
            .await
            .optional()
    }

    /// When the actions of the instrument last changed, beside the row; `None` when there is no such instrument.
    pub(crate) async fn find_with_instrument(
        link: &mut Link,
        key: SeriesKey,
    ) -> QueryResult<Option<(Option<Micros>, Option<Self>)>> {
        let of_interval = series::instrument_id
            .eq(instruments::id)
            .and(series::interval.eq(key.interval.as_str()));
        instruments::table
            .left_join(series::table.on(of_interval))
            .filter(instruments::id.eq(key.instrument.0))
            .select((instruments::actions_changed_at, Option::<Self>::as_select()))
            .first(link)
            .await
            .optional()
    }

    pub(crate) async fn of_instrument(link: &mut Link, instrument: InstrumentId) -> QueryResult<Vec<Self>> {
        series::table
            .filter(series::instrument_id.eq(instrument.0))
            .select(Self::as_select())
            .load(link)
            .await
    }

    /// The rows of an instrument, each with whether a discrepancy about one of its bars is open.
    async fn standings(link: &mut Link, instrument: InstrumentId) -> QueryResult<Vec<(Self, bool)>> {
        series::table
            .filter(series::instrument_id.eq(instrument.0))
            .select((Self::as_select(), is_disputed!()))
            .load(link)
            .await
    }

    /// The instruments with a symbol, each as often as it has pairs of a spelling and a series.
    async fn listings(link: &mut Link, symbol: &Symbol) -> QueryResult<Vec<ListingRow>> {
        instruments::table
            .left_join(provider_symbols::table.on(provider_symbols::instrument_id.eq(instruments::id)))
            .left_join(series::table.on(series::instrument_id.eq(instruments::id)))
            .filter(instruments::symbol_upper.eq(symbol.to_upper()))
            .order(instruments::id)
            .select((
                instrument_columns!(),
                (provider_symbols::provider, provider_symbols::spelling).nullable(),
                Option::<Self>::as_select(),
                is_disputed!(),
            ))
            .load(link)
            .await
    }

    /// Writes the row, new or changed.
    pub(crate) async fn save(&self, link: &mut Link) -> QueryResult<()> {
        diesel::insert_into(series::table)
            .values(self)
            .on_conflict((series::instrument_id, series::interval))
            .do_update()
            .set(self)
            .execute(link)
            .await?;
        Ok(())
    }

    pub(crate) fn into_series<E>(self, sources: &Sources) -> Result<Series, Failure<E>> {
        let row = || format!("series {}/{}", self.instrument_id, self.interval);
        let corrupt =
            |what: &str, cause: &dyn std::fmt::Display| Failure::Corrupt(format!("{}: {what}: {cause}", row()));
        let instant = |column: &str, micros: Micros| {
            Timestamp::from_unix_micros(micros.0).map_err(|error| corrupt(column, &error))
        };
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

async fn find(link: &mut Link, key: SeriesKey) -> Result<Option<Series>, PriceFailure> {
    let Some(row) = SeriesRow::find(link, key).await? else {
        return Ok(None);
    };
    let sources = Sources::knowing(link, row.last_source_id.into_iter().collect()).await?;
    row.into_series(&sources).map(Some)
}

async fn standings(link: &mut Link, instrument: InstrumentId) -> Result<Vec<SeriesStanding>, PriceFailure> {
    let rows = SeriesRow::standings(link, instrument).await?;
    told(link, rows).await
}

async fn listings(link: &mut Link, symbol: &Symbol) -> Result<Vec<Listing>, PriceFailure> {
    let (mut spelled, mut series) = (Vec::new(), Vec::new());
    for (instrument, spelling, line, disputed) in SeriesRow::listings(link, symbol).await? {
        spelled.push((instrument, spelling));
        let line = line.map(|line| (line, disputed));
        // A line comes once for each spelling.
        series.extend(line.filter(|line| !series.contains(line)));
    }
    let standings = told(link, series).await?;
    let listings = gathered(spelled)?.into_iter().map(|instrument| {
        let own = |standing: &&SeriesStanding| standing.line.key.instrument == instrument.id;
        Listing {
            series: standings.iter().filter(own).cloned().collect(),
            instrument,
        }
    });
    Ok(listings.collect())
}

async fn told(link: &mut Link, rows: Vec<(SeriesRow, bool)>) -> Result<Vec<SeriesStanding>, PriceFailure> {
    let ids = rows.iter().filter_map(|(row, _)| row.last_source_id).collect();
    let sources = Sources::knowing(link, ids).await?;
    let mut found = Vec::with_capacity(rows.len());
    for (row, disputed) in rows {
        let line = row.into_series(&sources)?;
        found.push(SeriesStanding { line, disputed });
    }
    found.sort_by_key(|standing| standing.line.key);
    Ok(found)
}

async fn list(link: &mut Link, limit: usize, after: Option<SeriesKey>) -> Result<Vec<Series>, PriceFailure> {
    // Intervals sort by length, and their names do not: read whole instruments, of which the first may lie in front of
    // `after` and the last may be cut, and sort here.
    let spare = 2 * domain::Interval::ALL.len();
    let first = after.map_or(i64::MIN, |key| key.instrument.0);
    let rows: Vec<SeriesRow> = series::table
        .filter(series::instrument_id.ge(first))
        .order(series::instrument_id)
        .limit(i64::try_from(limit.saturating_add(spare)).unwrap_or(i64::MAX))
        .select(SeriesRow::as_select())
        .load(link)
        .await?;
    let mut found = in_order(link, rows).await?;
    found.retain(|series| after.is_none_or(|after| series.key > after));
    found.truncate(limit);
    Ok(found)
}

async fn in_order(link: &mut Link, rows: Vec<SeriesRow>) -> Result<Vec<Series>, PriceFailure> {
    let ids = rows.iter().filter_map(|row| row.last_source_id).collect();
    let sources = Sources::knowing(link, ids).await?;
    let mut found = rows
        .into_iter()
        .map(|row| row.into_series(&sources))
        .collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|series| series.key);
    Ok(found)
}

#[async_trait]
impl SeriesCatalogue for PostgresStore {
    async fn find(&self, key: SeriesKey) -> Result<Option<Series>, PriceRepositoryError> {
        let mut glance = self.glance().await?;
        let found = find(&mut glance, key).await;
        glance.finish(found).await
    }

    async fn standings(&self, instrument: InstrumentId) -> Result<Vec<SeriesStanding>, PriceRepositoryError> {
        let mut glance = self.glance().await?;
        let found = standings(&mut glance, instrument).await;
        glance.finish(found).await
    }

    async fn listings(&self, symbol: &Symbol) -> Result<Vec<Listing>, PriceRepositoryError> {
        let mut glance = self.glance().await?;
        let found = listings(&mut glance, symbol).await;
        glance.finish(found).await
    }

    async fn list(&self, limit: usize, after: Option<SeriesKey>) -> Result<Vec<Series>, PriceRepositoryError> {
        let mut glance = self.glance().await?;
        let found = list(&mut glance, limit, after).await;
        glance.finish(found).await
    }
}
