//! Use case: which instrument is meant, the same way everywhere.

mod guess;

use std::sync::Arc;

pub use guess::{guess_asset_class, guess_currency};

use crate::{
    AssetClass, CalendarName, Currency, Exchange, Instrument, InstrumentDetails, InstrumentReference,
    InstrumentRepository, InstrumentRepositoryError, Listing, PriceRepositoryError, SeriesCatalogue, SourceName,
    Symbol, calendar,
};

/// Why no instrument was found, or not one.
#[derive(Debug, thiserror::Error)]
pub enum ResolutionError {
    /// None is called so.
    #[error("there is no instrument {0}")]
    NotFound(InstrumentReference),
    /// Several are called so.
    #[error("{reference} could be {}", list(candidates))]
    Ambiguous {
        /// What was asked for.
        reference: InstrumentReference,
        /// Those it could be.
        candidates: Vec<Instrument>,
    },
    /// The store could not answer.
    #[error(transparent)]
    Repository(#[from] InstrumentRepositoryError),
    /// The catalogue could not answer.
    #[error(transparent)]
    Catalogue(#[from] PriceRepositoryError),
}

fn list(candidates: &[Instrument]) -> String {
    let names: Vec<String> = candidates
        .iter()
        .map(|found| format!("{found} (id:{})", found.id))
        .collect();
    names.join(" or ")
}

/// What an import or ingest knows of an instrument that may not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedInstrument {
    /// How the source spells it.
    pub symbol: Symbol,
    /// Where it trades, when that is known.
    pub exchange: Option<Exchange>,
    /// What it is; guessed from the symbol when nobody says.
    pub asset_class: Option<AssetClass>,
    /// What its prices are in; guessed from the symbol, else `XXX`.
    pub currency: Option<Currency>,
    /// When it trades; the default of its class and exchange when nobody says.
    pub calendar: Option<CalendarName>,
    /// What people call it; the symbol when nobody says.
    pub name: Option<String>,
}

impl WantedInstrument {
    /// One of which only the symbol is known.
    #[must_use]
    pub fn called(symbol: Symbol) -> Self {
        Self {
            symbol,
            exchange: None,
            asset_class: None,
            currency: None,
            calendar: None,
            name: None,
        }
    }

    /// The details under which it would be created.
    #[must_use]
    pub fn details(&self) -> InstrumentDetails {
        let asset_class = self.asset_class.unwrap_or_else(|| guess_asset_class(&self.symbol));
        let guessed_currency = || guess_currency(&self.symbol, asset_class).unwrap_or_else(Currency::unknown);
        let default_calendar = || calendar::default_calendar(asset_class, self.exchange.as_ref());
        InstrumentDetails {
            name: self.name.clone().unwrap_or_else(|| self.symbol.as_str().to_owned()),
            exchange: self.exchange.clone(),
            currency: self.currency.clone().unwrap_or_else(guessed_currency),
            calendar: self.calendar.clone().unwrap_or_else(default_calendar),
            ..InstrumentDetails::bare(self.symbol.clone(), asset_class)
        }
    }
}

/// An instrument that was found, or made because it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundOrCreated {
    /// The instrument.
    pub instrument: Instrument,
    /// It was not there before.
    pub created: bool,
}

/// Finds the instrument that a client, a file or a provider means.
#[derive(Clone)]
pub struct ResolveInstrument {
    instruments: Arc<dyn InstrumentRepository>,
}

impl ResolveInstrument {
    /// Over a store of instruments.
    #[must_use]
    pub fn new(instruments: Arc<dyn InstrumentRepository>) -> Self {
        Self { instruments }
    }

    /// The one instrument that `reference` names. A symbol with an exchange also finds the only instrument with that
    /// symbol when its exchange is not known.
    ///
    /// # Errors
    /// [`ResolutionError::NotFound`], [`ResolutionError::Ambiguous`] with all it could be.
    pub async fn one(&self, reference: &InstrumentReference) -> Result<Instrument, ResolutionError> {
        let found = match reference {
            InstrumentReference::Id(id) => self.instruments.get(*id).await?.into_iter().collect(),
            InstrumentReference::Symbol(symbol) => self.instruments.with_symbol(symbol).await?,
            InstrumentReference::Listed { exchange, symbol } => {
                listed_on(self.instruments.with_symbol(symbol).await?, exchange)
            }
            InstrumentReference::IdOrSymbol { id, symbol } => {
                let mut found = self.instruments.with_symbol(symbol).await?;
                found.extend(self.instruments.get(*id).await?);
                found.sort_by_key(|instrument| instrument.id);
                found.dedup_by_key(|instrument| instrument.id);
                found
            }
        };
        only(reference, found)
    }

