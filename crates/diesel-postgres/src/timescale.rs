//! TimescaleDB: the bars as a hypertable whose old chunks are compressed. Plain PostgreSQL does without.

mod error;
mod status;

use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::connections::Opener;
use crate::{OpenError, PostgresSettings, migrations};
pub use error::TimescaleError;
use error::{OLDEST, explained, is_too_old};
pub use status::{Hypertable, TimescaleStatus};
use status::{Offer, offer};

/// What can be said of the chunks; `None` keeps what is there, and is the default where nothing is there yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimescaleOptions {
    /// How many days a chunk spans. A change holds for chunks that are still to come.
    pub chunk_days: Option<u16>,
    /// How many days behind now a chunk has to end before it is compressed.
    pub compress_after_days: Option<u16>,
}

impl TimescaleOptions {
    /// A year: daily bars of half a century then lie in fifty chunks, each with enough bars of an instrument to
    /// compress well, and a year of minute bars of some hundred instruments is still a chunk that one machine sorts.
    pub const CHUNK_DAYS: u16 = 365;
    /// A month: sources restate bars of the last days, rarely older ones.
    pub const COMPRESS_AFTER_DAYS: u16 = 30;
}

/// What became of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// It was taken now.
    Done,
    /// It had been taken before, with another option, which was changed now.
    Changed,
    /// It had been taken before.
    AlreadyThere,
}

/// What [`enable_timescale`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimescaleReport {
    /// The extension in the database.
    pub extension: StepOutcome,
    /// The table of bars as a hypertable.
    pub hypertable: StepOutcome,
    /// How its chunks are compressed.
    pub compression: StepOutcome,
    /// When its chunks are compressed.
    pub policy: StepOutcome,
    /// What there is now.
    pub status: TimescaleStatus,
}

/// Turns the table of bars into a hypertable, with all that it holds, and has its old chunks compressed from now on: all of
/// it or nothing. What is there already stays. Nobody reads or writes bars while the table is rebuilt.
///
/// No index that begins with the time is made: it would draw the planner away from the key.
///
/// # Errors
/// [`TimescaleError`], each variant with its remedy.
pub async fn enable_timescale(
    settings: &PostgresSettings,
    options: TimescaleOptions,
) -> Result<TimescaleReport, TimescaleError> {
    let opener = Opener::new(settings, &settings.url)?;
    let (client, schema) = migrations::under_lock(&opener).await?;
    if !schema.pending.is_empty() {
        return Err(TimescaleError::Open(OpenError::Behind {
            database: opener.server.database(),
            pending: schema.pending,
        }));
    }
    let change = Change { opener, client };
    // Rebuilding a large table takes its time; waiting for those who use it does not.
    let patience = settings.statement_timeout.as_millis();
    let begin = format!("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {patience}");
    change.batch("begin", &begin).await?;
    match change.enable(options).await {
        Ok(report) => {
            change.batch("commit", "COMMIT").await?;
            Ok(report)
        }
        Err(error) => {
            // What cannot be rolled back here, the server rolls back when the connection closes.
            let _closed = change.client.batch_execute("ROLLBACK").await;
            Err(error)
        }
    }
}

/// What there is of TimescaleDB, without changing it.
///
/// # Errors
/// [`TimescaleError`], as it says.
pub async fn timescale_status(settings: &PostgresSettings) -> Result<TimescaleStatus, TimescaleError> {
    let opener = Opener::new(settings, &settings.url)?;
    let (client, connection) = opener.connect().await?;
    let driver = tokio::spawn(connection);
    let status = status::read(&client)
        .await
        .map_err(|error| explained(&opener, "read its catalogue", error));
    driver.abort();
    status
}

/// A transaction under the lock of the migrations.
struct Change {
    opener: Opener,
    client: Client,
}

impl Change {
    async fn enable(&self, options: TimescaleOptions) -> Result<TimescaleReport, TimescaleError> {
        let extension = self.extension().await?;
        self.require_compression().await?;
        let before = self.status().await?;
        let hypertable = self.hypertable(before.hypertable.as_ref(), options).await?;
        let compression = self.compression(before.hypertable.as_ref()).await?;
        let policy = self.policy(before.hypertable.as_ref(), options).await?;
        Ok(TimescaleReport {
            extension,
            hypertable,
            compression,
            policy,
            status: self.status().await?,
        })
    }

