//! What a source gave is what `record_bars` takes: every recording of bars, from the socket to a batch for the store.

use std::sync::Arc;

use domain::fake::{InMemoryStore, ManualClock};
use domain::record_bars::{RecordBars, RecordRequest};
use domain::{
    ActionBatch, AssetClass, Basis, Calendars, Clock, CorporateAction, CorporateActionRepository, InstrumentRepository,
    Interval, MarketDataProvider, MergeBatch, Precedence, SplitRatio,
};
use http_providers::{
    AlphaVantage, AlphaVantageSettings, Binance, BinanceSettings, ConnectionSettings, Yahoo, YahooSettings,
};
use time::Date;
use time::macros::date;

use crate::played::{Play, Played, at, instrument, request};

/// Long after all recordings.
const LATER: &str = "2026-11-01T12:00:00Z";

macro_rules! recording {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/", $name)).as_slice()
    };
}

fn source(name: &str, base_url: &str, clock: Arc<dyn Clock>) -> Box<dyn MarketDataProvider> {
    let connection = ConnectionSettings::to(base_url);
    match name {
        "yahoo" => {
            let settings = YahooSettings {
                connection,
                ..YahooSettings::default()
            };
            Box::new(Yahoo::new(&settings, clock).unwrap())
        }
        "binance" => {
            let settings = BinanceSettings {
                connection,
                ..BinanceSettings::default()
            };
            Box::new(Binance::new(&settings, clock).unwrap())
        }
        _ => {
            let settings = AlphaVantageSettings {
                connection,
                api_key: Some("SECRETKEY1234567".to_owned().into()),
                ..AlphaVantageSettings::default()
            };
            Box::new(AlphaVantage::new(&settings, clock).unwrap())
        }
    }
}

/// What would be merged of a recording, for an instrument with these splits.
async fn batch(
    name: &str,
    body: &[u8],
    symbol: &str,
    class: AssetClass,
    interval: Interval,
    splits: &[(Date, u64)],
) -> MergeBatch {
    let clock = Arc::new(ManualClock::at(at(LATER)));
    let server = Played::new(vec![Play::ok(body)]).await;
    let source = source(name, &server.base_url, clock.clone());
    let store = Arc::new(InMemoryStore::new(clock.clone()));
    let instrument = store.create(instrument(symbol, class).details).await.unwrap();
    let actions = splits.iter().map(|(ex_date, new_shares)| CorporateAction::Split {
        ex_date: *ex_date,
        ratio: SplitRatio::new(*new_shares, 1).unwrap(),
    });
    let known = ActionBatch {
        instrument: instrument.id,
        actions: actions.collect(),
        source: source.name(),
        complete: true,
        precedence: Precedence::default(),
    };
    CorporateActionRepository::merge(&*store, known).await.unwrap();

    let asked = request(symbol, class, interval, "1990-01-01T00:00:00Z", LATER);
    let fetched = source.fetch_bars(&asked).await.unwrap();
    let capabilities = source.capabilities();
    let record = RecordBars::new(
        store.clone(),
        store.clone(),
        store,
        Arc::new(Calendars::built_in().unwrap()),
        clock,
        Precedence::default(),
    );
    let request = RecordRequest {
        instrument,
        interval,
        source: source.name(),
        basis: capabilities.basis,
        tolerance: capabilities.tolerance,
        gives_volume: fetched.gives_volume,
        minutes_past_hour: fetched.minutes_past_hour,
        run: None,
        covered: fetched.covered,
        fetched_at: Some(fetched.fetched_at),
        rows: fetched.rows,
    };
    record.prepare(request).await.unwrap().batch
}

async fn all_are_bars(name: &str, body: &[u8], symbol: &str, class: AssetClass, interval: Interval, count: usize) {
    let batch = batch(name, body, symbol, class, interval, &[]).await;
    assert_eq!(batch.rejected, [], "{name} {symbol}");
    assert_eq!(
        (batch.bars.len(), batch.provisional.len()),
        (count, 0),
        "{name} {symbol}"
    );
    assert_eq!(batch.basis, Basis::Raw, "{name} {symbol}");
}

#[tokio::test]
async fn every_recording_of_yahoo_becomes_bars() {
    use AssetClass::{Crypto, Forex, Fund, Future, Stock};
    let check =
        async |body, symbol, class, count| all_are_bars("yahoo", body, symbol, class, Interval::OneDay, count).await;
    check(
        recording!("yahoo/v8_chart__AAPL__1d_split_dividend.json"),
        "AAPL",
        Stock,
        49,
    )
    .await;
    check(
        recording!("yahoo/v8_chart__MSFT__1d_one_year_dividends.json"),
        "MSFT",
        Stock,
        252,
    )
    .await;
    check(recording!("yahoo/v8_chart__MSFT__1d_6mo_2025.json"), "MSFT", Stock, 127).await;
    check(
        recording!("yahoo/v8_chart__OCDO.L__1d_gbp_pence.json"),
        "OCDO.L",
        Stock,
        1,
    )
    .await;
    check(recording!("yahoo/v8_chart__BTC-USD__1d.json"), "BTC-USD", Crypto, 3).await;
    check(recording!("yahoo/v8_chart__EURUSD_X__1d.json"), "EURUSD=X", Forex, 3).await;
    check(recording!("yahoo/v8_chart__INR_X__1d_null_bar.json"), "INR=X", Forex, 3).await;
    check(recording!("yahoo/v8_chart__GC_F__1d.json"), "GC=F", Future, 1).await;
    check(
        recording!("yahoo/v8_chart__0P000071W8.TO__1d_mutual_fund.json"),
        "0P000071W8.TO",
        Fund,
        1,
    )
    .await;
    let months = recording!("yahoo/v8_chart__AAPL__1mo_splits.json");
    all_are_bars("yahoo", months, "AAPL", Stock, Interval::OneMonth, 60).await;
}