    /// The same with its series, of which `catalogue` tells; in one question where a symbol is named.
    ///
    /// # Errors
    /// As [`ResolveInstrument::one`].
    pub async fn listing(
        &self,
        catalogue: &dyn SeriesCatalogue,
        reference: &InstrumentReference,
    ) -> Result<Listing, ResolutionError> {
        let found = match reference {
            InstrumentReference::Symbol(symbol) => catalogue.listings(symbol).await?,
            InstrumentReference::Listed { exchange, symbol } => listed_on(catalogue.listings(symbol).await?, exchange),
            InstrumentReference::Id(_) | InstrumentReference::IdOrSymbol { .. } => {
                let instrument = self.one(reference).await?;
                let series = catalogue.standings(instrument.id).await?;
                return Ok(Listing { instrument, series });
            }
        };
        only(reference, found)
    }

    /// The instrument that `source` means: by its spelling for that source, then by symbol and exchange, then the only
    /// one with that symbol, whose exchange is filled in when it had none; else a new one.
    ///
    /// # Errors
    /// [`ResolutionError::Ambiguous`] when several have the symbol and no exchange is given.
    pub async fn find_or_create(
        &self,
        wanted: &WantedInstrument,
        source: &SourceName,
    ) -> Result<FoundOrCreated, ResolutionError> {
        let found = |instrument| {
            Ok(FoundOrCreated {
                instrument,
                created: false,
            })
        };
        if let Some(instrument) = self.instruments.with_provider_symbol(source, &wanted.symbol).await? {
            return found(instrument);
        }
        let mut candidates = self.instruments.with_symbol(&wanted.symbol).await?;
        if let Some(exchange) = &wanted.exchange {
            candidates = listed_on(candidates, exchange);
        }
        match (candidates.pop(), candidates.is_empty()) {
            (None, _) => match self.instruments.create(wanted.details()).await {
                Ok(instrument) => Ok(FoundOrCreated {
                    instrument,
                    created: true,
                }),
                // Another process made it between the look and the leap.
                Err(InstrumentRepositoryError::AlreadyExists(instrument)) => found(*instrument),
                Err(error) => Err(error.into()),
            },
            (Some(instrument), true) => match (&instrument.details.exchange, &wanted.exchange) {
                (None, Some(exchange)) => {
                    let details = InstrumentDetails {
                        exchange: Some(exchange.clone()),
                        ..instrument.details.clone()
                    };
                    found(self.instruments.update(instrument.id, details).await?)
                }
                _ => found(instrument),
            },
            (Some(last), false) => {
                candidates.push(last);
                let reference = InstrumentReference::Symbol(wanted.symbol.clone());
                Err(ResolutionError::Ambiguous { reference, candidates })
            }
        }
    }
}

/// What was found, when it is one.
fn only<T: Into<Instrument>>(reference: &InstrumentReference, mut found: Vec<T>) -> Result<T, ResolutionError> {
    match (found.pop(), found.is_empty()) {
        (None, _) => Err(ResolutionError::NotFound(reference.clone())),
        (Some(one), true) => Ok(one),
        (Some(last), false) => {
            found.push(last);
            Err(ResolutionError::Ambiguous {
                reference: reference.clone(),
                candidates: found.into_iter().map(Into::into).collect(),
            })
        }
    }
}

/// Those on that exchange; when there are none, the only one whose exchange is not known.
pub(crate) fn listed_on<T: AsRef<Instrument>>(found: Vec<T>, exchange: &Exchange) -> Vec<T> {
    let of = |one: &T| one.as_ref().details.exchange.clone();
    let (exact, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| of(one).as_ref() == Some(exchange));
    if exact.is_empty() {
        others.into_iter().filter(|one| of(one).is_none()).collect()
    } else {
        exact
    }
}

#[cfg(test)]
mod tests;
