//! A connection, spoken to in two ways: typed queries through diesel, and PostgreSQL's own protocol where speed counts.
//!
//! diesel-async neither has `COPY` nor lets go of its client, and a merge is one transaction, so of one connection. A
//! [`Link`] therefore owns the client and implements diesel-async's connection trait on it; see docs/adr/0007.
//!
//! It owns the other half too, which moves the bytes between the client and the socket, and moves them while it waits for
//! an answer. In a task of its own, that half would have to be woken for each question, and would have to wake whoever
//! asked for each 8 KB of the answer, mostly on another thread.

mod typed;

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use domain::SourceName;
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use crate::error::DatabaseError;

/// Longer than the server lets a statement run: only a network that is silent takes so long.
const GRACE: Duration = Duration::from_secs(5);

/// One connection to the server.
pub(crate) struct Link {
    client: Client,
    /// Moves the bytes; gone when the connection is closed.
    wire: Mutex<Option<BoxFuture<'static, ()>>>,
    /// Prepared once, by their text.
    statements: Mutex<HashMap<String, Statement>>,
    /// Names of sources that were looked up; their numbers never change.
    sources: Mutex<Vec<(i32, SourceName)>>,
    /// The source of the bar that was read last; no source has 0.
    usual_source: AtomicI32,
    patience: Duration,
}

impl Link {
    pub(crate) fn new(client: Client, wire: BoxFuture<'static, ()>, statement_timeout: Duration) -> Self {
        Self {
            client,
            wire: Mutex::new(Some(wire)),
            statements: Mutex::default(),
            sources: Mutex::default(),
            usual_source: AtomicI32::new(0),
            patience: statement_timeout.saturating_add(GRACE),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether either side has closed it. Nobody heard what the server said since the last answer: it is heard now.
    pub(crate) fn is_closed(&self) -> bool {
        self.move_bytes(&mut Context::from_waker(Waker::noop()));
        self.client.is_closed()
    }

    /// Closes the connection at once, whatever is under way on it.
    pub(crate) fn sever(&self) {
        *locked(&self.wire) = None;
    }

    /// As far as it goes without waiting.
    fn move_bytes(&self, context: &mut Context<'_>) {
        let mut wire = locked(&self.wire);
        if let Some(moving) = wire.as_mut()
            && moving.as_mut().poll(context).is_ready()
        {
            *wire = None;
        }
    }

    /// Moves bytes until what waits for them is done.
    async fn driven<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            // First what it asks goes out, then what came in reaches it.
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            self.move_bytes(context);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Waits for the server, but not for ever: the network may be gone without a word.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, DatabaseError> {
        match tokio::time::timeout(self.patience, self.driven(work)).await {
            Ok(answered) => answered.map_err(DatabaseError::from),
            Err(_elapsed) => Err(DatabaseError::Silent(self.patience)),
        }
    }

    /// Runs statements without parameters, which are not prepared.
    pub(crate) async fn batch(&self, statements: &str) -> Result<(), DatabaseError> {
        self.within(self.client.batch_execute(statements)).await
    }

    /// The statement of that text, prepared at its first use.
    pub(crate) async fn prepared(&self, text: &str) -> Result<Statement, DatabaseError> {
        self.prepared_as(text, &[]).await
    }

    /// The same, with the types of the first parameters; the server infers the others.
    async fn prepared_as(&self, text: &str, types: &[Type]) -> Result<Statement, DatabaseError> {
        let known = self.known_statements().get(text).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.within(self.client.prepare_typed(text, types)).await?;
        self.known_statements().insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    /// The rows of a prepared statement.
    pub(crate) async fn rows(&self, text: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, DatabaseError> {
        let statement = self.prepared(text).await?;
        self.within(self.client.query(&statement, parameters)).await
    }

    /// The rows of a statement, with room for as many as are expected; to be waited for [within](Link::within) patience.
    pub(crate) async fn expected(
        &self,
        expected: usize,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let mut rows = pin!(self.client.query_raw(statement, parameters.iter().copied()).await?);
        let mut found = Vec::with_capacity(expected);
        while let Some(row) = rows.try_next().await? {
            found.push(row);
        }
        Ok(found)
    }

    /// The rows of a statement without parameters that may read whole tables: waits as long as it takes.
    pub(crate) async fn query_at_leisure(&self, text: &str) -> Result<Vec<Row>, DatabaseError> {
        Ok(self.driven(self.client.query(text, &[])).await?)
    }

    /// How many rows a prepared statement wrote.
    pub(crate) async fn run(&self, text: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, DatabaseError> {
        let statement = self.prepared(text).await?;
        self.within(self.client.execute(&statement, parameters)).await
    }

    /// How many rows a statement wrote that is planned for these very values. A plan for any values costs less to make, and
    /// has TimescaleDB decompress the chunks that it touches with the bars of all instruments, because it looks for what
    /// to decompress in the plan.
    pub(crate) async fn run_planned(
        &self,
        text: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<u64, DatabaseError> {
        let parameters = parameters.iter().map(|(value, kind)| (*value, kind.clone()));
        let written = async {
            let mut rows = pin!(self.client.query_typed_raw(text, parameters).await?);
            while rows.try_next().await?.is_some() {}
            Ok(rows.rows_affected().unwrap_or(0))
        };
        self.within(written).await
    }

    fn known_statements(&self) -> MutexGuard<'_, HashMap<String, Statement>> {
        locked(&self.statements)
    }

    /// The source that bars read on this connection mostly have.
    pub(crate) fn usual_source(&self) -> i32 {
        self.usual_source.load(Ordering::Relaxed)
    }

    pub(crate) fn remember_usual_source(&self, id: i32) {
        self.usual_source.store(id, Ordering::Relaxed);
    }

    pub(crate) fn known_sources(&self) -> MutexGuard<'_, Vec<(i32, SourceName)>> {
        locked(&self.sources)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
