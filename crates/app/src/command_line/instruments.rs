//! `sentinel instruments`

use clap::{Args, Subcommand};
use domain::{AssetClass, CalendarName, Currency, Exchange, InstrumentReference, SourceName, Symbol};

/// What to do with instruments.
#[derive(Debug, Subcommand)]
pub enum InstrumentsCommand {
    /// List instruments by symbol
    List(ListArgs),
    /// Show one: its details, series, splits and dividends
    Show {
        /// AAPL, XNAS:AAPL or id:700
        instrument: InstrumentReference,
    },
    /// Add one
    Add {
        /// How it is written: 1 to 32 of A-Z a-z 0-9 . - _ ^ = /
        symbol: Symbol,
        /// What is known of it; class, currency and calendar are guessed from the symbol when they are not given
        #[command(flatten)]
        said: Box<SaidOfInstrument>,
    },
    /// Change what is said of one
    Edit {
        /// AAPL, XNAS:AAPL or id:700
        instrument: InstrumentReference,
        /// New symbol
        #[arg(long, value_name = "S")]
        symbol: Option<Symbol>,
        /// Whether it is still brought up to date
        #[arg(long, value_name = "true|false")]
        active: Option<bool>,
        /// What changes
        #[command(flatten)]
        said: Box<SaidOfInstrument>,
    },
    /// Remove one; refused while it has bars
    Remove {
        /// AAPL, XNAS:AAPL or id:700
        instrument: InstrumentReference,
        /// With its bars, their history, actions and runs: nothing of it is kept
        #[arg(long)]
        cascade: bool,
    },
}

/// Which instruments to list.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Only this class
    #[arg(long, value_name = "C")]
    pub asset_class: Option<AssetClass>,
    /// Only this exchange
    #[arg(long, value_name = "X")]
    pub exchange: Option<Exchange>,
    /// Only this currency
    #[arg(long, value_name = "C")]
    pub currency: Option<Currency>,
    /// Only active or only inactive ones
    #[arg(long, value_name = "true|false")]
    pub active: Option<bool>,
    /// Only those whose symbol or name contains this text
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
}

/// What can be said of an instrument.
#[derive(Args, Clone, Debug)]
pub struct SaidOfInstrument {
    /// What people call it
    #[arg(long)]
    pub name: Option<String>,
    /// stock, etf, index, crypto, forex, commodity, future, fund or rate
    #[arg(long, value_name = "C")]
    pub asset_class: Option<AssetClass>,
    /// Where it trades: XNAS, XNYS, BITSTAMP, …
    #[arg(long, value_name = "X")]
    pub exchange: Option<Exchange>,
    /// What its prices are in: USD, GBX, BTC, …
    #[arg(long, value_name = "C")]
    pub currency: Option<Currency>,
    /// When it trades: XNYS, XNAS, 24/7, 24/5 or weekdays
    #[arg(long, value_name = "C")]
    pub calendar: Option<CalendarName>,
    /// How a provider spells it: yahoo=BTC-USD
    #[arg(long = "provider-symbol", value_name = "PROVIDER=SYMBOL", value_parser = spelling)]
    pub provider_symbols: Vec<(SourceName, Symbol)>,
}

fn spelling(text: &str) -> Result<(SourceName, Symbol), String> {
    let (provider, symbol) = text
        .split_once('=')
        .ok_or_else(|| "write PROVIDER=SYMBOL, such as yahoo=BTC-USD".to_owned())?;
    let provider = provider.parse().map_err(|error: domain::CodeError| error.to_string())?;
    let symbol = symbol.parse().map_err(|error: domain::SymbolError| error.to_string())?;
    Ok((provider, symbol))
}
