//! TimescaleDB where there is none: it is refused with the remedy, and nothing changes. What it does where there is one is
//! seen by `cargo xtask timescale-check`, and here too when the tests' server has it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use diesel_postgres::{
    OpenError, PostgresSettings, StepOutcome, TimescaleError, TimescaleOptions, TimescaleStatus, enable_timescale,
    migrate_status, timescale_status,
};
use futures_util::future::join_all;
use postgres_fixture::TestDatabase;
use tokio_postgres::NoTls;

fn settings(database: &TestDatabase) -> PostgresSettings {
    PostgresSettings::new(database.url())
}

/// Tables, indexes, triggers and extensions, with their numbers: what is made anew has another one.
async fn shape(database: &TestDatabase) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "SELECT format('%s %s', oid, relname) AS item FROM pg_class UNION ALL \
               SELECT format('%s %s', oid, tgname) FROM pg_trigger UNION ALL \
               SELECT format('%s %s', oid, extname) FROM pg_extension ORDER BY item";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_server_without_it_is_told_how_to_get_it_and_nothing_changes() {
    let database = TestDatabase::fresh().await;
    let settings = settings(&database);
    let before = shape(&database).await;
    let status = timescale_status(&settings).await.unwrap();
    if status.available.is_some() {
        return is_enabled_once(&settings).await;
    }
    let options = TimescaleOptions {
        chunk_days: Some(30),
        compress_after_days: Some(7),
    };
    let error = enable_timescale(&settings, options).await.unwrap_err();
    assert!(matches!(error, TimescaleError::Unavailable { .. }), "{error:?}");
    let told = error.to_string();
    for remedy in [
        "timescaledb-2-postgresql-17",
        "timescale/timescaledb:latest-pg17",
        "your provider",
    ] {
        assert!(told.contains(remedy), "{told}");
    }
    assert_eq!(shape(&database).await, before);
    assert_eq!(timescale_status(&settings).await.unwrap(), TimescaleStatus::default());
}

async fn is_enabled_once(settings: &PostgresSettings) {
    let first = enable_timescale(settings, TimescaleOptions::default()).await.unwrap();
    assert_eq!(first.hypertable, StepOutcome::Done);
    let again = enable_timescale(settings, TimescaleOptions::default()).await.unwrap();
    assert_eq!(again.hypertable, StepOutcome::AlreadyThere);
    assert_eq!(again.status, first.status);
    assert_eq!(timescale_status(settings).await.unwrap(), first.status);
}

#[tokio::test]
async fn a_schema_that_is_behind_has_to_be_migrated_first() {
    let database = TestDatabase::empty().await;
    let settings = settings(&database);
    let error = enable_timescale(&settings, TimescaleOptions::default())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, TimescaleError::Open(OpenError::Behind { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains("run `sentinel migrate up`"), "{error}");
    let applied = migrate_status(&settings).await.unwrap().applied;
    assert_eq!(applied, Vec::<String>::new());
}

#[tokio::test]
async fn those_who_ask_at_once_take_turns() {
    let database = TestDatabase::fresh().await;
    let settings = settings(&database);
    let asked = join_all((0..4).map(|_| enable_timescale(&settings, TimescaleOptions::default()))).await;
    let outcome = |asked: &Result<_, TimescaleError>| match asked {
        Ok(_) => "enabled",
        Err(TimescaleError::Unavailable { .. }) => "refused",
        Err(_) => "failed",
    };
    let has_it = timescale_status(&settings).await.unwrap().available.is_some();
    let expected = if has_it { "enabled" } else { "refused" };
    assert!(asked.iter().all(|asked| outcome(asked) == expected), "{asked:?}");
}
