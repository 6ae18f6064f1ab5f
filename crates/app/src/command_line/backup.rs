//! `sentinel backup`

use std::path::PathBuf;

use clap::Args;

/// Flags of `sentinel backup`.
#[derive(Args, Debug)]
#[command(
    after_help = "The file is one state of the database, whoever reads or writes it meanwhile, and is there once it is whole and\n\
        checked. To restore it, stop what uses the database and put the file in its place.\n\
        A PostgreSQL is backed up by pg_dump; deploy/scripts/backup.sh does so.\n\n\
        Example:\n  sentinel --database-url sqlite:./sentinel.db backup ./sentinel-2024-05-17.db"
)]
pub struct BackupArgs {
    /// File to write, which is not there yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
