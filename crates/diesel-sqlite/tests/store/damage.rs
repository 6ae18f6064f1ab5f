//! Damage: rows that break a rule are named, and a database that goes away comes back.

use domain::{
    InstrumentRepository, InstrumentRepositoryError, PriceRepository, PriceRepositoryError, SeriesCatalogue, StoreCare,
};

use super::{File, daily_series, days, everything};

/// A store of three daily bars, then damaged.
async fn damaged(sql: &str) -> (File, String, Vec<&'static str>) {
    let file = File::migrated().await;
    let store = file.open().await;
    let series = daily_series(&store).await;
    PriceRepository::merge(&store, days(series, "file", 0..3, "187.10"))
        .await
        .unwrap();
    file.execute(sql);
    let told = match PriceRepository::read(&store, &everything(series)).await {
        Err(PriceRepositoryError::Corrupt(what)) => what,
        other => format!("{other:?}"),
    };
    let verification = store.verify().await.unwrap();
    let rules = verification.violations.iter().map(|violation| violation.rule).collect();
    (file, told, rules)
}

#[tokio::test]
async fn a_bar_that_is_no_number_is_named() {
    let (_file, told, rules) = damaged("UPDATE bars SET close = 'abc' WHERE opened_at = 86400000000").await;
    assert_eq!(
        told,
        "bar 1/1d at 1970-01-02T00:00:00Z: close: `abc` is not a decimal number: write digits with a point, such as \
         187.44"
    );
    assert_eq!(rules, ["decimal_text"]);
}

#[tokio::test]
async fn a_bar_whose_high_is_too_low_is_named() {
    let (_file, told, rules) = damaged("UPDATE bars SET high = '1.5' WHERE opened_at = 86400000000").await;
    assert_eq!(told, "bar 1/1d at 1970-01-02T00:00:00Z: high 1.5 is below low 187.10");
    assert_eq!(rules, ["bar"]);
}

#[tokio::test]
async fn a_bar_without_a_source_is_named() {
    let (_file, told, rules) =
        damaged("PRAGMA foreign_keys = OFF; UPDATE bars SET source_id = 9 WHERE opened_at = 86400000000").await;
    assert_eq!(told, "bar 1/1d at 1970-01-02T00:00:00Z: there is no source 9");
    assert_eq!(rules, ["orphan"]);
}

#[tokio::test]
async fn verification_sees_what_reading_does_not() {
    let found = async |sql: &str| damaged(sql).await.2;
    assert_eq!(
        found("UPDATE bars SET open = '0187.10' WHERE opened_at = 0").await,
        ["decimal_text"]
    );
    assert_eq!(
        found("UPDATE bars SET opened_at = 1 WHERE opened_at = 0").await,
        ["grid", "catalogue_bounds"]
    );
    assert_eq!(
        found("DELETE FROM bars WHERE opened_at = 86400000000").await,
        ["catalogue_count"]
    );
    assert_eq!(found("UPDATE series SET version = 2").await, ["journal_lines"]);
    assert_eq!(found("DELETE FROM journal").await, ["journal_lines"]);
    assert_eq!(
        found("INSERT INTO provisional_bars SELECT * FROM bars WHERE opened_at = 0").await,
        ["provisional_beside_final"]
    );
    assert_eq!(
        found(
            "INSERT INTO bar_revisions SELECT instrument_id, interval, opened_at, 1, recorded_at + 1, 'restated', open, \
             high, low, close, volume, trade_count, vwap, source_id FROM bars WHERE opened_at = 0"
        )
        .await,
        ["belief_periods"]
    );
    assert_eq!(
        found(
            "INSERT INTO coverage VALUES (1, '1d', 1, 0, 200, 7), (1, '1d', 1, 100, 300, 8), (1, '1d', 1, 300, 400, 8)"
        )
        .await,
        ["coverage_overlap", "coverage_overlap"]
    );
    assert_eq!(
        found("PRAGMA foreign_keys = OFF; INSERT INTO coverage VALUES (2, '1d', 1, 0, 200, 7)").await,
        ["orphan"]
    );
}

#[tokio::test]
async fn a_code_that_is_none_is_named_with_its_instrument() {
    let file = File::migrated().await;
    let store = file.open().await;
    let id = daily_series(&store).await.instrument;
    file.execute("UPDATE instruments SET currency = 'us dollar'");
    match InstrumentRepository::get(&store, id).await {
        Err(InstrumentRepositoryError::Corrupt(what)) => assert_eq!(
            what,
            "instrument 1: `us dollar` is not a currency: 2 to 10 of A-Z 0-9, such as USD, GBX or BTC"
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_goes_away_is_unavailable_until_it_comes_back() {
    let file = File::migrated().await;
    let store = file.open().await;
    let series = daily_series(&store).await;
    let away = file.folder.path().join("away.db");
    std::fs::rename(file.path(), &away).unwrap();
    let read = SeriesCatalogue::find(&store, series).await;
    assert!(matches!(read, Err(PriceRepositoryError::Unavailable(_))), "{read:?}");
    let written = PriceRepository::merge(&store, days(series, "file", 0..3, "187.10")).await;
    assert!(
        matches!(written, Err(PriceRepositoryError::Unavailable(_))),
        "{written:?}"
    );
    assert!(!file.path().exists(), "a missing file is not made anew");
    std::fs::rename(&away, file.path()).unwrap();
    assert_eq!(SeriesCatalogue::find(&store, series).await.unwrap(), None);
    assert!(
        PriceRepository::merge(&store, days(series, "file", 0..3, "187.10"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let file = File::migrated().await;
    let store = file.open().await;
    store.close();
    assert!(matches!(store.ping().await, Err(PriceRepositoryError::Unavailable(_))));
}
