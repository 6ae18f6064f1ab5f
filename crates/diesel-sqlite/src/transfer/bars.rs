//! What there is most of, written many rows at once: bars and their former states.

use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use domain::{MarketPrice, Revision, RevisionKind, SeriesKey};

use crate::bulk_insert::{BulkRow, insert_all};
use crate::market_price::rows::{WrittenValues, bind_series};

/// Rows that wait to be written.
#[derive(Default)]
pub(super) struct ManyBars {
    bars: Vec<FinalRow>,
    provisional: Vec<ProvisionalRow>,
    revisions: Vec<RevisionRow>,
}

impl ManyBars {
    pub(super) fn bar(&mut self, price: &MarketPrice, source_id: i64) {
        self.bars.push(FinalRow(BarRow::new(price, source_id)));
    }

    pub(super) fn provisional(&mut self, price: &MarketPrice, source_id: i64) {
        self.provisional.push(ProvisionalRow(BarRow::new(price, source_id)));
    }

    pub(super) fn revision(&mut self, revision: &Revision, source_id: i64) {
        self.revisions.push(RevisionRow {
            series: revision.series,
            source_id,
            believed_from: revision.believed_from.unix_micros(),
            believed_until: revision.believed_until.unix_micros(),
            kind: revision.kind,
            values: (&revision.bar).into(),
        });
    }

    pub(super) fn write(&self, connection: &mut SqliteConnection) -> QueryResult<()> {
        insert_all(connection, &(), &self.bars)?;
        insert_all(connection, &(), &self.provisional)?;
        insert_all(connection, &(), &self.revisions)?;
        Ok(())
    }
}

struct BarRow {
    series: SeriesKey,
    source_id: i64,
    recorded_at: i64,
    values: WrittenValues,
}

impl BarRow {
    fn new(price: &MarketPrice, source_id: i64) -> Self {
        Self {
            series: price.series,
            source_id,
            recorded_at: price.recorded_at.unix_micros(),
            values: (&price.bar).into(),
        }
    }

    fn bind<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        bind_series(&self.series, out.reborrow())?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.source_id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.recorded_at)?;
        out.push_sql(", ");
        self.values.bind(out)
    }
}

macro_rules! bar_row {
    ($(#[$doc:meta])* $name:ident, $table:literal) => {
        $(#[$doc])*
        struct $name(BarRow);

        impl BulkRow for $name {
            type Shared = ();
            const INSERT: &'static str = concat!(
                "INSERT INTO ",
                $table,
                " (instrument_id, interval, source_id, recorded_at, opened_at, open, high, low, close, volume, \
                 trade_count, vwap) SELECT "
            );
            const COLUMNS: &'static str = "column1, column2, column3, column4, column5, column6, column7, column8, column9, column10, column11, column12 \
                 FROM (VALUES ";
            // Without a WHERE the parser takes ON for a join.
            const TAIL: &'static str = "WHERE true ON CONFLICT (instrument_id, interval, opened_at) DO NOTHING";

            fn bind_shared<'b>((): &'b (), _out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                Ok(())
            }

            fn bind<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                self.0.bind(out)
            }
        }
    };
}

bar_row!(
    /// A final bar.
    FinalRow,
    "bars"
);
bar_row!(
    /// A provisional bar.
    ProvisionalRow,
    "provisional_bars"
);

/// A former state of a bar.
struct RevisionRow {
    series: SeriesKey,
    source_id: i64,
    believed_from: i64,
    believed_until: i64,
    kind: RevisionKind,
    values: WrittenValues,
}

impl BulkRow for RevisionRow {
    type Shared = ();
    const INSERT: &'static str = "INSERT INTO bar_revisions (instrument_id, interval, source_id, believed_from, believed_until, kind, opened_at, \
         open, high, low, close, volume, trade_count, vwap) SELECT ";
    const COLUMNS: &'static str = "column1, column2, column3, column4, column5, column6, column7, column8, column9, column10, column11, column12, \
         column13, column14 FROM (VALUES ";
    const TAIL: &'static str = "WHERE true ON CONFLICT (instrument_id, interval, opened_at, believed_from) DO NOTHING";

    fn bind_shared<'b>((): &'b (), _out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        Ok(())
    }

    fn bind<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        bind_series(&self.series, out.reborrow())?;
        for number in [&self.source_id, &self.believed_from, &self.believed_until] {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(number)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Text, str>(self.kind.as_str())?;
        out.push_sql(", ");
        self.values.bind(out)
    }
}
