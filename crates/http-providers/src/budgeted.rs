//! A budget of calls, and the decorator that spends from it.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    BarRequest, CallBudget, CorporateAction, Fetched, Instrument, MarketDataProvider, ProviderCapabilities,
    ProviderError, SourceName, Symbol, SymbolMatch,
};
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// How much may be asked, in calls or in what the source counts in their stead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSettings {
    /// How much in a minute; `None` without a bound.
    pub per_minute: Option<NonZeroU32>,
    /// How much in a day; `None` without a bound.
    pub per_day: Option<NonZeroU32>,
    /// How long a call waits for its turn at most, before it fails as rate limited.
    pub longest_wait: Duration,
}

impl BudgetSettings {
    /// Bounds of this many a minute and a day, 0 for none, and a wait of at most two minutes.
    #[must_use]
    pub fn of(per_minute: u32, per_day: u32) -> Self {
        Self {
            per_minute: NonZeroU32::new(per_minute),
            per_day: NonZeroU32::new(per_day),
            longest_wait: Duration::from_secs(120),
        }
    }
}

/// What each operation of the port costs, in the unit of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallCosts {
    /// One page of bars.
    pub bars: NonZeroU32,
    /// All splits and dividends.
    pub actions: NonZeroU32,
    /// A search, and the description of one symbol.
    pub symbols: NonZeroU32,
}

impl CallCosts {
    /// One each.
    pub const ONE_EACH: Self = Self {
        bars: NonZeroU32::MIN,
        actions: NonZeroU32::MIN,
        symbols: NonZeroU32::MIN,
    };
}

/// The token buckets of one key. Whatever asks with the same key shares one.
pub struct Budget {
    minute: Option<Bucket>,
    day: Option<Bucket>,
    longest_wait: Duration,
}

impl Budget {
    /// Full buckets.
    #[must_use]
    pub fn new(settings: BudgetSettings) -> Self {
        Self {
            minute: settings.per_minute.and_then(|limit| Bucket::new(limit, MINUTE)),
            day: settings.per_day.and_then(|limit| Bucket::new(limit, DAY)),
            longest_wait: settings.longest_wait,
        }
    }

    /// Takes from both buckets; waits for the minute's, never for the day's.
    ///
    /// # Errors
    /// [`ProviderError::RateLimited`] when the wait would be too long, [`ProviderError::QuotaExhausted`] when the day is
    /// used up, [`ProviderError::Unsupported`] when the whole bucket is smaller than the cost.
    pub async fn take(&self, cost: NonZeroU32) -> Result<(), ProviderError> {
        if let Some(minute) = &self.minute {
            let patience = Instant::now() + self.longest_wait;
            while let Some(wait) = minute.take(cost)? {
                if Instant::now() + wait > patience {
                    return Err(ProviderError::RateLimited {
                        retry_after: Some(wait),
                    });
                }
                tokio::time::sleep(wait).await;
            }
        }
        if let Some(day) = &self.day
            && let Some(wait) = day.take(cost)?
        {
            return Err(ProviderError::QuotaExhausted {
                detail: format!("our own budget of {} a day", day.limit),
                retry_after: Some(wait),
            });
        }
        Ok(())
    }

    /// What is left in each bucket.
    #[must_use]
    pub fn left(&self) -> Vec<CallBudget> {
        let buckets = [&self.minute, &self.day].into_iter().flatten();
        buckets.map(Bucket::left).collect()
    }
}

struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, RuntimeClock, StateInformationMiddleware>,
    limit: NonZeroU32,
    per: Duration,
    last: Mutex<LastCall>,
}

/// What a bucket held when something was last taken from it.
#[derive(Clone, Copy)]
struct LastCall {
    left: u32,
    at: Duration,
}

impl Bucket {
    fn new(limit: NonZeroU32, per: Duration) -> Option<Self> {
        let quota = Quota::with_period(per / limit.get())?.allow_burst(limit);
        Some(Self {
            limiter: RateLimiter::direct_with_clock(quota, RuntimeClock(Instant::now())).with_middleware(),
            limit,
            per,
            last: Mutex::new(LastCall {
                left: limit.get(),
                at: Duration::ZERO,
            }),
        })
    }

    /// Takes from the bucket, or says how long it lasts until there is enough in it.
    fn take(&self, cost: NonZeroU32) -> Result<Option<Duration>, ProviderError> {
        match self.limiter.check_n(cost) {
            Ok(Ok(state)) => {
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = LastCall {
                    left: state.remaining_burst_capacity(),
                    at: self.limiter.clock().now(),
                };
                Ok(None)
            }
            Ok(Err(not_until)) => Ok(Some(not_until.wait_time_from(self.limiter.clock().now()))),
            Err(too_small) => Err(ProviderError::Unsupported {
                what: format!("this costs {cost} of a budget of {}: raise the budget", too_small.0),
            }),
        }
    }

    fn left(&self) -> CallBudget {
        let LastCall { left, at } = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let since = self.limiter.clock().now().saturating_sub(at);
        // One comes back every so often; a part of one does not count.
        let each = (self.per / self.limit.get()).max(Duration::from_nanos(1));
        let came_back = u32::try_from(since.as_nanos() / each.as_nanos()).unwrap_or(u32::MAX);
        CallBudget {
            limit: self.limit.get(),
            left: left.saturating_add(came_back).min(self.limit.get()),
            per: self.per,
        }
    }
}

/// The clock of the runtime, which tests stop and turn.
#[derive(Clone)]
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Spends from a budget before each call.
pub struct Budgeted<P> {
    inner: P,
    budget: Arc<Budget>,
    costs: CallCosts,
}

impl<P: MarketDataProvider> Budgeted<P> {
    /// Around a provider, with a budget that others may share.
    pub fn new(inner: P, budget: Arc<Budget>, costs: CallCosts) -> Self {
        Self { inner, budget, costs }
    }
}

#[async_trait]
impl<P: MarketDataProvider> MarketDataProvider for Budgeted<P> {
    fn name(&self) -> SourceName {
        self.inner.name()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        self.inner.capabilities()
    }

    fn budgets(&self) -> Vec<CallBudget> {
        [self.budget.left(), self.inner.budgets()].concat()
    }

    async fn fetch_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        self.budget.take(self.costs.bars).await?;
        self.inner.fetch_bars(request).await
    }

    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        self.budget.take(self.costs.actions).await?;
        self.inner.fetch_corporate_actions(spelling, instrument).await
    }

    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        self.budget.take(self.costs.symbols).await?;
        self.inner.search_symbols(text).await
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        self.budget.take(self.costs.symbols).await?;
        self.inner.describe_symbol(spelling).await
    }
}

#[cfg(test)]
mod tests;
