//! Why TimescaleDB cannot be used, and what would help.

use domain::BoxError;
use tokio_postgres::error::SqlState;

use crate::OpenError;
use crate::connections::Opener;
use crate::error::DatabaseError;

/// From here on, rows of compressed chunks can be deleted, inserted and copied in, as merging does.
pub(super) const OLDEST: (u32, u32) = (2, 11);

/// Why TimescaleDB cannot be used; each says what would help. Where it stands, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TimescaleError {
    /// The database cannot be used at all.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The server does not have it.
    #[error(
        "the PostgreSQL at {server} has no TimescaleDB: install its package (timescaledb-2-postgresql-17 for \
         PostgreSQL 17), run the image timescale/timescaledb:latest-pg17, or switch the extension on where your provider \
         offers it; Market Sentinel works without it, too"
    )]
    Unavailable {
        /// Host and port.
        server: String,
    },
    /// The server has it and has not loaded it.
    #[error(
        "the PostgreSQL at {server} has TimescaleDB and has not loaded it: add timescaledb to shared_preload_libraries in \
         postgresql.conf (timescaledb-tune does), and restart the server"
    )]
    NotLoaded {
        /// Host and port.
        server: String,
        /// What the server says.
        #[source]
        source: BoxError,
    },
    /// The role may not do a step.
    #[error(
        "the role {user} may not {step} in {database}: let a superuser run `CREATE EXTENSION timescaledb` in this database \
         once, and run this as the owner of the table bars"
    )]
    Forbidden {
        /// The database.
        database: String,
        /// The role.
        user: String,
        /// The step.
        step: &'static str,
        /// What the server says.
        #[source]
        source: BoxError,
    },
    /// Its compressed chunks could not be merged into.
    #[error(
        "{database} has TimescaleDB {version}, which cannot change compressed rows: update it to {oldest} or newer, then \
         run `ALTER EXTENSION timescaledb UPDATE`"
    )]
    TooOld {
        /// The database.
        database: String,
        /// The version that it has, or would get.
        version: String,
        /// The first version that will do.
        oldest: String,
    },
    /// The edition under the Apache licence.
    #[error(
        "the TimescaleDB at {server} is the Apache edition, which does not compress: use the community edition \
         (timescale/timescaledb without -oss, timescale's own packages), or stay on plain PostgreSQL, which is quicker \
         than a hypertable without compression"
    )]
    WithoutCompression {
        /// Host and port.
        server: String,
    },
    /// Anything else that the server reports.
    #[error("cannot {step} in {database}; nothing was changed")]
    Other {
        /// The database.
        database: String,
        /// The step.
        step: &'static str,
        /// What it reports.
        #[source]
        source: BoxError,
    },
}

/// What a failed step means.
pub(super) fn explained(opener: &Opener, step: &'static str, error: tokio_postgres::Error) -> TimescaleError {
    let is_forbidden = error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
    let is_not_loaded = error
        .as_db_error()
        .is_some_and(|said| said.message().contains("must be preloaded"));
    let source = Box::new(DatabaseError::from(error));
    if is_not_loaded {
        TimescaleError::NotLoaded {
            server: opener.server.name(),
            source,
        }
    } else if is_forbidden {
        TimescaleError::Forbidden {
            database: opener.server.database(),
            user: opener.server.user(),
            step,
            source,
        }
    } else {
        TimescaleError::Other {
            database: opener.server.database(),
            step,
            source,
        }
    }
}

/// Whether `2.10.3` or `2.23.0-dev` lies before [`OLDEST`]. What is no version is taken as new.
pub(super) fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) < OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, too_old) in [
            ("1.7.5", true),
            ("2.9.3", true),
            ("2.10.3", true),
            ("2.11.0", false),
            ("2.23.0-dev", false),
            ("3.0.0-rc1", false),
            ("next", false),
        ] {
            assert_eq!(is_too_old(version), too_old, "{version}");
        }
    }
}
