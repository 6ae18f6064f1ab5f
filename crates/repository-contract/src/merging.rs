//! Inserting, repeating and restating bars.

use domain::{
    AssetClass, Bar, BarValues, Basis, InstrumentDetails, InstrumentId, Interval, MergeBatch, MergeCounts,
    PriceRepositoryError, SeriesKey, TimeRange, Timestamp, Tolerance,
};
use time::Duration;

use crate::Fixture;
use crate::bars::{checked, closes, daily, day, digits, instant, opening_at, source, stating};

/// Bars come back in order, digit for digit, with their provenance and the stamp of the merge.
pub async fn keeps_what_was_inserted(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let bars = [daily("2024-01-03", "184.25"), daily("2024-01-02", "187.10")];
    let merged = fixture.merge_from("yahoo", series, bars).await;
    let inserted = MergeCounts {
        inserted: 2,
        ..MergeCounts::default()
    };
    assert_eq!(merged.counts, inserted);
    assert_eq!((merged.version, merged.stamp), (1, Some(fixture.now())));

    let bars = fixture.bars(series).await;
    assert_eq!(closes(&bars), ["2024-01-02 187.10", "2024-01-03 184.25"]);
    for price in bars {
        assert_eq!((price.series, price.provisional), (series, false));
        assert_eq!((price.source.as_str(), price.recorded_at), ("yahoo", fixture.now()));
    }
}

/// Every field of a bar comes back as it went in.
pub async fn keeps_every_field(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    // AAPL on 2024-01-02, with a made-up count of trades and average.
    let bar = checked(BarValues {
        opened_at: day("2024-01-02"),
        open: "187.15".parse().unwrap(),
        high: "188.44".parse().unwrap(),
        low: "183.885".parse().unwrap(),
        close: "185.640".parse().unwrap(),
        volume: "82488700.00".parse().unwrap(),
        trade_count: Some(1_009_074),
        vwap: Some("185.946".parse().unwrap()),
    });
    fixture.merge_from("yahoo", series, [bar.clone()]).await;
    let kept: Vec<Bar> = fixture.bars(series).await.into_iter().map(|price| price.bar).collect();
    assert_eq!(format!("{kept:?}"), format!("{:?}", [bar]));
}

/// Merging the same bars again writes nothing: no row, no revision, no version, no time.
pub async fn merging_twice_changes_nothing(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let bars = || [daily("2024-01-02", "187.10"), daily("2024-01-03", "184.25")];
    fixture.merge_from("yahoo", series, bars()).await;
    let before = fixture.picture(series).await;

    fixture.advance(Duration::hours(1));
    let again = fixture.merge_from("yahoo", series, bars()).await;
    let unchanged = MergeCounts {
        unchanged: 2,
        ..MergeCounts::default()
    };
    assert_eq!(again.counts, unchanged);
    assert_eq!((again.version, again.stamp), (1, None));
    assert_eq!(fixture.picture(series).await, before);
}

/// `187.1` is `187.10`: the bar that is there keeps its text.
pub async fn an_equal_bar_keeps_the_text_it_has(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture
        .merge_from("yahoo", series, [daily("2024-01-02", "187.10")])
        .await;
    let before = fixture.picture(series).await;
    let again = fixture.merge_from("file", series, [daily("2024-01-02", "187.1")]).await;
    assert_eq!((again.counts.unchanged, again.stamp), (1, None));
    assert_eq!(fixture.picture(series).await, before);
}

/// The scale of each number is kept, and the largest and smallest that the domain knows survive.
pub async fn every_decimal_survives_digit_for_digit(fixture: &Fixture) {
    // A future, whose price can be zero and below.
    let oil = InstrumentDetails::bare("CL".parse().unwrap(), AssetClass::Future);
    let series = SeriesKey {
        instrument: fixture.instruments().create(oil).await.unwrap().id,
        interval: Interval::OneDay,
    };
    let texts = [
        "187.10",
        "100",
        "100.000",
        "0",
        "0.00",
        // The settlement of the May 2020 oil future on 2020-04-20.
        "-37.63",
        "0.000000000000000001",
        "-0.000000000000000001",
        "99999999999999999999.999999999999999999",
        "-99999999999999999999.999999999999999999",
        "99999999999999999999",
    ];
    let dates = (1..).map(|number| format!("2024-01-{number:02}"));
    let bars: Vec<Bar> = dates.zip(texts).map(|(date, text)| daily(&date, text)).collect();
    fixture.merge_from("file", series, bars).await;
    let kept: Vec<String> = fixture
        .bars(series)
        .await
        .iter()
        .map(|price| price.bar.close().to_string())
        .collect();
    assert_eq!(kept, texts);
}

