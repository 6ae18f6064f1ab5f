//! Bars and their former states on their way into their tables: copied where nothing of a batch is there.

use std::collections::BTreeSet;

use domain::{Bar, MarketPrice, Record, Revision, RevisionKind, SeriesKey, StoreTransferError, Timestamp};
use tokio_postgres::types::ToSql;

use crate::bulk::{Columns, CopyIn, HANDFUL, value_columns};
use crate::error::{DatabaseError, Failure};
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::reading::cell;
use crate::source::Sources;
use crate::transfer::TransferFailure;

/// Writes the bars and revisions among the records, unless their keys are there already.
pub(in crate::transfer) async fn write(
    link: &Link,
    records: &[Record],
    sources: &Sources,
) -> Result<(), TransferFailure> {
    let (mut bars, mut provisional, mut revisions) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Bar(price) => bars.push(WrittenBar::of_price(price, sources)?),
            Record::ProvisionalBar(price) => provisional.push(WrittenBar::of_price(price, sources)?),
            Record::Revision(revision) => revisions.push(WrittenBar::of_revision(revision, sources)?),
            // Written before.
            _ => {}
        }
    }
    for (table, rows) in [(&BARS, &bars), (&PROVISIONAL, &provisional), (&REVISIONS, &revisions)] {
        table.take(link, rows).await?;
    }
    let all = bars.iter().chain(&provisional).chain(&revisions);
    refuse_orphans(link, all.map(|row| row.series).collect()).await
}

/// A row of any of the tables.
struct WrittenBar<'a> {
    series: SeriesKey,
    source_id: i32,
    /// Since when it is or was believed.
    since: Timestamp,
    bar: &'a Bar,
    /// Of a former state: until when, and why no longer.
    retired: Option<(Timestamp, RevisionKind)>,
}

impl<'a> WrittenBar<'a> {
    fn of_price(price: &'a MarketPrice, sources: &Sources) -> Result<Self, TransferFailure> {
        Ok(Self {
            series: price.series,
            source_id: sources.known_id(&price.source)?,
            since: price.recorded_at,
            bar: &price.bar,
            retired: None,
        })
    }

    fn of_revision(revision: &'a Revision, sources: &Sources) -> Result<Self, TransferFailure> {
        Ok(Self {
            series: revision.series,
            source_id: sources.known_id(&revision.source)?,
            since: revision.believed_from,
            bar: &revision.bar,
            retired: Some((revision.believed_until, revision.kind)),
        })
    }

    /// Its place in its table: only of former states does a bar have several.
    fn key(&self) -> (i64, &'static str, Micros, Option<Micros>) {
        let since = self.retired.map(|_| self.since.into());
        let opened_at = self.bar.opened_at().into();
        (
            self.series.instrument.0,
            self.series.interval.as_str(),
            opened_at,
            since,
        )
    }
}

/// A table of bars, and how it is written.
struct BarTable {
    /// The first row at or behind a key.
    first_from: &'static str,
    copy: &'static str,
    columns: i16,
    /// Column by column, leaving out what is there.
    insert: &'static str,
}

macro_rules! table_of_bars {
    ($table:literal) => {
        BarTable {
            first_from: concat!(
                "SELECT instrument_id, \"interval\", opened_at, NULL::timestamptz FROM ",
                $table,
                " WHERE (instrument_id, \"interval\", opened_at) >= ($1, $2, $3) \
                 ORDER BY instrument_id, \"interval\", opened_at LIMIT 1"
            ),
            copy: concat!(
                "COPY ",
                $table,
                " (instrument_id, \"interval\", source_id, recorded_at, ",
                value_columns!(),
                ") FROM STDIN (FORMAT binary)"
            ),
            columns: 12,
            insert: concat!(
                "INSERT INTO ",
                $table,
                " (instrument_id, \"interval\", source_id, recorded_at, ",
                value_columns!(),
                ") SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::timestamptz[], \
                 $5::timestamptz[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], \
                 $11::bigint[], $12::numeric[]) ON CONFLICT (instrument_id, \"interval\", opened_at) DO NOTHING"
            ),
        }
    };
}

const BARS: BarTable = table_of_bars!("bars");
const PROVISIONAL: BarTable = table_of_bars!("provisional_bars");

const REVISIONS: BarTable = BarTable {
    first_from: "SELECT instrument_id, \"interval\", opened_at, believed_from FROM bar_revisions \
                 WHERE (instrument_id, \"interval\", opened_at, believed_from) >= ($1, $2, $3, $4) \
                 ORDER BY instrument_id, \"interval\", opened_at, believed_from LIMIT 1",
    copy: concat!(
        "COPY bar_revisions (instrument_id, \"interval\", source_id, believed_from, ",
        value_columns!(),
        ", believed_until, kind) FROM STDIN (FORMAT binary)"
    ),
    columns: 14,
    insert: concat!(
        "INSERT INTO bar_revisions (instrument_id, \"interval\", source_id, believed_from, ",
        value_columns!(),
        ", believed_until, kind) SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::timestamptz[], \
         $5::timestamptz[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], \
         $11::bigint[], $12::numeric[], $13::timestamptz[], $14::text[]) \
         ON CONFLICT (instrument_id, \"interval\", opened_at, believed_from) DO NOTHING"
    ),
};

