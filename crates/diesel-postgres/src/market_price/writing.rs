//! Bars and revisions on their way into their tables.

use domain::{Bar, MarketPrice, RevisionKind, SeriesKey, Timestamp};
use tokio_postgres::types::{ToSql, Type};

use super::PriceFailure;
use crate::bulk::{Columns, CopyIn, HANDFUL, value_columns};
use crate::error::DatabaseError;
use crate::instant::Micros;
use crate::link::Link;
use crate::source::Sources;

/// What all bars of one write share.
#[derive(Clone, Copy)]
pub(super) struct BarsOf {
    pub(super) series: SeriesKey,
    pub(super) source_id: i32,
    pub(super) recorded_at: Timestamp,
}

/// Writes bars of which none is there, in ascending order of time.
pub(super) async fn insert(link: &Link, of: BarsOf, bars: &[&Bar]) -> Result<(), DatabaseError> {
    if bars.len() <= HANDFUL {
        return insert_handful(link, of, bars, INSERT_BARS).await;
    }
    const COPY: &str = concat!(
        "COPY bars (instrument_id, \"interval\", source_id, recorded_at, ",
        value_columns!(),
        ") FROM STDIN (FORMAT binary)"
    );
    let mut copy = CopyIn::begin(link, COPY, 12).await?;
    for bar in bars {
        let mut fields = copy.row().await?;
        fields.bytes(&of.series.instrument.0.to_be_bytes());
        fields.bytes(of.series.interval.as_str().as_bytes());
        fields.bytes(&of.source_id.to_be_bytes());
        fields.micros(of.recorded_at.into());
        fields.bar(bar.values());
    }
    copy.finish().await.map(drop)
}

const INSERT_BARS: &str = concat!(
    "INSERT INTO bars (instrument_id, \"interval\", source_id, recorded_at, ",
    value_columns!(),
    ") SELECT $1, $2, $3, $4, * FROM unnest($5::timestamptz[], $6::numeric[], $7::numeric[], $8::numeric[], \
     $9::numeric[], $10::numeric[], $11::bigint[], $12::numeric[])"
);

/// Writes provisional bars over former ones: there is one a series, rarely more.
pub(super) async fn replace_provisional(link: &Link, of: BarsOf, bars: &[&Bar]) -> Result<(), DatabaseError> {
    const UPSERT: &str = concat!(
        "INSERT INTO provisional_bars (instrument_id, \"interval\", source_id, recorded_at, ",
        value_columns!(),
        ") SELECT $1, $2, $3, $4, * FROM unnest($5::timestamptz[], $6::numeric[], $7::numeric[], $8::numeric[], \
         $9::numeric[], $10::numeric[], $11::bigint[], $12::numeric[]) \
         ON CONFLICT (instrument_id, \"interval\", opened_at) DO UPDATE SET source_id = excluded.source_id, \
         recorded_at = excluded.recorded_at, open = excluded.open, high = excluded.high, low = excluded.low, \
         close = excluded.close, volume = excluded.volume, trade_count = excluded.trade_count, vwap = excluded.vwap"
    );
    insert_handful(link, of, bars, UPSERT).await
}

async fn insert_handful(link: &Link, of: BarsOf, bars: &[&Bar], statement: &str) -> Result<(), DatabaseError> {
    if bars.is_empty() {
        return Ok(());
    }
    let columns: Columns = bars.iter().copied().collect();
    let (interval, recorded_at) = (of.series.interval.as_str(), Micros::from(of.recorded_at));
    let shared: [&(dyn ToSql + Sync); 4] = [&of.series.instrument.0, &interval, &of.source_id, &recorded_at];
    let parameters: Vec<_> = shared.into_iter().chain(columns.parameters()).collect();
    link.run(statement, &parameters).await.map(drop)
}

