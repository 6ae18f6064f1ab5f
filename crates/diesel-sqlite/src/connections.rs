//! Connections: one that writes, some that read, and the transactions that run on them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, Object, Pool, QueueMode, RecycleError, RecycleResult};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection, QueryResult, RunQueryDsl, SqliteConnection};
use domain::{BoxError, Clock, PriceRepositoryError};

use crate::database_file::{DatabaseFile, FileIdentity};
use crate::error::{Failure, PortError};
use crate::{OpenError, migrations};

const READERS: usize = 4;
/// Merges queue for the writer; reads only when all readers are at work.
const WRITER_PATIENCE: Duration = Duration::from_secs(30);
const READER_PATIENCE: Duration = Duration::from_secs(10);

/// Hears how long a call waited for a connection of a pool, an opening included, whether or not it got one.
pub type WaitObserver = Arc<dyn Fn(&'static str, Duration) + Send + Sync>;

/// What a pool of connections is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// Which one: `reader` or `writer`.
    pub pool: &'static str,
    /// How many connections it may have.
    pub limit: usize,
    /// How many wait to be used.
    pub idle: usize,
    /// How many are at work.
    pub in_use: usize,
}

/// All store ports over one SQLite file. Clones share its connections.
///
/// Other processes may use the same file: writers take turns, waiting up to five seconds for one another.
#[derive(Clone)]
pub struct SqliteStore {
    readers: Pool<Opener>,
    writer: Pool<Opener>,
    waits: Option<WaitObserver>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the database at `url` (`sqlite:./sentinel.db`, `sqlite:///srv/sentinel.db`, or a path), which has the
    /// schema of this version already: see [`migrate_up`](crate::migrate_up). Writes are stamped by `clock`.
    ///
    /// # Errors
    /// [`OpenError`], each variant with its remedy.
    pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let file: DatabaseFile = url.parse()?;
        let checked = file.clone();
        on_blocking_thread(&file, move || migrations::require_current(&checked)).await?;
        let pool = |role, size, patience| {
            Pool::builder(Opener {
                file: file.clone(),
                role,
            })
            .max_size(size)
            .wait_timeout(Some(patience))
            // The connection used last has the warmest cache.
            .queue_mode(QueueMode::Lifo)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| OpenError::Other {
                path: file.path().to_owned(),
                source: error.into(),
            })
        };
        Ok(Self {
            readers: pool(Role::Reader, READERS, READER_PATIENCE)?,
            writer: pool(Role::Writer, 1, WRITER_PATIENCE)?,
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
        let state = |pool: &Pool<Opener>| {
            let status = pool.status();
            PoolState {
                pool: pool.manager().role.name(),
                limit: status.max_size,
                idle: status.available,
                in_use: status.size.saturating_sub(status.available),
            }
        };
        vec![state(&self.readers), state(&self.writer)]
    }

    /// Lets go of the file once the calls at work are done; later calls find the store unavailable.
    pub fn close(&self) {
        self.readers.close();
        self.writer.close();
    }

    /// Runs `task` in one read transaction: all its queries see the same state.
    pub(crate) async fn read<T, E, F>(&self, task: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: PortError,
        F: FnOnce(&mut SqliteConnection) -> Result<T, Failure<E>> + Send + 'static,
    {
        let mut reader = self.connection(&self.readers).await?;
        finished(tokio::task::spawn_blocking(move || reader.connection.transaction(task))).await
    }

    /// Runs `task` in one write transaction, holding the write lock from its beginning. When the future is dropped
    /// before the commit is due, everything is rolled back.
    pub(crate) async fn write<T, E, F>(&self, task: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: PortError,
        F: FnOnce(&mut SqliteConnection) -> Result<T, Failure<E>> + Send + 'static,
    {
        let mut writer = self.connection(&self.writer).await?;
        let fate = Arc::new(Fate::default());
        let _caller = Caller(Arc::clone(&fate));
        let work = tokio::task::spawn_blocking(move || {
            writer.connection.immediate_transaction(|connection| {
                if fate.is_abandoned() {
                    return Err(Failure::Abandoned);
                }
                let outcome = task(connection)?;
                fate.decide_to_commit().then_some(outcome).ok_or(Failure::Abandoned)
            })
        });
        finished(work).await
    }

    async fn connection<E: PortError>(&self, pool: &Pool<Opener>) -> Result<Object<Opener>, E> {
        let began = Instant::now();
        let got = pool.get().await;
        if let Some(waits) = &self.waits {
            waits(pool.manager().role.name(), began.elapsed());
        }
        got.map_err(|error| E::unavailable(Box::new(error)))
    }

    /// Waits until every write that took the lock before this call, in whichever process, is visible or undone.
    pub(crate) async fn settle(&self) -> Result<(), PriceRepositoryError> {
        self.write(|_locked| Ok(())).await
    }
}

/// The number that the last insert of this connection was given.
pub(crate) fn last_id(connection: &mut SqliteConnection) -> QueryResult<i64> {
    diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>("last_insert_rowid()")).get_result(connection)
}

/// The task outlives a dropped future, and gives its connection back when it is done; so nothing here may wait for it
/// in a destructor, as the wrapper of diesel-async does, which panics on the single-threaded runtimes of actix.
async fn finished<T, E: PortError>(
    work: impl Future<Output = Result<Result<T, Failure<E>>, tokio::task::JoinError>>,
) -> Result<T, E> {
    match work.await {
        Ok(outcome) => outcome.map_err(Failure::into_port),
        Err(panicked) => Err(E::unavailable(Box::new(panicked))),
    }
}

/// Runs what waits for the disk away from the threads of the runtime.
pub(crate) async fn on_blocking_thread<T: Send + 'static>(
    file: &DatabaseFile,
    task: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    match tokio::task::spawn_blocking(task).await {
        Ok(outcome) => outcome,
        Err(panicked) => Err(OpenError::Other {
            path: file.path().to_owned(),
            source: Box::new(panicked),
        }),
    }
}

