//! A store with something of everything: for behaviours that carry all of it elsewhere.

use domain::{
    ActionBatch, AssetClass, Basis, CorporateAction, CorporateActionKind, InstrumentDetails, InstrumentId, Interval,
    MergeBatch, NewRun, Precedence, RunEnd, RunId, RunRequest, RunState, SeriesKey, SplitRatio, TimeRange,
};
use time::{Date, Duration, Month};

use crate::Fixture;
use crate::bars::{daily, day, days, instant, opening_at, source, stating};
use crate::quarantine::rejected;

/// Writes instruments, bars with a past, disputes, bad rows, coverage, actions and runs; returns the series with most.
pub(crate) async fn write(fixture: &Fixture) -> SeriesKey {
    let apple = instruments(fixture).await;
    let series = SeriesKey {
        instrument: apple,
        interval: Interval::OneDay,
    };
    let run = runs(fixture, series).await;
    bars(fixture, series, run).await;
    disputes(fixture, series).await;
    other_series(fixture).await;
    actions(fixture, apple).await;
    // The last number of each kind but the journal's belongs to something that is gone.
    let gone = fixture.daily_series("GONE").await;
    fixture.runs().create(gone, &source("yahoo"), None).await.unwrap();
    let batch = MergeBatch {
        rejected: vec![rejected("gone")],
        ..MergeBatch::of_bars(gone, source("yahoo"), Vec::new())
    };
    fixture.merge(batch).await;
    fixture.instruments().delete(gone.instrument).await.unwrap();
    series
}

/// Apple, in lower case with all details, and an inactive future.
async fn instruments(fixture: &Fixture) -> InstrumentId {
    let apple = InstrumentDetails {
        name: "Apple \"Inc.\", straße".to_owned(),
        exchange: Some("XNAS".parse().unwrap()),
        currency: "USD".parse().unwrap(),
        provider_symbols: [
            (source("stooq"), "aapl.us".parse().unwrap()),
            (source("yahoo"), "AAPL".parse().unwrap()),
        ]
        .into(),
        ..InstrumentDetails::bare("aapl".parse().unwrap(), AssetClass::Stock)
    };
    let apple = fixture.instruments().create(apple).await.unwrap();
    fixture.advance(Duration::minutes(1));
    let oil = InstrumentDetails {
        active: false,
        ..InstrumentDetails::bare("CL=F".parse().unwrap(), AssetClass::Future)
    };
    fixture.instruments().create(oil).await.unwrap();
    let renamed = InstrumentDetails {
        calendar: "XNYS".parse().unwrap(),
        ..apple.details
    };
    fixture.instruments().update(apple.id, renamed).await.unwrap().id
}

/// A run in each state, for a range or for what a file has; returns the one at work.
async fn runs(fixture: &Fixture, series: SeriesKey) -> RunId {
    let yahoo = source("yahoo");
    let refreshed = NewRun {
        series,
        source: yahoo.clone(),
        asked: days("2024-01-01", "2024-02-01"),
        refresh: true,
    };
    let (runs, key) = (vec![refreshed], Some("rich".parse().unwrap()));
    fixture.runs().request(RunRequest { runs, key }).await.unwrap();
    for state in RunState::ALL.into_iter().filter(|state| state.is_final()) {
        let asked = (state != RunState::Failed).then(|| days("2024-01-01", "2024-02-01"));
        let id = fixture.runs().create(series, &yahoo, asked).await.unwrap().id;
        fixture.advance(Duration::seconds(1));
        let attempt = fixture.runs().begin(id).await.unwrap().attempts;
        let error = (state == RunState::Failed).then(|| "source unavailable: 503".to_owned());
        let end = RunEnd { state, error };
        fixture.runs().finish(id, attempt, end).await.unwrap();
    }
    let open = Some(TimeRange::ALL);
    let id = fixture.runs().create(series, &yahoo, open).await.unwrap().id;
    fixture.advance(Duration::seconds(1));
    fixture.runs().begin(id).await.unwrap().id
}

