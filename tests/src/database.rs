//! Databases for runs of the binary: files of SQLite, or databases of a PostgreSQL server.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use postgres_fixture::{TestDatabase, TestServer};

/// Where databases are made.
#[derive(Debug)]
pub enum Databases {
    /// Files, as many as asked for.
    Files {
        /// The folder that they are in.
        folder: PathBuf,
        /// How many there were so far.
        made: Cell<u32>,
    },
    /// A server.
    Server(TestServer),
}

/// A database that is gone when it is dropped.
#[derive(Debug)]
pub enum OwnDatabase {
    /// A file, and what SQLite puts beside it.
    File(DatabaseFile),
    /// One of a server.
    OfServer(TestDatabase),
}

/// A file, and what SQLite puts beside it.
#[derive(Debug)]
pub struct DatabaseFile(PathBuf);

impl Databases {
    /// SQLite, in this folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self::Files {
            folder: folder.to_owned(),
            made: Cell::new(0),
        }
    }

    /// One that nothing was written to.
    ///
    /// # Errors
    /// When the server cannot make it.
    pub fn fresh(&self) -> anyhow::Result<OwnDatabase> {
        Ok(match self {
            Self::Files { folder, made } => {
                made.set(made.get() + 1);
                OwnDatabase::File(DatabaseFile(folder.join(format!("{}.db", made.get()))))
            }
            Self::Server(server) => OwnDatabase::OfServer(server.fresh()?),
        })
    }

    /// One that holds what another holds, in which nobody is at work.
    ///
    /// # Errors
    /// When it is of another kind, or cannot be copied.
    pub fn copy_of(&self, original: &OwnDatabase) -> anyhow::Result<OwnDatabase> {
        Ok(match (self, original) {
            (Self::Files { .. }, OwnDatabase::File(original)) => {
                let copy = self.fresh()?;
                if let OwnDatabase::File(copy) = &copy {
                    fs::copy(&original.0, &copy.0).context("copying the database")?;
                }
                copy
            }
            (Self::Server(server), OwnDatabase::OfServer(original)) => OwnDatabase::OfServer(server.copy_of(original)?),
            _ => bail!("a file is no copy of a server's database, and the other way round"),
        })
    }
}

impl OwnDatabase {
    /// As `--database-url` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::File(DatabaseFile(path)) => format!("sqlite:{}", path.display()),
            Self::OfServer(database) => database.url(),
        }
    }
}

impl Drop for DatabaseFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            // Those that there are.
            let _ = fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}
