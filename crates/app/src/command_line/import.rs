//! `sentinel import`

use std::path::PathBuf;

use bar_formats::{ColumnMap, DateFormat};
use clap::{Args, ValueEnum};
use domain::{AssetClass, Basis, CalendarName, Currency, Exchange, Interval, MarketZone, SourceName, Symbol};

/// Flags of `sentinel import`.
#[derive(Args, Debug)]
#[command(
    after_help = "Column names, delimiter, times and interval are found out; what cannot be known is asked for by naming \
        the flag.\nRows that make no bar go to quarantine with the reason (`sentinel status --quarantine`) and never \
        stop the others; the exit code is 3 then.\nImporting a file again changes nothing.\n\n\
        Examples:\n  sentinel import prices/AAPL.csv.gz --exchange XNAS --currency USD\n  \
        sentinel import folder/ --asset-class crypto\n  \
        sentinel import wig.csv --map open=Otwarcie,close=Zamkniecie --date-format %d.%m.%Y"
)]
pub struct ImportArgs {
    /// Files or folders
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Symbol of all rows; else a column or the file's name gives it
    #[arg(long, value_name = "S")]
    pub symbol: Option<Symbol>,
    /// Interval of all rows: 1m 5m 15m 30m 1h 4h 1d 1w 1mo; else a column, the file's name or the times give it
    #[arg(long, value_name = "I")]
    pub interval: Option<Interval>,
    /// Class of instruments that are created; else guessed from the symbol
    #[arg(long, value_name = "C")]
    pub asset_class: Option<AssetClass>,
    /// Where the instruments trade: XNAS, XNYS, BITSTAMP, …
    #[arg(long, value_name = "X")]
    pub exchange: Option<Exchange>,
    /// Currency of instruments that are created; else guessed from the symbol, or XXX
    #[arg(long, value_name = "C")]
    pub currency: Option<Currency>,
    /// Who says so: the name under which the bars are kept
    #[arg(long, value_name = "NAME", default_value_t = SourceName::file())]
    pub source: SourceName,
    /// What the prices are: raw, `split_adjusted` or `split_dividend_adjusted`
    #[arg(long, value_name = "BASIS", default_value_t = Basis::Raw)]
    pub basis: Basis,
    /// Zone of times without one, such as `America/New_York` or UTC
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<MarketZone>,
    /// Whether times are those of the bar's opening or close
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Stamping::Open)]
    pub timestamps: Stamping,
    /// Trading calendar of instruments that are created: XNYS, XNAS, 24/7, 24/5 or weekdays
    #[arg(long, value_name = "C")]
    pub calendar: Option<CalendarName>,
    /// Which column holds what: open=Otwarcie,close=Zamkniecie; columns without a header are numbered from 1
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub map: Option<ColumnMap>,
    /// How dates are written, in strftime terms, such as %d/%m/%Y
    #[arg(long, value_name = "F")]
    pub date_format: Option<DateFormat>,
    /// The first line holds data, not column names
    #[arg(long)]
    pub no_header: bool,
    /// The file has every bar of its range: one that is not there did not happen
    #[arg(long)]
    pub complete: bool,
}

/// Which instant of a bar a file stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stamping {
    /// When the bar opens
    Open,
    /// When it closes
    Close,
}
