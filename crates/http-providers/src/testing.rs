//! What the tests of this crate share: requests, recordings and short forms of what was decoded.

use domain::record_bars::DecodedRow;
use domain::{
    AssetClass, BarRequest, Instrument, InstrumentDetails, InstrumentId, Interval, ProviderError, TimeRange, Timestamp,
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn instrument(symbol: &str, class: AssetClass) -> Instrument {
    let mut details = InstrumentDetails::bare(symbol.parse().unwrap(), class);
    details.currency = "USD".parse().unwrap();
    Instrument {
        id: InstrumentId(1),
        details,
        created_at: at("2026-01-01T00:00:00Z"),
        updated_at: at("2026-01-01T00:00:00Z"),
    }
}

/// A request for everything there is.
pub(crate) fn everything(symbol: &str, class: AssetClass, interval: Interval) -> BarRequest {
    BarRequest {
        spelling: symbol.parse().unwrap(),
        instrument: instrument(symbol, class),
        interval,
        range: TimeRange::ALL,
    }
}

/// A request for `[start, end)`.
pub(crate) fn between(request: BarRequest, start: &str, end: &str) -> BarRequest {
    BarRequest {
        range: TimeRange::new(at(start), at(end)).unwrap(),
        ..request
    }
}

/// Opening, open, high, low, close, volume; or why there is none.
pub(crate) fn print(row: &DecodedRow) -> String {
    match &row.values {
        Ok(values) => format!(
            "{} {} {} {} {} {}",
            values.opened_at, values.open, values.high, values.low, values.close, values.volume
        ),
        Err(error) => error.to_string(),
    }
}

/// Path, excerpt and reason of an invalid payload.
pub(crate) fn invalid(malformed: crate::connection::Malformed, body: &[u8]) -> (String, String, String) {
    match malformed.into_error(body, &|text| text.to_owned()) {
        ProviderError::InvalidPayload { at, excerpt, source } => (at, excerpt, source.to_string()),
        other => panic!("{other}"),
    }
}