/// The same for volumes, averages and counts of trades.
pub async fn volumes_and_counts_survive_digit_for_digit(fixture: &Fixture) {
    let series = fixture.daily_series("BTC-USD").await;
    let text = "99999999999999999999.999999999999999999";
    let values = BarValues {
        volume: text.parse().unwrap(),
        trade_count: Some(u64::try_from(i64::MAX).unwrap()),
        vwap: Some("42265.1876400000".parse().unwrap()),
        ..daily("2024-01-01", "42265.19").into_values()
    };
    let zero = BarValues {
        volume: "0.000".parse().unwrap(),
        trade_count: Some(0),
        ..daily("2024-01-02", "44961.60").into_values()
    };
    let bars = [checked(values), checked(zero)];
    fixture.merge_from("binance", series, bars.clone()).await;
    let kept: Vec<Bar> = fixture.bars(series).await.into_iter().map(|price| price.bar).collect();
    assert_eq!(format!("{kept:?}"), format!("{bars:?}"));
}

/// Bars of any year that an instant can have are kept to the microsecond.
pub async fn keeps_instants_of_any_year(fixture: &Fixture) {
    let series = SeriesKey {
        interval: Interval::OneMinute,
        ..fixture.daily_series("GC").await
    };
    let opened = [
        Timestamp::MIN,
        instant("1792-05-17T00:00:00Z"),
        instant("1969-12-31T23:59:00Z"),
        instant("1970-01-01T00:00:00Z"),
        instant("2024-03-10T06:59:00Z"),
        instant("9999-12-31T23:59:00Z"),
    ];
    fixture
        .merge_from("file", series, opened.map(|at| opening_at(at, "1")))
        .await;
    let kept: Vec<Timestamp> = fixture
        .bars(series)
        .await
        .iter()
        .map(|price| price.bar.opened_at())
        .collect();
    assert_eq!(kept, opened);
}

/// What a source does not state is neither compared nor erased.
pub async fn unstated_fields_are_neither_compared_nor_erased(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let stated = stating(daily("2024-01-02", "187.10"), Some(42), Some("187.05"));
    fixture.merge_from("yahoo", series, [stated]).await;
    let silent = fixture
        .merge_from("yahoo", series, [daily("2024-01-02", "187.10")])
        .await;
    assert_eq!((silent.counts.unchanged, silent.stamp), (1, None));

    fixture.merge_from("yahoo", series, [daily("2024-01-02", "190")]).await;
    let bars = fixture.bars(series).await;
    let bar = &bars.first().unwrap().bar;
    assert_eq!((bar.close().to_string().as_str(), bar.trade_count()), ("190", Some(42)));
    assert_eq!(bar.vwap().unwrap().to_string(), "187.05");
}

/// A price that came as a 32-bit float is unchanged within what such a float can tell apart, where the batch says so.
pub async fn float32_neighbours_are_equal_where_the_batch_says_so(fixture: &Fixture) {
    let series = fixture.daily_series("AMZN").await;
    fixture
        .merge_from("yahoo", series, [daily("2013-01-02", "27.44")])
        .await;
    let before = fixture.picture(series).await;
    // The float32 nearest to 27.44, written out.
    let neighbour = MergeBatch {
        tolerance: Tolerance::Float32,
        ..MergeBatch::of_bars(series, source("yahoo"), vec![daily("2013-01-02", "27.440000534057617")])
    };
    let merged = fixture.merge(neighbour.clone()).await;
    assert_eq!((merged.counts.unchanged, merged.stamp), (1, None));
    assert_eq!(fixture.picture(series).await, before);
    let exact = MergeBatch {
        tolerance: Tolerance::Exact,
        ..neighbour
    };
    assert_eq!(fixture.merge(exact).await.counts.updated, 1);
}

