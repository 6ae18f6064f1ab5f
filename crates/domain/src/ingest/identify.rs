//! Which instrument is meant at a provider, and how the provider spells it.

use super::{Desk, Ingest, IngestError, IngestOrder, InstrumentChoice, OrderMistake};
use crate::resolve_instrument::{WantedInstrument, listed_on};
use crate::{
    AssetClass, Instrument, InstrumentDetails, InstrumentRepositoryError, ProviderError, Symbol, SymbolMatch,
    TimeRange, storable,
};

/// The most characters of a name.
const MOST_NAME: usize = 200;

/// What is meant, before anything is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identified {
    /// It exists.
    Known {
        instrument: Instrument,
        spelling: Symbol,
        /// Its details with what the provider told beyond them.
        learned: Option<InstrumentDetails>,
    },
    /// It would be made.
    New {
        details: InstrumentDetails,
        spelling: Symbol,
    },
}

impl Identified {
    fn spelling(&self) -> &Symbol {
        match self {
            Self::Known { spelling, .. } | Self::New { spelling, .. } => spelling,
        }
    }

    fn asset_class(&self) -> AssetClass {
        match self {
            Self::Known { instrument, .. } => instrument.details.asset_class,
            Self::New { details, .. } => details.asset_class,
        }
    }

    fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known { instrument, .. }, Self::Known { instrument: known, .. }) => instrument.id == known.id,
            (Self::New { details, .. }, Self::New { details: new, .. }) => {
                details.symbol == new.symbol && details.exchange == new.exchange
            }
            _ => false,
        }
    }
}

/// Why it is not clear what is meant.
enum Unidentified {
    Mistake(OrderMistake),
    Error(IngestError),
}

impl From<InstrumentRepositoryError> for Unidentified {
    fn from(error: InstrumentRepositoryError) -> Self {
        Self::Error(error.into())
    }
}

impl Ingest {
    /// Checks an order: the provider, ready to be asked, the range, and each instrument once, in the order in which they
    /// are named. Nothing is written.
    pub(super) async fn open(&self, order: &IngestOrder) -> Result<(Desk, TimeRange, Vec<Identified>), IngestError> {
        let mut mistakes = Vec::new();
        let now = self.clock.now();
        let asked = order
            .asked()
            .map_err(OrderMistake::from)
            .and_then(|asked| match order.start {
                Some(start) if now <= start => Err(OrderMistake::StartInFuture { start, now }),
                _ => Ok(asked),
            });
        let asked = asked.map_err(|mistake| mistakes.push(mistake)).ok();
        let desk = self.desk(&order.provider, order.interval);
        let desk = desk.map_err(|mistake| mistakes.push(mistake)).ok();
        if order.instruments.is_empty() {
            mistakes.push(OrderMistake::NoInstruments);
        }
        let mut chosen: Vec<Identified> = Vec::with_capacity(order.instruments.len());
        if let Some(desk) = &desk {
            for choice in &order.instruments {
                match self.identify(desk, choice).await {
                    Ok(found) if chosen.iter().any(|known| known.is_same_as(&found)) => {}
                    Ok(found) => {
                        mistakes.extend(desk.refuse_class(&found));
                        chosen.push(found);
                    }
                    Err(Unidentified::Mistake(mistake)) => mistakes.push(mistake),
                    Err(Unidentified::Error(error)) => return Err(error),
                }
            }
        }
        match (desk, asked) {
            (Some(desk), Some(asked)) if mistakes.is_empty() => Ok((desk, asked, chosen)),
            _ => Err(IngestError::Order(mistakes)),
        }
    }

