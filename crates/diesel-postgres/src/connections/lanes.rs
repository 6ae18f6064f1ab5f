//! A pool of lanes with one connection each, lent by preference to the thread that opened it.
//!
//! The bytes of a connection are moved by the thread that opened it. A query of another thread pays two changes of thread
//! for every few kilobytes of its answer, which is a tenth of what a page of bars costs.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool::managed::{Object, Pool, PoolError, TimeoutType, Timeouts};
use futures_util::future::select_ok;
use secrecy::SecretString;

use super::{Opener, PoolState};
use crate::OpenError;
use crate::settings::PostgresSettings;

/// The thread that opened a connection last.
#[derive(Debug, Default)]
pub(crate) struct Home(AtomicUsize);

impl Home {
    /// Says that this thread opens it.
    pub(super) fn move_here(&self) {
        self.0.store(this_thread().get(), Ordering::Relaxed);
    }

    fn is_here(&self) -> bool {
        self.0.load(Ordering::Relaxed) == this_thread().get()
    }

    fn is_nowhere(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// Numbers threads as they come.
fn this_thread() -> NonZeroUsize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: NonZeroUsize = NonZeroUsize::MIN.saturating_add(THREADS.fetch_add(1, Ordering::Relaxed));
    }
    NUMBER.with(|number| *number)
}

/// Connections to one server, each in a lane of its own. Clones share them.
#[derive(Clone)]
pub(crate) struct Lanes(Arc<[Pool<Opener>]>);

impl Lanes {
    /// As many as the settings say, and at least one. No connection is opened yet.
    pub(super) fn new(settings: &PostgresSettings, url: &SecretString) -> Result<Self, OpenError> {
        let lanes = (0..settings.connections.max(1)).map(|_| lane(settings, url));
        Ok(Self(lanes.collect::<Result<_, _>>()?))
    }

    /// A connection that this thread opened, or a new one, or one of another thread; when all are at work, the first that
    /// is given back.
    pub(super) async fn get(&self) -> Result<Object<Opener>, PoolError<OpenError>> {
        let homes: [fn(&Home) -> bool; 3] = [Home::is_here, Home::is_nowhere, |_| true];
        for fits in homes {
            for lane in self.0.iter().filter(|lane| fits(&lane.manager().home)) {
                match lane.timeout_get(&AT_ONCE).await {
                    Err(PoolError::Timeout(TimeoutType::Wait)) => {}
                    answered => return answered,
                }
            }
        }
        let waiting = self.0.iter().map(|lane| Box::pin(lane.get()));
        select_ok(waiting).await.map(|(taken, _)| taken)
    }

    /// Lets go of the connections once the calls at work are done.
    pub(super) fn close(&self) {
        self.0.iter().for_each(Pool::close);
    }

    /// What the lanes are doing together, under the name of the pool.
    pub(super) fn state(&self, pool: &'static str) -> PoolState {
        let statuses = self.0.iter().map(Pool::status);
        statuses.fold(
            PoolState {
                pool,
                limit: 0,
                idle: 0,
                in_use: 0,
            },
            |together, lane| PoolState {
                pool,
                limit: together.limit + lane.max_size,
                idle: together.idle + lane.available,
                in_use: together.in_use + lane.size.saturating_sub(lane.available),
            },
        )
    }

    /// Whether both are the same pool.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

const AT_ONCE: Timeouts = Timeouts {
    wait: Some(Duration::ZERO),
    create: None,
    recycle: None,
};

fn lane(settings: &PostgresSettings, url: &SecretString) -> Result<Pool<Opener>, OpenError> {
    let opener = Opener::new(settings, url)?;
    let database = opener.server.database();
    Pool::builder(opener)
        .max_size(1)
        .wait_timeout(Some(settings.acquire_timeout))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| OpenError::Other {
            database,
            source: error.into(),
        })
}
