//! Databases for tests, on a real server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use postgres_fixture::{ChaosProxy, Mode, TestDatabase, TestServer};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// One text.
async fn ask(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Changes the database, and is not connected to it any more afterwards.
async fn change(database: &TestDatabase, sql: &str) {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

/// How many tables the database has.
async fn tables(database: &TestDatabase) -> String {
    let sql = "SELECT count(*)::text FROM information_schema.tables WHERE table_schema = 'public'";
    ask(&connect(&database.url()).await, sql).await
}

async fn exists(server: &TestServer, name: &str) -> bool {
    let elsewhere = server.empty().unwrap();
    let client = connect(&elsewhere.url()).await;
    let sql = format!("SELECT count(*)::text FROM pg_database WHERE datname = '{name}'");
    ask(&client, &sql).await == "1"
}

#[tokio::test]
async fn a_fresh_database_is_migrated_and_an_empty_one_is_not() {
    let (fresh, empty) = (TestDatabase::fresh().await, TestDatabase::empty().await);
    assert_ne!(tables(&fresh).await, "0");
    assert_eq!(tables(&empty).await, "0");
}

#[tokio::test]
async fn each_database_is_its_own() {
    let (first, second) = tokio::join!(TestDatabase::fresh(), TestDatabase::fresh());
    change(&first, "CREATE TABLE mine ()").await;
    assert_ne!(first.name(), second.name());
    assert_ne!(tables(&first).await, tables(&second).await);
}

#[tokio::test]
async fn a_copy_holds_what_its_original_holds() {
    let original = TestDatabase::empty().await;
    change(&original, "CREATE TABLE kept ()").await;
    let copy = original.server().copy_of(&original).unwrap();
    assert_eq!(tables(&copy).await, "1");
}

#[tokio::test]
async fn a_dropped_database_is_gone_though_somebody_is_connected() {
    let database = TestDatabase::empty().await;
    let (server, name) = (database.server().clone(), database.name().to_owned());
    let connected = connect(&database.url()).await;
    assert!(exists(&server, &name).await);
    drop(database);
    assert!(!exists(&server, &name).await);
    assert!(connected.simple_query("SELECT 1").await.is_err());
}

#[tokio::test]
async fn a_test_that_panics_leaves_no_database() {
    let (tell, told) = std::sync::mpsc::channel();
    let failed = std::thread::spawn(move || {
        let database = TestServer::of_environment().unwrap().empty().unwrap();
        tell.send((database.server().clone(), database.name().to_owned()))
            .unwrap();
        panic!("a test that fails");
    });
    assert!(failed.join().is_err());
    let (server, name) = told.recv().unwrap();
    assert!(!exists(&server, &name).await);
}

#[tokio::test]
async fn a_parameter_reaches_the_server() {
    let database = TestDatabase::empty().await;
    let url = database.url_with("options", "-c statement_timeout=1234");
    assert_eq!(ask(&connect(&url).await, "SHOW statement_timeout").await, "1234ms");
}

#[test]
fn another_user_has_another_url() {
    let server = TestServer::of_environment().unwrap();
    let url = server.empty().unwrap().url_as("reader", "p@ss word");
    assert!(url.contains("//reader:p%40ss%20word@"), "{url}");
}

#[tokio::test]
async fn a_database_is_reached_by_way_of_a_proxy() {
    let database = TestDatabase::empty().await;
    let proxy = ChaosProxy::in_front_of(database.server());
    let client = connect(&proxy.url_of(&database)).await;
    assert_eq!(ask(&client, "SELECT current_database()::text").await, database.name());
    proxy.set(Mode::Refuse);
    proxy.cut();
    assert!(client.simple_query("SELECT 1").await.is_err());
    assert!(tokio_postgres::connect(&proxy.url_of(&database), NoTls).await.is_err());
    proxy.set(Mode::Pass);
    let again = connect(&proxy.url_of(&database)).await;
    assert_eq!(ask(&again, "SELECT 'back'").await, "back");
}

#[test]
fn where_no_server_answers_it_is_said_what_to_run() {
    // Nothing listens on port 1.
    let error = TestServer::at("postgres://postgres@127.0.0.1:1/postgres")
        .unwrap()
        .fresh()
        .unwrap_err();
    assert!(format!("{error:#}").contains("no PostgreSQL for tests at 127.0.0.1:1: run them with `cargo xtask test`"));
    let error = TestServer::at("sqlite:./sentinel.db").unwrap_err();
    assert!(error.to_string().starts_with("`sqlite:` is no server"), "{error}");
}