impl BarTable {
    /// Writes rows, unless their keys are there already.
    async fn take(&self, link: &Link, rows: &[WrittenBar<'_>]) -> Result<(), TransferFailure> {
        if rows.is_empty() {
            return Ok(());
        }
        if HANDFUL < rows.len() && self.lacks(link, rows).await? {
            self.copy(link, rows).await?;
        } else {
            self.insert(link, rows).await?;
        }
        Ok(())
    }

    /// Whether nothing stands from the first of the rows to the last, and they come in order, none twice: so do the pages
    /// of a copy, each behind the one before.
    async fn lacks(&self, link: &Link, rows: &[WrittenBar<'_>]) -> Result<bool, TransferFailure> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(true);
        };
        if !rows.is_sorted_by(|earlier, later| earlier.key() < later.key()) {
            return Ok(false);
        }
        let (instrument, interval, opened_at, since) = first.key();
        let mut key: Vec<&(dyn ToSql + Sync)> = vec![&instrument, &interval, &opened_at];
        if let Some(since) = &since {
            key.push(since);
        }
        let found = link.rows(self.first_from, &key).await?;
        let Some(row) = found.first() else {
            return Ok(true);
        };
        let (instrument, interval, opened_at, since) = (cell(row, 0)?, cell(row, 1)?, cell(row, 2)?, cell(row, 3)?);
        Ok(last.key() < (instrument, interval, opened_at, since))
    }

    async fn copy(&self, link: &Link, rows: &[WrittenBar<'_>]) -> Result<(), DatabaseError> {
        let mut copy = CopyIn::begin(link, self.copy, self.columns).await?;
        for row in rows {
            let mut fields = copy.row().await?;
            fields.bytes(&row.series.instrument.0.to_be_bytes());
            fields.bytes(row.series.interval.as_str().as_bytes());
            fields.bytes(&row.source_id.to_be_bytes());
            fields.micros(row.since.into());
            fields.bar(row.bar.values());
            if let Some((until, kind)) = row.retired {
                fields.micros(until.into());
                fields.bytes(kind.as_str().as_bytes());
            }
        }
        copy.finish().await.map(drop)
    }

    async fn insert(&self, link: &Link, rows: &[WrittenBar<'_>]) -> Result<(), DatabaseError> {
        let instruments: Vec<i64> = rows.iter().map(|row| row.series.instrument.0).collect();
        let intervals: Vec<&str> = rows.iter().map(|row| row.series.interval.as_str()).collect();
        let source_ids: Vec<i32> = rows.iter().map(|row| row.source_id).collect();
        let since: Vec<Micros> = rows.iter().map(|row| row.since.into()).collect();
        let values: Columns = rows.iter().map(|row| row.bar).collect();
        let retired = rows.iter().filter_map(|row| row.retired);
        let (until, kinds): (Vec<Micros>, Vec<&str>) = retired
            .map(|(until, kind)| (Micros::from(until), kind.as_str()))
            .unzip();
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&instruments, &intervals, &source_ids, &since];
        parameters.extend(values.parameters());
        if !until.is_empty() {
            let retired: [&(dyn ToSql + Sync); 2] = [&until, &kinds];
            parameters.extend(retired);
        }
        link.run(self.insert, &parameters).await.map(drop)
    }
}

/// Refuses bars without a line in the catalogue: no foreign key does, because it would be checked for every bar.
async fn refuse_orphans(link: &Link, all: BTreeSet<SeriesKey>) -> Result<(), TransferFailure> {
    const ORPHAN: &str = "SELECT given.instrument_id, given.name FROM unnest($1::bigint[], $2::text[]) \
                          AS given (instrument_id, name) WHERE NOT EXISTS (SELECT FROM series \
                          WHERE series.instrument_id = given.instrument_id AND series.\"interval\" = given.name) LIMIT 1";
    if all.is_empty() {
        return Ok(());
    }
    let (instruments, intervals): (Vec<i64>, Vec<&str>) = all
        .iter()
        .map(|series| (series.instrument.0, series.interval.as_str()))
        .unzip();
    let orphans = link.rows(ORPHAN, &[&instruments, &intervals]).await?;
    let Some(orphan) = orphans.first() else {
        return Ok(());
    };
    let (instrument, interval): (i64, &str) = (cell(orphan, 0)?, cell(orphan, 1)?);
    Err(Failure::Refused(StoreTransferError::Refused(format!(
        "there is no series {instrument}/{interval} in the catalogue for its bars"
    ))))
}
