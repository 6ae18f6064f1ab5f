//! Locks that transactions hold to their end, so that stamps grow and nothing is decided on what another one changes.
//!
//! Whoever writes to an instrument (its bars, actions, catalogue lines) holds the lock of the instrument; whoever names,
//! renames or deletes instruments holds the lock of the names, and takes it first. So no two transactions wait for each
//! other in a circle. They are advisory: taking one writes nothing, and readers never see them.

use domain::InstrumentId;
use futures_util::future::try_join;

use crate::error::DatabaseError;
use crate::link::Link;

/// The first half of the keys of our locks: `SENT`, so that other programs in the database keep theirs.
const SPACE: i32 = 1_397_050_964;

const INSTRUMENT: &str = "SELECT pg_advisory_xact_lock($1, hashint8($2))";

/// Waits until no other transaction writes to the instrument. Numbers that share a hash share a lock.
pub(crate) async fn instrument(link: &Link, id: InstrumentId) -> Result<(), DatabaseError> {
    link.rows(INSTRUMENT, &[&SPACE, &id.0]).await.map(drop)
}

/// Begins a transaction with the lock of an instrument, in one round trip.
pub(crate) async fn begin(link: &Link, id: InstrumentId) -> Result<(), DatabaseError> {
    let lock = link.prepared(INSTRUMENT).await?;
    // They go out in this order, before the first answer is there.
    let begun = async {
        try_join(
            link.client().batch_execute("BEGIN"),
            link.client().query(&lock, &[&SPACE, &id.0]),
        )
        .await
    };
    link.within(begun).await.map(drop)
}

/// Waits until what other transactions wrote to the instrument is visible or undone.
pub(crate) async fn writers_of(link: &Link, id: InstrumentId) -> Result<(), DatabaseError> {
    link.rows(
        "SELECT pg_advisory_xact_lock_shared($1, hashint8($2))",
        &[&SPACE, &id.0],
    )
    .await
    .map(drop)
}

/// Waits until no other transaction names, renames or deletes instruments.
pub(crate) async fn names(link: &Link) -> Result<(), DatabaseError> {
    let neighbour = SPACE + 1;
    link.rows("SELECT pg_advisory_xact_lock($1, 0)", &[&neighbour])
        .await
        .map(drop)
}

/// Waits until no other transaction requests or begins runs. Taken first; whoever holds it may wait for a run that
/// another transaction counts for or deletes, and those never want it.
pub(crate) async fn runs(link: &Link) -> Result<(), DatabaseError> {
    let neighbour = SPACE + 1;
    link.rows("SELECT pg_advisory_xact_lock($1, 2)", &[&neighbour])
        .await
        .map(drop)
}

/// Before a line of the journal is given its number: what [`journal_writers`] waits for. Taken late, so that nobody waits
/// long: behind the lock of the instrument, and behind the sources.
pub(crate) async fn journal_line(link: &Link) -> Result<(), DatabaseError> {
    let neighbour = SPACE + 1;
    link.rows("SELECT pg_advisory_xact_lock_shared($1, 1)", &[&neighbour])
        .await
        .map(drop)
}

/// Waits until every line of the journal that has a number is visible or undone.
pub(crate) async fn journal_writers(link: &Link) -> Result<(), DatabaseError> {
    let neighbour = SPACE + 1;
    link.rows("SELECT pg_advisory_xact_lock($1, 1)", &[&neighbour])
        .await
        .map(drop)
}
