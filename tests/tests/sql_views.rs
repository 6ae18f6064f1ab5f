//! The views that dashboards read say what the API and the command line say.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use end_to_end::Sentinel;
use postgres_fixture::TestDatabase;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The demo on PostgreSQL, and a connection to look at it.
async fn demo() -> (Sentinel, TestDatabase, Client) {
    let sentinel = Sentinel::of_this_build().unwrap();
    let database = TestDatabase::empty().await;
    sentinel.object(0, &["demo", "--no-serve"]).unwrap();
    let copy = ["copy", "--from", "sqlite:./sentinel-demo.db", "--to", &database.url()];
    sentinel.object(0, &copy).unwrap();
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    (sentinel, database, client)
}

/// Rows as texts, cells joined by commas.
async fn rows(client: &Client, sql: &str) -> Vec<String> {
    let messages = client.simple_query(sql).await.unwrap();
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| {
        let cells: Vec<_> = (0..row.len()).map(|index| row.get(index).unwrap_or("")).collect();
        cells.join(",")
    })
    .collect()
}

/// Time, prices and volume of every bar, as the API writes them.
async fn answered(server: &end_to_end::Server, instrument: &str, interval: &str, adjustment: &str) -> Vec<String> {
    let instrument = instrument.replace('^', "%5E");
    let path = format!(
        "/api/v1/instruments/{instrument}/prices?interval={interval}&adjustment={adjustment}&start=1900-01-01&format=csv"
    );
    let text = reqwest::get(server.url(&path)).await.unwrap().text().await.unwrap();
    let bars = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').take(6).collect::<Vec<_>>().join(","));
    bars.collect()
}

const TIME: &str = r#"to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_bar_of_the_demo_is_adjusted_as_the_api_does_it_to_the_last_digit() {
    let (sentinel, database, client) = demo().await;
    let server = sentinel
        .serve(["--database-url", &database.url(), "serve", "--listen", "127.0.0.1:0"])
        .unwrap();
    let series = r#"SELECT instrument, "interval" FROM market_views.series ORDER BY 1, 2"#;
    let mut bars = 0;
    for named in rows(&client, series).await {
        let (instrument, interval) = named.split_once(',').unwrap();
        for adjustment in ["raw", "split", "all"] {
            let told = answered(&server, instrument, interval, adjustment).await;
            let sql = format!(
                "SELECT {TIME}, open, high, low, close, volume FROM market_views.instruments i \
                 CROSS JOIN LATERAL market_views.adjusted_bars(i.instrument_id, '{interval}', '{adjustment}', '-infinity', 'infinity') \
                 WHERE i.instrument = '{instrument}'"
            );
            let seen = rows(&client, &sql).await;
            let differs = seen.iter().zip(&told).find(|(seen, told)| seen != told);
            assert_eq!(differs, None, "{instrument} {interval} {adjustment}");
            assert_eq!(seen.len(), told.len(), "{instrument} {interval} {adjustment}");
            bars += seen.len();
        }
    }
    assert_eq!(bars, 3 * 61_022);
}

