//! Instruments and their spellings.

mod list;
mod rows;

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use domain::{
    Instrument, InstrumentCursor, InstrumentDetails, InstrumentFilter, InstrumentId, InstrumentOrder, InstrumentPage,
    InstrumentRecord, InstrumentRepository, InstrumentRepositoryError, SourceName, Symbol, Timestamp,
};

use crate::SqliteStore;
use crate::connections::last_id;
use crate::error::Failure;
use crate::market_price::rows::instant;
use crate::schema::{bar_revisions, bars, discrepancies, instruments, journal, provider_symbols, provisional_bars};
pub(crate) use rows::{InstrumentRow, instrument_columns, with_spellings};

type InstrumentFailure = Failure<InstrumentRepositoryError>;

/// Between symbol and name in the text that is searched: no search holds it.
const APART: char = '\u{1f}';

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

fn find(connection: &mut SqliteConnection, id: InstrumentId) -> Result<Option<Instrument>, InstrumentFailure> {
    let rows = instruments::table
        .filter(instruments::id.eq(id.0))
        .select(instrument_columns!())
        .load(connection)?;
    Ok(with_spellings(connection, rows)?.pop())
}

pub(crate) fn with_symbol<E>(
    connection: &mut SqliteConnection,
    symbol: &Symbol,
) -> Result<Vec<Instrument>, Failure<E>> {
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

/// Writes an instrument as it is, unless its number is there already.
pub(crate) fn keep(connection: &mut SqliteConnection, record: &InstrumentRecord) -> QueryResult<()> {
    let InstrumentRecord {
        instrument,
        actions_changed_at,
    } = record;
    let written = diesel::insert_into(instruments::table)
        .values((
            instruments::id.eq(instrument.id.0),
            written_details!(&instrument.details),
            instruments::created_at.eq(instrument.created_at.unix_micros()),
            instruments::updated_at.eq(instrument.updated_at.unix_micros()),
            instruments::actions_changed_at.eq(actions_changed_at.map(Timestamp::unix_micros)),
        ))
        .on_conflict(instruments::id)
        .do_nothing()
        .execute(connection)?;
    match written {
        0 => Ok(()),
        _ => write_spellings(connection, instrument.id, &instrument.details),
    }
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
        self.read(move |connection| list::list(connection, &filter, order, limit, after))
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
