//! The functions as Alpha Vantage's documentation names them.

use super::*;
use crate::testing::{at, between, everything};

const NOW: &str = "2024-06-01T12:00:00Z";

fn query(symbol: &str, class: AssetClass, interval: Interval, start: &str, plan: Plan) -> (String, Reach) {
    let request = between(everything(symbol, class, interval), start, "2024-06-01T00:00:00Z");
    let asked = of(&request, plan, at(NOW)).unwrap();
    let query: Vec<_> = asked
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (query.join("&"), asked.reach)
}

#[test]
fn days_of_a_stock_are_compact_when_they_are_recent() {
    let days = |start, plan| query("IBM", AssetClass::Stock, Interval::OneDay, start, plan).0;
    assert_eq!(
        days("2024-05-20T00:00:00Z", Plan::Free),
        "function=TIME_SERIES_DAILY&symbol=IBM&outputsize=compact"
    );
    assert_eq!(
        days("2020-01-01T00:00:00Z", Plan::Premium),
        "function=TIME_SERIES_DAILY_ADJUSTED&symbol=IBM&outputsize=full"
    );
}

#[test]
fn minutes_of_a_stock_come_by_the_month_of_new_york() {
    // 02:00Z of the first of March is still February in New York, which ends at 05:00Z.
    let (query, reach) = query(
        "IBM",
        AssetClass::Etf,
        Interval::FiveMinutes,
        "2024-03-01T02:00:00Z",
        Plan::Free,
    );
    assert_eq!(
        query,
        "function=TIME_SERIES_INTRADAY&symbol=IBM&interval=5min&month=2024-02&outputsize=full&adjusted=false&extended_hours=false"
    );
    assert_eq!(reach, Reach::Until(at("2024-03-01T05:00:00Z")));
}

#[test]
fn pairs_are_parted() {
    let check = |symbol, class, interval, expected: &str| {
        let (query, reach) = query(symbol, class, interval, "2024-03-01T00:00:00Z", Plan::Free);
        assert_eq!((query.as_str(), reach), (expected, Reach::Tail));
    };
    check(
        "btc-eur",
        AssetClass::Crypto,
        Interval::OneDay,
        "function=DIGITAL_CURRENCY_DAILY&symbol=BTC&market=EUR&outputsize=full",
    );
    check(
        "EURUSD",
        AssetClass::Forex,
        Interval::FiveMinutes,
        "function=FX_INTRADAY&from_symbol=EUR&to_symbol=USD&interval=5min&outputsize=full",
    );
    check(
        "EUR/USD",
        AssetClass::Forex,
        Interval::OneMonth,
        "function=FX_MONTHLY&from_symbol=EUR&to_symbol=USD&outputsize=full",
    );
}

#[test]
fn says_what_is_not_offered_before_it_asks() {
    let refused = |symbol, class, interval| match of(&everything(symbol, class, interval), Plan::Free, at(NOW)) {
        Ok(asked) => panic!("{:?}", asked.query),
        Err(error) => error.to_string(),
    };
    assert_eq!(refused("IBM", AssetClass::Stock, Interval::FourHours), "no 4h bars");
    assert_eq!(
        refused("^GSPC", AssetClass::Index, Interval::OneDay),
        "not offered: bars of class index; stocks, ETFs, funds, forex and crypto are"
    );
    assert_eq!(
        refused("BITCOIN", AssetClass::Crypto, Interval::OneDay),
        "not offered: BITCOIN as a pair: write base and quote, such as BTC-EUR"
    );
}
