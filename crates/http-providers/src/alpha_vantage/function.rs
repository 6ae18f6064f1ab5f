//! Which of their functions gives which bars.

use domain::{AssetClass, BarRequest, Interval, MarketZone, ProviderError, Symbol, Timestamp};
use time::{Date, Duration, Time};

use super::Plan;

/// The clock of the stocks.
pub(super) const NEW_YORK: &str = "America/New_York";
/// A compact answer holds the last 100 sessions, which are more than so many days.
const COMPACT: Duration = Duration::days(100);

/// A call and how far its answer reaches.
pub(super) struct Asked {
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) reach: Reach,
}

/// For which part of the range asked for an answer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of it.
    Whole,
    /// Up to there, the end of a month.
    Until(Timestamp),
    /// From its first row on: it holds the newest bars, however many those are.
    Tail,
}

pub(super) fn of(request: &BarRequest, plan: Plan, now: Timestamp) -> Result<Asked, ProviderError> {
    match request.instrument.details.asset_class {
        AssetClass::Stock | AssetClass::Etf | AssetClass::Fund => of_stock(request, plan, now),
        AssetClass::Forex => {
            let (from, to) = pair(&request.spelling)?;
            let pair = [("from_symbol", from), ("to_symbol", to)];
            of_pair(request, pair, ["FX_INTRADAY", "FX_DAILY", "FX_WEEKLY", "FX_MONTHLY"])
        }
        AssetClass::Crypto => {
            let (symbol, market) = pair(&request.spelling)?;
            let functions = [
                "CRYPTO_INTRADAY",
                "DIGITAL_CURRENCY_DAILY",
                "DIGITAL_CURRENCY_WEEKLY",
                "DIGITAL_CURRENCY_MONTHLY",
            ];
            of_pair(request, [("symbol", symbol), ("market", market)], functions)
        }
        class @ (AssetClass::Index | AssetClass::Commodity | AssetClass::Future | AssetClass::Rate) => {
            Err(ProviderError::Unsupported {
                what: format!("bars of class {class}; stocks, ETFs, funds, forex and crypto are"),
            })
        }
    }
}

fn of_stock(request: &BarRequest, plan: Plan, now: Timestamp) -> Result<Asked, ProviderError> {
    let mut query = vec![("symbol", request.spelling.as_str().to_owned())];
    let mut reach = Reach::Whole;
    let function = match (intraday(request.interval)?, request.interval, plan) {
        (Some(minutes), ..) => {
            let (month, until) = month_of(request.range.start())?;
            reach = Reach::Until(until);
            query.extend([
                ("interval", minutes.to_owned()),
                ("month", month),
                ("outputsize", "full".to_owned()),
                ("adjusted", "false".to_owned()),
                ("extended_hours", "false".to_owned()),
            ]);
            "TIME_SERIES_INTRADAY"
        }
        (None, Interval::OneWeek, _) => "TIME_SERIES_WEEKLY",
        (None, Interval::OneMonth, _) => "TIME_SERIES_MONTHLY",
        (None, _, plan) => {
            let is_recent = now.since(request.range.start()) <= COMPACT;
            let size = if is_recent { "compact" } else { "full" };
            query.push(("outputsize", size.to_owned()));
            match plan {
                Plan::Free => "TIME_SERIES_DAILY",
                Plan::Premium => "TIME_SERIES_DAILY_ADJUSTED",
            }
        }
    };
    query.insert(0, ("function", function.to_owned()));
    Ok(Asked { query, reach })
}

/// Pairs: the functions for intraday bars, days, weeks and months.
fn of_pair(
    request: &BarRequest,
    pair: [(&'static str, String); 2],
    [short, days, weeks, months]: [&str; 4],
) -> Result<Asked, ProviderError> {
    let minutes = intraday(request.interval)?;
    let function = match (minutes, request.interval) {
        (Some(_), _) => short,
        (None, Interval::OneWeek) => weeks,
        (None, Interval::OneMonth) => months,
        (None, _) => days,
    };
    let mut query = vec![("function", function.to_owned())];
    query.extend(pair);
    query.extend(minutes.map(|minutes| ("interval", minutes.to_owned())));
    // Weeks and months are always whole, and crypto days have no size; it does no harm there.
    query.push(("outputsize", "full".to_owned()));
    Ok(Asked {
        query,
        reach: Reach::Tail,
    })
}

/// How they write an intraday interval; `None` for days and longer.
fn intraday(interval: Interval) -> Result<Option<&'static str>, ProviderError> {
    Ok(Some(match interval {
        Interval::OneMinute => "1min",
        Interval::FiveMinutes => "5min",
        Interval::FifteenMinutes => "15min",
        Interval::ThirtyMinutes => "30min",
        Interval::OneHour => "60min",
        Interval::FourHours => return Err(ProviderError::UnsupportedInterval(interval)),
        Interval::OneDay | Interval::OneWeek | Interval::OneMonth => return Ok(None),
    }))
}

/// The month in New York that holds an instant, as `2024-03`, and when it ends.
fn month_of(instant: Timestamp) -> Result<(String, Timestamp), ProviderError> {
    let invalid = |error: domain::ZoneError| ProviderError::Refused {
        detail: error.to_string(),
    };
    let zone: MarketZone = NEW_YORK.parse().map_err(invalid)?;
    let date: Date = zone.date_of(instant);
    let next = Interval::OneMonth.next_period(date);
    let until = zone.instant(next, Time::MIDNIGHT).map_err(invalid)?;
    Ok((format!("{:04}-{:02}", date.year(), u8::from(date.month())), until))
}

/// Base and quote of `BTC-EUR`, `EUR/USD` or `EURUSD`.
pub(super) fn pair(spelling: &Symbol) -> Result<(String, String), ProviderError> {
    let text = spelling.to_upper();
    let parted = match text.split_once(['-', '/', '_']) {
        Some(parts) => Some(parts),
        None if text.len() == 6 => text.split_at_checked(3),
        None => None,
    };
    match parted {
        Some((base, quote)) if !base.is_empty() && !quote.is_empty() => Ok((base.to_owned(), quote.to_owned())),
        _ => Err(ProviderError::Unsupported {
            what: format!("{spelling} as a pair: write base and quote, such as BTC-EUR"),
        }),
    }
}

#[cfg(test)]
mod tests;
