//! Somebody hears of each call, as a decorator of the port.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::{
    BarRequest, CallBudget, CorporateAction, Fetched, Instrument, MarketDataProvider, ProviderCapabilities,
    ProviderError, SourceName, Symbol, SymbolMatch,
};

/// Hears of calls that went to a source.
pub trait CallObserver: Send + Sync {
    /// A call came to its end; `error` is `None` when the source gave what it was asked for. What our own budget refused, and
    /// what a source does not offer, was no call.
    fn called(&self, provider: &SourceName, error: Option<&ProviderError>, elapsed: Duration);
}

/// Tells an observer of each call. It belongs directly around a source, so that the waits for a budget and between retries are
/// no part of a call, and each retry is one.
pub struct Observed<P> {
    inner: P,
    observer: Arc<dyn CallObserver>,
}

impl<P: MarketDataProvider> Observed<P> {
    /// Around a source.
    pub fn new(inner: P, observer: Arc<dyn CallObserver>) -> Self {
        Self { inner, observer }
    }

    async fn observe<T>(&self, call: impl Future<Output = Result<T, ProviderError>>) -> Result<T, ProviderError> {
        let began = Instant::now();
        let outcome = call.await;
        let error = outcome.as_ref().err();
        let was_asked = !matches!(
            error,
            Some(ProviderError::Unsupported { .. } | ProviderError::UnsupportedInterval(_))
        );
        if was_asked {
            self.observer.called(&self.inner.name(), error, began.elapsed());
        }
        outcome
    }
}

#[async_trait]
impl<P: MarketDataProvider> MarketDataProvider for Observed<P> {
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
        self.observe(self.inner.fetch_bars(request)).await
    }

    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        let call = self.inner.fetch_corporate_actions(spelling, instrument);
        if self.inner.capabilities().corporate_actions {
            self.observe(call).await
        } else {
            // It answers "none" without asking anybody.
            call.await
        }
    }

    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        self.observe(self.inner.search_symbols(text)).await
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        self.observe(self.inner.describe_symbol(spelling)).await
    }
}

#[cfg(test)]
mod tests;