/// A field that was unknown and is stated now is a change like any other.
pub async fn a_newly_stated_field_restates(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture
        .merge_from("yahoo", series, [daily("2024-01-02", "187.10")])
        .await;
    let stated = stating(daily("2024-01-02", "187.10"), Some(42), None);
    assert_eq!(fixture.merge_from("yahoo", series, [stated]).await.counts.updated, 1);
    assert_eq!(fixture.bars(series).await.first().unwrap().bar.trade_count(), Some(42));
}

/// Of several bars for one instant in a batch the last wins, and the others are counted.
pub async fn the_last_of_several_wins(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let bars = ["1", "2", "3"].map(|price| daily("2024-01-02", price));
    let merged = fixture.merge_from("file", series, bars).await;
    assert_eq!((merged.counts.inserted, merged.counts.duplicate), (1, 2));
    assert_eq!(closes(&fixture.bars(series).await), ["2024-01-02 3"]);
    assert_eq!(fixture.revisions(series).await, []);
}

/// Versions count the writes that changed something, whatever came between them.
pub async fn versions_grow_by_one_with_each_change(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let mut seen = Vec::new();
    for price in ["1", "1", "2", "2.0", "3"] {
        seen.push(
            fixture
                .merge_from("file", series, [daily("2024-01-02", price)])
                .await
                .version,
        );
    }
    assert_eq!(seen, [1, 1, 2, 2, 3]);
    assert_eq!(fixture.line(series).await.version, 3);
}

/// A batch of nothing is no write.
pub async fn an_empty_batch_changes_nothing(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let merged = fixture.merge_from("file", series, []).await;
    assert_eq!(
        (merged.counts, merged.version, merged.stamp),
        (MergeCounts::default(), 0, None)
    );
    assert_eq!(fixture.catalogue().find(series).await.unwrap(), None);

    fixture.merge_from("file", series, [daily("2024-01-02", "1")]).await;
    let before = fixture.picture(series).await;
    assert_eq!(fixture.merge_from("file", series, []).await.stamp, None);
    assert_eq!(fixture.picture(series).await, before);
}

/// Series of one instrument, and of several, know nothing of each other.
pub async fn series_are_kept_apart(fixture: &Fixture) {
    let daily_bars = fixture.daily_series("AAPL").await;
    let hourly_bars = SeriesKey {
        interval: Interval::OneHour,
        ..daily_bars
    };
    let others = fixture.daily_series("MSFT").await;
    for (series, price) in [(daily_bars, "1"), (hourly_bars, "2"), (others, "3")] {
        fixture.merge_from("file", series, [daily("2024-01-02", price)]).await;
    }
    fixture
        .merge_from("file", hourly_bars, [daily("2024-01-02", "4")])
        .await;
    for (series, close, version) in [(daily_bars, "1", 1), (hourly_bars, "4", 2), (others, "3", 1)] {
        assert_eq!(closes(&fixture.bars(series).await), [format!("2024-01-02 {close}")]);
        assert_eq!(fixture.line(series).await.version, version);
    }
    assert_eq!(fixture.revisions(daily_bars).await, []);
}

/// Forty thousand bars are one change, be they inserted, repeated, restated or removed.
pub async fn a_large_batch_is_one_change(fixture: &Fixture) {
    let series = SeriesKey {
        interval: Interval::OneMinute,
        ..fixture.daily_series("AAPL").await
    };
    let minutes = |price: &str| -> Vec<Bar> {
        let start = instant("2024-01-02T00:00:00Z");
        let opened = (0..40_000).map(|minute| start.checked_add(Duration::minutes(minute)).unwrap());
        opened.map(|at| opening_at(at, price)).collect()
    };
    let counts = |inserted, updated, unchanged| MergeCounts {
        inserted,
        updated,
        unchanged,
        ..MergeCounts::default()
    };
    let check = async |price: &str, expected: MergeCounts, version: u64| {
        let merged = fixture.merge_from("file", series, minutes(price)).await;
        assert_eq!((merged.counts, merged.version), (expected, version));
    };
    check("1.50", counts(40_000, 0, 0), 1).await;
    check("1.5", counts(0, 0, 40_000), 1).await;
    check("1.75", counts(0, 40_000, 0), 2).await;
    assert_eq!(fixture.line(series).await.count, 40_000);
    assert_eq!(fixture.revisions(series).await.len(), 40_000);
    let removed = fixture.remove(series, TimeRange::ALL).await;
    assert_eq!((removed.counts.updated, removed.version), (40_000, 3));
    assert_eq!(fixture.line(series).await.count, 0);
}

