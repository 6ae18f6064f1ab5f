//! Errors: why a database cannot be opened, and what a failed query means for the port that asked.

use std::path::{Path, PathBuf};

use domain::{
    BoxError, CorporateActionRepositoryError, IngestRunRepositoryError, InstrumentRepositoryError,
    PriceRepositoryError, StoreTransferError,
};

/// Why a database cannot be opened or migrated; each says what would help.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of another kind.
    #[error("`{url}` names no SQLite database: {reason}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it and what would be right.
        reason: &'static str,
    },
    /// The directory of the file does not exist.
    #[error("the directory {} of the database {} does not exist: create it, or name another", directory.display(), path.display())]
    DirectoryMissing {
        /// The file.
        path: PathBuf,
        /// Its directory.
        directory: PathBuf,
    },
    /// The path is a directory.
    #[error("{} is a directory: name a file in it, such as {}", path.display(), path.join("sentinel.db").display())]
    IsDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// There is no file yet.
    #[error("there is no database at {}: `sentinel migrate up` makes one", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file is something else, or damaged at its beginning.
    #[error("{} is not an SQLite database: name another file, or restore it from a backup", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of another program.
    #[error("{} is the database of another program: name another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file that is to be made is there already.
    #[error("{} is there already: name another file, or move it away", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the file for itself.
    #[error("{} is locked by another process: stop it, or wait until it is done", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file or its directory does not let us write.
    #[error("{} is read-only: give this user the right to write the file and its directory", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The schema is older than this program.
    #[error("the schema of {} lacks {}: run `sentinel migrate up`", path.display(), pending.join(", "))]
    Behind {
        /// The file.
        path: PathBuf,
        /// The migrations it lacks.
        pending: Vec<String>,
    },
    /// The schema is newer than this program.
    #[error("the schema of {} has {}, which this version does not know: use the newer version", path.display(), unknown.join(", "))]
    Newer {
        /// The file.
        path: PathBuf,
        /// The migrations that are unknown here.
        unknown: Vec<String>,
    },
    /// Anything else that the operating system or SQLite reports.
    #[error("cannot open the database {}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What it reports.
        #[source]
        source: BoxError,
    },
}

impl OpenError {
    /// Reads what SQLite says of a file; diesel passes its result codes on as text only.
    pub(crate) fn of(path: &Path, cause: impl Into<BoxError>) -> Self {
        let (path, source) = (path.to_owned(), cause.into());
        let message = source.to_string();
        let says = |part: &str| message.contains(part);
        if says("not a database") {
            Self::NotADatabase { path }
        } else if says("locked") || says("busy") {
            Self::Locked { path }
        } else if says("readonly") || says("read-only") || says("permission denied") {
            Self::ReadOnly { path }
        } else {
            Self::Other { path, source }
        }
    }
}

/// What stops a transaction; `E` is the error of the port, for what the caller has done wrong.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// A query failed.
    Database(diesel::result::Error),
    /// A row breaks a rule of the domain; names its key.
    Corrupt(String),
    /// The caller went away before the commit.
    Abandoned,
    /// An answer that the port foresees.
    Refused(E),
}

impl<E> From<diesel::result::Error> for Failure<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

/// The errors that all ports share.
pub(crate) trait PortError: std::fmt::Debug + Send + 'static {
    fn corrupt(what: String) -> Self;
    fn unavailable(cause: BoxError) -> Self;
}

macro_rules! port_error {
    ($($error:ty),*) => {$(
        impl PortError for $error {
            fn corrupt(what: String) -> Self {
                Self::Corrupt(what)
            }

            fn unavailable(cause: BoxError) -> Self {
                Self::Unavailable(cause)
            }
        }
    )*};
}

port_error!(
    CorporateActionRepositoryError,
    IngestRunRepositoryError,
    InstrumentRepositoryError,
    PriceRepositoryError,
    StoreTransferError
);

impl<E: PortError> Failure<E> {
    /// What the caller of the port is told.
    pub(crate) fn into_port(self) -> E {
        match self {
            Self::Database(error) => from_diesel(error),
            Self::Corrupt(what) => E::corrupt(what),
            Self::Abandoned => E::unavailable("the caller went away before the commit".into()),
            Self::Refused(error) => error,
        }
    }
}

/// The one reading of diesel's errors: damage is corruption, all else (busy, locked, full, gone) may pass.
fn from_diesel<E: PortError>(error: diesel::result::Error) -> E {
    match error {
        diesel::result::Error::DeserializationError(cause) => E::corrupt(cause.to_string()),
        diesel::result::Error::DatabaseError(_, ref details)
            if ["malformed", "not a database"]
                .iter()
                .any(|damage| details.message().contains(damage)) =>
        {
            E::corrupt(details.message().to_owned())
        }
        other => E::unavailable(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_sqlite_says_of_a_file() {
        let check = |said: &str, message: &str| {
            assert_eq!(OpenError::of(Path::new("x.db"), said).to_string(), message);
        };
        check(
            "attempt to write a readonly database",
            "x.db is read-only: give this user the right to write the file and its directory",
        );
        check(
            "database is locked",
            "x.db is locked by another process: stop it, or wait until it is done",
        );
        check("disk I/O error", "cannot open the database x.db");
    }
}
