//! The schema: made, taken back, told, and made by many at once.

use diesel_postgres::{MigrationStatus, OpenError, PostgresSettings, migrate_down, migrate_status, migrate_up};
use postgres_fixture::TestDatabase;

use super::raw;

/// Every table, view, column, constraint, index and function of the schema.
async fn schema(database: &TestDatabase) -> Vec<String> {
    let rows = raw(database)
        .await
        .query(
            "SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) FROM information_schema.columns \
             WHERE table_schema IN ('public', 'market_views') AND table_name NOT LIKE '\\_\\_diesel%' \
             UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = to_regnamespace('market_views') \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%' \
             UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '\\_\\_diesel%' ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn down_takes_back_everything_and_up_makes_it_again() {
    let database = TestDatabase::empty().await;
    let settings = PostgresSettings::new(database.url());
    let names = migrate_up(&settings).await.unwrap();
    let made = schema(&database).await;
    let mut back = migrate_down(&settings, usize::MAX).await.unwrap();
    back.reverse();
    assert_eq!(back, names);
    assert_eq!(schema(&database).await, Vec::<String>::new());
    assert_eq!(migrate_up(&settings).await.unwrap(), names);
    assert_eq!(schema(&database).await, made);
}

#[tokio::test]
async fn each_migration_can_be_taken_back_and_made_again() {
    let database = TestDatabase::fresh().await;
    let settings = PostgresSettings::new(database.url());
    let made = schema(&database).await;
    let count = migrate_status(&settings).await.unwrap().applied.len();
    let mut former = made.clone();
    for steps in 1..=count {
        assert_eq!(migrate_down(&settings, steps).await.unwrap().len(), steps);
        let smaller = schema(&database).await;
        assert_ne!(smaller, former, "the last of {steps} takes something back");
        former = smaller;
        migrate_up(&settings).await.unwrap();
        assert_eq!(schema(&database).await, made, "after {steps} steps back");
    }
}

#[tokio::test]
async fn status_tells_what_is_there_and_changes_nothing() {
    let database = TestDatabase::empty().await;
    let settings = PostgresSettings::new(database.url());
    let nothing = migrate_status(&settings).await.unwrap();
    assert_eq!((nothing.applied.len(), nothing.unknown.len()), (0, 0));
    assert_eq!(schema(&database).await, Vec::<String>::new());
    migrate_up(&settings).await.unwrap();
    migrate_down(&settings, 1).await.unwrap();
    let (newest, older) = nothing.pending.split_last().unwrap();
    assert_eq!(
        migrate_status(&settings).await.unwrap(),
        MigrationStatus {
            applied: older.to_vec(),
            pending: vec![newest.clone()],
            unknown: Vec::new(),
        }
    );
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let database = TestDatabase::fresh().await;
    let settings = PostgresSettings::new(database.url());
    raw(&database)
        .await
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')")
        .await
        .unwrap();
    let made = schema(&database).await;
    for outcome in [migrate_up(&settings).await, migrate_down(&settings, 1).await] {
        let error = outcome.unwrap_err();
        assert!(
            matches!(&error, OpenError::Newer { unknown, .. } if unknown == &["29990101000000"]),
            "{error}"
        );
    }
    assert_eq!(schema(&database).await, made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_that_migrate_at_once_take_turns() {
    let database = TestDatabase::empty().await;
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let settings = PostgresSettings::new(database.url());
            tokio::spawn(async move { migrate_up(&settings).await })
        })
        .collect();
    let mut applied = Vec::new();
    for task in tasks {
        applied.extend(task.await.unwrap().unwrap());
    }
    let status = migrate_status(&PostgresSettings::new(database.url())).await.unwrap();
    assert_eq!(applied, status.applied, "each once");
    assert!(status.pending.is_empty());
}