/// Bars that were inserted, restated, confirmed and removed, one that is forming, bad rows and coverage.
async fn bars(fixture: &Fixture, series: SeriesKey, run: RunId) {
    let first = MergeBatch {
        run: Some(run),
        rejected: vec![rejected("2024-01-06,4037,\"4032\"\n,3917")],
        covered: Some(days("2024-01-01", "2024-02-01")),
        ..MergeBatch::of_bars(
            series,
            source("file"),
            vec![
                stating(
                    daily("2024-01-02", "187.10"),
                    Some(u64::MAX),
                    Some("187.123456789012345678"),
                ),
                daily("2024-01-03", "184.250"),
                daily("2024-01-04", "12345678901234567890.000000000000000001"),
                daily("2024-01-05", "181.18"),
            ],
        )
    };
    fixture.merge(first).await;
    fixture.advance(Duration::hours(1));
    fixture.merge_from("api", series, [daily("2024-01-03", "184.26")]).await;
    let confirming = MergeBatch {
        precedence: Precedence::new(vec![source("yahoo"), source("file")]),
        ..MergeBatch::of_bars(
            series,
            source("yahoo"),
            vec![daily("2024-01-04", "12345678901234567890.000000000000000001")],
        )
    };
    fixture.merge(confirming).await;
    fixture.remove(series, days("2024-01-05", "2024-01-06")).await;
    fixture.advance(Duration::hours(1));
    let forming = MergeBatch {
        provisional: vec![daily("2024-06-03", "194.030")],
        covered: Some(days("2024-01-10", "2024-01-20")),
        ..MergeBatch::of_bars(series, source("yahoo"), Vec::new())
    };
    fixture.merge(forming).await;
}

/// Disputes that are open, settled, and about a bar that its source no longer has.
async fn disputes(fixture: &Fixture, series: SeriesKey) {
    let tell = async |name: &str, price: &str| {
        fixture.advance(Duration::minutes(1));
        let batch = MergeBatch {
            precedence: Precedence::new(vec![source("yahoo")]),
            ..MergeBatch::of_bars(series, source(name), vec![daily("2024-01-04", price)])
        };
        fixture.merge(batch).await;
    };
    tell("stooq", "5.50").await;
    tell("binance", "5.5").await;
    tell("stooq", "12345678901234567890.000000000000000001").await;
    tell("stooq", "6.0").await;
    fixture.advance(Duration::minutes(1));
    let without = MergeBatch {
        covered: Some(days("2024-01-04", "2024-01-05")),
        ..MergeBatch::of_bars(series, source("yahoo"), Vec::new())
    };
    fixture.merge(without).await;
}

/// Series of other intervals, grids, bases and signs.
async fn other_series(fixture: &Fixture) {
    let microsoft = fixture.stock("MSFT").await;
    let key = |interval| SeriesKey {
        instrument: microsoft,
        interval,
    };
    let hourly = MergeBatch {
        minutes_past_hour: 30,
        basis: Basis::SplitAdjusted,
        gives_volume: false,
        ..MergeBatch::of_bars(
            key(Interval::OneHour),
            source("yahoo"),
            vec![opening_at(instant("2024-01-02T14:30:00Z"), "370.87")],
        )
    };
    fixture.merge(hourly).await;
    for interval in [Interval::OneMinute, Interval::FifteenMinutes, Interval::OneMonth] {
        let bar = opening_at(day("2024-01-01"), "1");
        fixture
            .merge(MergeBatch::of_bars(key(interval), source("api"), vec![bar]))
            .await;
    }
    let oil = fixture
        .instruments()
        .with_symbol(&"CL=F".parse().unwrap())
        .await
        .unwrap();
    let oil = SeriesKey {
        instrument: oil.first().unwrap().id,
        interval: Interval::OneDay,
    };
    // West Texas Intermediate, May 2020 contract, settled at −37.63 on 2020-04-20.
    fixture.merge_from("file", oil, [daily("2020-04-20", "-37.63")]).await;
    fixture
        .merge_from("file", oil, [opening_at(instant("0001-01-01T00:00:00Z"), "0.10")])
        .await;
}

/// Splits and dividends that were told, told otherwise and taken back.
async fn actions(fixture: &Fixture, instrument: InstrumentId) {
    let date = |month, day| Date::from_calendar_date(2020, month, day).unwrap();
    let split = |new_shares| CorporateAction::Split {
        ex_date: date(Month::August, 31),
        ratio: SplitRatio::new(new_shares, 1).unwrap(),
    };
    let dividend = |day, amount: &str| {
        CorporateAction::dividend(
            date(Month::August, day),
            amount.parse().unwrap(),
            "USD".parse().unwrap(),
        )
        .unwrap()
    };
    let tell = async |name: &str, actions: Vec<CorporateAction>, complete| {
        fixture.advance(Duration::minutes(1));
        let batch = ActionBatch {
            instrument,
            actions,
            source: source(name),
            complete,
            precedence: Precedence::default(),
        };
        fixture.actions().merge(batch).await.unwrap();
    };
    tell("yahoo", vec![split(5), dividend(7, "0.82"), dividend(31, "0.1")], false).await;
    tell("file", vec![split(4), dividend(7, "0.8200")], true).await;
    tell("api", Vec::new(), true).await;
    fixture.advance(Duration::minutes(1));
    let removed = fixture
        .actions()
        .remove(instrument, CorporateActionKind::Dividend, date(Month::August, 31))
        .await
        .unwrap();
    assert!(removed);
}
