//! Bars whose interval had not closed: the newest replaces the former, and a final one takes their place for good.

use std::collections::BTreeMap;

use domain::merge::{MergePlan, plan};
use domain::{Bar, MarketPrice, MergeBatch, MergeCounts, Precedence, SeriesKey, Timestamp};

use super::PriceFailure;
use super::reading::{price_columns, prices};
use super::stored;
use super::writing::{BarsOf, replace_provisional};
use crate::error::DatabaseError;
use crate::instant::Micros;
use crate::link::Link;
use crate::series::SeriesRow;

/// What a batch does to the provisional bars of its series.
pub(super) struct Partial {
    /// Openings at which a final bar came.
    superseded: Vec<Micros>,
    decided: MergePlan,
    /// How many came for instants that have a final bar.
    late: u64,
}

impl Partial {
    /// `finals`: sorted openings of the final bars of the batch.
    pub(super) async fn decide(
        link: &mut Link,
        series: &SeriesRow,
        bars: Vec<Bar>,
        finals: &[Micros],
        batch: &MergeBatch,
    ) -> Result<Self, PriceFailure> {
        let key = batch.series;
        let is_final = |price: &Bar| finals.binary_search(&price.opened_at().into()).is_ok();
        // Where none was ever written, none is there.
        let all = match series.partial_version {
            0 => Vec::new(),
            _ => all_of(link, key).await?,
        };
        let (gone, there): (Vec<MarketPrice>, Vec<MarketPrice>) =
            all.into_iter().partition(|price| is_final(&price.bar));
        let mut asked: Vec<Micros> = bars.iter().map(|bar| bar.opened_at().into()).collect();
        asked.sort_unstable();
        asked.dedup();
        let stored = stored::at(link, series, key, &asked).await?;
        let (late, open): (Vec<Bar>, Vec<Bar>) = bars
            .into_iter()
            .partition(|bar| is_final(bar) || stored.contains_key(&bar.opened_at()));
        let there: BTreeMap<Timestamp, MarketPrice> =
            there.into_iter().map(|price| (price.bar.opened_at(), price)).collect();
        Ok(Self {
            superseded: gone.iter().map(|price| price.bar.opened_at().into()).collect(),
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

    pub(super) async fn write(&self, link: &Link, of: BarsOf) -> Result<(), DatabaseError> {
        if !self.superseded.is_empty() {
            const DELETE: &str = "DELETE FROM provisional_bars WHERE instrument_id = $1 AND \"interval\" = $2 \
                                  AND opened_at = ANY($3::timestamptz[])";
            let interval = of.series.interval.as_str();
            link.run(DELETE, &[&of.series.instrument.0, &interval, &self.superseded])
                .await?;
        }
        let restated = self.decided.restatements.iter().map(|restatement| &restatement.new);
        let written: Vec<&Bar> = self.decided.inserts.iter().chain(restated).collect();
        replace_provisional(link, of, &written).await
    }
}

/// The provisional bars of a series: the one that is forming, rarely more.
async fn all_of(link: &mut Link, series: SeriesKey) -> Result<Vec<MarketPrice>, PriceFailure> {
    const ALL: &str = concat!(
        "SELECT ",
        price_columns!("recorded_at"),
        " FROM provisional_bars WHERE instrument_id = $1 AND \"interval\" = $2"
    );
    let interval = series.interval.as_str();
    let rows = link.rows(ALL, &[&series.instrument.0, &interval]).await?;
    prices(link, &rows, series, true).await
}
