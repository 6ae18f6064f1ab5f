//! One bar as it stands in an answer of few bars.

use bar_formats::DecimalStyle;
use domain::{Bar, BarValues, SourceName};
use serde::Serialize;
use utoipa::ToSchema;

use crate::decimals::DecimalBody;
use crate::vocabulary::Utc;

/// Open, high, low, close and volume over one interval.
#[derive(Serialize, ToSchema)]
#[schema(as = Bar)]
pub(crate) struct BarBody {
    /// When it opens.
    timestamp: Utc,
    open: DecimalBody,
    high: DecimalBody,
    low: DecimalBody,
    close: DecimalBody,
    /// How much was traded, in units of the instrument.
    volume: DecimalBody,
    /// How many trades there were; null when no source says.
    trade_count: Option<u64>,
    /// Volume-weighted average price; null when no source says.
    vwap: Option<DecimalBody>,
    /// Who said so; null for a bar built from parts of several sources.
    source: Option<String>,
}

impl BarBody {
    pub(crate) fn new(bar: &Bar, source: Option<&SourceName>, style: DecimalStyle) -> Self {
        let BarValues {
            opened_at,
            open,
            high,
            low,
            close,
            volume,
            trade_count,
            vwap,
        } = bar.values();
        let price = |price| DecimalBody::new(price, style);
        Self {
            timestamp: Utc(*opened_at),
            open: price(*open),
            high: price(*high),
            low: price(*low),
            close: price(*close),
            volume: DecimalBody::new(volume, style),
            trade_count: *trade_count,
            vwap: vwap.map(price),
            source: source.map(ToString::to_string),
        }
    }
}
