//! Instruments and their spellings.

mod keep;
mod list;
mod rows;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    Clock, Instrument, InstrumentCursor, InstrumentDetails, InstrumentFilter, InstrumentId, InstrumentOrder,
    InstrumentPage, InstrumentRepository, InstrumentRepositoryError, SourceName, Symbol, Timestamp, storable,
};
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::error::Failure;
use crate::instant::Micros;
use crate::link::Link;
use crate::lock;
use crate::market_price::rows::instant;
use crate::schema::{bar_revisions, bars, discrepancies, instruments, journal, provider_symbols, provisional_bars};
pub(crate) use keep::keep;
pub(crate) use rows::{InstrumentRow, gathered, instrument_columns, with_spellings};

type InstrumentFailure = Failure<InstrumentRepositoryError>;

/// Between symbol and name in the text that is searched: no search holds it.
const APART: char = '\u{1f}';

/// When the actions of an instrument last changed, if ever; `None` when there is no such instrument.
pub(crate) async fn actions_changed_at<E>(
    link: &mut Link,
    id: InstrumentId,
) -> Result<Option<Option<Timestamp>>, Failure<E>> {
    let found: Option<Option<Micros>> = instruments::table
        .filter(instruments::id.eq(id.0))
        .select(instruments::actions_changed_at)
        .first(link)
        .await
        .optional()?;
    let row = || format!("instrument {id}");
    found
        .map(|at| at.map(|micros| instant(micros, "actions_changed_at", row)).transpose())
        .transpose()
}

/// Rows of instruments with their spellings, in one statement.
macro_rules! spelled_rows {
    ($filter:expr) => {
        instruments::table
            .left_join(provider_symbols::table.on(provider_symbols::instrument_id.eq(instruments::id)))
            .filter($filter)
            .order((instruments::id, provider_symbols::provider))
            .select((
                instrument_columns!(),
                (provider_symbols::provider, provider_symbols::spelling).nullable(),
            ))
    };
}

async fn find(link: &mut Link, id: InstrumentId) -> Result<Option<Instrument>, InstrumentFailure> {
    let rows = spelled_rows!(instruments::id.eq(id.0)).load(link).await?;
    Ok(gathered(rows)?.pop())
}

async fn with_symbol(link: &mut Link, symbol: &Symbol) -> Result<Vec<Instrument>, InstrumentFailure> {
    let rows = spelled_rows!(instruments::symbol_upper.eq(symbol.to_upper()))
        .load(link)
        .await?;
    gathered(rows)
}

async fn spelled(
    link: &mut Link,
    provider: &SourceName,
    spelling: &Symbol,
) -> Result<Option<Instrument>, InstrumentFailure> {
    let id: Option<i64> = provider_symbols::table
        .filter(provider_symbols::provider.eq(provider.as_str()))
        .filter(provider_symbols::spelling.eq(spelling.as_str()))
        .select(provider_symbols::instrument_id)
        .first(link)
        .await
        .optional()?;
    match id {
        Some(id) => find(link, InstrumentId(id)).await,
        None => Ok(None),
    }
}

/// Refuses details whose symbol or spellings another instrument than `own` has.
async fn refuse_taken(
    link: &mut Link,
    own: Option<InstrumentId>,
    details: &InstrumentDetails,
) -> Result<(), InstrumentFailure> {
    let same = with_symbol(link, &details.symbol)
        .await?
        .into_iter()
        .find(|other| Some(other.id) != own && other.details.exchange == details.exchange);
    if let Some(other) = same {
        return Err(Failure::Refused(InstrumentRepositoryError::AlreadyExists(Box::new(
            other,
        ))));
    }
    for (provider, spelling) in &details.provider_symbols {
        let taken_by = spelled(link, provider, spelling).await?;
        if let Some(other) = taken_by.filter(|other| Some(other.id) != own) {
            return Err(Failure::Refused(InstrumentRepositoryError::SpellingTaken {
                provider: provider.clone(),
                spelling: spelling.clone(),
                taken_by: Box::new(other),
            }));
        }
    }
    Ok(())
}