/// Takes bars away that are believed no longer, in ascending order of time or not.
pub(super) async fn delete(link: &Link, series: SeriesKey, opened_at: &[Micros]) -> Result<(), DatabaseError> {
    let (Some(first), Some(last)) = (opened_at.iter().min(), opened_at.iter().max()) else {
        return Ok(());
    };
    // The bounds say nothing new; by them, TimescaleDB finds what lies outside.
    const DELETE: &str = "DELETE FROM bars WHERE instrument_id = $1 AND \"interval\" = $2 AND opened_at >= $3 \
                          AND opened_at <= $4 AND opened_at = ANY($5)";
    let interval = series.interval.as_str();
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&series.instrument.0, Type::INT8),
        (&interval, Type::TEXT),
        (first, Type::TIMESTAMPTZ),
        (last, Type::TIMESTAMPTZ),
        (&opened_at, Type::TIMESTAMPTZ_ARRAY),
    ];
    link.run_planned(DELETE, &parameters).await.map(drop)
}

/// Takes all bars from the first instant to the last one away.
pub(super) async fn delete_range(
    link: &Link,
    series: SeriesKey,
    first: Micros,
    last: Micros,
) -> Result<(), DatabaseError> {
    const DELETE: &str =
        "DELETE FROM bars WHERE instrument_id = $1 AND \"interval\" = $2 AND opened_at >= $3 AND opened_at <= $4";
    let interval = series.interval.as_str();
    let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
        (&series.instrument.0, Type::INT8),
        (&interval, Type::TEXT),
        (&first, Type::TIMESTAMPTZ),
        (&last, Type::TIMESTAMPTZ),
    ];
    link.run_planned(DELETE, &parameters).await.map(drop)
}

/// Copies bars that are believed no longer to the revisions.
pub(super) async fn retire(
    link: &Link,
    series: SeriesKey,
    former: &[&MarketPrice],
    kind: RevisionKind,
    until: Timestamp,
    sources: &Sources,
) -> Result<(), PriceFailure> {
    let source_ids = former
        .iter()
        .map(|old| sources.known_id(&old.source))
        .collect::<Result<Vec<i32>, PriceFailure>>()?;
    if former.len() <= HANDFUL {
        return Ok(retire_handful(link, series, former, kind, until, &source_ids).await?);
    }
    const COPY: &str = concat!(
        "COPY bar_revisions (instrument_id, \"interval\", kind, believed_until, believed_from, source_id, ",
        value_columns!(),
        ") FROM STDIN (FORMAT binary)"
    );
    let mut copy = CopyIn::begin(link, COPY, 14).await?;
    for (old, source_id) in former.iter().zip(source_ids) {
        let mut fields = copy.row().await?;
        fields.bytes(&series.instrument.0.to_be_bytes());
        fields.bytes(series.interval.as_str().as_bytes());
        fields.bytes(kind.as_str().as_bytes());
        fields.micros(until.into());
        fields.micros(old.recorded_at.into());
        fields.bytes(&source_id.to_be_bytes());
        fields.bar(old.bar.values());
    }
    copy.finish().await?;
    Ok(())
}

async fn retire_handful(
    link: &Link,
    series: SeriesKey,
    former: &[&MarketPrice],
    kind: RevisionKind,
    until: Timestamp,
    source_ids: &[i32],
) -> Result<(), DatabaseError> {
    if former.is_empty() {
        return Ok(());
    }
    const INSERT: &str = concat!(
        "INSERT INTO bar_revisions (instrument_id, \"interval\", kind, believed_until, believed_from, source_id, ",
        value_columns!(),
        ") SELECT $1, $2, $3, $4, * FROM unnest($5::timestamptz[], $6::integer[], $7::timestamptz[], $8::numeric[], \
         $9::numeric[], $10::numeric[], $11::numeric[], $12::numeric[], $13::bigint[], $14::numeric[])"
    );
    let believed_from: Vec<Micros> = former.iter().map(|old| old.recorded_at.into()).collect();
    let columns: Columns = former.iter().map(|old| &old.bar).collect();
    let (interval, kind, until) = (series.interval.as_str(), kind.as_str(), Micros::from(until));
    let shared: [&(dyn ToSql + Sync); 6] = [
        &series.instrument.0,
        &interval,
        &kind,
        &until,
        &believed_from,
        &source_ids,
    ];
    let parameters: Vec<_> = shared.into_iter().chain(columns.parameters()).collect();
    link.run(INSERT, &parameters).await.map(drop)
}
