//! A provider that answers as often as a test lets it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::fake::FakeProvider;
use domain::{
    BarRequest, CallBudget, CorporateAction, Fetched, Instrument, MarketDataProvider, ProviderCapabilities,
    ProviderError, SourceName, Symbol, SymbolMatch,
};
use tokio::sync::Semaphore;

/// Calls of bars wait before a gate.
pub(super) struct Gated {
    pub(super) inner: Arc<FakeProvider>,
    pub(super) gate: Semaphore,
}

#[async_trait]
impl MarketDataProvider for Gated {
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
        self.gate.acquire().await.unwrap().forget();
        self.inner.fetch_bars(request).await
    }

    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        self.inner.fetch_corporate_actions(spelling, instrument).await
    }

    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        self.inner.search_symbols(text).await
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        self.inner.describe_symbol(spelling).await
    }
}
