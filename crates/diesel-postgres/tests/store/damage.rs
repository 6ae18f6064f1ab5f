//! Damage: rows that break a rule are named, when they are read and by verification.

use domain::{
    InstrumentRepository, InstrumentRepositoryError, PriceRepository, PriceRepositoryError, StoreCare, Verification,
};
use postgres_fixture::TestDatabase;

use super::{daily_series, daily_series_of, days, everything, open, raw};

/// A store of three daily bars, then damaged: what reading says, and what verification finds. The damage is done with
/// foreign keys switched off.
async fn damaged(sql: &str) -> (String, Verification) {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let series = daily_series(&store).await;
    PriceRepository::merge(&store, days(series, "file", 0..3, "187.10"))
        .await
        .unwrap();
    let client = raw(&database).await;
    client
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    client.batch_execute(sql).await.unwrap();
    let told = match PriceRepository::read(&store, &everything(series)).await {
        Err(PriceRepositoryError::Corrupt(what)) => what,
        other => format!("{other:?}"),
    };
    (told, store.verify().await.unwrap())
}

fn rules(verification: &Verification) -> Vec<&str> {
    verification.violations.iter().map(|violation| violation.rule).collect()
}

fn details(verification: &Verification) -> Vec<&str> {
    verification
        .violations
        .iter()
        .map(|violation| violation.detail.as_str())
        .collect()
}

#[tokio::test]
async fn a_bar_that_is_no_number_is_named() {
    let (told, found) = damaged("UPDATE bars SET close = 'NaN' WHERE opened_at = '1970-01-02'").await;
    assert_eq!(
        told,
        "bar 1/1d at 1970-01-02T00:00:00Z: close: NaN or infinity is no number"
    );
    assert_eq!(rules(&found), ["decimal"]);
    assert_eq!(details(&found), [told]);
}

#[tokio::test]
async fn a_bar_whose_high_is_too_low_is_named() {
    let (told, found) = damaged("UPDATE bars SET high = 1.5 WHERE opened_at = '1970-01-02'").await;
    assert_eq!(told, "bar 1/1d at 1970-01-02T00:00:00Z: high 1.5 is below low 187.10");
    assert_eq!(rules(&found), ["bar"]);
}

#[tokio::test]
async fn a_bar_without_a_source_is_named() {
    let (told, found) = damaged("UPDATE bars SET source_id = 9 WHERE opened_at = '1970-01-02'").await;
    assert_eq!(told, "bar 1/1d at 1970-01-02T00:00:00Z: there is no source 9");
    assert_eq!(rules(&found), ["orphan"]);
    assert_eq!(
        details(&found),
        ["the row 9 of sources is missing; rows of bars that refer to it: 1"]
    );
}

#[tokio::test]
async fn bars_without_a_series_are_counted_by_series() {
    let (_told, found) = damaged("UPDATE bars SET instrument_id = 9 WHERE opened_at > '1970-01-01'").await;
    assert_eq!(rules(&found), ["catalogue_count", "catalogue_bounds", "orphan"]);
    assert_eq!(
        details(&found).last().copied(),
        Some("the row 9/1d of series is missing; rows of bars that refer to it: 2")
    );
}

/// What verification finds after the damage.
async fn check(sql: &str, expected: &[&str]) {
    let (_told, found) = damaged(sql).await;
    assert_eq!(rules(&found), expected, "{sql}: {found:?}");
}

#[tokio::test]
async fn bars_and_catalogue_out_of_step_are_seen() {
    check("SELECT 1", &[]).await;
    check(
        "UPDATE bars SET opened_at = '1970-01-01 00:00:00.000001' WHERE opened_at = '1970-01-01'",
        &["grid", "catalogue_bounds"],
    )
    .await;
    check(
        "UPDATE bars SET opened_at = 'infinity' WHERE opened_at = '1970-01-03'",
        &["instant", "catalogue_bounds"],
    )
    .await;
    check("DELETE FROM bars WHERE opened_at = '1970-01-02'", &["catalogue_count"]).await;
    check(
        "UPDATE series SET updated_at = updated_at - interval '1 s'",
        &["catalogue_updated_at"; 4],
    )
    .await;
    check(
        "INSERT INTO provisional_bars SELECT * FROM bars WHERE opened_at = '1970-01-01'",
        &["provisional_beside_final"],
    )
    .await;
}

