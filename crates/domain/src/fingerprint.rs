//! Use case: tells a store's content in canonical lines, so that two stores can be compared by a hash of them.

use std::sync::Arc;

use crate::{
    Bar, BarQuery, CorporateAction, CorporateActionRepository, CorporateActionRepositoryError, Dispute, Instrument,
    InstrumentFilter, InstrumentOrder, InstrumentRepository, InstrumentRepositoryError, InstrumentSort, PriceHistory,
    PriceRepository, PriceRepositoryError, Series, SeriesCatalogue, SourceName, TimeOrder, TimeRange,
};

/// How many rows are asked for at once.
const CHUNK: usize = 10_000;

/// Why a store could not be told.
#[derive(Debug, thiserror::Error)]
pub enum FingerprintError {
    /// The store of instruments could not answer.
    #[error(transparent)]
    Instruments(#[from] InstrumentRepositoryError),
    /// The store of bars could not answer.
    #[error(transparent)]
    Prices(#[from] PriceRepositoryError),
    /// The store of corporate actions could not answer.
    #[error(transparent)]
    Actions(#[from] CorporateActionRepositoryError),
}

/// Tells everything that two equal histories of writing have in common: instruments by symbol and exchange, catalogue,
/// bars, revisions, discrepancies and actions. Ids, stamps and runs are left out, since they differ between any two stores.
#[derive(Clone)]
pub struct Fingerprint {
    instruments: Arc<dyn InstrumentRepository>,
    catalogue: Arc<dyn SeriesCatalogue>,
    prices: Arc<dyn PriceRepository>,
    history: Arc<dyn PriceHistory>,
    actions: Arc<dyn CorporateActionRepository>,
}

impl Fingerprint {
    /// Over the stores.
    #[must_use]
    pub fn new(
        instruments: Arc<dyn InstrumentRepository>,
        catalogue: Arc<dyn SeriesCatalogue>,
        prices: Arc<dyn PriceRepository>,
        history: Arc<dyn PriceHistory>,
        actions: Arc<dyn CorporateActionRepository>,
    ) -> Self {
        Self {
            instruments,
            catalogue,
            prices,
            history,
            actions,
        }
    }

    /// Gives `sink` one line after the other, in an order that depends on the content alone; memory stays flat.
    ///
    /// # Errors
    /// [`FingerprintError`] when a store could not answer.
    pub async fn tell(&self, sink: &mut (dyn FnMut(&str) + Send)) -> Result<(), FingerprintError> {
        let order = InstrumentOrder {
            by: InstrumentSort::Symbol,
            descending: false,
        };
        let mut after = None;
        loop {
            let page = self
                .instruments
                .list(&InstrumentFilter::default(), order, CHUNK, after)
                .await?;
            for instrument in &page.instruments {
                self.tell_instrument(instrument, sink).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn tell_instrument(
        &self,
        instrument: &Instrument,
        sink: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), FingerprintError> {
        let details = &instrument.details;
        sink(&format!(
            "instrument {instrument} {} {} {}",
            details.asset_class, details.currency, details.calendar
        ));
        for recorded in self.actions.list(instrument.id, None).await? {
            match recorded.action {
                CorporateAction::Split { ex_date, ratio } => {
                    sink(&format!(
                        "split {ex_date} {}:{}",
                        ratio.new_shares(),
                        ratio.old_shares()
                    ));
                }
                CorporateAction::Dividend {
                    ex_date,
                    amount,
                    currency,
                } => {
                    sink(&format!("dividend {ex_date} {amount} {currency}"));
                }
            }
        }
        for series in self.catalogue.of_instrument(instrument.id).await? {
            self.tell_series(&series, sink).await?;
        }
        Ok(())
    }

    async fn tell_series(&self, series: &Series, sink: &mut (dyn FnMut(&str) + Send)) -> Result<(), FingerprintError> {
        let Series {
            key,
            basis,
            first,
            last,
            count,
            version,
            ..
        } = series;
        sink(&format!(
            "series {} {basis} {first:?} {last:?} {count} version {version}",
            key.interval
        ));
        self.tell_bars(series, sink).await?;
        let mut after = None;
        loop {
            let revisions = self.history.revisions(*key, TimeRange::ALL, CHUNK, after).await?;
            for revision in &revisions {
                sink(&line(revision.kind.as_str(), &revision.bar, &revision.source));
            }
            after = revisions
                .last()
                .map(|revision| (revision.bar.opened_at(), revision.believed_from));
            if revisions.len() < CHUNK {
                break;
            }
        }
        for discrepancy in self.history.discrepancies(*key, TimeRange::ALL, usize::MAX).await? {
            let open = discrepancy.closed_at.is_none();
            match &discrepancy.dispute {
                Dispute::Differs(bar) => sink(&format!("open={open} {}", line("differs", bar, &discrepancy.source))),
                Dispute::Withdrawn => {
                    sink(&format!(
                        "open={open} withdrawn {} {}",
                        discrepancy.opened_at, discrepancy.source
                    ));
                }
            }
        }
        Ok(())
    }

    async fn tell_bars(&self, series: &Series, sink: &mut (dyn FnMut(&str) + Send)) -> Result<(), FingerprintError> {
        let mut rest = Some(TimeRange::ALL);
        while let Some(range) = rest {
            let query = BarQuery {
                series: series.key,
                range,
                order: TimeOrder::Ascending,
                limit: CHUNK,
                as_of: Some(series.updated_at),
                include_partial: false,
            };
            let chunk = self.prices.read(&query).await?;
            for price in &chunk.bars {
                sink(&line("bar", &price.bar, &price.source));
            }
            rest = chunk
                .bars
                .last()
                .filter(|_| chunk.more)
                .and_then(|last| TimeRange::new(last.bar.opened_at().next(), range.end()).ok());
        }
        Ok(())
    }
}

fn line(what: &str, bar: &Bar, source: &SourceName) -> String {
    let values = bar.values();
    format!(
        "{what} {} {} {} {} {} {} {:?} {:?} {source}",
        values.opened_at,
        values.open,
        values.high,
        values.low,
        values.close,
        values.volume,
        values.trade_count,
        values.vwap
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{InMemoryStore, ManualClock};
    use crate::{AssetClass, BarValues, InstrumentDetails, Interval, MergeBatch, SeriesKey, Timestamp};

    async fn lines_after(closes: &[&str], began: &str) -> Vec<String> {
        let store = Arc::new(InMemoryStore::new(Arc::new(ManualClock::at(began.parse().unwrap()))));
        let details = InstrumentDetails::bare("AAPL".parse().unwrap(), AssetClass::Stock);
        let instrument = store.create(details).await.unwrap().id;
        for close in closes {
            let close = close.parse().unwrap();
            let values = BarValues {
                opened_at: Timestamp::from_unix_seconds(0).unwrap(),
                open: close,
                high: close,
                low: close,
                close,
                volume: crate::Volume::ZERO,
                trade_count: None,
                vwap: None,
            };
            let bar = Bar::new(values, AssetClass::Stock).unwrap();
            let key = SeriesKey {
                instrument,
                interval: Interval::OneDay,
            };
            let batch = MergeBatch::of_bars(key, SourceName::file(), vec![bar]);
            PriceRepository::merge(&*store, batch).await.unwrap();
        }
        let mut lines = Vec::new();
        let told = Fingerprint::new(store.clone(), store.clone(), store.clone(), store.clone(), store);
        told.tell(&mut |line| lines.push(line.to_owned())).await.unwrap();
        lines
    }

    #[tokio::test]
    async fn equal_histories_at_different_times_are_told_alike() {
        let (early, late) = ("2021-01-01T00:00:00Z", "2022-02-02T02:02:02Z");
        assert_eq!(
            lines_after(&["1.50", "2"], early).await,
            lines_after(&["1.50", "2"], late).await
        );
    }

    #[tokio::test]
    async fn another_digit_or_another_past_is_told() {
        let began = "2021-01-01T00:00:00Z";
        assert_ne!(lines_after(&["1.50"], began).await, lines_after(&["1.5"], began).await);
        assert_ne!(lines_after(&["1", "2"], began).await, lines_after(&["2"], began).await);
    }
}
