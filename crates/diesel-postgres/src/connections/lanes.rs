//! A pool of lanes with one connection each, lent by preference to the thread that opened it.
//!
//! The bytes of a connection are moved by the thread that opened it. A query of another thread pays two changes of thread
//! for every few kilobytes of its answer, which is a tenth of what a page of bars costs.

use std::num::NonZeroUsize;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool::managed::{Object, Pool, PoolError, TimeoutType, Timeouts};
use futures_util::future::select_ok;
use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Opener, PoolState};
use crate::OpenError;
use crate::link::Link;
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
pub(crate) struct Lanes(Arc<Shared>);

struct Shared {
    /// As many permits as lanes, handed out in the order of asking: who has one finds a lane that is free. Waiting for all
    /// lanes at once would hold those that come free before the waiting thread gets to run.
    gate: Arc<Semaphore>,
    lanes: Vec<Pool<Opener>>,
    patience: Duration,
}

/// A connection that is lent, until it is dropped.
pub(crate) struct Lent {
    /// In front of the permit, so that it is back before somebody is let in for it.
    link: Object<Opener>,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Lent {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.link
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Link {
        &mut self.link
    }
}

impl Lanes {
    /// As many as the settings say, and at least one. No connection is opened yet.
    pub(super) fn new(settings: &PostgresSettings, url: &SecretString) -> Result<Self, OpenError> {
        let number = settings.connections.clamp(1, Semaphore::MAX_PERMITS);
        let lanes = (0..number).map(|_| lane(settings, url));
        Ok(Self(Arc::new(Shared {
            gate: Arc::new(Semaphore::new(number)),
            lanes: lanes.collect::<Result<_, _>>()?,
            patience: settings.acquire_timeout,
        })))
    }

    /// A connection that this thread opened, or a new one, or one of another thread; when all are at work, the first that
    /// is given back.
    pub(super) async fn get(&self) -> Result<Lent, PoolError<OpenError>> {
        let Shared { gate, lanes, patience } = &*self.0;
        let permit = match tokio::time::timeout(*patience, Arc::clone(gate).acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_closed)) => return Err(PoolError::Closed),
            Err(_elapsed) => return Err(PoolError::Timeout(TimeoutType::Wait)),
        };
        let lent = |link| Lent { link, _permit: permit };
        let homes: [fn(&Home) -> bool; 3] = [Home::is_here, Home::is_nowhere, |_| true];
        for fits in homes {
            for lane in lanes.iter().filter(|lane| fits(&lane.manager().home)) {
                match lane.timeout_get(&AT_ONCE).await {
                    Err(PoolError::Timeout(TimeoutType::Wait)) => {}
                    answered => return answered.map(lent),
                }
            }
        }
        // Another one was as quick at each lane that came free meanwhile, and has left one free.
        let waiting = lanes.iter().map(|lane| Box::pin(lane.get()));
        select_ok(waiting).await.map(|(link, _)| lent(link))
    }

    /// Lets go of the connections once the calls at work are done.
    pub(super) fn close(&self) {
        self.0.gate.close();
        self.0.lanes.iter().for_each(Pool::close);
    }

    /// What the lanes are doing together, under the name of the pool.
    pub(super) fn state(&self, pool: &'static str) -> PoolState {
        let statuses = self.0.lanes.iter().map(Pool::status);
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
