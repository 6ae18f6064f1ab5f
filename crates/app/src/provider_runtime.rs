//! Providers that are asked from one runtime, whoever asks, as a decorator of the port.
//!
//! A connection lives on the runtime that opened it. The server's threads have runtimes of their own, which end first when the
//! program stops: a page on its way over a connection that a request had opened would be lost.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    BarRequest, CallBudget, CorporateAction, Fetched, Instrument, MarketDataProvider, ProviderCapabilities,
    ProviderError, Providers, RegisteredProvider, SourceName, Symbol, SymbolMatch,
};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tracing::{Instrument as _, Span};

/// The same sources, asked from this runtime.
pub(crate) fn on_this_runtime(providers: &Providers) -> Providers {
    let runtime = Handle::current();
    let settled = |(_, registered): (&SourceName, &RegisteredProvider)| RegisteredProvider {
        port: Arc::new(Settled {
            inner: Arc::clone(&registered.port),
            runtime: runtime.clone(),
        }),
        missing: registered.missing,
    };
    providers.iter().map(settled).collect()
}

struct Settled {
    inner: Arc<dyn MarketDataProvider>,
    runtime: Handle,
}

/// A call that nobody waits for any more is dropped on its runtime too.
struct DroppedTogether(AbortHandle);

impl Drop for DroppedTogether {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Settled {
    async fn ask<T, F>(&self, call: impl FnOnce(Arc<dyn MarketDataProvider>) -> F) -> Result<T, ProviderError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ProviderError>> + Send + 'static,
    {
        // What is logged there still belongs to the request or the run that asked.
        let call = call(Arc::clone(&self.inner)).instrument(Span::current());
        let task = self.runtime.spawn(call);
        let _together = DroppedTogether(task.abort_handle());
        task.await.unwrap_or_else(|lost| {
            Err(ProviderError::Unavailable {
                retry_after: None,
                source: Box::new(lost),
            })
        })
    }
}

#[async_trait]
impl MarketDataProvider for Settled {
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
        let request = request.clone();
        self.ask(|inner| async move { inner.fetch_bars(&request).await }).await
    }

    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        let (spelling, instrument) = (spelling.clone(), instrument.clone());
        self.ask(|inner| async move { inner.fetch_corporate_actions(&spelling, &instrument).await })
            .await
    }

    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        let text = text.to_owned();
        self.ask(|inner| async move { inner.search_symbols(&text).await }).await
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        let spelling = spelling.clone();
        self.ask(|inner| async move { inner.describe_symbol(&spelling).await })
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use domain::Clock;
    use domain::mock::MockMarketDataProvider;
    use http_providers::ProvidersSettings;

    use super::*;
    use crate::clock::SystemClock;
    use crate::logs::tests::Logged;

    /// Answers with no symbols on the first connection, and tells of each.
    fn binance() -> (String, mpsc::Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let (connected, connections) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connected.send(()).unwrap();
                std::thread::spawn(move || {
                    for line in BufReader::new(&stream).lines() {
                        if line.unwrap().is_empty() {
                            let body = r#"{"symbols":[]}"#;
                            write!(
                                &stream,
                                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                                body.len()
                            )
                            .unwrap();
                        }
                    }
                });
            }
        });
        (base_url, connections)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_connection_outlives_the_runtime_of_whoever_asked_first() {
        let (base_url, connections) = binance();
        let mut settings = ProvidersSettings::default();
        settings.retry.times = 0;
        settings.binance.connection.base_url = base_url;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let providers = on_this_runtime(&http_providers::providers(&settings, &clock).unwrap());
        let binance = Arc::clone(&providers.get(&"binance".parse().unwrap()).unwrap().port);
        let elsewhere = Arc::clone(&binance);
        let asked_elsewhere = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(elsewhere.search_symbols("BTC")).unwrap()
        });
        let found = tokio::task::spawn_blocking(|| asked_elsewhere.join().unwrap())
            .await
            .unwrap();
        assert_eq!(found, binance.search_symbols("BTC").await.unwrap());
        assert_eq!(connections.try_iter().count(), 1);
    }

    /// Without it, nobody can tell which request or run a provider made wait.
    #[tokio::test]
    async fn what_a_provider_logs_belongs_to_whoever_asked() {
        let mut asked = MockMarketDataProvider::new();
        asked.expect_name().returning(|| "binance".parse().unwrap());
        asked.expect_search_symbols().returning(|_| {
            tracing::warn!("asking again");
            Ok(Vec::new())
        });
        let providers = [RegisteredProvider::ready(Arc::new(asked))].into_iter().collect();
        let providers = on_this_runtime(&providers);
        let port = Arc::clone(&providers.get(&"binance".parse().unwrap()).unwrap().port);
        let logged = Logged::default();
        let _here = tracing::subscriber::set_default(logged.subscriber());
        let run = tracing::info_span!("run", run.id = 7);
        port.search_symbols("BTC").instrument(run).await.unwrap();
        let lines = logged.lines();
        assert_eq!(
            (&lines[0]["message"], &lines[0]["span"]["run.id"]),
            (&"asking again".into(), &7.into()),
            "{lines:?}"
        );
    }
}
