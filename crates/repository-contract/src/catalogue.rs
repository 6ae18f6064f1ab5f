//! The catalogue of series.

use domain::{
    AssetClass, Basis, InstrumentDetails, InstrumentId, Interval, Listing, MergeBatch, Precedence, Series, SeriesKey,
};
use time::Duration;

use crate::Fixture;
use crate::bars::{daily, day, source};

/// A line says what a series is, from where to where it goes, and who wrote last.
pub async fn a_line_says_what_a_series_is(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    assert_eq!(fixture.catalogue().find(series).await.unwrap(), None);
    let created_at = fixture.now();
    let batch = |date: &str, name: &str| MergeBatch {
        basis: Basis::SplitDividendAdjusted,
        gives_volume: false,
        ..MergeBatch::of_bars(series, source(name), vec![daily(date, "1")])
    };
    fixture.merge(batch("2024-01-03", "stooq")).await;
    let updated_at = fixture.advance(Duration::hours(1));
    fixture.merge(batch("2024-01-02", "file")).await;
    let expected = Series {
        key: series,
        basis: Basis::SplitDividendAdjusted,
        minutes_past_hour: 0,
        gives_volume: false,
        first: Some(day("2024-01-02")),
        last: Some(day("2024-01-03")),
        count: 2,
        version: 2,
        partial_version: 0,
        last_source: Some(source("file")),
        created_at,
        updated_at,
    };
    assert_eq!(fixture.line(series).await, expected);
}

/// Every basis can be kept.
pub async fn every_basis_is_kept(fixture: &Fixture) {
    for basis in Basis::ALL {
        let series = fixture.daily_series(basis.as_str()).await;
        let batch = MergeBatch {
            basis,
            ..MergeBatch::of_bars(series, source("file"), vec![daily("2024-01-02", "1")])
        };
        fixture.merge(batch).await;
        assert_eq!(fixture.line(series).await.basis, basis);
    }
}

/// Reading as of `updated_at` gives what is there now.
pub async fn the_last_stamp_gives_what_is_there_now(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for price in ["1", "2", "3"] {
        fixture.merge_from("file", series, [daily("2024-01-02", price)]).await;
        let line = fixture.line(series).await;
        assert_eq!(
            fixture.bars_as_of(series, line.updated_at).await,
            fixture.bars(series).await
        );
    }
}

/// All intervals of an instrument come shortest first, and all series by instrument and interval, in pages.
pub async fn series_are_listed_by_instrument_and_interval(fixture: &Fixture) {
    let mut keys = Vec::new();
    for symbol in ["MSFT", "AAPL", "IBM"] {
        let instrument = fixture.stock(symbol).await;
        keys.extend(Interval::ALL.map(|interval| SeriesKey { instrument, interval }));
    }
    for series in keys.iter().rev() {
        fixture.merge_from("file", *series, [daily("2024-01-01", "1")]).await;
    }
    let names = |lines: &[Series]| lines.iter().map(|line| line.key).collect::<Vec<_>>();
    let list = async |limit, after| names(&fixture.catalogue().list(limit, after).await.unwrap());
    assert_eq!(list(100, None).await, keys);
    let of_second = fixture
        .catalogue()
        .of_instrument(keys.get(9).unwrap().instrument)
        .await
        .unwrap();
    assert_eq!(names(&of_second), keys.get(9..18).unwrap());
    for limit in [1, 4, 27] {
        let mut paged: Vec<SeriesKey> = Vec::new();
        loop {
            let page = list(limit, paged.last().copied()).await;
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, keys, "by {limit}");
    }
}

