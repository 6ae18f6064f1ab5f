//! `sentinel migrate`: the schema of the database.

use serde_json::json;

use super::Context;
use crate::command_line::MigrateCommand;
use crate::exit::{Exit, UsageError};
use crate::output::{Table, counted};
use crate::store;

pub(super) async fn run(context: &Context, command: &MigrateCommand) -> anyhow::Result<Exit> {
    let Context { config, output } = context;
    let database = &config.database;
    match command {
        MigrateCommand::Up => {
            let applied = store::migrate_up(database).await?;
            for migration in &applied {
                output.line(format_args!("applied {migration}"))?;
            }
            if applied.is_empty() {
                output.line("the schema is up to date")?;
            }
            output.object(&json!({ "applied": applied }))?;
        }
        MigrateCommand::Down { yes } => {
            if !yes {
                refuse_to_lose_bars(context).await?;
            }
            let reverted = store::migrate_down(database).await?;
            for migration in &reverted {
                output.line(format_args!("reverted {migration}"))?;
            }
            if reverted.is_empty() {
                output.line("no migration is applied")?;
            }
            output.object(&json!({ "reverted": reverted }))?;
        }
        MigrateCommand::Status => {
            let status = store::migration_status(database).await?;
            let mut table = Table::new(["migration", "state"]);
            let states = [
                (&status.applied, "applied"),
                (&status.pending, "pending"),
                (&status.unknown, "unknown to this version"),
            ];
            for (migrations, state) in states {
                for migration in migrations {
                    table.push([migration.as_str(), state]);
                }
            }
            output.table(&table)?;
            output.object(&json!({
                "applied": status.applied,
                "pending": status.pending,
                "unknown": status.unknown,
            }))?;
        }
    }
    Ok(Exit::Done)
}

/// Reverting a migration may drop tables with all that is in them.
async fn refuse_to_lose_bars(context: &Context) -> anyhow::Result<()> {
    let status = store::migration_status(&context.config.database).await?;
    if status.applied.is_empty() || !status.pending.is_empty() || !status.unknown.is_empty() {
        return Ok(());
    }
    let store = context.existing_store().await?;
    let bars = super::status::all_series(&*store.catalogue)
        .await?
        .iter()
        .fold(0_u64, |bars, series| bars.saturating_add(series.count));
    if bars > 0 {
        let bars = counted(bars, "bar", "bars");
        return Err(UsageError(format!(
            "the store holds {bars}, which may be lost; say --yes to revert all the same"
        ))
        .into());
    }
    Ok(())
}