#[tokio::test]
async fn versions_without_their_line_are_seen() {
    check("UPDATE series SET version = 2", &["journal_lines"]).await;
    check("DELETE FROM journal", &["journal_lines"]).await;
    check(
        "INSERT INTO journal (instrument_id, interval, version, changed_at, kind, range_start, range_end, inserted, \
         updated, unchanged, duplicate, rejected, discrepant) SELECT instrument_id, interval, 2, changed_at, kind, \
         range_start, range_end, 0, 0, 0, 0, 0, 0 FROM journal; UPDATE series SET version = 2",
        &["stamps_grow"],
    )
    .await;
}

#[tokio::test]
async fn periods_that_overlap_are_seen() {
    let revision = |from: &str, until: &str| {
        format!(
            "INSERT INTO bar_revisions (instrument_id, interval, opened_at, believed_from, believed_until, kind, open, \
             high, low, close, volume, source_id) SELECT instrument_id, interval, opened_at, '{from}', '{until}', \
             'restated', open, high, low, close, volume, source_id FROM bars WHERE opened_at = '1970-01-01';"
        )
    };
    check(
        &revision("2020-01-01", "2024-06-03 12:00:00.000001Z"),
        &["belief_periods"],
    )
    .await;
    check(&revision("2020-01-01", "2020-01-01"), &["belief_periods"]).await;
    let overlapping = revision("2020-01-01", "2020-01-03") + &revision("2020-01-02", "2020-01-04");
    check(&overlapping, &["belief_periods"]).await;
    let touching = revision("2020-01-01", "2020-01-03") + &revision("2020-01-03", "2020-01-04");
    check(&touching, &[]).await;
}

#[tokio::test]
async fn coverage_and_actions_that_overlap_are_seen() {
    check(
        "INSERT INTO coverage (instrument_id, interval, source_id, range_start, range_end, answered_at) VALUES \
         (1, '1d', 1, '2020-01-01', '2020-01-03', '2024-01-01'), (1, '1d', 1, '2020-01-02', '2020-01-04', '2024-01-02'), \
         (1, '1d', 1, '2020-01-04', '2020-01-05', '2024-01-02')",
        &["coverage_overlap", "coverage_overlap"],
    )
    .await;
    check(
        "INSERT INTO coverage (instrument_id, interval, source_id, range_start, range_end, answered_at) VALUES \
         (2, '1d', 1, '2020-01-01', '2020-01-03', '2024-01-01')",
        &["orphan"],
    )
    .await;
    check(
        "INSERT INTO corporate_action_revisions (instrument_id, kind, ex_date, believed_from, believed_until, \
         new_shares, old_shares, source_id) VALUES (1, 'split', '2020-08-31', '2021-01-01', '2021-01-03', 4, 1, 1), \
         (1, 'split', '2020-08-31', '2021-01-02', '2021-01-04', 4, 1, 1)",
        &["action_periods"],
    )
    .await;
}

/// Verification asks for 5,000 rows at a time.
#[tokio::test]
async fn more_rows_than_are_asked_for_at_a_time_are_all_looked_at() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    for (symbol, count) in [("FULL", 5_000), ("MORE", 5_001)] {
        let series = daily_series_of(&store, symbol).await;
        for price in ["187.10", "187.20"] {
            PriceRepository::merge(&store, days(series, "file", 0..count, price))
                .await
                .unwrap();
        }
    }
    let expected = Verification {
        series: 2,
        bars: 10_001,
        revisions: 10_001,
        violations: Vec::new(),
    };
    assert_eq!(store.verify().await.unwrap(), expected);
}

#[tokio::test]
async fn a_code_that_is_none_is_named_with_its_instrument() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let id = daily_series(&store).await.instrument;
    let client = raw(&database).await;
    client
        .batch_execute("UPDATE instruments SET currency = 'us dollar'")
        .await
        .unwrap();
    match InstrumentRepository::get(&store, id).await {
        Err(InstrumentRepositoryError::Corrupt(what)) => assert_eq!(
            what,
            "instrument 1: `us dollar` is not a currency: 2 to 10 of A-Z 0-9, such as USD, GBX or BTC"
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_name_with_a_nul_is_kept_with_its_picture() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let mut details = domain::InstrumentDetails::bare("AAPL".parse().unwrap(), domain::AssetClass::Stock);
    details.name = "Apple\0Inc".to_owned();
    let created = InstrumentRepository::create(&store, details.clone()).await.unwrap();
    assert_eq!(created.details.name, "Apple\u{2400}Inc");
    let again = InstrumentRepository::update(&store, created.id, details).await.unwrap();
    assert_eq!(again, created, "the same name again changes nothing");
    assert_eq!(
        InstrumentRepository::get(&store, created.id).await.unwrap(),
        Some(created)
    );
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    store.ping().await.unwrap();
    store.close();
    assert!(matches!(store.ping().await, Err(PriceRepositoryError::Unavailable(_))));
}
