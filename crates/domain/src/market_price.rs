//! A bar as the store knows it: whose it is, who said so, and since when.

use crate::{Bar, InstrumentId, Interval, SourceName, Timestamp};

/// One series: all bars of one instrument at one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// Whose bars.
    pub instrument: InstrumentId,
    /// How long each is.
    pub interval: Interval,
}

impl std::fmt::Display for SeriesKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.instrument, self.interval)
    }
}

/// A stored bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketPrice {
    /// The series it belongs to.
    pub series: SeriesKey,
    /// Its values.
    pub bar: Bar,
    /// Who said so last: the provenance.
    pub source: SourceName,
    /// Since when it is believed, in the store's own strictly growing time of the series.
    pub recorded_at: Timestamp,
    /// Its interval had not closed when it was fetched: a later fetch replaces it, without a revision.
    pub provisional: bool,
}

/// What is shown of a bar, stored or built from stored ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// Its values.
    pub bar: Bar,
    /// Who said so; `None` for a bar built from parts of several sources.
    pub source: Option<SourceName>,
    /// Its interval, or that of one of its parts, had not closed when it was fetched, or has not now.
    pub provisional: bool,
}

impl From<MarketPrice> for PriceRow {
    fn from(price: MarketPrice) -> Self {
        let MarketPrice {
            bar,
            source,
            provisional,
            series: _,
            recorded_at: _,
        } = price;
        Self {
            bar,
            source: Some(source),
            provisional,
        }
    }
}
