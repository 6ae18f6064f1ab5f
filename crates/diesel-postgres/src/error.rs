//! Errors: why a database cannot be opened, and what a failed statement means for the port that asked.

use std::error::Error as _;
use std::time::Duration;

use domain::{
    BoxError, CorporateActionRepositoryError, IngestRunRepositoryError, InstrumentRepositoryError,
    PriceRepositoryError, StoreTransferError,
};
use tokio_postgres::error::SqlState;

/// Why a database cannot be opened or migrated; each says what would help. None shows a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be used.
    #[error("the PostgreSQL URL is not usable: {reason}")]
    Url {
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// Nobody answers there.
    #[error("no PostgreSQL answers at {server}: start it, or name another one in the database URL")]
    Unreachable {
        /// Host and port.
        server: String,
        /// What the network says.
        #[source]
        source: BoxError,
    },
    /// The encrypted connection cannot be made.
    #[error(
        "no trusted TLS connection to {server}: name the certificate of its authority with sslrootcert=FILE in the \
         database URL, or say sslmode=disable on a network you trust"
    )]
    Tls {
        /// Host and port.
        server: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// User or password are wrong, or may not come in from here.
    #[error("{server} refuses the user {user}: check user and password of the database URL, and pg_hba.conf")]
    Refused {
        /// Host and port.
        server: String,
        /// Who asked.
        user: String,
        /// What the server says.
        #[source]
        source: BoxError,
    },
    /// There is no database of that name.
    #[error("{server} has no database {database}: make it with `createdb {database}`, or name another one")]
    Missing {
        /// Host and port.
        server: String,
        /// The name asked for.
        database: String,
    },
    /// The schema is older than this program.
    #[error("the schema of {database} lacks {}: run `sentinel migrate up`", pending.join(", "))]
    Behind {
        /// The database.
        database: String,
        /// The migrations it lacks.
        pending: Vec<String>,
    },
    /// The schema is newer than this program.
    #[error("the schema of {database} has {}, which this version does not know: use the newer version", unknown.join(", "))]
    Newer {
        /// The database.
        database: String,
        /// The migrations that are unknown here.
        unknown: Vec<String>,
    },
    /// Another program's tables are in the way.
    #[error(
        "{database} holds tables of another program, {} among them: name a database of its own",
        table
    )]
    Foreign {
        /// The database.
        database: String,
        /// One of them.
        table: String,
    },
    /// The role may not do what is needed.
    #[error("the role {user} may not do this in {database}: grant it the right, or connect as the owner")]
    Forbidden {
        /// The database.
        database: String,
        /// The role.
        user: String,
        /// What the server says.
        #[source]
        source: BoxError,
    },
    /// Anything else that the server reports.
    #[error("cannot open the database {database}")]
    Other {
        /// The database.
        database: String,
        /// What it reports.
        #[source]
        source: BoxError,
    },
}

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// The server or the way to it.
    #[error("{}", told(.0))]
    Server(#[source] tokio_postgres::Error),
    /// Nothing came back.
    #[error("the database was silent for {} s", .0.as_secs())]
    Silent(Duration),
    /// No connection was to be had in time.
    #[error(transparent)]
    NoConnection(#[from] deadpool::managed::PoolError<OpenError>),
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

/// The server's own words, which the error itself keeps to its source.
fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) if *said.code() == SqlState::QUERY_CANCELED => {
            format!(
                "the statement ran longer than the database lets it ({})",
                said.message()
            )
        }
        Some(said) => format!("the database says: {} ({})", said.message(), said.code().code()),
        None => match error.source() {
            Some(cause) => format!("the connection to the database failed: {cause}"),
            None => format!("the connection to the database failed: {error}"),
        },
    }
}

impl DatabaseError {
    fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Server(error) => error.code(),
            Self::Silent(_) | Self::NoConnection(_) => None,
        }
    }

    /// Whether the server reports that what it keeps is damaged.
    fn is_damage(&self) -> bool {
        matches!(self.code(), Some(code) if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code))
    }

    /// What a constraint forbids, in the server's words.
    pub(crate) fn violation(&self) -> Option<String> {
        let Self::Server(error) = self else {
            return None;
        };
        let said = error.as_db_error()?;
        let violations = [
            SqlState::FOREIGN_KEY_VIOLATION,
            SqlState::UNIQUE_VIOLATION,
            SqlState::CHECK_VIOLATION,
            SqlState::NOT_NULL_VIOLATION,
        ];
        violations.contains(said.code()).then(|| match said.detail() {
            Some(detail) => format!("{}: {detail}", said.message()),
            None => said.message().to_owned(),
        })
    }
}

impl From<DatabaseError> for diesel::result::Error {
    /// The one variant of diesel's that carries any cause; [`Failure`] unpacks it again.
    fn from(error: DatabaseError) -> Self {
        Self::QueryBuilderError(Box::new(error))
    }
}

/// What stops a transaction; `E` is the error of the port, for what the caller has done wrong.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// A statement failed.
    Database(DatabaseError),
    /// A row breaks a rule of the domain; names its key.
    Corrupt(String),
    /// An answer that the port foresees.
    Refused(E),
    /// A query could not be written or its answer not be read: a defect of ours.
    Query(diesel::result::Error),
}

impl<E> From<DatabaseError> for Failure<E> {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl<E> From<tokio_postgres::Error> for Failure<E> {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl<E> From<diesel::result::Error> for Failure<E> {
    fn from(error: diesel::result::Error) -> Self {
        match error {
            diesel::result::Error::QueryBuilderError(cause) => match cause.downcast::<DatabaseError>() {
                Ok(error) => Self::Database(*error),
                Err(cause) => Self::Query(diesel::result::Error::QueryBuilderError(cause)),
            },
            diesel::result::Error::DeserializationError(cause) => Self::Corrupt(cause.to_string()),
            other => Self::Query(other),
        }
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
            Self::Database(error) if error.is_damage() => E::corrupt(error.to_string()),
            Self::Database(error) => E::unavailable(Box::new(error)),
            Self::Corrupt(what) => E::corrupt(what),
            Self::Refused(error) => error,
            Self::Query(error) => E::unavailable(error.into()),
        }
    }
}
