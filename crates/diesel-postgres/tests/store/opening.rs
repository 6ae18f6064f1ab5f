//! Each reason why a database cannot be opened, with its remedy.

use diesel_postgres::{OpenError, PostgresSettings, PostgresStore, migrate_down, migrate_status, migrate_up};
use postgres_fixture::TestDatabase;

use super::{clock, impatient, raw};

async fn refusal(settings: &PostgresSettings) -> OpenError {
    PostgresStore::open(settings, clock()).await.unwrap_err()
}

#[tokio::test]
async fn where_nobody_listens_it_says_so() {
    // The port of a listener that is gone again.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = refusal(&impatient(format!("postgres://u:s3cret@{free}/market"))).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("no PostgreSQL answers at {free}: start it, or name another one in the database URL")
    );
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_with_the_way_to_make_it() {
    let database = TestDatabase::empty().await;
    let url = database.url().replace(database.name(), "not_there");
    let error = refusal(&PostgresSettings::new(url)).await;
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
    assert!(error.to_string().contains("createdb not_there"), "{error}");
}

#[tokio::test]
async fn a_user_who_is_not_known_is_named_and_the_password_is_not() {
    let database = TestDatabase::empty().await;
    let error = refusal(&PostgresSettings::new(database.url_as("nobody_here", "s3cret"))).await;
    assert!(matches!(error, OpenError::Refused { .. }), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains("nobody_here") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn an_empty_database_lacks_everything() {
    let database = TestDatabase::empty().await;
    let settings = PostgresSettings::new(database.url());
    let error = refusal(&settings).await;
    let all = migrate_status(&settings).await.unwrap().pending;
    assert!(
        matches!(&error, OpenError::Behind { pending, .. } if *pending == all && !all.is_empty()),
        "{error:?}"
    );
    assert!(error.to_string().ends_with("run `sentinel migrate up`"), "{error}");
}

#[tokio::test]
async fn an_older_schema_names_what_it_lacks() {
    let database = TestDatabase::fresh().await;
    let settings = PostgresSettings::new(database.url());
    let back = migrate_down(&settings, 1).await.unwrap();
    let error = refusal(&settings).await;
    assert!(
        matches!(&error, OpenError::Behind { pending, .. } if *pending == back),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = TestDatabase::fresh().await;
    raw(&database)
        .await
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')")
        .await
        .unwrap();
    let error = refusal(&PostgresSettings::new(database.url())).await;
    assert!(matches!(error, OpenError::Newer { .. }), "{error:?}");
}

#[tokio::test]
async fn the_tables_of_another_program_are_left_as_they_are() {
    let database = TestDatabase::empty().await;
    let client = raw(&database).await;
    client.batch_execute("CREATE TABLE bars (drinks text)").await.unwrap();
    let settings = PostgresSettings::new(database.url());
    assert!(matches!(refusal(&settings).await, OpenError::Foreign { .. }));
    assert!(matches!(migrate_up(&settings).await, Err(OpenError::Foreign { .. })));
    assert!(client.query("SELECT drinks FROM bars", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_role_without_rights_is_told() {
    let database = TestDatabase::fresh().await;
    let client = raw(&database).await;
    let role = format!("role_{}", database.name());
    client
        .batch_execute(&format!("CREATE ROLE {role} LOGIN"))
        .await
        .unwrap();
    let error = refusal(&PostgresSettings::new(database.url_as(&role, ""))).await;
    client
        .batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))
        .await
        .unwrap();
    assert!(matches!(error, OpenError::Forbidden { .. }), "{error:?}");
}
