//! Asking again where that can help, as a decorator of the port.

use std::time::Duration;

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use domain::{
    BarRequest, CallBudget, CorporateAction, ErrorChain, Fetched, Instrument, MarketDataProvider, ProviderCapabilities,
    ProviderError, SourceName, Symbol, SymbolMatch,
};

/// How often and after how long to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    /// How often after the first time.
    pub times: usize,
    /// The first pause; each is twice the one before, with up to as much again by chance.
    pub first_pause: Duration,
    /// No pause grows beyond, chance aside.
    pub longest_pause: Duration,
    /// A source that asks for a longer wait than this is not asked again: the caller learns how long.
    pub longest_wait: Duration,
}

impl Default for RetrySettings {
    /// Four times after 0.5, 1, 2 and 4 seconds; waits of up to two minutes.
    fn default() -> Self {
        Self {
            times: 4,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            longest_wait: Duration::from_secs(120),
        }
    }
}

/// Asks again when an error [is transient](ProviderError::is_transient), never sooner than the source allows.
pub struct Retrying<P> {
    inner: P,
    settings: RetrySettings,
}

impl<P: MarketDataProvider> Retrying<P> {
    /// Around a provider.
    pub fn new(inner: P, settings: RetrySettings) -> Self {
        Self { inner, settings }
    }

    async fn retry<T, A: Future<Output = Result<T, ProviderError>>>(
        &self,
        ask: impl FnMut() -> A,
    ) -> Result<T, ProviderError> {
        let pauses = ExponentialBuilder::new()
            .with_max_times(self.settings.times)
            .with_min_delay(self.settings.first_pause)
            .with_max_delay(self.settings.longest_pause)
            .with_jitter();
        ask.retry(pauses)
            .when(ProviderError::is_transient)
            .adjust(|error, pause| self.pause(error, pause?))
            .notify(|error, pause| {
                let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                tracing::warn!(provider = %self.inner.name(), pause_ms, error = %ErrorChain(error), "asking again");
            })
            .await
    }

    /// How long to wait before asking again, if at all.
    fn pause(&self, error: &ProviderError, pause: Duration) -> Option<Duration> {
        match error.retry_after() {
            // The chance part of the pause stays on top, so that many who were sent away do not come back at once.
            Some(wait) => (wait <= self.settings.longest_wait).then(|| wait + pause),
            None => Some(pause),
        }
    }
}

#[async_trait]
impl<P: MarketDataProvider> MarketDataProvider for Retrying<P> {
    fn name(&self) -> SourceName {
        self.inner.name()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        self.inner.capabilities()
    }

    fn budgets(&self) -> Vec<CallBudget> {
        self.inner.budgets()
    }

    async fn fetch_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        self.retry(|| self.inner.fetch_bars(request)).await
    }

    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        self.retry(|| self.inner.fetch_corporate_actions(spelling, instrument))
            .await
    }

    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        self.retry(|| self.inner.search_symbols(text)).await
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        self.retry(|| self.inner.describe_symbol(spelling)).await
    }
}

#[cfg(test)]
mod tests;
