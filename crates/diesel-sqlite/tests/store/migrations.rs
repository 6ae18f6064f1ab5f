//! The schema: made, taken back step by step, and told.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_sqlite::{MigrationStatus, OpenError, migrate_down, migrate_status, migrate_up};

use super::File;

#[derive(QueryableByName)]
struct Definition {
    #[diesel(sql_type = Text)]
    sql: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The text of every table and index, and whose file it is.
fn schema(file: &File) -> (Vec<String>, i64) {
    let mut connection = file.raw();
    let definitions = diesel::sql_query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .load::<Definition>(&mut connection)
        .unwrap();
    let application: Number = diesel::sql_query("SELECT application_id AS number FROM pragma_application_id")
        .get_result(&mut connection)
        .unwrap();
    let texts = definitions.into_iter().map(|definition| definition.sql).collect();
    (texts, application.number)
}

#[tokio::test]
async fn down_takes_back_everything_and_up_makes_it_again() {
    let file = File::none_yet();
    let names = migrate_up(&file.url()).await.unwrap();
    let made = schema(&file);
    let mut back = migrate_down(&file.url(), usize::MAX).await.unwrap();
    back.reverse();
    assert_eq!(back, names);
    let (left, application) = schema(&file);
    assert_eq!(application, 0);
    assert!(
        left.iter()
            .all(|sql| sql.contains("__diesel_schema_migrations") || sql.contains("sqlite_sequence")),
        "{left:?}"
    );
    assert_eq!(migrate_up(&file.url()).await.unwrap(), names);
    assert_eq!(schema(&file), made);
}

#[tokio::test]
async fn each_migration_can_be_taken_back_and_made_again() {
    let file = File::migrated().await;
    let made = schema(&file);
    let count = migrate_status(&file.url()).await.unwrap().applied.len();
    let mut former = made.clone();
    for steps in 1..=count {
        let back = migrate_down(&file.url(), steps).await.unwrap();
        assert_eq!(back.len(), steps);
        let smaller = schema(&file);
        assert_ne!(smaller, former, "the last of {steps} takes something back");
        former = smaller;
        migrate_up(&file.url()).await.unwrap();
        assert_eq!(schema(&file), made, "after {steps} steps back");
    }
}

#[tokio::test]
async fn a_second_up_does_nothing() {
    let file = File::migrated().await;
    assert_eq!(migrate_up(&file.url()).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn status_tells_what_is_there_without_making_a_file() {
    let file = File::none_yet();
    let nothing = migrate_status(&file.url()).await.unwrap();
    assert!(!file.path().exists());
    assert_eq!((nothing.applied.len(), nothing.unknown.len()), (0, 0));
    migrate_up(&file.url()).await.unwrap();
    migrate_down(&file.url(), 1).await.unwrap();
    let (newest, older) = nothing.pending.split_last().unwrap();
    assert_eq!(
        migrate_status(&file.url()).await.unwrap(),
        MigrationStatus {
            applied: older.to_vec(),
            pending: vec![newest.clone()],
            unknown: Vec::new(),
        }
    );
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let file = File::migrated().await;
    file.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')");
    let made = schema(&file);
    for outcome in [migrate_up(&file.url()).await, migrate_down(&file.url(), 1).await] {
        let error = outcome.unwrap_err();
        assert!(
            matches!(&error, OpenError::Newer { unknown, .. } if unknown == &["29990101000000"]),
            "{error}"
        );
    }
    assert_eq!(schema(&file), made);
    assert_eq!(migrate_status(&file.url()).await.unwrap().unknown, ["29990101000000"]);
}

#[tokio::test]
async fn two_that_migrate_at_once_take_turns() {
    let file = File::none_yet();
    let (url, other) = (file.url(), file.url());
    let (first, second) = tokio::join!(migrate_up(&url), migrate_up(&other));
    let applied = [first.unwrap(), second.unwrap()].concat();
    assert_eq!(applied, migrate_status(&url).await.unwrap().applied, "each once");
}
