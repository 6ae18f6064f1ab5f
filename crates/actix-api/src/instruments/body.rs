//! Instruments as they stand in answers.

use std::collections::BTreeMap;

use domain::{Instrument, InstrumentDetails};
use serde::Serialize;
use utoipa::ToSchema;

use crate::vocabulary::{AssetClassName, Utc};

/// Something with a price.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Instrument)]
pub(crate) struct InstrumentBody {
    /// Its number in this store; never reused.
    id: i64,
    /// How it is written.
    #[schema(example = "AAPL")]
    symbol: String,
    /// What people call it.
    #[schema(example = "Apple Inc.")]
    name: String,
    asset_class: AssetClassName,
    /// ISO 10383 market identifier or the name of a venue; null when unknown.
    #[schema(example = "XNAS")]
    exchange: Option<String>,
    /// ISO 4217, a crypto code, or a minor unit under its own code (GBX); XXX when unknown.
    #[schema(example = "USD")]
    currency: String,
    /// The trading calendar that decides sessions and closes.
    #[schema(example = "XNAS")]
    calendar: String,
    /// Whether it is still brought up to date.
    active: bool,
    /// How each provider spells it.
    provider_symbols: BTreeMap<String, String>,
    created_at: Utc,
    /// When its details last changed; bars do not count.
    updated_at: Utc,
}

impl From<Instrument> for InstrumentBody {
    fn from(instrument: Instrument) -> Self {
        let Instrument {
            id,
            details,
            created_at,
            updated_at,
        } = instrument;
        let InstrumentDetails {
            symbol,
            name,
            asset_class,
            exchange,
            currency,
            calendar,
            active,
            provider_symbols,
        } = details;
        Self {
            id: id.0,
            symbol: symbol.to_string(),
            name,
            asset_class: AssetClassName(asset_class),
            exchange: exchange.map(|exchange| exchange.to_string()),
            currency: currency.to_string(),
            calendar: calendar.to_string(),
            active,
            provider_symbols: provider_symbols
                .into_iter()
                .map(|(provider, symbol)| (provider.to_string(), symbol.to_string()))
                .collect(),
            created_at: Utc(created_at),
            updated_at: Utc(updated_at),
        }
    }
}
