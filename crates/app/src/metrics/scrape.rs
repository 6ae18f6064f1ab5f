//! All figures for one scrape: what was counted, and what is read now.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_api::{AnsweredRequest, Metrics};
use async_trait::async_trait;
use domain::{CallBudget, Clock, InstrumentRepository, Providers, SeriesCatalogue};

use super::exposition::Exposition;
use super::recorder::Recorder;
use super::series_ages::SeriesAges;
use super::{catalogue, process};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// What a pool of connections is doing, whatever the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolFigures {
    pub(crate) pool: &'static str,
    pub(crate) limit: usize,
    pub(crate) idle: usize,
    pub(crate) in_use: usize,
}

/// What is read at each scrape.
pub(crate) struct Scraped {
    /// What the pools of the store are doing.
    pub(crate) pools: Arc<dyn Fn() -> Vec<PoolFigures> + Send + Sync>,
    /// Whose budgets are told.
    pub(crate) providers: Arc<Providers>,
    /// Which series there are.
    pub(crate) catalogue: Arc<dyn SeriesCatalogue>,
    /// How their instruments are called.
    pub(crate) instruments: Arc<dyn InstrumentRepository>,
    /// Tells the time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Of how many series the age is told.
    pub(crate) series_limit: usize,
}

/// The figures of a serving process.
pub(crate) struct Scrape {
    recorder: Arc<Recorder>,
    pools: Arc<dyn Fn() -> Vec<PoolFigures> + Send + Sync>,
    providers: Arc<Providers>,
    ages: SeriesAges,
    start_up: OnceLock<Duration>,
}

impl Scrape {
    /// Of what this recorder counts, and of these. Call it within the runtime that reads the ages of series.
    pub(crate) fn new(recorder: Arc<Recorder>, scraped: Scraped) -> Self {
        let Scraped {
            pools,
            providers,
            catalogue,
            instruments,
            clock,
            series_limit,
        } = scraped;
        recorder.expect_providers(&providers);
        Self {
            recorder,
            pools,
            providers,
            ages: SeriesAges::new(catalogue, instruments, clock, series_limit),
            start_up: OnceLock::new(),
        }
    }

    /// It listens, so long after the process began.
    pub(crate) fn started(&self, after: Duration) {
        // Only the first time is the start.
        let _later = self.start_up.set(after);
    }

    fn write_pools(&self, exposition: &mut Exposition) {
        let pools = (self.pools)();
        let states = pools.iter().flat_map(|pool| {
            [
                ([pool.pool, "idle"], number(pool.idle)),
                ([pool.pool, "in_use"], number(pool.in_use)),
            ]
        });
        exposition.family(&catalogue::POOL_CONNECTIONS, states);
        let limits = pools.iter().map(|pool| ([pool.pool], number(pool.limit)));
        exposition.family(&catalogue::POOL_LIMIT, limits);
    }

    fn write_quotas(&self, exposition: &mut Exposition) {
        let mut windows: Vec<(&str, &'static str, CallBudget)> = Vec::new();
        for (name, registered) in self.providers.iter() {
            for budget in registered.port.budgets() {
                let Some(window) = window_of(budget.per) else { continue };
                // A source may count for itself what we count too: then the tighter one is told.
                let told = windows
                    .iter_mut()
                    .find(|(provider, known, _)| (*provider, *known) == (name.as_str(), window));
                match told {
                    Some((_, _, known)) if known.left <= budget.left => {}
                    Some((_, _, known)) => *known = budget,
                    None => windows.push((name.as_str(), window, budget)),
                }
            }
        }
        let left = windows
            .iter()
            .map(|(name, window, budget)| ([*name, *window], f64::from(budget.left)));
        exposition.family(&catalogue::PROVIDER_QUOTA_LEFT, left);
        let limits = windows
            .iter()
            .map(|(name, window, budget)| ([*name, *window], f64::from(budget.limit)));
        exposition.family(&catalogue::PROVIDER_QUOTA_LIMIT, limits);
    }
}

#[async_trait]
impl Metrics for Scrape {
    fn request_began(&self) {
        self.recorder.request_began();
    }

    fn request_ended(&self, request: &AnsweredRequest<'_>) {
        self.recorder.request_ended(request);
    }

    async fn render(&self) -> String {
        let mut exposition = Exposition::default();
        exposition.family(&catalogue::BUILD_INFO, [([env!("CARGO_PKG_VERSION")], 1.0)]);
        if let Some(start_up) = self.start_up.get() {
            exposition.value(&catalogue::START_UP, start_up.as_secs_f64());
        }
        self.write_pools(&mut exposition);
        self.write_quotas(&mut exposition);
        self.ages.write(&mut exposition).await;
        process::write(&mut exposition);
        exposition.behind(self.recorder.render())
    }
}

fn window_of(per: Duration) -> Option<&'static str> {
    match per {
        MINUTE => Some("minute"),
        DAY => Some("day"),
        _ => None,
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
