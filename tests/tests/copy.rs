//! A database carried from SQLite to PostgreSQL and back, and a copy that was killed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use end_to_end::Sentinel;
use postgres_fixture::TestDatabase;
use serde_json::Value;
use tokio_postgres::NoTls;

const DEMO: &str = "sqlite:./sentinel-demo.db";

/// The object that a command prints, which has to end well.
fn object(sentinel: &Sentinel, args: &[&str]) -> Value {
    let done = sentinel.run([&["--json"], args].concat()).unwrap();
    assert_eq!(done.code, Some(0), "{args:?}: {done:?}");
    done.json().unwrap()
}

fn copy(sentinel: &Sentinel, from: &str, to: &str) -> Value {
    object(sentinel, &["copy", "--from", from, "--to", to])
}

fn fingerprint(sentinel: &Sentinel, url: &str) -> String {
    let verified = object(sentinel, &["--database-url", url, "verify"]);
    assert_eq!(verified.get("violations"), Some(&Value::Array(Vec::new())));
    verified.get("fingerprint").and_then(Value::as_str).unwrap().to_owned()
}

/// The demo, with a bar that was restated twice and a row that made no bar.
fn with_demo() -> Sentinel {
    let sentinel = Sentinel::of_this_build().unwrap();
    object(&sentinel, &["demo", "--no-serve"]);
    for close in ["646.50", "646.5000", "646.60"] {
        // Examples, from no recording.
        let rows = format!(
            "timestamp,open,high,low,close,volume\n2014-06-05,646.2,649.37,642.61,{close},1\n2014-06-06,1,0.5,1,1,1\n"
        );
        fs::write(sentinel.home().join("GOOG_1d.csv"), rows).unwrap();
        let import = ["--database-url", DEMO, "import", "GOOG_1d.csv", "--currency", "USD"];
        let done = sentinel.run(import).unwrap();
        assert!(done.stdout.contains("GOOG"), "{done:?}");
    }
    sentinel
}

/// How many records of a part there are, and how many of them were copied now.
fn part(told: &Value, name: &str) -> (u64, u64) {
    let parts = told["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["part"] == name).unwrap();
    (part["records"].as_u64().unwrap(), part["copied"].as_u64().unwrap())
}

#[tokio::test]
async fn the_demo_goes_to_postgresql_and_back_to_the_last_digit() {
    let sentinel = with_demo();
    // Without a schema: the copy brings it.
    let database = TestDatabase::empty().await;
    let there = copy(&sentinel, DEMO, &database.url());
    assert_eq!(part(&there, "bars"), (61_023, 61_023));
    assert_eq!(
        (part(&there, "revisions"), part(&there, "quarantine")),
        ((1, 1), (1, 1))
    );
    let back = copy(&sentinel, &database.url(), "sqlite:./back.db");
    assert_eq!(back["hash"], there["hash"]);
    let expected = fingerprint(&sentinel, DEMO);
    for url in [&database.url(), "sqlite:./back.db"] {
        assert_eq!(fingerprint(&sentinel, url), expected, "{url}");
    }
    let again = copy(&sentinel, DEMO, &database.url());
    assert_eq!((&again["copied"], &again["hash"]), (&0.into(), &there["hash"]));
    // What comes then goes the same way in all of them.
    let known: Vec<Value> = [DEMO, &database.url(), "sqlite:./back.db"]
        .into_iter()
        .map(|url| {
            let row = "timestamp,open,high,low,close,volume\n2014-06-05,1,1,1,1,1\n2014-06-06,1,1,1,1,1\n";
            fs::write(sentinel.home().join("NEW_1d.csv"), row).unwrap();
            let imported = object(&sentinel, &["--database-url", url, "import", "NEW_1d.csv"]);
            let series = &imported["files"][0]["series"][0];
            Value::Array(vec![series["instrument"]["id"].clone(), series["run_id"].clone()])
        })
        .collect();
    assert!(known.windows(2).all(|pair| pair[0] == pair[1]), "{known:?}");
}

#[tokio::test]
async fn a_copy_that_was_killed_goes_on() {
    let sentinel = with_demo();
    let database = TestDatabase::fresh().await;
    let (beside, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    // Nobody may write former states: the copy waits behind the bars, in the middle of a page.
    beside
        .batch_execute("BEGIN; LOCK TABLE bar_revisions IN EXCLUSIVE MODE")
        .await
        .unwrap();
    let args = ["copy", "--from", DEMO, "--to", &database.url()];
    let mut killed = sentinel.command(args).spawn().unwrap();
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'bar_revisions'::regclass AND NOT granted";
    while beside.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        let ended = killed.try_wait().unwrap();
        assert!(ended.is_none(), "{ended:?}");
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    beside.batch_execute("ROLLBACK").await.unwrap();

    let rest = copy(&sentinel, DEMO, &database.url());
    assert_eq!((part(&rest, "bars"), part(&rest, "revisions")), ((61_023, 0), (1, 1)));
    assert_eq!(fingerprint(&sentinel, &database.url()), fingerprint(&sentinel, DEMO));
}
