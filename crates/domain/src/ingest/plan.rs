//! What an ingest would ask a provider for, for people to look at before anything is asked.

use std::fmt;

use super::estimate::{self, Estimate};
use super::identify::Identified;
use super::schedule::{Answered, Schedule, Terms};
use super::{Desk, Ingest, IngestError, IngestOrder};
use crate::{CallBudget, Instrument, InstrumentDetails, Interval, SeriesKey, SourceName, Symbol, TimeRange, Timestamp};

/// What would be asked of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestPlan {
    /// Which provider.
    pub provider: SourceName,
    /// How long the bars are.
    pub interval: Interval,
    /// One for each instrument, in the order in which they were named.
    pub series: Vec<SeriesPlan>,
    /// What may still be asked of the provider, as far as is known.
    pub budgets: Vec<CallBudget>,
}

/// What would be asked for one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesPlan {
    /// The instrument; `None` when it would be made.
    pub instrument: Option<Instrument>,
    /// What is said of it, or would be once it is made.
    pub details: InstrumentDetails,
    /// How the provider would be asked for it.
    pub spelling: Symbol,
    /// What was asked for, with the least and the greatest instant for open ends.
    pub asked: TimeRange,
    /// What would be fetched, oldest first.
    pub fetch: Vec<TimeRange>,
    /// About how many calls that takes, those for splits and dividends among them; `None` when a range has no known
    /// beginning and comes in pages.
    pub calls: Option<u64>,
    /// How many bars regular sessions give in what would be fetched; `None` when a range has no known beginning.
    pub bars: Option<u64>,
    /// What is worth knowing beside.
    pub remarks: Vec<PlanRemark>,
}

/// Why a plan is not simply what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanRemark {
    /// The provider does not go back so far.
    OutOfReach {
        /// What will not be asked for.
        lost: TimeRange,
        /// Where the provider begins.
        reach: Timestamp,
    },
    /// The end lies in the future.
    EndInFuture {
        /// The end as given.
        end: Timestamp,
        /// Where it was cut.
        now: Timestamp,
    },
    /// The last sessions of what was answered are asked again.
    Again(TimeRange),
    /// All of it was answered before.
    NothingToFetch,
}

impl PlanRemark {
    /// A stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach { .. } => "out_of_reach",
            Self::EndInFuture { .. } => "end_in_future",
            Self::Again(_) => "again",
            Self::NothingToFetch => "nothing_to_fetch",
        }
    }
}

impl fmt::Display for PlanRemark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfReach { lost, reach } => write!(
                formatter,
                "the provider goes back to {reach} only: {lost} is not asked for"
            ),
            Self::EndInFuture { end, now } => {
                write!(
                    formatter,
                    "the end {end} lies in the future: bars up to {now} are asked for"
                )
            }
            Self::Again(range) => write!(
                formatter,
                "the last sessions of what was answered before are asked again: {range}"
            ),
            Self::NothingToFetch => formatter.write_str("all of it was answered before: nothing is asked for"),
        }
    }
}

impl Ingest {
    /// What would be asked of the provider now, and about how much that is. Nothing is written and no instrument made;
    /// the provider is asked what a symbol stands for when we do not know it.
    ///
    /// # Errors
    /// [`IngestError::Order`] with everything that is wrong with the order, [`IngestError::Description`], and those of the
    /// stores.
    pub async fn plan(&self, order: &IngestOrder) -> Result<IngestPlan, IngestError> {
        let (desk, asked, chosen) = self.open(order).await?;
        let now = self.clock.now();
        let mut series = Vec::with_capacity(chosen.len());
        for identified in chosen {
            series.push(self.plan_one(order, &desk, asked, identified, now).await?);
        }
        Ok(IngestPlan {
            provider: desk.name,
            interval: order.interval,
            series,
            budgets: desk.provider.budgets(),
        })
    }

    async fn plan_one(
        &self,
        order: &IngestOrder,
        desk: &Desk,
        asked: TimeRange,
        identified: Identified,
        now: Timestamp,
    ) -> Result<SeriesPlan, IngestError> {
        let (instrument, details, spelling) = match identified {
            Identified::Known {
                instrument,
                spelling,
                learned,
            } => {
                let details = learned.unwrap_or_else(|| instrument.details.clone());
                (Some(instrument), details, spelling)
            }
            Identified::New { details, spelling } => (None, details, spelling),
        };
        let covered = match &instrument {
            Some(instrument) => {
                let key = SeriesKey {
                    instrument: instrument.id,
                    interval: order.interval,
                };
                self.stores.coverage.covered(key).await?
            }
            None => Vec::new(),
        };
        let calendar = self.calendars.for_details(&details);
        let terms = Terms {
            interval: order.interval,
            offered: &desk.offered,
            calendar: &*calendar,
            refresh: order.refresh,
        };
        let schedule = terms.schedule(asked, &Answered::by(&desk.name, &covered, None), now);
        let Estimate { calls, bars } = estimate::of(&schedule.ranges, order.interval, desk.offered.page, &*calendar);
        let for_actions = !schedule.ranges.is_empty()
            && desk.capabilities.corporate_actions
            && details.asset_class.has_corporate_actions();
        Ok(SeriesPlan {
            instrument,
            details,
            spelling,
            asked,
            calls: calls.map(|calls| calls.saturating_add(u64::from(for_actions))),
            bars,
            remarks: remarks(&schedule, asked.end(), desk.offered.reach(now), now),
            fetch: schedule.ranges,
        })
    }
}

fn remarks(schedule: &Schedule, end: Timestamp, reach: Timestamp, now: Timestamp) -> Vec<PlanRemark> {
    let lost = schedule.out_of_reach.map(|lost| PlanRemark::OutOfReach { lost, reach });
    let cut = (end < Timestamp::MAX && now < end).then_some(PlanRemark::EndInFuture { end, now });
    let nothing = (schedule.ranges.is_empty() && lost.is_none()).then_some(PlanRemark::NothingToFetch);
    let again = schedule.again.map(PlanRemark::Again);
    [lost, cut, again, nothing].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