#[tokio::test]
async fn every_recording_of_binance_becomes_bars() {
    let check = async |body, symbol, interval, count| {
        all_are_bars("binance", body, symbol, AssetClass::Crypto, interval, count).await;
    };
    check(
        recording!("binance/klines__BTCUSDT__1d_2019.json"),
        "BTCUSDT",
        Interval::OneDay,
        365,
    )
    .await;
    check(
        recording!("binance/klines__BTCUSDT__1h_page1_of_2.json"),
        "BTCUSDT",
        Interval::OneHour,
        1_000,
    )
    .await;
    check(
        recording!("binance/klines__BTCUSDT__1h_page2_of_2.json"),
        "BTCUSDT",
        Interval::OneHour,
        468,
    )
    .await;
    check(
        recording!("binance/klines__BTCUSDT__5m_limit24.json"),
        "BTCUSDT",
        Interval::FiveMinutes,
        24,
    )
    .await;
    check(
        recording!("binance/klines__BTCUSDT__1m_one_hour.json"),
        "BTCUSDT",
        Interval::OneMinute,
        60,
    )
    .await;
    check(
        recording!("binance/klines__BTCUSDT__1m_single_bar.json"),
        "BTCUSDT",
        Interval::OneMinute,
        1,
    )
    .await;
    check(
        recording!("binance/klines__LTCBTC__get_klines_ok.json"),
        "LTCBTC",
        Interval::OneHour,
        2,
    )
    .await;
}

#[tokio::test]
async fn every_recording_of_alpha_vantage_becomes_bars() {
    use AssetClass::{Crypto, Forex, Stock};
    let check = async |body, symbol, class, interval, count| {
        all_are_bars("alpha_vantage", body, symbol, class, interval, count).await;
    };
    let day = Interval::OneDay;
    check(
        recording!("alpha_vantage/TIME_SERIES_DAILY__MSFT__compact.json"),
        "MSFT",
        Stock,
        day,
        100,
    )
    .await;
    check(
        recording!("alpha_vantage/TIME_SERIES_DAILY__IBM__csv_2026.csv"),
        "IBM",
        Stock,
        day,
        100,
    )
    .await;
    check(
        recording!("alpha_vantage/TIME_SERIES_DAILY_ADJUSTED__MSFT__compact.json"),
        "MSFT",
        Stock,
        day,
        100,
    )
    .await;
    check(
        recording!("alpha_vantage/TIME_SERIES_DAILY_ADJUSTED__IBM__2021_partial.json"),
        "IBM",
        Stock,
        day,
        7,
    )
    .await;
    let months = recording!("alpha_vantage/TIME_SERIES_MONTHLY_ADJUSTED__MSFT.json");
    check(months, "MSFT", Stock, Interval::OneMonth, 283).await;
    let quarters = recording!("alpha_vantage/TIME_SERIES_INTRADAY__MSFT__15min.json");
    check(quarters, "MSFT", Stock, Interval::FifteenMinutes, 39).await;
    check(
        recording!("alpha_vantage/FX_INTRADAY__EURUSD.json"),
        "EURUSD",
        Forex,
        Interval::FiveMinutes,
        100,
    )
    .await;
    let dual = recording!("alpha_vantage/DIGITAL_CURRENCY_DAILY__BTC_EUR__dual_currency_format.json");
    check(dual, "BTC-EUR", Crypto, day, 1_618).await;
    check(
        recording!("alpha_vantage/DIGITAL_CURRENCY_DAILY__BTC_EUR__csv_2026.csv"),
        "BTC-EUR",
        Crypto,
        day,
        350,
    )
    .await;
}

/// Tesla split 5:1 on 2020-08-31 and 3:1 on 2022-08-25. On its first day it opened at 19.00 and closed at 23.89; Yahoo
/// says a fifteenth of that in seven digits.
#[tokio::test]
async fn yahoos_prices_are_turned_back_by_its_splits() {
    let splits = [(date!(2020 - 08 - 31), 5), (date!(2022 - 08 - 25), 3)];
    let body = recording!("yahoo/v8_chart__TSLA__1d_13_years.json");
    let batch = batch("yahoo", body, "TSLA", AssetClass::Stock, Interval::OneDay, &splits).await;
    assert_eq!(
        (batch.bars.len(), batch.rejected.len(), batch.basis),
        (3_303, 0, Basis::Raw)
    );
    let print = |index: usize| {
        let bar = &batch.bars[index];
        format!(
            "{} {} {} {} {} {}",
            bar.opened_at(),
            bar.open(),
            bar.high(),
            bar.low(),
            bar.close(),
            bar.volume()
        )
    };
    assert_eq!(
        print(0),
        "2010-06-29T00:00:00Z 19.000005 25.000005 17.539995 23.890005 18766300"
    );
    assert_eq!(
        print(1_651),
        "2017-01-19T00:00:00Z 247.25001 248.680005 240.75 243.76002 7732300"
    );
    assert_eq!(
        print(3_302),
        "2023-08-11T00:00:00Z 241.77 243.79 238.02 242.65 98866600"
    );
}
