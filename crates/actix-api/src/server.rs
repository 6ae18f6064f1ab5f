//! The server: binds, answers, and stops when told to.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};

use crate::prices::Spool;
use crate::write_guard::{self, WriteAccess};
use crate::{Api, compression, problem, request_trace, routes};

/// How the server listens and what it takes.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Where to listen; port 0 picks a free one. On another address than loopback no writes are taken until there are
    /// API keys.
    pub listen: SocketAddr,
    /// The largest body of bars, in bytes after decompression.
    pub body_limit: usize,
    /// How much disk the temporary files behind `HEAD` and `Range` may take together, in bytes.
    pub spool_limit: u64,
    /// How long running requests may take to finish after the stop.
    pub shutdown_timeout: Duration,
    /// Threads that answer; `None` for one per processor.
    pub workers: Option<usize>,
}

impl ApiSettings {
    /// 64 MiB of body, 1 GiB of temporary files, 30 seconds to finish, one thread per processor.
    #[must_use]
    pub fn on(listen: SocketAddr) -> Self {
        Self {
            listen,
            body_limit: 64 * 1024 * 1024,
            spool_limit: 1024 * 1024 * 1024,
            shutdown_timeout: Duration::from_secs(30),
            workers: None,
        }
    }
}

/// The largest body that is taken, for the handlers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A server that is bound to its address; it answers once [`ApiServer::run_until`] is awaited.
pub struct ApiServer {
    server: Server,
    address: SocketAddr,
}

impl ApiServer {
    /// Binds the address. Call it within a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be had, mostly because another process has it.
    pub fn bind(api: Api, settings: &ApiSettings) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(settings.listen)?;
        let address = listener.local_addr()?;
        let api = web::Data::new(api);
        let access = web::Data::new(WriteAccess {
            only_loopback: address.ip().is_loopback(),
        });
        let limit = web::Data::new(BodyLimit(settings.body_limit));
        let spool = web::Data::new(Spool::new(settings.spool_limit));
        let mut server = HttpServer::new(move || {
            App::new()
                .app_data(api.clone())
                .app_data(access.clone())
                .app_data(limit.clone())
                .app_data(spool.clone())
                .configure(routes::configure)
                .wrap(from_fn(write_guard::guard))
                .wrap(from_fn(compression::choose))
                .wrap(Compress::default())
                .wrap(from_fn(compression::label))
                .wrap(from_fn(problem::render))
                .wrap(from_fn(request_trace::trace))
        })
        .disable_signals()
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        // The last piece of a stream is small, and would wait 40 ms for the client to acknowledge the one before.
        .tcp_nodelay(true);
        if let Some(workers) = settings.workers {
            server = server.workers(workers);
        }
        Ok(Self {
            server: server.listen(listener)?.run(),
            address,
        })
    }

    /// Where it listens; with port 0, the port that was picked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server from elsewhere: `stop(true)` finishes running requests first.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Answers until `stop` is ready, then takes no more requests and finishes those in hand.
    ///
    /// # Errors
    /// When the sockets fail.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let handle = self.handle();
        let stopping = async {
            stop.await;
            tracing::info!("stopping: requests in hand are finished first");
            handle.stop(true).await;
        };
        let (ended, ()) = futures_util::future::join(self.server, stopping).await;
        ended
    }
}
