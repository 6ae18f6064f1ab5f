//! What somebody asks to be ingested, and everything that can be wrong with it.

use crate::resolve_instrument::ResolutionError;
use crate::{
    AssetClass, Instrument, InstrumentReference, Interval, SourceName, Symbol, TimeRange, TimeRangeError, Timestamp,
};

/// An instrument, as whoever orders it knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstrumentChoice {
    /// By the provider's spelling or by our symbol; made when it does not exist and the provider knows it.
    Spelled(Symbol),
    /// One that exists; the provider is asked for the spelling recorded for it, else for its symbol.
    Known(Instrument),
}

impl From<Symbol> for InstrumentChoice {
    fn from(symbol: Symbol) -> Self {
        Self::Spelled(symbol)
    }
}

/// Bars of one length of some instruments from one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestOrder {
    /// From where.
    pub provider: SourceName,
    /// Of what; one that is named twice counts once.
    pub instruments: Vec<InstrumentChoice>,
    /// How long the bars are.
    pub interval: Interval,
    /// Bars that open at or after this instant; `None` for all that the provider has.
    pub start: Option<Timestamp>,
    /// Bars that open before this instant; `None`, or one in the future, for all up to the moment of the fetch.
    pub end: Option<Timestamp>,
    /// Whether everything is asked again, also what was answered before.
    pub refresh: bool,
}

impl IngestOrder {
    /// The range asked for, with the least and the greatest instant for open ends.
    ///
    /// # Errors
    /// [`TimeRangeError`] unless the start lies before the end.
    pub fn asked(&self) -> Result<TimeRange, TimeRangeError> {
        TimeRange::new(self.start.unwrap_or(Timestamp::MIN), self.end.unwrap_or(Timestamp::MAX))
    }
}

/// One thing that is wrong with an order, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum OrderMistake {
    /// No instrument was named.
    #[error("no instrument was named: name at least one")]
    NoInstruments,
    /// There is no provider of that name.
    #[error("there is no provider `{name}`: one of {}", listed(known))]
    UnknownProvider {
        /// The name as given.
        name: SourceName,
        /// Those that there are.
        known: Vec<SourceName>,
    },
    /// The provider cannot be asked before a setting is given.
    #[error("{provider} cannot be asked yet: set {setting}")]
    NotConfigured {
        /// Which provider.
        provider: SourceName,
        /// The key of the setting.
        setting: &'static str,
    },
    /// The provider has no bars of that length.
    #[error("{provider} has no {interval} bars: it has {}", listed(offered))]
    UnsupportedInterval {
        /// Which provider.
        provider: SourceName,
        /// What was asked for.
        interval: Interval,
        /// What it has, shortest first.
        offered: Vec<Interval>,
    },
    /// The provider knows nothing of that class.
    #[error("{provider} has no {class} such as {symbol}: it has {}", listed(offered))]
    UnsupportedClass {
        /// Which provider.
        provider: SourceName,
        /// Which instrument.
        symbol: Symbol,
        /// Its class.
        class: AssetClass,
        /// What it has.
        offered: Vec<AssetClass>,
    },
    /// Start and end make no range.
    #[error(transparent)]
    Range(#[from] TimeRangeError),
    /// The start lies in the future.
    #[error("the start {start} lies in the future, it is {now} now: there are no bars yet, move the start")]
    StartInFuture {
        /// The start as given.
        start: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// Neither we nor the provider know the symbol.
    #[error("{provider} does not know {spelling}: {}", how_to_spell(*search))]
    UnknownSymbol {
        /// Which provider.
        provider: SourceName,
        /// The symbol as given.
        spelling: Symbol,
        /// Whether the provider can be searched for symbols.
        search: bool,
    },
    /// Several instruments have the symbol.
    #[error("{}", ambiguous(symbol, candidates))]
    Ambiguous {
        /// The symbol as given.
        symbol: Symbol,
        /// Those it could be.
        candidates: Vec<Instrument>,
    },
}

/// Where the spelling of a provider is found.
pub(super) fn how_to_spell(search: bool) -> &'static str {
    match search {
        true => "search the provider for its spelling",
        false => "it cannot be searched, so look on its own pages how it spells the symbol",
    }
}

fn listed<T: ToString>(things: &[T]) -> String {
    let names: Vec<_> = things.iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn ambiguous(symbol: &Symbol, candidates: &[Instrument]) -> String {
    let error = ResolutionError::Ambiguous {
        reference: InstrumentReference::Symbol(symbol.clone()),
        candidates: candidates.to_vec(),
    };
    format!("{error}: name one of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_search_where_there_is_no_search() {
        let unknown = |search| OrderMistake::UnknownSymbol {
            provider: "yahoo".parse().unwrap(),
            spelling: "TSLX".parse().unwrap(),
            search,
        };
        assert_eq!(
            unknown(true).to_string(),
            "yahoo does not know TSLX: search the provider for its spelling"
        );
        assert_eq!(
            unknown(false).to_string(),
            "yahoo does not know TSLX: it cannot be searched, so look on its own pages how it spells the symbol"
        );
    }
}
