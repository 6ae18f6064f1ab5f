//! Bars whose interval had not closed: the newest replaces the former, and a final one takes their place for good.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::merge::{MergePlan, plan};
use domain::{Bar, MarketPrice, MergeBatch, MergeCounts, Precedence, SeriesKey, Timestamp};

use super::PriceFailure;
use super::rows::{BarRow, BarsOf, ProvisionalBar, values_of};
use super::stored;
use crate::bulk_insert::insert_all;
use crate::schema::provisional_bars;
use crate::series::SeriesRow;
use crate::source::Sources;

/// What a batch does to the provisional bars of its series.
pub(super) struct Partial {
    /// Openings at which a final bar came.
    superseded: Vec<i64>,
    decided: MergePlan,
    /// How many came for instants that have a final bar.
    late: u64,
}

impl Partial {
    /// `finals`: sorted openings of the final bars of the batch.
    pub(super) fn decide(
        connection: &mut SqliteConnection,
        series: &SeriesRow,
        bars: Vec<Bar>,
        finals: &[i64],
        batch: &MergeBatch,
        sources: &Sources,
    ) -> Result<Self, PriceFailure> {
        let key = batch.series;
        let is_final = |opened_at: i64| finals.binary_search(&opened_at).is_ok();
        let (gone, there): (Vec<MarketPrice>, Vec<MarketPrice>) = all_of(connection, key, sources)?
            .into_iter()
            .partition(|price| is_final(price.bar.opened_at().unix_micros()));
        let mut asked: Vec<i64> = bars.iter().map(|bar| bar.opened_at().unix_micros()).collect();
        asked.sort_unstable();
        asked.dedup();
        let stored = stored::at(connection, series, key, &asked, sources)?;
        let (late, open): (Vec<Bar>, Vec<Bar>) = bars
            .into_iter()
            .partition(|bar| is_final(bar.opened_at().unix_micros()) || stored.contains_key(&bar.opened_at()));
        let there: BTreeMap<Timestamp, MarketPrice> =
            there.into_iter().map(|price| (price.bar.opened_at(), price)).collect();
        Ok(Self {
            superseded: gone.iter().map(|price| price.bar.opened_at().unix_micros()).collect(),
            decided: plan(open, &batch.source, &there, batch.tolerance, &Precedence::default()),
            late: u64::try_from(late.len()).unwrap_or(u64::MAX),
        })
    }

    pub(super) fn counts(&self) -> MergeCounts {
        let mut counts = self.decided.counts(0);
        counts.unchanged += self.late;
        counts
    }

    pub(super) fn changes_something(&self) -> bool {
        !(self.superseded.is_empty() && self.decided.inserts.is_empty() && self.decided.restatements.is_empty())
    }

    pub(super) fn write(
        &self,
        connection: &mut SqliteConnection,
        series: SeriesKey,
        source_id: i64,
        stamp: Timestamp,
    ) -> Result<(), PriceFailure> {
        for opened_at in &self.superseded {
            let row = provisional_bars::table
                .filter(provisional_bars::instrument_id.eq(series.instrument.0))
                .filter(provisional_bars::interval.eq(series.interval.as_str()))
                .filter(provisional_bars::opened_at.eq(opened_at));
            diesel::delete(row).execute(connection)?;
        }
        let restated = self.decided.restatements.iter().map(|restatement| &restatement.new);
        let written: Vec<ProvisionalBar> = self
            .decided
            .inserts
            .iter()
            .chain(restated)
            .map(ProvisionalBar::from)
            .collect();
        let shared = BarsOf {
            series,
            source_id,
            recorded_at: stamp.unix_micros(),
        };
        insert_all(connection, &shared, &written)?;
        Ok(())
    }
}

/// The provisional bars of a series: the one that is forming, rarely more.
fn all_of(
    connection: &mut SqliteConnection,
    series: SeriesKey,
    sources: &Sources,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    provisional_bars::table
        .filter(provisional_bars::instrument_id.eq(series.instrument.0))
        .filter(provisional_bars::interval.eq(series.interval.as_str()))
        .select((
            values_of!(provisional_bars),
            provisional_bars::source_id,
            provisional_bars::recorded_at,
        ))
        .load_iter::<BarRow, _>(connection)?
        .map(|row| row?.into_price(series, sources, true))
        .collect()
}