/// As they can be kept; of all the parts only the name is free text.
fn storable_details(details: InstrumentDetails) -> InstrumentDetails {
    InstrumentDetails {
        name: storable(&details.name).into_owned(),
        ..details
    }
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

use written_details;

async fn write_spellings(link: &mut Link, id: InstrumentId, details: &InstrumentDetails) -> QueryResult<()> {
    diesel::delete(provider_symbols::table.filter(provider_symbols::instrument_id.eq(id.0)))
        .execute(link)
        .await?;
    for (provider, spelling) in &details.provider_symbols {
        diesel::insert_into(provider_symbols::table)
            .values((
                provider_symbols::provider.eq(provider.as_str()),
                provider_symbols::spelling.eq(spelling.as_str()),
                provider_symbols::instrument_id.eq(id.0),
            ))
            .execute(link)
            .await?;
    }
    Ok(())
}

async fn create(
    link: &mut Link,
    details: InstrumentDetails,
    clock: &dyn Clock,
) -> Result<Instrument, InstrumentFailure> {
    lock::names(link).await?;
    let (now, details) = (clock.now(), storable_details(details));
    refuse_taken(link, None, &details).await?;
    let id: i64 = diesel::insert_into(instruments::table)
        .values((
            written_details!(&details),
            instruments::created_at.eq(Micros::from(now)),
            instruments::updated_at.eq(Micros::from(now)),
        ))
        .returning(instruments::id)
        .get_result(link)
        .await?;
    let id = InstrumentId(id);
    write_spellings(link, id, &details).await?;
    Ok(Instrument {
        id,
        details,
        created_at: now,
        updated_at: now,
    })
}

async fn update(
    link: &mut Link,
    id: InstrumentId,
    details: InstrumentDetails,
    clock: &dyn Clock,
) -> Result<Instrument, InstrumentFailure> {
    lock::names(link).await?;
    let (now, details) = (clock.now(), storable_details(details));
    let Some(mut instrument) = find(link, id).await? else {
        return Err(Failure::Refused(InstrumentRepositoryError::NotFound(id)));
    };
    refuse_taken(link, Some(id), &details).await?;
    if !same_text(&instrument.details, &details) {
        diesel::update(instruments::table.filter(instruments::id.eq(id.0)))
            .set((
                written_details!(&details),
                instruments::updated_at.eq(Micros::from(now)),
            ))
            .execute(link)
            .await?;
        write_spellings(link, id, &details).await?;
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
async fn bars_of(link: &mut Link, id: InstrumentId) -> QueryResult<u64> {
    let counts: [i64; 3] = [
        bars::table
            .filter(bars::instrument_id.eq(id.0))
            .count()
            .get_result(link)
            .await?,
        provisional_bars::table
            .filter(provisional_bars::instrument_id.eq(id.0))
            .count()
            .get_result(link)
            .await?,
        bar_revisions::table
            .filter(bar_revisions::instrument_id.eq(id.0))
            .count()
            .get_result(link)
            .await?,
    ];
    Ok(counts.into_iter().filter_map(|count| u64::try_from(count).ok()).sum())
}

/// Deletes an instrument and all that refers to it, and tells how many bars went. Bars have no foreign keys, and what
/// else can be many rows goes in one statement each; the rest follows by its foreign keys.
async fn erase(link: &mut Link, id: InstrumentId) -> Result<u64, InstrumentFailure> {
    const BARS: &str = "DELETE FROM bars WHERE instrument_id = $1";
    let final_bars = link.run_planned(BARS, &[(&id.0, Type::INT8)]).await?;
    let others = [
        diesel::delete(provisional_bars::table.filter(provisional_bars::instrument_id.eq(id.0)))
            .execute(link)
            .await?,
        diesel::delete(bar_revisions::table.filter(bar_revisions::instrument_id.eq(id.0)))
            .execute(link)
            .await?,
    ];
    diesel::delete(discrepancies::table.filter(discrepancies::instrument_id.eq(id.0)))
        .execute(link)
        .await?;
    diesel::delete(journal::table.filter(journal::instrument_id.eq(id.0)))
        .execute(link)
        .await?;
    let gone = diesel::delete(instruments::table.filter(instruments::id.eq(id.0)))
        .execute(link)
        .await?;
    match gone {
        0 => Err(Failure::Refused(InstrumentRepositoryError::NotFound(id))),
        _ => Ok(others
            .into_iter()
            .filter_map(|count| u64::try_from(count).ok())
            .fold(final_bars, u64::saturating_add)),
    }
}

/// Waits for whoever names instruments or writes to this one.
async fn lock_to_delete(link: &Link, id: InstrumentId) -> Result<(), InstrumentFailure> {
    lock::names(link).await?;
    lock::instrument(link, id).await?;
    Ok(())
}

async fn delete(link: &mut Link, id: InstrumentId) -> Result<(), InstrumentFailure> {
    lock_to_delete(link, id).await?;
    match bars_of(link, id).await? {
        0 => erase(link, id).await.map(drop),
        bars => Err(Failure::Refused(InstrumentRepositoryError::HasBars { id, bars })),
    }
}

async fn delete_with_bars(link: &mut Link, id: InstrumentId) -> Result<u64, InstrumentFailure> {
    lock_to_delete(link, id).await?;
    erase(link, id).await
}

#[async_trait]
impl InstrumentRepository for PostgresStore {
    async fn create(&self, details: InstrumentDetails) -> Result<Instrument, InstrumentRepositoryError> {
        let mut write = self.write().await?;
        let created = create(&mut write, details, &*self.clock).await;
        write.finish(created).await
    }

    async fn get(&self, id: InstrumentId) -> Result<Option<Instrument>, InstrumentRepositoryError> {
        let mut glance = self.glance().await?;
        let found = find(&mut glance, id).await;
        glance.finish(found).await
    }

    async fn with_symbol(&self, symbol: &Symbol) -> Result<Vec<Instrument>, InstrumentRepositoryError> {
        let mut glance = self.glance().await?;
        let found = with_symbol(&mut glance, symbol).await;
        glance.finish(found).await
    }

    async fn with_provider_symbol(
        &self,
        provider: &SourceName,
        spelling: &Symbol,
    ) -> Result<Option<Instrument>, InstrumentRepositoryError> {
        let mut look = self.look().await?;
        let found = spelled(&mut look, provider, spelling).await;
        look.finish(found).await
    }

    async fn list(
        &self,
        filter: &InstrumentFilter,
        order: InstrumentOrder,
        limit: usize,
        after: Option<InstrumentCursor>,
    ) -> Result<InstrumentPage, InstrumentRepositoryError> {
        let mut look = self.look().await?;
        let found = list::list(&mut look, filter, order, limit, after).await;
        look.finish(found).await
    }

    async fn update(
        &self,
        id: InstrumentId,
        details: InstrumentDetails,
    ) -> Result<Instrument, InstrumentRepositoryError> {
        let mut write = self.write().await?;
        let updated = update(&mut write, id, details, &*self.clock).await;
        write.finish(updated).await
    }

    async fn delete(&self, id: InstrumentId) -> Result<(), InstrumentRepositoryError> {
        let mut write = self.write().await?;
        let deleted = delete(&mut write, id).await;
        write.finish(deleted).await
    }

    async fn delete_with_bars(&self, id: InstrumentId) -> Result<u64, InstrumentRepositoryError> {
        let mut write = self.write().await?;
        let deleted = delete_with_bars(&mut write, id).await;
        write.finish(deleted).await
    }
}
