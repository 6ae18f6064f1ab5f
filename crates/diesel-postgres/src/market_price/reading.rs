//! Rows of bars in binary, and how they become prices without a detour.

use domain::{AssetClass, Bar, BarField, BarValues, MarketPrice, Price, PriceRow, SeriesKey, Volume};
use tokio_postgres::Row;

use super::PriceFailure;
use super::rows::{bar_key, instant, known};
use crate::error::{DatabaseError, Failure};
use crate::instant::Micros;
use crate::link::Link;
use crate::numeric::Stored;
use crate::source::Sources;

/// What is selected of a bar, in the order of [`price`].
macro_rules! price_columns {
    ($since:literal) => {
        concat!($crate::bulk::value_columns!(), ", source_id, ", $since)
    };
}
pub(crate) use price_columns;

/// The prices of rows with these columns.
pub(super) async fn prices(
    link: &mut Link,
    rows: &[Row],
    series: SeriesKey,
    provisional: bool,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let source_of = |row: &Row| cell(row, 8);
    with_sources(link, rows, source_of, |row, source_id, sources| {
        price(row, source_id, series, provisional, sources)
    })
    .await
}

/// What is shown of the final bars of rows with their values and their source, which is null where it is the `usual` one.
pub(super) async fn shown(
    link: &mut Link,
    rows: &[Row],
    series: SeriesKey,
    usual: i32,
) -> Result<Vec<PriceRow>, PriceFailure> {
    let source_of = |row: &Row| Ok(cell::<Option<i32>>(row, 8)?.unwrap_or(usual));
    if let Some(last) = rows.last() {
        link.remember_usual_source(source_of(last)?);
    }
    with_sources(link, rows, source_of, |row, source_id, sources| {
        let opened_at: Micros = cell(row, 0)?;
        Ok(PriceRow {
            bar: values(row, opened_at, series)?,
            source: Some(sources.name(source_id, || bar_key(series, opened_at))?),
            provisional: false,
        })
    })
    .await
}

/// Each row with the number of its source, which is among the sources.
async fn with_sources<T>(
    link: &mut Link,
    rows: &[Row],
    source_of: impl Fn(&Row) -> Result<i32, DatabaseError>,
    made: impl Fn(&Row, i32, &Sources) -> Result<T, PriceFailure>,
) -> Result<Vec<T>, PriceFailure> {
    let mut sources = Sources::seen(link);
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let source_id = source_of(row)?;
        if sources.find(source_id).is_none() {
            sources = Sources::remember(link).await?;
        }
        found.push(made(row, source_id, &sources)?);
    }
    Ok(found)
}

/// The price of a row of that series.
pub(crate) fn price<E>(
    row: &Row,
    source_id: i32,
    series: SeriesKey,
    provisional: bool,
    sources: &Sources,
) -> Result<MarketPrice, Failure<E>> {
    let opened_at: Micros = cell(row, 0)?;
    let key = || bar_key(series, opened_at);
    Ok(MarketPrice {
        series,
        source: sources.name(source_id, key)?,
        recorded_at: instant(cell(row, 9)?, "recorded_at", key)?,
        provisional,
        bar: values(row, opened_at, series)?,
    })
}

/// The bar that begins with the first column of a row.
pub(crate) fn values<E>(row: &Row, opened_at: Micros, series: SeriesKey) -> Result<Bar, Failure<E>> {
    let broken = |error: &dyn std::fmt::Display| Failure::Corrupt(format!("{}: {error}", bar_key(series, opened_at)));
    let price = |place: usize, field| {
        let stored: Stored<Price> = cell(row, place)?;
        known(field, stored).map_err(|error| broken(&error))
    };
    let vwap: Option<Stored<Price>> = cell(row, 7)?;
    let values = BarValues {
        opened_at: instant(opened_at, "opened_at", || bar_key(series, opened_at))?,
        open: price(1, BarField::Open)?,
        high: price(2, BarField::High)?,
        low: price(3, BarField::Low)?,
        close: price(4, BarField::Close)?,
        volume: known(BarField::Volume, cell::<Stored<Volume>>(row, 5)?).map_err(|error| broken(&error))?,
        trade_count: cell::<Option<i64>>(row, 6)?.map(i64::cast_unsigned),
        vwap: vwap
            .map(|vwap| known(BarField::Vwap, vwap).map_err(|error| broken(&error)))
            .transpose()?,
    };
    // Whether a price may be zero or below was decided by the asset class that the instrument had on entry.
    Bar::new(values, AssetClass::Future).map_err(|error| broken(&error))
}

/// A value of a row, by its place.
pub(crate) fn cell<'row, T: tokio_postgres::types::FromSql<'row>>(
    row: &'row Row,
    place: usize,
) -> Result<T, DatabaseError> {
    row.try_get(place).map_err(DatabaseError::from)
}