    async fn extension(&self) -> Result<StepOutcome, TimescaleError> {
        let Offer { available, installed } = offer(&self.client)
            .await
            .map_err(|error| self.explained("look for the extension", error))?;
        let Some(version) = installed.as_ref().or(available.as_ref()) else {
            return Err(TimescaleError::Unavailable {
                server: self.opener.server.name(),
            });
        };
        if is_too_old(version) {
            return Err(TimescaleError::TooOld {
                database: self.opener.server.database(),
                version: version.clone(),
                oldest: format!("{}.{}", OLDEST.0, OLDEST.1),
            });
        }
        if installed.is_some() {
            return Ok(StepOutcome::AlreadyThere);
        }
        self.batch("create the extension", "CREATE EXTENSION IF NOT EXISTS timescaledb")
            .await?;
        Ok(StepOutcome::Done)
    }

    /// The edition under the Apache licence has hypertables and does not compress them.
    async fn require_compression(&self) -> Result<(), TimescaleError> {
        let row = self
            .client
            .query_one("SELECT current_setting('timescaledb.license', true)", &[])
            .await
            .map_err(|error| self.explained("read its licence", error))?;
        match row.get(0) {
            Some("apache") => Err(TimescaleError::WithoutCompression {
                server: self.opener.server.name(),
            }),
            _ => Ok(()),
        }
    }

    async fn hypertable(
        &self,
        before: Option<&Hypertable>,
        options: TimescaleOptions,
    ) -> Result<StepOutcome, TimescaleError> {
        let Some(before) = before else {
            let days = i32::from(options.chunk_days.unwrap_or(TimescaleOptions::CHUNK_DAYS));
            let step = "turn bars into a hypertable";
            // The older form of the call, which all versions take. The planner knows nothing of the new tables until they
            // are analysed.
            self.call(
                step,
                "create_hypertable('bars', 'opened_at'::name, chunk_time_interval => make_interval(days => $1), \
                 create_default_indexes => false, migrate_data => true, if_not_exists => true)",
                &[&days],
            )
            .await?;
            self.batch(step, "ANALYZE bars").await?;
            return Ok(StepOutcome::Done);
        };
        match options.chunk_days {
            Some(days) if before.chunk_days != Some(i64::from(days)) => {
                self.call(
                    "set the length of the chunks",
                    "set_chunk_time_interval('bars', make_interval(days => $1))",
                    &[&i32::from(days)],
                )
                .await?;
                Ok(StepOutcome::Changed)
            }
            _ => Ok(StepOutcome::AlreadyThere),
        }
    }

    async fn compression(&self, before: Option<&Hypertable>) -> Result<StepOutcome, TimescaleError> {
        if before.is_some_and(|hypertable| hypertable.compression) {
            return Ok(StepOutcome::AlreadyThere);
        }
        // As the key has it, so that the bars of a series lie together and in order of time.
        self.batch(
            "set up compression",
            "ALTER TABLE bars SET (timescaledb.compress, timescaledb.compress_segmentby = 'instrument_id, \"interval\"', \
             timescaledb.compress_orderby = 'opened_at')",
        )
        .await?;
        Ok(StepOutcome::Done)
    }

    async fn policy(
        &self,
        before: Option<&Hypertable>,
        options: TimescaleOptions,
    ) -> Result<StepOutcome, TimescaleError> {
        let step = "set when chunks are compressed";
        let days = options.compress_after_days;
        let outcome = match before.and_then(|hypertable| hypertable.compress_after_days) {
            None => StepOutcome::Done,
            Some(there) if days.is_some_and(|days| i64::from(days) != there) => {
                self.call(step, "remove_compression_policy('bars', if_exists => true)", &[])
                    .await?;
                StepOutcome::Changed
            }
            Some(_) => return Ok(StepOutcome::AlreadyThere),
        };
        self.call(
            step,
            "add_compression_policy('bars', compress_after => make_interval(days => $1), if_not_exists => true)",
            &[&i32::from(days.unwrap_or(TimescaleOptions::COMPRESS_AFTER_DAYS))],
        )
        .await?;
        Ok(outcome)
    }

    async fn status(&self) -> Result<TimescaleStatus, TimescaleError> {
        status::read(&self.client)
            .await
            .map_err(|error| self.explained("read its catalogue", error))
    }

    /// Calls a function of the extension, whose schema need not be on the search path.
    async fn call(
        &self,
        step: &'static str,
        call: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<(), TimescaleError> {
        let called = async {
            let schema = status::schema(&self.client).await?;
            let statement = format!("SELECT * FROM {schema}.{call}");
            self.client.query(&statement, parameters).await.map(drop)
        };
        called.await.map_err(|error| self.explained(step, error))
    }

    async fn batch(&self, step: &'static str, statements: &str) -> Result<(), TimescaleError> {
        let executed = self.client.batch_execute(statements).await;
        executed.map_err(|error| self.explained(step, error))
    }

    fn explained(&self, step: &'static str, error: tokio_postgres::Error) -> TimescaleError {
        explained(&self.opener, step, error)
    }
}
