//! Connections: pools of them, and the transactions that run on one.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult};
use domain::{Clock, InstrumentId};
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::NoTls;
use tokio_postgres::{Client, Connection, Socket};

use crate::error::{DatabaseError, Failure, PortError};
use crate::link::Link;
use crate::settings::{PostgresSettings, Server};
use crate::{OpenError, lock, migrations, tls};

/// Hears how long a call waited for a connection of a pool, an opening included, whether or not it got one.
pub type WaitObserver = Arc<dyn Fn(&'static str, Duration) + Send + Sync>;

/// What a pool of connections is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// Which one: `primary` or `replica`.
    pub pool: &'static str,
    /// How many connections it may have.
    pub limit: usize,
    /// How many wait to be used.
    pub idle: usize,
    /// How many are at work.
    pub in_use: usize,
}

/// All store ports over one PostgreSQL database. Clones share its connections.
///
/// Any number of processes may use the same database: writers of one instrument take turns, readers wait for nobody.
#[derive(Clone)]
pub struct PostgresStore {
    primary: Pool<Opener>,
    /// Where queries go; the primary itself when there is no replica.
    queries: Pool<Opener>,
    waits: Option<WaitObserver>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Opens a database that has the schema of this version already: see [`migrate_up`](crate::migrate_up). Writes are
    /// stamped by `clock`.
    ///
    /// # Errors
    /// [`OpenError`], each variant with its remedy.
    pub async fn open(settings: &PostgresSettings, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        migrations::require_current(settings).await?;
        let primary = pool(settings, &settings.url)?;
        Ok(Self {
            queries: primary.clone(),
            primary,
            waits: None,
            clock,
        })
    }

    /// The same store, whose waits for connections somebody hears of.
    #[must_use]
    pub fn with_wait_observer(self, observer: WaitObserver) -> Self {
        Self {
            waits: Some(observer),
            ..self
        }
    }

    /// What its pools are doing.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolState> {
        let state = |name, pool: &Pool<Opener>| {
            let status = pool.status();
            PoolState {
                pool: name,
                limit: status.max_size,
                idle: status.available,
                in_use: status.size.saturating_sub(status.available),
            }
        };
        let mut pools = vec![state(PRIMARY, &self.primary)];
        if self.has_replica() {
            pools.push(state(REPLICA, &self.queries));
        }
        pools
    }

    /// The same store for those who only look: where the settings name a replica, their queries go there. The replica
    /// may lag; what it does not have yet and a query pins is asked of the primary, and so is everything while the
    /// replica does not answer.
    ///
    /// # Errors
    /// [`OpenError::Url`]. A replica that does not answer now is no error.
    pub fn for_queries(&self, settings: &PostgresSettings) -> Result<Self, OpenError> {
        Ok(match &settings.replica_url {
            None => self.clone(),
            Some(url) => Self {
                queries: pool(settings, url)?,
                ..self.clone()
            },
        })
    }

    /// Lets go of the connections once the calls at work are done; later calls find the store unavailable.
    pub fn close(&self) {
        self.primary.close();
        self.queries.close();
    }

    /// A transaction on the primary that writes.
    pub(crate) async fn write<E: PortError>(&self) -> Result<Transaction, E> {
        begun(self.lend_primary().await, "BEGIN").await.map_err(unavailable)
    }

    /// The same, with the lock of an instrument: see [`lock`].
    pub(crate) async fn write_to<E: PortError>(&self, instrument: InstrumentId) -> Result<Transaction, E> {
        let mut transaction = self.lend_primary().await.map_err(unavailable)?;
        transaction.begun = true;
        lock::begin(&transaction, instrument).await.map_err(unavailable)?;
        Ok(transaction)
    }

    /// A connection for one query, which is a transaction by itself: one round trip instead of three.
    pub(crate) async fn glance<E: PortError>(&self) -> Result<Transaction, E> {
        self.lend().await.map_err(unavailable)
    }

    /// A transaction in which all queries see the same state.
    pub(crate) async fn look<E: PortError>(&self) -> Result<Transaction, E> {
        begun(self.lend().await, LOOK).await.map_err(unavailable)
    }

    /// The same, on the server that has everything.
    pub(crate) async fn look_at_primary<E: PortError>(&self) -> Result<Transaction, E> {
        begun(self.lend_primary().await, LOOK).await.map_err(unavailable)
    }

    /// A connection for queries whose transaction is still to be begun.
    pub(crate) async fn lend(&self) -> Result<Transaction, DatabaseError> {
        if self.has_replica() {
            match self.taken_from(REPLICA, &self.queries).await {
                Ok(link) => return Ok(Transaction::on(link)),
                Err(error) => tracing::warn!(%error, "the replica does not answer: asking the primary"),
            }
        }
        self.lend_primary().await
    }

    /// The same, on the server that has everything.
    pub(crate) async fn lend_primary(&self) -> Result<Transaction, DatabaseError> {
        Ok(Transaction::on(self.taken_from(PRIMARY, &self.primary).await?))
    }

    async fn taken_from(
        &self,
        name: &'static str,
        pool: &Pool<Opener>,
    ) -> Result<Object<Opener>, PoolError<OpenError>> {
        let began = Instant::now();
        let taken = pool.get().await;
        if let Some(waits) = &self.waits {
            waits(name, began.elapsed());
        }
        taken
    }

    pub(crate) fn has_replica(&self) -> bool {
        !std::ptr::eq(self.primary.manager(), self.queries.manager())
    }
}

