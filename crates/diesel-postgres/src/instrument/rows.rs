//! Rows of instruments, and what they become.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Instrument, InstrumentDetails, InstrumentId, SourceName, Symbol};

use crate::error::Failure;
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::rows::instant;
use crate::schema::provider_symbols;

/// A row of `instruments`, without what is derived for sorting and searching.
#[derive(Queryable)]
pub(crate) struct InstrumentRow {
    id: i64,
    symbol: String,
    name: String,
    asset_class: String,
    exchange: Option<String>,
    currency: String,
    calendar: String,
    active: bool,
    created_at: Micros,
    updated_at: Micros,
}

/// The columns of [`InstrumentRow`].
macro_rules! instrument_columns {
    () => {
        (
            instruments::id,
            instruments::symbol,
            instruments::name,
            instruments::asset_class,
            instruments::exchange,
            instruments::currency,
            instruments::calendar,
            instruments::active,
            instruments::created_at,
            instruments::updated_at,
        )
    };
}
pub(crate) use instrument_columns;

impl InstrumentRow {
    fn into_instrument<E>(self, provider_symbols: BTreeMap<SourceName, Symbol>) -> Result<Instrument, Failure<E>> {
        let row = || format!("instrument {}", self.id);
        let corrupt = |cause: &dyn std::fmt::Display| Failure::Corrupt(format!("{}: {cause}", row()));
        let code = |error: domain::CodeError| corrupt(&error);
        Ok(Instrument {
            id: InstrumentId(self.id),
            details: InstrumentDetails {
                symbol: self
                    .symbol
                    .parse()
                    .map_err(|error: domain::SymbolError| corrupt(&error))?,
                asset_class: self
                    .asset_class
                    .parse()
                    .map_err(|error: domain::UnknownAssetClass| corrupt(&error))?,
                exchange: self.exchange.as_deref().map(str::parse).transpose().map_err(code)?,
                currency: self.currency.parse().map_err(code)?,
                calendar: self.calendar.parse().map_err(code)?,
                active: self.active,
                provider_symbols,
                name: self.name.clone(),
            },
            created_at: instant(self.created_at, "created_at", row)?,
            updated_at: instant(self.updated_at, "updated_at", row)?,
        })
    }
}

/// Adds to each row how the providers spell it.
pub(crate) async fn with_spellings<E>(
    link: &mut Link,
    rows: Vec<InstrumentRow>,
) -> Result<Vec<Instrument>, Failure<E>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let found: Vec<(i64, String, String)> = provider_symbols::table
        .filter(provider_symbols::instrument_id.eq_any(ids))
        .select((
            provider_symbols::instrument_id,
            provider_symbols::provider,
            provider_symbols::spelling,
        ))
        .load(link)
        .await?;
    spelled(rows, found)
}

/// A row, and one of the ways in which providers spell its instrument: an instrument has as many as it has spellings, or
/// one without any.
pub(crate) type SpelledRow = (InstrumentRow, Option<(String, String)>);

/// The instruments of rows of which those of one instrument follow each other.
pub(crate) fn gathered<E>(rows: Vec<SpelledRow>) -> Result<Vec<Instrument>, Failure<E>> {
    let mut found = Vec::new();
    let mut instruments: Vec<InstrumentRow> = Vec::new();
    for (row, spelling) in rows {
        found.extend(spelling.map(|(provider, spelling)| (row.id, provider, spelling)));
        if instruments.last().is_none_or(|last| last.id != row.id) {
            instruments.push(row);
        }
    }
    spelled(instruments, found)
}

fn spelled<E>(rows: Vec<InstrumentRow>, found: Vec<(i64, String, String)>) -> Result<Vec<Instrument>, Failure<E>> {
    let mut spellings: BTreeMap<i64, BTreeMap<SourceName, Symbol>> = BTreeMap::new();
    for (id, provider, spelling) in found {
        let corrupt = |cause: &dyn std::fmt::Display| {
            Failure::Corrupt(format!(
                "spelling `{spelling}` of instrument {id} at {provider}: {cause}"
            ))
        };
        let name = provider.parse().map_err(|error: domain::CodeError| corrupt(&error))?;
        let symbol = spelling.parse().map_err(|error: domain::SymbolError| corrupt(&error))?;
        spellings.entry(id).or_default().insert(name, symbol);
    }
    rows.into_iter()
        .map(|row| {
            let own = spellings.remove(&row.id).unwrap_or_default();
            row.into_instrument(own)
        })
        .collect()
}