/// The catalogue says of each series by itself whether a discrepancy about it is open: from the first to the last one.
pub async fn an_open_discrepancy_is_told_of_its_series_alone(fixture: &Fixture) {
    let (apple, other) = (fixture.stock("AAPL").await, fixture.stock("MSFT").await);
    let series = |instrument, interval| SeriesKey { instrument, interval };
    let days = series(apple, Interval::OneDay);
    let beside = [series(apple, Interval::OneWeek), series(other, Interval::OneDay)];
    for key in [days].into_iter().chain(beside) {
        fixture
            .merge_from("yahoo", key, ["2024-01-01", "2024-01-08"].map(|date| daily(date, "1")))
            .await;
    }
    let outranked = async |date: &str, price: &str| {
        let batch = MergeBatch {
            precedence: Precedence::new(vec![source("yahoo"), source("file")]),
            ..MergeBatch::of_bars(days, source("file"), vec![daily(date, price)])
        };
        fixture.merge(batch).await;
    };
    assert_eq!(fixture.disputed(apple).await, []);
    for date in ["2024-01-01", "2024-01-08"] {
        outranked(date, "2").await;
        assert_eq!(fixture.disputed(apple).await, [days]);
    }
    assert_eq!(fixture.disputed(other).await, []);
    for (date, still) in [("2024-01-01", vec![days]), ("2024-01-08", vec![])] {
        outranked(date, "1").await;
        assert_eq!(fixture.disputed(apple).await, still);
    }
}

/// All instruments with a symbol come as they are, whoever spells them otherwise, each with its own series.
pub async fn a_symbol_leads_to_its_instruments_and_their_series(fixture: &Fixture) {
    let spelled = |symbol: &str, exchange: Option<&str>, spellings: &[(&str, &str)]| InstrumentDetails {
        exchange: exchange.map(|code| code.parse().unwrap()),
        provider_symbols: spellings
            .iter()
            .map(|(provider, spelling)| (source(provider), spelling.parse().unwrap()))
            .collect(),
        ..InstrumentDetails::bare(symbol.parse().unwrap(), AssetClass::Stock)
    };
    for details in [
        spelled("VOD", Some("XLON"), &[("yahoo", "VOD.L"), ("stooq", "VOD.UK")]),
        spelled("VOD", Some("XNAS"), &[]),
        spelled("VOD", None, &[("alpha_vantage", "VOD")]),
        spelled("VODA", None, &[]),
    ] {
        let instrument = fixture.instruments().create(details).await.unwrap().id;
        // The last two have no series, or one that no symbol asked for leads to.
        let of_each: &[Interval] = match instrument {
            InstrumentId(1) => &Interval::ALL,
            InstrumentId(2) => &[Interval::OneDay],
            _ => &[],
        };
        for interval in of_each.iter().rev().copied() {
            let series = SeriesKey { instrument, interval };
            fixture.merge_from("file", series, [daily("2024-01-01", "1")]).await;
        }
    }
    let days = SeriesKey {
        instrument: InstrumentId(1),
        interval: Interval::OneDay,
    };
    let outranked = MergeBatch {
        precedence: Precedence::new(vec![source("file"), source("api")]),
        ..MergeBatch::of_bars(days, source("api"), vec![daily("2024-01-01", "2")])
    };
    fixture.merge(outranked).await;
    for symbol in ["VOD", "vod", "VODA", "VODAFONE"] {
        let symbol = symbol.parse().unwrap();
        let mut expected = Vec::new();
        for instrument in fixture.instruments().with_symbol(&symbol).await.unwrap() {
            let series = fixture.catalogue().standings(instrument.id).await.unwrap();
            expected.push(Listing { instrument, series });
        }
        assert_eq!(
            fixture.catalogue().listings(&symbol).await.unwrap(),
            expected,
            "{symbol}"
        );
        let disputed = expected.iter().flat_map(|listing| &listing.series);
        let disputed = disputed
            .filter(|standing| standing.disputed)
            .map(|standing| standing.line.key);
        let first = expected.first().map(|listing| listing.instrument.id);
        assert_eq!(
            disputed.collect::<Vec<_>>(),
            first.filter(|id| id.0 == 1).map_or(vec![], |_| vec![days])
        );
    }
}

/// The store answers when asked the least there is to ask, and tells how much it looked at when asked for everything.
pub async fn verification_looks_at_everything(fixture: &Fixture) {
    fixture.care().ping().await.unwrap();
    for symbol in ["AAPL", "MSFT"] {
        let series = fixture.daily_series(symbol).await;
        for price in ["1", "2", "3"] {
            fixture
                .merge_from("file", series, [daily("2024-01-02", price), daily("2024-01-03", "1")])
                .await;
        }
    }
    let seen = fixture.care().verify().await.unwrap();
    assert_eq!((seen.series, seen.bars, seen.revisions), (2, 4, 4));
}
