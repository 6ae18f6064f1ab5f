//! The whole service on one page: configuration → adapters → use cases → server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_api::{Api, ApiServer, ApiSettings};
use anyhow::Context;
use domain::Clock;
use http_providers::CallObserver;

use crate::clock::SystemClock;
use crate::config::{Config, ServerConfig};
use crate::metrics::{Recorder, Scrape, Scraped};
use crate::provider_runtime::on_this_runtime;
use crate::run_executor::{Handover, RunExecutor, RunService, end_dead_imports};
use crate::stop::StopFlag;
use crate::store::{ServedStore, Store};
use crate::use_cases::UseCases;

/// How often what was timed is put into its buckets, when nobody asks for it.
const UPKEEP: Duration = Duration::from_secs(5);

/// A server that is bound to its address and answers once it runs.
pub struct Application {
    server: ApiServer,
    runs: RunService,
    recorder: Arc<Recorder>,
    scrape: Arc<Scrape>,
    stop: StopFlag,
    digest: String,
    shutdown_timeout: Duration,
}

impl Application {
    /// Opens the store, brings an embedded one up to date, and binds the address; port 0 picks a free one.
    ///
    /// # Errors
    /// When the store cannot be opened or the address cannot be had, with the remedy. Call it within a runtime: from then on
    /// signals ask this process to stop, also before it runs.
    pub async fn build(config: Config) -> anyhow::Result<Self> {
        Self::build_on(config, Arc::new(Recorder::new()?), StopFlag::listening()).await
    }

    /// The same after other work of this process: figures go to a recorder that may hold some already, and a stop that was
    /// asked for meanwhile is heeded.
    pub(crate) async fn build_on(config: Config, recorder: Arc<Recorder>, stop: StopFlag) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ServedStore { store, queries, pools } =
            Store::open_to_serve(&config.database, clock.clone(), &recorder).await?;
        end_dead_imports(&*store.runs)
            .await
            .context("runs that were left behind cannot be ended")?;
        let use_cases = UseCases::over(&store, &config.ingest, &clock)?;
        let observer: Arc<dyn CallObserver> = recorder.clone();
        let providers = http_providers::observed_providers(&config.providers, &clock, &observer)?;
        let providers = Arc::new(on_this_runtime(&providers));
        let (queue, handed_over) = Handover::new();
        let ingest = use_cases.ingest(&store, providers.clone(), Arc::new(queue));
        let executor = RunExecutor::new(
            ingest.clone(),
            store.runs.clone(),
            clock.clone(),
            config.ingest.concurrency,
            stop.clone(),
            config.server.shutdown_timeout,
        );
        let reading = UseCases::over(&queries, &config.ingest, &clock)?;
        let scraped = Scraped {
            pools,
            providers,
            catalogue: queries.catalogue.clone(),
            instruments: queries.instruments.clone(),
            clock: clock.clone(),
            series_limit: config.metrics.series_limit,
        };
        let scrape = Arc::new(Scrape::new(recorder.clone(), scraped));
        let api = Api {
            query: reading.query,
            gaps: reading.gaps,
            ingest,
            runs: store.runs,
            record: use_cases.record,
            resolve: use_cases.resolve,
            instruments: store.instruments,
            prices: store.prices,
            catalogue: queries.catalogue,
            history: queries.history,
            actions: store.actions,
            care: store.care,
            calendars: use_cases.calendars,
            metrics: scrape.clone(),
            clock,
        };
        let ServerConfig {
            listen,
            shutdown_timeout,
            body_limit,
            spool_limit,
        } = config.server;
        let settings = ApiSettings {
            shutdown_timeout,
            body_limit,
            spool_limit,
            ..ApiSettings::on(listen)
        };
        let server = ApiServer::bind(api, &settings).map_err(|error| unbound(listen, error))?;
        Ok(Self {
            server,
            runs: RunService::new(executor, handed_over),
            recorder,
            scrape,
            stop,
            digest: config.digest(),
            shutdown_timeout,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Tells what starts here, and how long that took since `began`, in the log and in the metrics.
    pub fn log_start(&self, began: Instant) {
        self.scrape.started(began.elapsed());
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            configuration = self.digest,
            address = %self.address(),
            startup_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "started"
        );
    }

    /// Answers and carries out runs until SIGTERM or Ctrl-C. Then no more requests are taken, those in hand are finished
    /// and runs handed back to the queue, both within the configured time; a second signal ends the process at once.
    ///
    /// # Errors
    /// When the sockets fail.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        let Self {
            server,
            runs,
            recorder,
            scrape: _,
            stop,
            digest: _,
            shutdown_timeout,
        } = self;
        let runs = tokio::spawn(runs.run());
        let upkeep = tokio::spawn(async move {
            let mut often = tokio::time::interval(UPKEEP);
            loop {
                often.tick().await;
                recorder.tidy();
            }
        });
        let served = server.run_until(stop.raised()).await;
        upkeep.abort();
        // A server that failed takes the runs with it, and they wait for the next start.
        stop.raise();
        runs.await.context("the runs could not be handed back")?;
        served.context("the server failed")?;
        tracing::info!(deadline_s = shutdown_timeout.as_secs(), "stopped");
        Ok(())
    }
}

/// Whether somebody listens there already, for those who have work to do before they listen themselves.
///
/// # Errors
/// When the address cannot be had, with the remedy.
pub(crate) fn refuse_busy(listen: SocketAddr) -> anyhow::Result<()> {
    let bound = std::net::TcpListener::bind(listen);
    bound.map(drop).map_err(|error| unbound(listen, error))
}

/// Why an address cannot be had, and what to do.
fn unbound(listen: SocketAddr, error: io::Error) -> anyhow::Error {
    let free = SocketAddr::new(listen.ip(), 0);
    if error.kind() == io::ErrorKind::AddrInUse {
        let next = SocketAddr::new(listen.ip(), listen.port().checked_add(1).unwrap_or(8_000));
        anyhow::anyhow!(
            "{listen} is in use by another program: choose another port with --listen {next}, or any free one with \
             --listen {free}"
        )
    } else {
        anyhow::Error::new(error).context(format!(
            "cannot listen on {listen}; choose another address with --listen"
        ))
    }
}
