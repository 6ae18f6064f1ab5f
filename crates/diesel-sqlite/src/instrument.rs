//! Instruments and their spellings.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use domain::{
    Instrument, InstrumentCursor, InstrumentDetails, InstrumentFilter, InstrumentId, InstrumentOrder, InstrumentPage,
    InstrumentRepository, InstrumentRepositoryError, InstrumentSort, SourceName, Symbol, Timestamp,
};

use crate::SqliteStore;
use crate::connections::last_id;
use crate::error::Failure;
use crate::market_price::rows::instant;
use crate::schema::{bar_revisions, bars, discrepancies, instruments, journal, provider_symbols, provisional_bars};

type InstrumentFailure = Failure<InstrumentRepositoryError>;

/// Between symbol and name in the text that is searched: no search holds it.
const APART: char = '\u{1f}';

/// A row of `instruments`, without what is derived for sorting and searching.
#[derive(Queryable)]
struct InstrumentRow {
    id: i64,
    symbol: String,
    name: String,
    asset_class: String,
    exchange: Option<String>,
    currency: String,
    calendar: String,
    active: bool,
    created_at: i64,
    updated_at: i64,
}

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

impl InstrumentRow {
    fn into_instrument(self, provider_symbols: BTreeMap<SourceName, Symbol>) -> Result<Instrument, InstrumentFailure> {
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

/// When the actions of an instrument last changed, if ever; `None` when there is no such instrument.
pub(crate) fn actions_changed_at<E>(
    connection: &mut SqliteConnection,
    id: InstrumentId,
) -> Result<Option<Option<Timestamp>>, Failure<E>> {
    let found: Option<Option<i64>> = instruments::table
        .filter(instruments::id.eq(id.0))
        .select(instruments::actions_changed_at)
        .first(connection)
        .optional()?;
    let row = || format!("instrument {id}");
    found
        .map(|at| at.map(|micros| instant(micros, "actions_changed_at", row)).transpose())
        .transpose()
}

/// Adds to each row how the providers spell it.
fn with_spellings(
    connection: &mut SqliteConnection,
    rows: Vec<InstrumentRow>,
) -> Result<Vec<Instrument>, InstrumentFailure> {
    let mut spellings: BTreeMap<i64, BTreeMap<SourceName, Symbol>> = BTreeMap::new();
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    for list in ids.chunks(500) {
        let found: Vec<(i64, String, String)> = provider_symbols::table
            .filter(provider_symbols::instrument_id.eq_any(list))
            .select((
                provider_symbols::instrument_id,
                provider_symbols::provider,
                provider_symbols::spelling,
            ))
            .load(connection)?;
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
    }
    rows.into_iter()
        .map(|row| {
            let own = spellings.remove(&row.id).unwrap_or_default();
            row.into_instrument(own)
        })
        .collect()
}

fn find(connection: &mut SqliteConnection, id: InstrumentId) -> Result<Option<Instrument>, InstrumentFailure> {
    let rows = instruments::table
        .filter(instruments::id.eq(id.0))
        .select(instrument_columns!())
        .load(connection)?;
    Ok(with_spellings(connection, rows)?.pop())
}

fn with_symbol(connection: &mut SqliteConnection, symbol: &Symbol) -> Result<Vec<Instrument>, InstrumentFailure> {
    let rows = instruments::table
        .filter(instruments::symbol_upper.eq(symbol.to_upper()))
        .order(instruments::id)
        .select(instrument_columns!())
        .load(connection)?;
    with_spellings(connection, rows)
}

fn spelled(
    connection: &mut SqliteConnection,
    provider: &SourceName,
    spelling: &Symbol,
) -> Result<Option<Instrument>, InstrumentFailure> {
    let id: Option<i64> = provider_symbols::table
        .filter(provider_symbols::provider.eq(provider.as_str()))
        .filter(provider_symbols::spelling.eq(spelling.as_str()))
        .select(provider_symbols::instrument_id)
        .first(connection)
        .optional()?;
    id.map(|id| find(connection, InstrumentId(id)))
        .transpose()
        .map(Option::flatten)
}

/// Refuses details whose symbol or spellings another instrument than `own` has.
fn refuse_taken(
    connection: &mut SqliteConnection,
    own: Option<InstrumentId>,
    details: &InstrumentDetails,
) -> Result<(), InstrumentFailure> {
    let same = with_symbol(connection, &details.symbol)?
        .into_iter()
        .find(|other| Some(other.id) != own && other.details.exchange == details.exchange);
    if let Some(other) = same {
        return Err(Failure::Refused(InstrumentRepositoryError::AlreadyExists(Box::new(
            other,
        ))));
    }
    for (provider, spelling) in &details.provider_symbols {
        if let Some(other) = spelled(connection, provider, spelling)?.filter(|other| Some(other.id) != own) {
            return Err(Failure::Refused(InstrumentRepositoryError::SpellingTaken {
                provider: provider.clone(),
                spelling: spelling.clone(),
                taken_by: Box::new(other),
            }));
        }
    }
    Ok(())
}

fn search_key(details: &InstrumentDetails) -> String {
    format!("{}{APART}{}", details.symbol, details.name).to_lowercase()
}

/// What columns hold of the details.
macro_rules! written_details {
    ($details:expr) => {{
        let details = $details;
        (
            instruments::symbol.eq(details.symbol.as_str()),
            instruments::symbol_upper.eq(details.symbol.to_upper()),
            instruments::name.eq(&details.name),
            instruments::search_key.eq(search_key(details)),
            instruments::asset_class.eq(details.asset_class.as_str()),
            instruments::exchange.eq(details.exchange.as_ref().map(domain::Exchange::as_str)),
            instruments::currency.eq(details.currency.as_str()),
            instruments::calendar.eq(details.calendar.as_str()),
            instruments::active.eq(details.active),
        )
    }};
}

fn write_spellings(
    connection: &mut SqliteConnection,
    id: InstrumentId,
    details: &InstrumentDetails,
) -> QueryResult<()> {
    diesel::delete(provider_symbols::table.filter(provider_symbols::instrument_id.eq(id.0))).execute(connection)?;
    for (provider, spelling) in &details.provider_symbols {
        diesel::insert_into(provider_symbols::table)
            .values((
                provider_symbols::provider.eq(provider.as_str()),
                provider_symbols::spelling.eq(spelling.as_str()),
                provider_symbols::instrument_id.eq(id.0),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn create(
    connection: &mut SqliteConnection,
    details: InstrumentDetails,
    now: Timestamp,
) -> Result<Instrument, InstrumentFailure> {
    refuse_taken(connection, None, &details)?;
    diesel::insert_into(instruments::table)
        .values((
            written_details!(&details),
            instruments::created_at.eq(now.unix_micros()),
            instruments::updated_at.eq(now.unix_micros()),
        ))
        .execute(connection)?;
    let id = InstrumentId(last_id(connection)?);
    write_spellings(connection, id, &details)?;
    Ok(Instrument {
        id,
        details,
        created_at: now,
        updated_at: now,
    })
}

fn update(
    connection: &mut SqliteConnection,
    id: InstrumentId,
    details: InstrumentDetails,
    now: Timestamp,
) -> Result<Instrument, InstrumentFailure> {
    let Some(mut instrument) = find(connection, id)? else {
        return Err(Failure::Refused(InstrumentRepositoryError::NotFound(id)));
    };
    refuse_taken(connection, Some(id), &details)?;
    if !same_text(&instrument.details, &details) {
        diesel::update(instruments::table.filter(instruments::id.eq(id.0)))
            .set((
                written_details!(&details),
                instruments::updated_at.eq(now.unix_micros()),
            ))
            .execute(connection)?;
        write_spellings(connection, id, &details)?;
        instrument.details = details;
        instrument.updated_at = now;
    }
    Ok(instrument)
}

/// Symbols that differ in case only are equal, and yet another spelling is a change.
fn same_text(left: &InstrumentDetails, right: &InstrumentDetails) -> bool {
    fn spellings(details: &InstrumentDetails) -> impl Iterator<Item = &str> {
        [&details.symbol]
            .into_iter()
            .chain(details.provider_symbols.values())
            .map(Symbol::as_str)
    }
    left == right && spellings(left).eq(spellings(right))
}

/// Bars of every kind, revisions included.
fn bars_of(connection: &mut SqliteConnection, id: InstrumentId) -> QueryResult<u64> {
    let counts: [i64; 3] = [
        bars::table
            .filter(bars::instrument_id.eq(id.0))
            .count()
            .get_result(connection)?,
        provisional_bars::table
            .filter(provisional_bars::instrument_id.eq(id.0))
            .count()
            .get_result(connection)?,
        bar_revisions::table
            .filter(bar_revisions::instrument_id.eq(id.0))
            .count()
            .get_result(connection)?,
    ];
    Ok(counts.into_iter().filter_map(|count| u64::try_from(count).ok()).sum())
}

/// Deletes an instrument and all that refers to it. What can be millions of rows goes first and in one statement each;
/// the rest follows by its foreign keys.
fn erase(connection: &mut SqliteConnection, id: InstrumentId) -> Result<(), InstrumentFailure> {
    diesel::delete(bars::table.filter(bars::instrument_id.eq(id.0))).execute(connection)?;
    diesel::delete(bar_revisions::table.filter(bar_revisions::instrument_id.eq(id.0))).execute(connection)?;
    diesel::delete(discrepancies::table.filter(discrepancies::instrument_id.eq(id.0))).execute(connection)?;
    diesel::delete(journal::table.filter(journal::instrument_id.eq(id.0))).execute(connection)?;
    match diesel::delete(instruments::table.filter(instruments::id.eq(id.0))).execute(connection)? {
        0 => Err(Failure::Refused(InstrumentRepositoryError::NotFound(id))),
        _ => Ok(()),
    }
}

fn list(
    connection: &mut SqliteConnection,
    filter: &InstrumentFilter,
    order: InstrumentOrder,
    limit: usize,
    after: Option<InstrumentCursor>,
) -> Result<InstrumentPage, InstrumentFailure> {
    let mut rows = instruments::table
        .select(instrument_columns!())
        .limit(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some(class) = filter.asset_class {
        rows = rows.filter(instruments::asset_class.eq(class.as_str()));
    }
    if let Some(exchange) = &filter.exchange {
        rows = rows.filter(instruments::exchange.eq(exchange.as_str()));
    }
    if let Some(currency) = &filter.currency {
        rows = rows.filter(instruments::currency.eq(currency.as_str()));
    }
    if let Some(active) = filter.active {
        rows = rows.filter(instruments::active.eq(active));
    }
    if let Some(search) = &filter.search {
        let found = sql::<Bool>("instr(search_key, ")
            .bind::<Text, _>(search.to_lowercase())
            .sql(") > 0");
        rows = rows.filter(found);
    }
    // The comparison of the cursor, then the order, for each key and direction.
    macro_rules! page_by {
        ($key:expr) => {{
            if let Some(InstrumentCursor { key, id }) = after {
                rows = if order.descending {
                    rows.filter($key.lt(key.clone()).or($key.eq(key).and(instruments::id.lt(id.0))))
                } else {
                    rows.filter($key.gt(key.clone()).or($key.eq(key).and(instruments::id.gt(id.0))))
                };
            }
            if order.descending {
                rows.order(($key.desc(), instruments::id.desc()))
            } else {
                rows.order(($key.asc(), instruments::id.asc()))
            }
        }};
    }
    let rows = match order.by {
        InstrumentSort::Symbol => page_by!(instruments::symbol_upper),
        InstrumentSort::Name => page_by!(instruments::name),
        InstrumentSort::Id => {
            if let Some(InstrumentCursor { id, .. }) = after {
                rows = if order.descending {
                    rows.filter(instruments::id.lt(id.0))
                } else {
                    rows.filter(instruments::id.gt(id.0))
                };
            }
            if order.descending {
                rows.order(instruments::id.desc())
            } else {
                rows.order(instruments::id.asc())
            }
        }
    };
    let mut rows: Vec<InstrumentRow> = rows.load(connection)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let instruments = with_spellings(connection, rows)?;
    let next = instruments.last().filter(|_| more).map(|last| InstrumentCursor {
        key: match order.by {
            InstrumentSort::Symbol => last.details.symbol.to_upper(),
            InstrumentSort::Name => last.details.name.clone(),
            InstrumentSort::Id => String::new(),
        },
        id: last.id,
    });
    Ok(InstrumentPage { instruments, next })
}

#[async_trait]
impl InstrumentRepository for SqliteStore {
    async fn create(&self, details: InstrumentDetails) -> Result<Instrument, InstrumentRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| create(connection, details, clock.now()))
            .await
    }

    async fn get(&self, id: InstrumentId) -> Result<Option<Instrument>, InstrumentRepositoryError> {
        self.read(move |connection| find(connection, id)).await
    }

    async fn with_symbol(&self, symbol: &Symbol) -> Result<Vec<Instrument>, InstrumentRepositoryError> {
        let symbol = symbol.clone();
        self.read(move |connection| with_symbol(connection, &symbol)).await
    }

    async fn with_provider_symbol(
        &self,
        provider: &SourceName,
        spelling: &Symbol,
    ) -> Result<Option<Instrument>, InstrumentRepositoryError> {
        let (provider, spelling) = (provider.clone(), spelling.clone());
        self.read(move |connection| spelled(connection, &provider, &spelling))
            .await
    }

    async fn list(
        &self,
        filter: &InstrumentFilter,
        order: InstrumentOrder,
        limit: usize,
        after: Option<InstrumentCursor>,
    ) -> Result<InstrumentPage, InstrumentRepositoryError> {
        let filter = filter.clone();
        self.read(move |connection| list(connection, &filter, order, limit, after))
            .await
    }

    async fn update(
        &self,
        id: InstrumentId,
        details: InstrumentDetails,
    ) -> Result<Instrument, InstrumentRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| update(connection, id, details, clock.now()))
            .await
    }

    async fn delete(&self, id: InstrumentId) -> Result<(), InstrumentRepositoryError> {
        self.write(move |connection| match bars_of(connection, id)? {
            0 => erase(connection, id),
            bars => Err(Failure::Refused(InstrumentRepositoryError::HasBars { id, bars })),
        })
        .await
    }

    async fn delete_with_bars(&self, id: InstrumentId) -> Result<u64, InstrumentRepositoryError> {
        self.write(move |connection| {
            let bars = bars_of(connection, id)?;
            erase(connection, id)?;
            Ok(bars)
        })
        .await
    }
}
