//! What a chart tells of the thing behind a symbol.

use domain::{AssetClass, Currency, Exchange, Symbol, SymbolMatch};

use super::payload::Meta;

/// Yahoo's codes of venues and the ISO 10383 codes of the same.
const VENUES: [(&str, &str); 22] = [
    ("NMS", "XNAS"),
    ("NGM", "XNAS"),
    ("NCM", "XNAS"),
    ("NYQ", "XNYS"),
    ("PCX", "ARCX"),
    ("ASE", "XASE"),
    ("BTS", "BATS"),
    ("LSE", "XLON"),
    ("TOR", "XTSE"),
    ("GER", "XETR"),
    ("PAR", "XPAR"),
    ("AMS", "XAMS"),
    ("BRU", "XBRU"),
    ("MIL", "XMIL"),
    ("STO", "XSTO"),
    ("EBS", "XSWX"),
    ("JPX", "XTKS"),
    ("HKG", "XHKG"),
    ("ASX", "XASX"),
    ("NSI", "XNSE"),
    ("CMX", "XCEC"),
    ("NYM", "XNYM"),
];
/// Not venues: crypto, currencies, indices, funds and what is delisted.
const NOT_A_VENUE: [&str; 6] = ["CCC", "CCY", "SNP", "DJI", "NAS", "YHD"];

pub(super) fn describe(meta: &Meta, spelling: &Symbol) -> SymbolMatch {
    let own = meta.symbol.as_deref().and_then(|symbol| symbol.parse().ok());
    let name = meta.long_name.as_deref().or(meta.short_name.as_deref());
    SymbolMatch {
        spelling: own.filter(|own| own == spelling).unwrap_or_else(|| spelling.clone()),
        symbol: None,
        name: name.unwrap_or(spelling.as_str()).to_owned(),
        asset_class: asset_class(meta),
        exchange: meta.exchange_name.as_deref().and_then(exchange),
        currency: meta.currency.as_deref().and_then(currency),
    }
}

pub(super) fn asset_class(meta: &Meta) -> Option<AssetClass> {
    Some(match meta.instrument_type.as_deref()? {
        "EQUITY" => AssetClass::Stock,
        "ETF" => AssetClass::Etf,
        "INDEX" => AssetClass::Index,
        "CRYPTOCURRENCY" => AssetClass::Crypto,
        "CURRENCY" => AssetClass::Forex,
        "FUTURE" => AssetClass::Future,
        "MUTUALFUND" => AssetClass::Fund,
        _ => return None,
    })
}

fn exchange(code: &str) -> Option<Exchange> {
    if NOT_A_VENUE.contains(&code) {
        return None;
    }
    let known = VENUES.iter().find(|(theirs, _)| *theirs == code);
    known.map_or(code, |(_, iso)| iso).parse().ok()
}

/// Minor units have codes of their own: `GBp` is GBX, a hundredth of GBP.
pub(super) fn currency(code: &str) -> Option<Currency> {
    let code = match code {
        "GBp" => "GBX",
        "ZAc" => "ZAC",
        other => other,
    };
    code.parse().ok()
}
