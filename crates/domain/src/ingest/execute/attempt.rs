//! An attempt: splits and dividends, then range after range, page after page.

use super::super::failure::{Failure, Stop, on};
use super::super::outcome::Outcome;
use super::super::schedule::{Answered, Schedule, Terms};
use super::super::walk::{Onwards, Walk};
use super::super::{Desk, Ingest};
use super::Progress;
use crate::record_bars::{PreparedBars, RecordRequest};
use crate::{
    ActionBatch, BarRequest, CorporateAction, Currency, Fetched, IngestRun, Instrument, InstrumentDetails,
    ProviderError, Symbol, TimeRange, Timestamp,
};

pub(super) struct Attempt<'a> {
    ingest: &'a Ingest,
    desk: &'a Desk,
    run: &'a IngestRun,
    asked: TimeRange,
    instrument: Instrument,
    spelling: Symbol,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
    outcome: Outcome,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        ingest: &'a Ingest,
        desk: &'a Desk,
        run: &'a IngestRun,
        asked: TimeRange,
        instrument: Instrument,
        progress: &'a (dyn Fn(Progress) + Send + Sync),
    ) -> Self {
        Self {
            ingest,
            desk,
            run,
            asked,
            spelling: desk.spelling_of(&instrument),
            instrument,
            progress,
            outcome: Outcome {
                counts: run.counts,
                ..Outcome::default()
            },
        }
    }

    pub(super) fn into_outcome(self) -> Outcome {
        self.outcome
    }

    /// Goes as far as the provider does; an error by which the run ends is part of the outcome.
    pub(super) async fn carry_out(&mut self) -> Result<(), Stop> {
        match self.fetch_all().await {
            Err(Stop::Failed(failure)) => self.outcome.failure = Some(failure),
            Err(stop) => return Err(stop),
            Ok(()) => {}
        }
        Ok(())
    }

    async fn fetch_all(&mut self) -> Result<(), Stop> {
        let covered = self.ingest.stores.coverage.covered(self.run.series).await;
        let covered = covered.map_err(Stop::by_prices)?;
        let answered = Answered::by(&self.desk.name, &covered, Some(self.run.created_at));
        let now = self.ingest.clock.now();
        let Schedule {
            ranges, out_of_reach, ..
        } = self.schedule(&answered, now);
        self.outcome.out_of_reach = out_of_reach;
        let Some(whole) = ranges.iter().copied().reduce(TimeRange::hull) else {
            return Ok(());
        };
        self.outcome.asked = true;
        self.tell(None, whole);
        self.fetch_actions().await?;
        let begins_open =
            |range: TimeRange| self.asked.start() == Timestamp::MIN && range.start() == self.desk.offered.reach(now);
        let walks: Vec<Walk> = ranges
            .into_iter()
            .map(|range| {
                Walk::new(range, self.run.series.interval, self.desk.offered.page)
                    .beginning_open(begins_open(range))
                    .answered_until(answered.until())
            })
            .collect();
        let mut whole = whole;
        for mut walk in walks {
            let walked = self.fetch_range(&mut walk, &mut whole).await;
            self.outcome.unanswered.extend(walk.into_unanswered());
            walked?;
        }
        Ok(())
    }

    fn schedule(&self, answered: &Answered, now: Timestamp) -> Schedule {
        let calendar = self.ingest.calendars.for_instrument(&self.instrument);
        let terms = Terms {
            interval: self.run.series.interval,
            offered: &self.desk.offered,
            calendar: &*calendar,
            refresh: self.run.refresh,
        };
        terms.schedule(self.asked, answered, now)
    }

    /// All splits and dividends, before any price is turned back by them.
    async fn fetch_actions(&mut self) -> Result<(), Stop> {
        if !self.desk.capabilities.corporate_actions || !self.instrument.details.asset_class.has_corporate_actions() {
            return Ok(());
        }
        let fetched = self
            .desk
            .provider
            .fetch_corporate_actions(&self.spelling, &self.instrument)
            .await;
        let actions = fetched.map_err(|error| self.no_answer("splits and dividends".to_owned(), error))?;
        self.keep_actions(actions, true).await
    }

    async fn keep_actions(&self, actions: Vec<CorporateAction>, complete: bool) -> Result<(), Stop> {
        let batch = ActionBatch {
            instrument: self.instrument.id,
            actions,
            source: self.desk.name.clone(),
            complete,
            precedence: self.ingest.precedence.clone(),
        };
        let merged = self.ingest.stores.actions.merge(batch).await;
        merged.map(drop).map_err(Stop::by_actions)
    }

    async fn fetch_range(&mut self, walk: &mut Walk, whole: &mut TimeRange) -> Result<(), Stop> {
        while let Some(asked) = walk.next() {
            let runs = &self.ingest.stores.runs;
            let alive = runs.renew(self.run.id, self.run.attempts).await;
            alive.map_err(Stop::by_runs)?;
            let fetched = self.fetch_page(asked).await?;
            if let Some(currency) = &fetched.currency {
                self.settle_currency(currency).await?;
            }
            if !self.desk.capabilities.corporate_actions && !fetched.actions.is_empty() {
                self.keep_actions(fetched.actions.clone(), false).await?;
            }
            *whole = from_the_first_bar(*whole, &fetched);
            let onwards = self.merge_page(walk, asked, fetched).await?;
            if let Onwards::Silent(failure) = onwards {
                return Err(failure.into());
            }
            self.tell(Some(walk.reached()), *whole);
        }
        Ok(())
    }

    async fn fetch_page(&self, range: TimeRange) -> Result<Fetched, Stop> {
        let request = BarRequest {
            spelling: self.spelling.clone(),
            instrument: self.instrument.clone(),
            interval: self.run.series.interval,
            range,
        };
        let fetched = self.desk.provider.fetch_bars(&request).await;
        fetched.map_err(|error| self.no_answer(format!("bars{}", on(range.start())), error))
    }

    /// Checks an answer against the one before, and merges it with what it covers.
    async fn merge_page(&mut self, walk: &mut Walk, asked: TimeRange, fetched: Fetched) -> Result<Onwards, Stop> {
        let answered = fetched.covered;
        let request = self.record_request(fetched).await?;
        let prepared = self.ingest.record.prepare(request).await;
        let PreparedBars { mut batch } = prepared.map_err(Stop::by_record)?;
        let onwards = walk.take(asked, answered, &mut batch)?;
        if batch.fetched() == 0 && batch.covered.is_none() {
            return Ok(onwards);
        }
        let merged = self.ingest.record.commit(PreparedBars { batch }).await;
        self.outcome.counts += merged.map_err(Stop::by_record)?.counts;
        Ok(onwards)
    }

    async fn record_request(&self, fetched: Fetched) -> Result<RecordRequest, Stop> {
        let mut request = RecordRequest {
            instrument: self.instrument.clone(),
            interval: self.run.series.interval,
            source: self.desk.name.clone(),
            basis: self.desk.capabilities.basis,
            tolerance: self.desk.capabilities.tolerance,
            gives_volume: fetched.gives_volume,
            minutes_past_hour: fetched.minutes_past_hour,
            run: Some(self.run.id),
            covered: None,
            fetched_at: Some(fetched.fetched_at),
            rows: fetched.rows,
        };
        // An answer without bars cannot tell where they open.
        if request.rows.iter().all(|row| row.values.is_err()) {
            let stored = self.ingest.stores.catalogue.find(self.run.series).await;
            if let Some(series) = stored.map_err(Stop::by_prices)? {
                request.minutes_past_hour = series.minutes_past_hour;
                request.gives_volume = series.gives_volume;
            }
        }
        Ok(request)
    }

    /// Fills in a currency that was not known; another one than is known ends the run.
    async fn settle_currency(&mut self, theirs: &Currency) -> Result<(), Stop> {
        let ours = &self.instrument.details.currency;
        if ours == theirs || theirs.is_unknown() {
            return Ok(());
        }
        if !ours.is_unknown() {
            return Err(Stop::Failed(Failure::Currency {
                provider: self.desk.name.clone(),
                instrument: Box::new(self.instrument.clone()),
                ours: ours.clone(),
                theirs: theirs.clone(),
            }));
        }
        let details = InstrumentDetails {
            currency: theirs.clone(),
            ..self.instrument.details.clone()
        };
        let updated = self.ingest.stores.instruments.update(self.instrument.id, details).await;
        self.instrument = updated.map_err(Stop::by_instruments)?;
        Ok(())
    }

    fn no_answer(&self, what: String, error: ProviderError) -> Stop {
        let (provider, search) = (self.desk.name.clone(), self.desk.capabilities.search);
        Stop::Failed(match error {
            ProviderError::UnknownSymbol(spelling) => Failure::UnknownSymbol {
                provider,
                spelling,
                search,
            },
            source => Failure::NoAnswer { provider, what, source },
        })
    }

    fn tell(&self, reached: Option<Timestamp>, asked: TimeRange) {
        (self.progress)(Progress {
            run: self.run.id,
            attempt: self.run.attempts,
            counts: self.outcome.counts,
            reached,
            asked,
        });
    }
}

/// What is asked for without a beginning begins, once that is known, with the first bar.
fn from_the_first_bar(asked: TimeRange, fetched: &Fetched) -> TimeRange {
    let mut openings = fetched.rows.iter().filter_map(|row| row.values.as_ref().ok());
    match (asked.start(), openings.next()) {
        (Timestamp::MIN, Some(first)) => TimeRange::new(first.opened_at, asked.end()).unwrap_or(asked),
        _ => asked,
    }
}