/// Whether a write will be committed: caller and transaction race for the one decision.
#[derive(Default)]
struct Fate(AtomicU8);

impl Fate {
    const UNDECIDED: u8 = 0;
    const COMMITTED: u8 = 1;
    const ABANDONED: u8 = 2;

    fn decide(&self, outcome: u8) -> bool {
        self.0
            .compare_exchange(Self::UNDECIDED, outcome, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn decide_to_commit(&self) -> bool {
        self.decide(Self::COMMITTED)
    }

    fn is_abandoned(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::ABANDONED
    }
}

/// Lives in the caller's future, and so notices when that is dropped.
struct Caller(Arc<Fate>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.decide(Fate::ABANDONED);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Reader,
    Writer,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
        }
    }
}

/// Opens connections for a pool.
#[derive(Debug)]
struct Opener {
    file: DatabaseFile,
    role: Role,
}

/// A connection, and which file it is open on.
struct Opened {
    connection: SqliteConnection,
    identity: Option<FileIdentity>,
}

impl Manager for Opener {
    type Type = Opened;
    type Error = OpenError;

    async fn create(&self) -> Result<Opened, OpenError> {
        let (file, role) = (self.file.clone(), self.role);
        on_blocking_thread(&self.file, move || {
            file.refuse_impossible()?;
            let mut connection = establish(&file, false)?;
            let settings = match role {
                Role::Reader => "PRAGMA query_only = ON; PRAGMA cache_size = -4000;",
                Role::Writer => "PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000;",
            };
            connection
                .batch_execute(settings)
                .map_err(|error| OpenError::of(file.path(), error))?;
            Ok(Opened {
                connection,
                identity: file.identity(),
            })
        })
        .await
    }

    async fn recycle(&self, opened: &mut Opened, _metrics: &Metrics) -> RecycleResult<OpenError> {
        if AnsiTransactionManager::is_broken_transaction_manager(&mut opened.connection) {
            return Err(RecycleError::message("a transaction was left open"));
        }
        if opened.identity.is_none() || opened.identity != self.file.identity() {
            return Err(RecycleError::message("the file was moved or replaced"));
        }
        Ok(())
    }
}

/// Opens the file with what every connection needs. With the write-ahead log, which the file itself remembers, and
/// `synchronous = NORMAL` a killed process loses nothing that was committed, and a power cut may lose the last commits
/// but never half of one. No `mmap`: a truncated file would kill the process, and mapped pages count as its memory.
pub(crate) fn establish(file: &DatabaseFile, may_create: bool) -> Result<SqliteConnection, OpenError> {
    let read = |error: BoxError| OpenError::of(file.path(), error);
    let mut connection = SqliteConnection::establish(&file.uri(may_create)).map_err(|error| read(error.into()))?;
    connection
        .batch_execute(
            "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; \
             PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(|error| read(error.into()))?;
    Ok(connection)
}