/// The pool of the server that everything is written to.
const PRIMARY: &str = "primary";
/// The pool of the server that follows it.
const REPLICA: &str = "replica";

/// All queries of such a transaction see the state that its first one sees.
pub(crate) const LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

fn unavailable<E: PortError>(error: DatabaseError) -> E {
    E::unavailable(Box::new(error))
}

async fn begun(lent: Result<Transaction, DatabaseError>, how: &str) -> Result<Transaction, DatabaseError> {
    let mut transaction = lent?;
    transaction.begin(how).await?;
    Ok(transaction)
}

fn pool(settings: &PostgresSettings, url: &SecretString) -> Result<Pool<Opener>, OpenError> {
    let opener = Opener::new(settings, url)?;
    let database = opener.server.database();
    Pool::builder(opener)
        .max_size(settings.connections)
        .wait_timeout(Some(settings.acquire_timeout))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| OpenError::Other {
            database,
            source: error.into(),
        })
}

/// A transaction, or a connection on which one is to be begun. Rolled back unless [`Transaction::finish`] commits it; a
/// call that is dropped half-way closes the connection, and with it goes what the server had not committed.
pub(crate) struct Transaction {
    link: Object<Opener>,
    begun: bool,
    finished: bool,
}

impl Transaction {
    fn on(link: Object<Opener>) -> Self {
        Self {
            link,
            begun: false,
            finished: false,
        }
    }

    async fn begin(&mut self, how: &str) -> Result<(), DatabaseError> {
        self.begun = true;
        self.batch(how).await
    }

    /// Commits when the outcome is good, rolls back when it is not, and says it in the words of the port.
    pub(crate) async fn finish<T, E: PortError>(self, outcome: Result<T, Failure<E>>) -> Result<T, E> {
        match outcome {
            Ok(answer) => {
                if self.begun {
                    self.batch("COMMIT").await.map_err(unavailable)?;
                }
                self.release();
                Ok(answer)
            }
            Err(failure) => {
                // What it cannot roll back here, the server does when the connection closes.
                if self.begun && self.batch("ROLLBACK").await.is_ok() {
                    self.release();
                }
                Err(failure.into_port())
            }
        }
    }

    /// Gives the connection back: nothing is open on it.
    pub(crate) fn release(mut self) {
        self.finished = true;
    }
}

impl Deref for Transaction {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.link
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Link {
        &mut self.link
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.finished {
            self.link.sever();
        }
    }
}

/// Opens connections for a pool.
#[derive(Debug)]
pub(crate) struct Opener {
    pub(crate) server: Server,
    connect_timeout: Duration,
    statement_timeout: Duration,
}

impl Opener {
    pub(crate) fn new(settings: &PostgresSettings, url: &SecretString) -> Result<Self, OpenError> {
        Ok(Self {
            server: Server::of_url(url)?,
            connect_timeout: settings.connect_timeout,
            statement_timeout: settings.statement_timeout,
        })
    }

