//! Opening: every way in which it fails says what would help.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel_sqlite::{OpenError, SqliteStore, migrate_down, migrate_up};
use domain::StoreCare;
use domain::fake::ManualClock;

use super::File;

async fn refusal(url: &str) -> OpenError {
    let clock = ManualClock::at("2024-06-03T12:00:00Z".parse().unwrap());
    SqliteStore::open(url, Arc::new(clock)).await.unwrap_err()
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let file = File::none_yet();
    let folder = file.folder.path().join("away");
    let url = format!("sqlite:{}/bars.db", folder.display());
    for error in [refusal(&url).await, migrate_up(&url).await.unwrap_err()] {
        assert_eq!(
            error.to_string(),
            format!(
                "the directory {folder} of the database {folder}/bars.db does not exist: create it, or name another",
                folder = folder.display()
            )
        );
    }
}

#[tokio::test]
async fn a_missing_file_is_not_made_by_opening() {
    let file = File::none_yet();
    let error = refusal(&file.url()).await;
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    assert!(error.to_string().ends_with("`sentinel migrate up` makes one"));
    assert!(!file.path().exists());
}

#[tokio::test]
async fn a_directory_is_no_database() {
    let file = File::none_yet();
    let url = format!("sqlite:{}", file.folder.path().display());
    assert!(matches!(refusal(&url).await, OpenError::IsDirectory { .. }));
    assert!(matches!(migrate_up(&url).await, Err(OpenError::IsDirectory { .. })));
}

#[tokio::test]
async fn a_file_of_something_else_is_left_as_it_is() {
    let file = File::none_yet();
    let text = "timestamp,open,high,low,close,volume\n".repeat(100);
    std::fs::write(file.path(), &text).unwrap();
    assert!(matches!(refusal(&file.url()).await, OpenError::NotADatabase { .. }));
    assert!(matches!(
        migrate_up(&file.url()).await,
        Err(OpenError::NotADatabase { .. })
    ));
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), text);
}

#[tokio::test]
async fn the_database_of_another_program_is_left_as_it_is() {
    let file = File::none_yet();
    file.execute("CREATE TABLE bookmarks (address TEXT)");
    let before = std::fs::read(file.path()).unwrap();
    assert!(matches!(refusal(&file.url()).await, OpenError::Foreign { .. }));
    assert!(matches!(migrate_up(&file.url()).await, Err(OpenError::Foreign { .. })));
    assert_eq!(std::fs::read(file.path()).unwrap(), before);
}

#[tokio::test]
async fn an_older_schema_names_what_it_lacks() {
    let file = File::migrated().await;
    let back = migrate_down(&file.url(), 1).await.unwrap();
    let error = refusal(&file.url()).await;
    assert!(
        matches!(&error, OpenError::Behind { pending, .. } if *pending == back),
        "{error}"
    );
    assert!(error.to_string().ends_with("run `sentinel migrate up`"));
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let file = File::migrated().await;
    file.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')");
    assert!(matches!(refusal(&file.url()).await, OpenError::Newer { .. }));
}

#[tokio::test]
async fn a_file_that_another_process_holds_is_locked() {
    let file = File::migrated().await;
    let mut other = file.raw();
    other
        .batch_execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let error = refusal(&file.url()).await;
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
}

#[tokio::test]
async fn odd_characters_in_a_path_are_taken_as_they_are() {
    let file = File::none_yet();
    let folder = file.folder.path().join("100% #1 Kurse");
    std::fs::create_dir(&folder).unwrap();
    let url = format!("sqlite:{}/ä&b=c.db", folder.display());
    migrate_up(&url).await.unwrap();
    assert!(folder.join("ä&b=c.db").exists());
    let clock = ManualClock::at("2024-06-03T12:00:00Z".parse().unwrap());
    let store = SqliteStore::open(&url, Arc::new(clock)).await.unwrap();
    assert!(store.ping().await.is_ok());
}
