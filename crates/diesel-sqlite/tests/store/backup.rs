//! Backups of a file that is in use.

use std::fs;

use diesel::connection::SimpleConnection;
use diesel_sqlite::{OpenError, SqliteStore, back_up};
use domain::{PriceRepository, StoreCare};

use super::{File, daily_series, days, everything};

#[tokio::test]
async fn a_backup_is_the_state_of_the_moment_whoever_writes_meanwhile() {
    let file = File::migrated().await;
    let store = file.open().await;
    let series = daily_series(&store).await;
    PriceRepository::merge(&store, days(series, "file", 0..3, "187.10"))
        .await
        .unwrap();
    let mut other = file.raw();
    other.batch_execute("BEGIN IMMEDIATE; DELETE FROM bars").unwrap();
    let copy = File::none_yet();
    let bytes = back_up(&file.url(), &copy.path()).await.unwrap();
    other.batch_execute("COMMIT").unwrap();

    assert_eq!(bytes, fs::metadata(copy.path()).unwrap().len());
    let restored: SqliteStore = copy.open().await;
    let chunk = PriceRepository::read(&restored, &everything(series)).await.unwrap();
    assert_eq!(chunk.bars.len(), 3);
    assert_eq!(restored.verify().await.unwrap().violations, []);
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_half_done_is_left() {
    let file = File::migrated().await;
    let copy = File::none_yet();
    fs::write(copy.path(), "of somebody").unwrap();
    let taken = back_up(&file.url(), &copy.path()).await.unwrap_err();
    assert!(matches!(taken, OpenError::Taken { .. }), "{taken:?}");
    assert_eq!(fs::read_to_string(copy.path()).unwrap(), "of somebody");

    let (missing, target) = (File::none_yet(), File::none_yet());
    let none = back_up(&missing.url(), &target.path()).await.unwrap_err();
    assert!(matches!(none, OpenError::Missing { .. }), "{none:?}");
    assert_eq!(fs::read_dir(target.folder.path()).unwrap().count(), 0);
    // Looking for a database to back up makes none.
    assert!(!missing.path().exists());

    fs::write(missing.path(), "this is no database, and long enough to be looked at").unwrap();
    back_up(&missing.url(), &target.path()).await.unwrap_err();
    assert_eq!(fs::read_dir(target.folder.path()).unwrap().count(), 0);
}