    /// A client, and what it needs to be driven by.
    pub(crate) async fn connect(&self) -> Result<(Client, BoxFuture<'static, ()>), OpenError> {
        let Server { config, .. } = &self.server;
        let connected = async {
            if config.get_ssl_mode() == SslMode::Disable {
                let (client, connection) = config.connect(NoTls).await.map_err(|error| self.refusal(error))?;
                return Ok((client, driven(connection)));
            }
            let tls = tls::connector(&self.server).map_err(|source| OpenError::Tls {
                server: self.server.name(),
                source,
            })?;
            let (client, connection) = config.connect(tls).await.map_err(|error| self.refusal(error))?;
            Ok((client, driven(connection)))
        };
        match tokio::time::timeout(self.connect_timeout, connected).await {
            Ok(connected) => connected,
            Err(elapsed) => Err(OpenError::Unreachable {
                server: self.server.name(),
                source: elapsed.into(),
            }),
        }
    }

    /// What the server or the network says when it lets nobody in.
    pub(crate) fn refusal(&self, error: tokio_postgres::Error) -> OpenError {
        let (server, database, user) = (self.server.name(), self.server.database(), self.server.user());
        match error.code() {
            Some(code) if *code == SqlState::INVALID_CATALOG_NAME => OpenError::Missing { server, database },
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => OpenError::Forbidden {
                database,
                user,
                source: error.into(),
            },
            Some(code)
                if [
                    SqlState::INVALID_PASSWORD,
                    SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                ]
                .contains(code) =>
            {
                OpenError::Refused {
                    server,
                    user,
                    source: error.into(),
                }
            }
            Some(_) => OpenError::Other {
                database,
                source: error.into(),
            },
            None if is_of_tls(&error) => OpenError::Tls {
                server,
                source: error.into(),
            },
            None => OpenError::Unreachable {
                server,
                source: error.into(),
            },
        }
    }

    /// What each connection is told before its first statement: the longest a statement may take, that a transaction
    /// whose client sleeps is ended, and how values are written.
    fn greeting(&self) -> String {
        let limit = self.statement_timeout.as_millis();
        format!(
            "SET statement_timeout = {limit}; SET lock_timeout = {limit}; \
             SET idle_in_transaction_session_timeout = 60000; SET TIME ZONE 'UTC'; SET client_encoding = 'UTF8'; \
             SELECT set_config(name, '0', false) FROM pg_settings WHERE name = '{DECOMPRESSION_LIMIT}'"
        )
    }
}

/// TimescaleDB (from 2.14) refuses a transaction that decompresses more rows than this says. Ours name the series and the
/// range they change, so what they decompress is what they have to; where there is no such setting, none is made.
const DECOMPRESSION_LIMIT: &str = "timescaledb.max_tuples_decompressed_per_dml_transaction";

/// A failed handshake, by rustls or by a server that speaks no TLS.
fn is_of_tls(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let of_rustls = inner
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(|inner| inner.is::<rustls::Error>());
        if of_rustls || inner.is::<rustls::Error>() {
            return true;
        }
        cause = inner.source();
    }
    error.to_string().contains("TLS")
}

fn driven<S>(connection: Connection<Socket, S>) -> BoxFuture<'static, ()>
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    Box::pin(async move {
        // Whoever waits for an answer is told by its own call.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the database ended");
        }
    })
}

impl Manager for Opener {
    type Type = Link;
    type Error = OpenError;

    async fn create(&self) -> Result<Link, OpenError> {
        // On the heap: every query carries the future that takes a connection, and few have to open one.
        let (client, wire) = Box::pin(self.connect()).await?;
        let link = Link::new(client, wire, self.statement_timeout);
        link.batch(&self.greeting()).await.map_err(|error| OpenError::Other {
            database: self.server.database(),
            source: Box::new(error),
        })?;
        Ok(link)
    }

    async fn recycle(&self, link: &mut Link, _metrics: &Metrics) -> RecycleResult<OpenError> {
        if link.is_closed() {
            return Err(RecycleError::message("the connection is closed"));
        }
        Ok(())
    }
}