#[tokio::test(flavor = "multi_thread")]
async fn candles_of_seven_days_are_the_weeks_of_the_api() {
    let (sentinel, database, client) = demo().await;
    let server = sentinel
        .serve(["--database-url", &database.url(), "serve", "--listen", "127.0.0.1:0"])
        .unwrap();
    for instrument in ["XNAS:AAPL", "COINBASE:BTC-USD"] {
        let told = answered(&server, instrument, "1w", "split").await;
        let sql = format!(
            "SELECT {}, open, high, low, close, volume FROM market_views.instruments i \
             CROSS JOIN LATERAL market_views.candles(i.instrument_id, '1d', 'split', '1998-01-01', '2022-01-01', '7 days') \
             WHERE i.instrument = '{instrument}'",
            TIME.replace("opened_at", "bucket_start")
        );
        let seen = rows(&client, &sql).await;
        assert!(told.len() > 250, "{instrument}: {}", told.len());
        let differs = seen.iter().zip(&told).find(|(seen, told)| seen != told);
        assert_eq!(differs, None, "{instrument}");
        assert_eq!(seen.len(), told.len(), "{instrument}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_days_are_the_gaps_of_the_command_line() {
    let (sentinel, database, client) = demo().await;
    let told = sentinel
        .object(
            0,
            &[
                "--database-url",
                &database.url(),
                "gaps",
                "--interval",
                "1d",
                "--state",
                "all",
            ],
        )
        .unwrap();
    let mut gaps: BTreeMap<String, u64> = BTreeMap::new();
    for gap in told["gaps"].as_array().unwrap() {
        let key = format!(
            "{},{}",
            gap["instrument"].as_str().unwrap(),
            gap["state"].as_str().unwrap()
        );
        *gaps.entry(key).or_default() += gap["count"].as_u64().unwrap();
    }
    let sql = "SELECT i.instrument, m.state, count(*) FROM market_views.instruments i \
               CROSS JOIN LATERAL market_views.missing_days(i.instrument_id, '-infinity', 'infinity') m GROUP BY 1, 2";
    let seen: BTreeMap<String, u64> = rows(&client, sql)
        .await
        .iter()
        .map(|row| row.rsplit_once(',').unwrap())
        .map(|(key, count)| (key.to_owned(), count.parse().unwrap()))
        .collect();
    assert!(seen.len() >= 10, "{seen:?}");
    assert_eq!(seen, gaps);
}

/// As of 2014-06-30, from the demo's closes: 92.93 on that day, 91.9975 the session before, 90.91 a week before, 645.57 / 7 and
/// so on; the split is counted into what came before it.
#[tokio::test(flavor = "multi_thread")]
async fn key_figures_count_the_split() {
    let (_sentinel, _database, client) = demo().await;
    let closes = "SELECT close FROM market_views.instruments i \
                  CROSS JOIN LATERAL market_views.adjusted_bars(i.instrument_id, '1d', 'split', '2013-06-01', '2014-07-01') b \
                  WHERE i.symbol = 'AAPL' AND opened_at IN ('2014-06-30', '2014-06-27', '2014-06-23', '2014-05-30', '2013-12-31', \
                  '2013-06-28') ORDER BY opened_at DESC";
    let closes: Vec<f64> = rows(&client, closes)
        .await
        .iter()
        .map(|row| row.parse().unwrap())
        .collect();
    let [now, day, week, month, last_year, year] = closes.as_slice() else {
        panic!("{closes:?}");
    };
    let sql = "SELECT k.* FROM market_views.instruments i \
               CROSS JOIN LATERAL market_views.kpis(i.instrument_id, 'split', '2014-06-30 18:00Z') k WHERE i.symbol = 'AAPL'";
    let told = rows(&client, sql).await;
    let cells: Vec<&str> = told[0].split(',').collect();
    assert_eq!(cells[1], "92.93", "the last close is as stored: {told:?}");
    for (column, before) in [(2, day), (3, week), (4, month), (5, last_year), (6, year)] {
        let value: f64 = cells[column].parse().unwrap();
        assert!((value - (now / before - 1.0)).abs() < 1e-9, "column {column}: {told:?}");
    }
    let [volatility, drawdown]: [f64; 2] = [cells[7].parse().unwrap(), cells[8].parse().unwrap()];
    assert!(
        (0.15..0.4).contains(&volatility) && (-0.3..-0.05).contains(&drawdown),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_adjusted_is_null_or_not_there() {
    let (_sentinel, _database, client) = demo().await;
    let count = "SELECT count(*), count(close), min(opened_at) FILTER (WHERE close IS NOT NULL) FROM \
                 market_views.instruments i CROSS JOIN LATERAL market_views.adjusted_bars(i.instrument_id, '1d', 'all', \
                 '2014-01-01', '2015-01-01') b WHERE i.symbol = 'AAPL'";
    for (change, first) in [
        // As large as the close before it; paid in another currency.
        ("amount = 94.97 WHERE ex_date = '2014-08-07'", "2014-08-07 00:00:00+00"),
        (
            "currency = 'EUR' WHERE ex_date = '2014-05-08'",
            "2014-08-07 00:00:00+00",
        ),
        ("amount = 0.47 WHERE ex_date = '2014-08-07'", "2014-05-08 00:00:00+00"),
        (
            "currency = 'XXX' WHERE ex_date = '2014-05-08'",
            "2014-01-02 00:00:00+00",
        ),
    ] {
        let apple = "kind = 'dividend' AND instrument_id = (SELECT id FROM instruments WHERE symbol = 'AAPL')";
        client
            .batch_execute(&format!(
                "SET timezone = 'UTC'; UPDATE corporate_actions SET {change} AND {apple}"
            ))
            .await
            .unwrap();
        let told = rows(&client, count).await;
        assert!(
            told[0].starts_with("252,") && told[0].ends_with(first),
            "{change}: {told:?}"
        );
    }
    for (basis, given) in [("split_adjusted", "split"), ("split_dividend_adjusted", "all")] {
        client
            .batch_execute(&format!("UPDATE series SET basis = '{basis}'"))
            .await
            .unwrap();
        for adjustment in ["raw", "split", "all", "Split", ""] {
            let sql = format!(
                "SELECT count(*) FROM market_views.instruments i CROSS JOIN LATERAL \
                 market_views.adjusted_bars(i.instrument_id, '1d', '{adjustment}', '2014-06-06', '2014-06-07') b WHERE \
                 i.symbol = 'AAPL' AND b.close = 645.57"
            );
            let expected = if adjustment == given { "1" } else { "0" };
            assert_eq!(rows(&client, &sql).await, [expected], "{basis} as {adjustment}");
        }
    }
}

#[tokio::test]
async fn a_product_is_rounded_once_and_half_to_even() {
    let database = TestDatabase::fresh().await;
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    for (arguments, expected) in [
        ("0.0000005, 1, 1, 6", "0.000000"),
        ("0.0000015, 1, 1, 6", "0.000002"),
        ("-0.0000025, 1, 1, 6", "-0.000002"),
        ("1, 1, 3, 6", "0.333333"),
        ("2, 1, 3, 6", "0.666667"),
        ("645.57, 1, 28, 6", "23.056071"),
        (
            "99999999999999999999, 1, 1, 18",
            "99999999999999999999.000000000000000000",
        ),
        ("1, 5, 1e19, 18", "0.000000000000000000"),
        ("3, 5, 1e19, 18", "0.000000000000000002"),
        ("NULL, 1, 1, 6", ""),
    ] {
        let sql = format!("SELECT market_views.multiplied({arguments})");
        assert_eq!(rows(&client, &sql).await, [expected], "{arguments}");
    }
}