/// Bars of an instrument that does not exist are refused.
pub async fn an_unknown_instrument_is_refused(fixture: &Fixture) {
    let series = SeriesKey {
        instrument: InstrumentId(4711),
        interval: Interval::OneDay,
    };
    let batch = MergeBatch::of_bars(series, source("file"), vec![daily("2024-01-02", "1")]);
    let error = fixture.prices().merge(batch).await.unwrap_err();
    assert!(
        matches!(error, PriceRepositoryError::UnknownInstrument(InstrumentId(4711))),
        "{error:?}"
    );
    assert_eq!(fixture.bars(series).await, []);
}

/// Prices of another basis are refused, and nothing of their batch is written.
pub async fn another_basis_is_refused(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge_from("file", series, [daily("2024-01-02", "1")]).await;
    let before = fixture.picture(series).await;
    let foreign = MergeBatch {
        basis: Basis::SplitAdjusted,
        provisional: vec![daily("2024-01-04", "3")],
        rejected: vec![crate::quarantine::rejected("2024-01-05,x")],
        covered: Some(crate::bars::days("2024-01-01", "2024-02-01")),
        ..MergeBatch::of_bars(series, source("file"), vec![daily("2024-01-03", "2")])
    };
    let error = fixture.prices().merge(foreign).await.unwrap_err();
    let told = matches!(
        error,
        PriceRepositoryError::BasisMismatch {
            stored: Basis::Raw,
            given: Basis::SplitAdjusted,
            ..
        }
    );
    assert!(told, "{error:?}");
    assert_eq!(fixture.picture(series).await, before);
    assert_eq!(fixture.coverage().covered(series).await.unwrap(), []);
}

/// Hourly bars that open at another minute are refused, and nothing of their batch is written.
pub async fn another_grid_is_refused(fixture: &Fixture) {
    let series = SeriesKey {
        interval: Interval::OneHour,
        ..fixture.daily_series("AAPL").await
    };
    let hourly = |text: &str, minutes_past_hour| MergeBatch {
        minutes_past_hour,
        ..MergeBatch::of_bars(series, source("yahoo"), vec![opening_at(instant(text), "1")])
    };
    fixture.merge(hourly("2024-01-02T14:30:00Z", 30)).await;
    assert_eq!(fixture.line(series).await.minutes_past_hour, 30);
    let before = fixture.picture(series).await;
    let error = fixture
        .prices()
        .merge(hourly("2024-01-02T16:00:00Z", 0))
        .await
        .unwrap_err();
    let told = matches!(
        error,
        PriceRepositoryError::GridMismatch {
            stored: 30,
            given: 0,
            ..
        }
    );
    assert!(told, "{error:?}");
    assert_eq!(fixture.picture(series).await, before);
}

/// A change that is not the first word of a series leaves other bars as they are, stamp and all.
pub async fn a_restated_bar_leaves_its_neighbours_alone(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture
        .merge_from("file", series, [daily("2024-01-02", "1"), daily("2024-01-03", "2")])
        .await;
    let before = fixture.bars(series).await;
    fixture.advance(Duration::hours(1));
    fixture
        .merge_from("file", series, [daily("2024-01-02", "1.0"), daily("2024-01-03", "3")])
        .await;
    let after = fixture.bars(series).await;
    assert_eq!(digits(before.get(..1).unwrap()), digits(after.get(..1).unwrap()));
    assert_eq!(after.get(1).unwrap().recorded_at, fixture.now());
}
