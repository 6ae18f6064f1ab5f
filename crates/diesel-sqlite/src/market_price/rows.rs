//! Rows of bars and their revisions, and how they become bars and back.

use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;
use domain::{
    AssetClass, Bar, BarError, BarField, BarValues, DecimalError, MarketPrice, Price, SeriesKey, Timestamp, Volume,
};

use crate::bulk_insert::BulkRow;
use crate::decimal_text::{Digits, Stored};
use crate::error::Failure;
use crate::source::Sources;

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
    pub(crate) opened_at: i64,
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
        fn known<T>(field: BarField, stored: Stored<T>) -> Result<T, BarError> {
            stored
                .0
                .map_err(|source: DecimalError| BarError::NotADecimal { field, source })
        }
        let values = BarValues {
            opened_at: Timestamp::from_unix_micros(row.opened_at).map_err(|error| BarError::Unreadable {
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

/// A row of `bars` or `provisional_bars`, or a revision read as a bar.
#[derive(Debug, Queryable)]
pub(crate) struct BarRow {
    pub(crate) values: ValuesRow,
    pub(crate) source_id: i64,
    pub(crate) recorded_at: i64,
}

impl BarRow {
    pub(crate) fn into_price<E>(
        self,
        series: SeriesKey,
        sources: &Sources,
        provisional: bool,
    ) -> Result<MarketPrice, Failure<E>> {
        let opened_at = self.values.opened_at;
        let key = || bar_key(series, opened_at);
        Ok(MarketPrice {
            series,
            source: sources.name(self.source_id, key)?,
            recorded_at: instant(self.recorded_at, "recorded_at", key)?,
            provisional,
            bar: bar(self.values, series)?,
        })
    }
}

/// The bar of a row of that series.
pub(crate) fn bar<E>(values: ValuesRow, series: SeriesKey) -> Result<Bar, Failure<E>> {
    let opened_at = values.opened_at;
    values
        .try_into()
        .map_err(|error: BarError| Failure::Corrupt(format!("{}: {error}", bar_key(series, opened_at))))
}

/// An instant of a column; the error names the row.
pub(crate) fn instant<E>(micros: i64, column: &str, row: impl FnOnce() -> String) -> Result<Timestamp, Failure<E>> {
    Timestamp::from_unix_micros(micros)
        .map_err(|error| Failure::Corrupt(format!("{}: {column} {micros}: {error}", row())))
}

/// How messages name a bar.
pub(crate) fn bar_key(series: SeriesKey, opened_at: i64) -> String {
    match Timestamp::from_unix_micros(opened_at) {
        Ok(instant) => format!("bar {series} at {instant}"),
        Err(_out_of_range) => format!("bar {series} at {opened_at} µs"),
    }
}

/// Values on their way into a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenValues {
    opened_at: i64,
    open: Digits<Price>,
    high: Digits<Price>,
    low: Digits<Price>,
    close: Digits<Price>,
    volume: Digits<Volume>,
    trade_count: Option<i64>,
    vwap: Option<Digits<Price>>,
}

impl From<&Bar> for WrittenValues {
    /// A trade count beyond `i64` wraps to a negative number, and back when it is read.
    fn from(bar: &Bar) -> Self {
        let BarValues {
            opened_at,
            open,
            high,
            low,
            close,
            volume,
            trade_count,
            vwap,
        } = bar.values();
        Self {
            opened_at: opened_at.unix_micros(),
            open: Digits(*open),
            high: Digits(*high),
            low: Digits(*low),
            close: Digits(*close),
            volume: Digits(*volume),
            trade_count: trade_count.map(u64::cast_signed),
            vwap: vwap.map(Digits),
        }
    }
}

impl WrittenValues {
    pub(crate) fn bind<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<BigInt, _>(&self.opened_at)?;
        for price in [&self.open, &self.high, &self.low, &self.close] {
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(price)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.volume)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, _>(&self.trade_count)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.vwap)
    }
}

/// What all bars of one write share.
pub(crate) struct BarsOf {
    pub(crate) series: SeriesKey,
    pub(crate) source_id: i64,
    pub(crate) recorded_at: i64,
}

macro_rules! bar_row {
    ($(#[$doc:meta])* $name:ident, $insert:literal) => {
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) WrittenValues);

        impl From<&Bar> for $name {
            fn from(bar: &Bar) -> Self {
                Self(bar.into())
            }
        }

        impl BulkRow for $name {
            type Shared = BarsOf;
            const INSERT: &'static str = concat!(
                $insert,
                " (instrument_id, interval, source_id, recorded_at, opened_at, open, high, low, close, volume, \
                 trade_count, vwap) SELECT "
            );
            const COLUMNS: &'static str =
                ", column1, column2, column3, column4, column5, column6, column7, column8 FROM (VALUES ";
            const TAIL: &'static str = "";

            fn bind_shared<'b>(shared: &'b BarsOf, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                bind_series(&shared.series, out.reborrow())?;
                out.push_sql(", ");
                out.push_bind_param::<BigInt, _>(&shared.source_id)?;
                out.push_sql(", ");
                out.push_bind_param::<BigInt, _>(&shared.recorded_at)
            }

            fn bind<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                self.0.bind(out)
            }
        }
    };
}

bar_row!(
    /// A bar that is not there yet.
    NewBar,
    "INSERT INTO bars"
);
bar_row!(
    /// A bar that takes the place of another.
    ReplacedBar,
    "INSERT OR REPLACE INTO bars"
);
bar_row!(
    /// A provisional bar, which takes the place of a former one.
    ProvisionalBar,
    "INSERT OR REPLACE INTO provisional_bars"
);

/// Binds instrument and interval.
pub(crate) fn bind_series<'b>(series: &'b SeriesKey, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
    out.push_bind_param::<BigInt, _>(&series.instrument.0)?;
    out.push_sql(", ");
    out.push_bind_param::<Text, str>(series.interval.as_str())
}

/// A former state of a bar.
pub(crate) struct RevisionOf {
    values: WrittenValues,
    believed_from: i64,
    source_id: i64,
}

impl RevisionOf {
    /// `sources` are those with which the bar was read.
    pub(crate) fn new<E>(old: &MarketPrice, sources: &Sources) -> Result<Self, Failure<E>> {
        Ok(Self {
            values: (&old.bar).into(),
            believed_from: old.recorded_at.unix_micros(),
            source_id: sources.known_id(&old.source)?,
        })
    }
}

/// What all revisions of one write share.
pub(crate) struct Ended {
    pub(crate) series: SeriesKey,
    pub(crate) kind: domain::RevisionKind,
    pub(crate) believed_until: i64,
}

impl BulkRow for RevisionOf {
    type Shared = Ended;
    const INSERT: &'static str = "INSERT INTO bar_revisions (instrument_id, interval, kind, believed_until, believed_from, source_id, \
         opened_at, open, high, low, close, volume, trade_count, vwap) SELECT ";
    const COLUMNS: &'static str =
        ", column1, column2, column3, column4, column5, column6, column7, column8, column9, column10 FROM (VALUES ";
    const TAIL: &'static str = "";

    fn bind_shared<'b>(shared: &'b Ended, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        bind_series(&shared.series, out.reborrow())?;
        out.push_sql(", ");
        out.push_bind_param::<Text, str>(shared.kind.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&shared.believed_until)
    }

    fn bind<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<BigInt, _>(&self.believed_from)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.source_id)?;
        out.push_sql(", ");
        self.values.bind(out)
    }
}