    async fn identify(&self, desk: &Desk, choice: &InstrumentChoice) -> Result<Identified, Unidentified> {
        let symbol = match choice {
            InstrumentChoice::Known(instrument) => return Ok(desk.known(instrument.clone())),
            InstrumentChoice::Spelled(symbol) => symbol,
        };
        let instruments = &self.stores.instruments;
        if let Some(instrument) = instruments.with_provider_symbol(&desk.name, symbol).await? {
            return Ok(desk.known(instrument));
        }
        let mut candidates = instruments.with_symbol(symbol).await?;
        if candidates.len() == 1
            && let Some(instrument) = candidates.pop()
        {
            return Ok(desk.known(instrument));
        }
        // None is called so here, or several are and the provider can tell which it means.
        let described = self.describe(desk, symbol).await?;
        if let Some(instrument) = instruments
            .with_provider_symbol(&desk.name, &described.spelling)
            .await?
        {
            return Ok(desk.known(instrument));
        }
        let wanted = wanted(&described);
        let mut candidates = instruments.with_symbol(&wanted.symbol).await?;
        if let Some(exchange) = &wanted.exchange {
            candidates = listed_on(candidates, exchange);
        }
        match (candidates.pop(), candidates.is_empty()) {
            (None, _) => {
                let mut details = wanted.details();
                let spelling = described.spelling;
                details.provider_symbols.insert(desk.name.clone(), spelling.clone());
                Ok(Identified::New { details, spelling })
            }
            (Some(instrument), true) => Ok(desk.described(instrument, &wanted, described.spelling)),
            (Some(last), false) => {
                candidates.push(last);
                let symbol = symbol.clone();
                Err(Unidentified::Mistake(OrderMistake::Ambiguous { symbol, candidates }))
            }
        }
    }

    async fn describe(&self, desk: &Desk, symbol: &Symbol) -> Result<SymbolMatch, Unidentified> {
        desk.provider.describe_symbol(symbol).await.map_err(|error| {
            let (provider, spelling) = (desk.name.clone(), symbol.clone());
            match error {
                ProviderError::UnknownSymbol(_) => {
                    let search = desk.capabilities.search;
                    Unidentified::Mistake(OrderMistake::UnknownSymbol {
                        provider,
                        spelling,
                        search,
                    })
                }
                source => Unidentified::Error(IngestError::Description {
                    provider,
                    spelling,
                    source,
                }),
            }
        })
    }
}

impl Desk {
    /// How the provider is asked for an instrument: as is recorded, else by its symbol.
    pub(super) fn spelling_of(&self, instrument: &Instrument) -> Symbol {
        let details = &instrument.details;
        let recorded = details.provider_symbols.get(&self.name);
        recorded.unwrap_or(&details.symbol).clone()
    }

    fn known(&self, instrument: Instrument) -> Identified {
        Identified::Known {
            spelling: self.spelling_of(&instrument),
            instrument,
            learned: None,
        }
    }

    /// An instrument that exists, of which the provider told how it spells it and perhaps where it trades.
    fn described(&self, instrument: Instrument, wanted: &WantedInstrument, spelling: Symbol) -> Identified {
        let mut learned = instrument.details.clone();
        learned.provider_symbols.insert(self.name.clone(), spelling.clone());
        if learned.exchange.is_none() {
            learned.exchange.clone_from(&wanted.exchange);
        }
        Identified::Known {
            instrument,
            spelling,
            learned: Some(learned),
        }
    }

    fn refuse_class(&self, found: &Identified) -> Option<OrderMistake> {
        let class = found.asset_class();
        let offered = &self.capabilities.asset_classes;
        (!offered.contains(&class)).then(|| OrderMistake::UnsupportedClass {
            provider: self.name.clone(),
            symbol: found.spelling().clone(),
            class,
            offered: offered.clone(),
        })
    }
}

/// What would be made of a provider's description.
fn wanted(described: &SymbolMatch) -> WantedInstrument {
    let SymbolMatch {
        spelling,
        symbol,
        name,
        asset_class,
        exchange,
        currency,
    } = described;
    let name: String = storable(name.trim()).chars().take(MOST_NAME).collect();
    WantedInstrument {
        symbol: symbol.as_ref().unwrap_or(spelling).clone(),
        exchange: exchange.clone(),
        asset_class: *asset_class,
        currency: currency.clone(),
        calendar: None,
        name: Some(name).filter(|name| !name.is_empty()),
    }
}

#[cfg(test)]
mod tests;
