//! Rows of bars and their revisions, and how they become bars.

use diesel::prelude::*;
use domain::{AssetClass, Bar, BarError, BarField, BarValues, Price, SeriesKey, Timestamp, Volume};

use crate::error::Failure;
use crate::instant::Micros;
use crate::numeric::{Stored, Unreadable};

/// The columns of a bar's values, in the order of [`ValuesRow`].
macro_rules! values_of {
    ($table:ident) => {
        (
            $table::opened_at,
            $table::open,
            $table::high,
            $table::low,
            $table::close,
            $table::volume,
            $table::trade_count,
            $table::vwap,
        )
    };
}
pub(crate) use values_of;

/// Values as they are stored.
#[derive(Debug, Queryable)]
pub(crate) struct ValuesRow {
    pub(crate) opened_at: Micros,
    pub(crate) open: Stored<Price>,
    pub(crate) high: Stored<Price>,
    pub(crate) low: Stored<Price>,
    pub(crate) close: Stored<Price>,
    pub(crate) volume: Stored<Volume>,
    pub(crate) trade_count: Option<i64>,
    pub(crate) vwap: Option<Stored<Price>>,
}

impl TryFrom<ValuesRow> for Bar {
    type Error = BarError;

    /// Whether a price may be zero or below was decided by the asset class that the instrument had on entry; `verify`
    /// compares with the class it has now.
    fn try_from(row: ValuesRow) -> Result<Self, BarError> {
        let values = BarValues {
            opened_at: Timestamp::from_unix_micros(row.opened_at.0).map_err(|error| BarError::Unreadable {
                field: BarField::Timestamp,
                reason: error.to_string(),
            })?,
            open: known(BarField::Open, row.open)?,
            high: known(BarField::High, row.high)?,
            low: known(BarField::Low, row.low)?,
            close: known(BarField::Close, row.close)?,
            volume: known(BarField::Volume, row.volume)?,
            trade_count: row.trade_count.map(i64::cast_unsigned),
            vwap: row.vwap.map(|vwap| known(BarField::Vwap, vwap)).transpose()?,
        };
        Self::new(values, AssetClass::Future)
    }
}

/// The number of a field of a bar.
pub(crate) fn known<T>(field: BarField, stored: Stored<T>) -> Result<T, BarError> {
    stored.0.map_err(|unreadable| match unreadable {
        Unreadable::Decimal(source) => BarError::NotADecimal { field, source },
        other => BarError::Unreadable {
            field,
            reason: other.to_string(),
        },
    })
}

/// The bar of a row of that series.
pub(crate) fn bar<E>(values: ValuesRow, series: SeriesKey) -> Result<Bar, Failure<E>> {
    let opened_at = values.opened_at;
    values
        .try_into()
        .map_err(|error: BarError| Failure::Corrupt(format!("{}: {error}", bar_key(series, opened_at))))
}

/// An instant of a column; the error names the row.
pub(crate) fn instant<E>(micros: Micros, column: &str, row: impl FnOnce() -> String) -> Result<Timestamp, Failure<E>> {
    Timestamp::from_unix_micros(micros.0)
        .map_err(|error| Failure::Corrupt(format!("{}: {column} {}: {error}", row(), micros.0)))
}

/// How messages name a bar.
pub(crate) fn bar_key(series: SeriesKey, opened_at: Micros) -> String {
    match Timestamp::from_unix_micros(opened_at.0) {
        Ok(instant) => format!("bar {series} at {instant}"),
        Err(_out_of_range) => format!("bar {series} at {} µs", opened_at.0),
    }
}
