//! A connection, spoken to in two ways: typed queries through diesel, and PostgreSQL's own protocol where speed counts.
//!
//! diesel-async neither has `COPY` nor lets go of its client, and a merge is one transaction, so of one connection. A
//! [`Link`] therefore owns the client and implements diesel-async's connection trait on it; see docs/adr/0007.

mod typed;

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::SourceName;
use futures_util::TryStreamExt;
use tokio::task::AbortHandle;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use crate::error::DatabaseError;

/// Longer than the server lets a statement run: only a network that is silent takes so long.
const GRACE: Duration = Duration::from_secs(5);

/// One connection to the server.
pub(crate) struct Link {
    client: Client,
    /// Prepared once, by their text.
    statements: Mutex<HashMap<String, Statement>>,
    /// Names of sources that were looked up; their numbers never change.
    sources: Mutex<Vec<(i32, SourceName)>>,
    patience: Duration,
    /// Moves the bytes between the client and the socket.
    driver: AbortHandle,
    severed: AtomicBool,
}

impl Link {
    pub(crate) fn new(client: Client, driver: AbortHandle, statement_timeout: Duration) -> Self {
        Self {
            client,
            driver,
            severed: AtomicBool::new(false),
            statements: Mutex::default(),
            sources: Mutex::default(),
            patience: statement_timeout.saturating_add(GRACE),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.severed.load(Ordering::Acquire) || self.client.is_closed()
    }

    /// Closes the connection at once, whatever is under way on it.
    pub(crate) fn sever(&self) {
        self.severed.store(true, Ordering::Release);
        self.driver.abort();
    }

    /// Waits for the server, but not for ever: the network may be gone without a word.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, DatabaseError> {
        match tokio::time::timeout(self.patience, work).await {
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

    /// The rows of a statement without parameters that may read whole tables: waits as long as it takes.
    pub(crate) async fn query_at_leisure(&self, text: &str) -> Result<Vec<Row>, DatabaseError> {
        Ok(self.client.query(text, &[]).await?)
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

    fn known_statements(&self) -> std::sync::MutexGuard<'_, HashMap<String, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn known_sources(&self) -> std::sync::MutexGuard<'_, Vec<(i32, SourceName)>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
