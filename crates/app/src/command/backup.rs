//! `sentinel backup`: an embedded database in a file of its own, while it is in use.

use serde_json::json;

use super::Context;
use crate::command_line::BackupArgs;
use crate::exit::{Exit, UsageError};
use crate::output::counted;
use crate::store::{self, StoreError};

pub(super) async fn run(context: &Context, args: &BackupArgs) -> anyhow::Result<Exit> {
    let database = &context.config.database;
    let Some(backed_up) = store::back_up(&database.adapter, &args.file).await else {
        let problem = format!(
            "{} is backed up by its own program: pg_dump --format=custom; deploy/scripts/backup.sh does so",
            database.shown()
        );
        return Err(UsageError(problem).into());
    };
    let bytes = backed_up.map_err(usage_or_failure)?;
    let file = args.file.display();
    context.output.line(format_args!(
        "{file} has everything that {} had, checked: {}",
        database.shown(),
        counted(bytes, "byte", "bytes")
    ))?;
    context.output.object(&json!({
        "database": database.shown(),
        "file": file.to_string(),
        "bytes": bytes,
    }))?;
    Ok(Exit::Done)
}

/// A file that is taken is mended by naming another one.
fn usage_or_failure(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Sqlite(error @ diesel_sqlite::OpenError::Taken { .. }) => UsageError(error.to_string()).into(),
        other => other.into(),
    }
}
