//! What there is most of, past diesel: bars and their former states, read in binary and copied in.

mod written;

use domain::{InstrumentId, Part, Record, Revision, SeriesKey};
use tokio_postgres::Row;

use super::TransferFailure;
use super::behind::Behind;
use crate::history::revision_kind;
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::reading::{cell, price, price_columns, values};
use crate::market_price::rows::{bar_key, instant};
use crate::series::key_of;
use crate::source::Sources;
pub(super) use written::write;

macro_rules! page_of_bars {
    ($table:literal) => {
        concat!(
            "SELECT ",
            price_columns!("recorded_at"),
            ", instrument_id, \"interval\" FROM ",
            $table,
            " WHERE (instrument_id, \"interval\", opened_at) > ($1, $2, $3) \
             ORDER BY instrument_id, \"interval\", opened_at LIMIT $4"
        )
    };
}

const REVISIONS: &str = concat!(
    "SELECT ",
    price_columns!("believed_from"),
    ", instrument_id, \"interval\", believed_until, kind FROM bar_revisions \
     WHERE (instrument_id, \"interval\", opened_at, believed_from) > ($1, $2, $3, $4) \
     ORDER BY instrument_id, \"interval\", opened_at, believed_from LIMIT $5"
);

/// At most `limit` bars, final or not, or revisions, from behind a key.
pub(super) async fn page(
    link: &Link,
    part: Part,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    let Behind {
        id,
        interval,
        at,
        believed_from,
        ..
    } = after;
    let mut latest = None;
    match part {
        Part::Bars => {
            let rows = link.rows(page_of_bars!("bars"), &[id, interval, at, &limit]).await?;
            let record = |row| bar(row, &mut latest, false, sources).map(Record::Bar);
            rows.iter().map(record).collect()
        }
        Part::ProvisionalBars => {
            let rows = link
                .rows(page_of_bars!("provisional_bars"), &[id, interval, at, &limit])
                .await?;
            let record = |row| bar(row, &mut latest, true, sources).map(Record::ProvisionalBar);
            rows.iter().map(record).collect()
        }
        _ => {
            let rows = link.rows(REVISIONS, &[id, interval, at, believed_from, &limit]).await?;
            let record = |row| revision(row, &mut latest, sources).map(Record::Revision);
            rows.iter().map(record).collect()
        }
    }
}

/// The series of a row, mostly that of the row before.
fn series(row: &Row, latest: &mut Option<SeriesKey>) -> Result<SeriesKey, TransferFailure> {
    let (instrument, interval): (i64, &str) = (cell(row, 10)?, cell(row, 11)?);
    match *latest {
        Some(same) if same.instrument == InstrumentId(instrument) && same.interval.as_str() == interval => Ok(same),
        _ => Ok(*latest.insert(key_of(instrument, interval)?)),
    }
}

fn bar(
    row: &Row,
    latest: &mut Option<SeriesKey>,
    provisional: bool,
    sources: &Sources,
) -> Result<domain::MarketPrice, TransferFailure> {
    price(row, cell(row, 8)?, series(row, latest)?, provisional, sources)
}

fn revision(row: &Row, latest: &mut Option<SeriesKey>, sources: &Sources) -> Result<Revision, TransferFailure> {
    let series = series(row, latest)?;
    let opened_at: Micros = cell(row, 0)?;
    let key = || format!("revision of {}", bar_key(series, opened_at));
    Ok(Revision {
        series,
        source: sources.name(cell(row, 8)?, key)?,
        believed_from: instant(cell(row, 9)?, "believed_from", key)?,
        believed_until: instant(cell(row, 12)?, "believed_until", key)?,
        kind: revision_kind(cell(row, 13)?, key)?,
        bar: values(row, opened_at, series)?,
    })
}
