//! Instruments in memory.

use async_trait::async_trait;

use super::{InMemoryStore, State};
use crate::{
    Instrument, InstrumentCursor, InstrumentDetails, InstrumentFilter, InstrumentId, InstrumentOrder, InstrumentPage,
    InstrumentRepository, InstrumentRepositoryError, InstrumentSort, SourceName, Symbol,
};

#[async_trait]
impl InstrumentRepository for InMemoryStore {
    async fn create(&self, details: InstrumentDetails) -> Result<Instrument, InstrumentRepositoryError> {
        let (mut state, now) = self.open();
        state.refuse_taken(None, &details)?;
        state.last_instrument += 1;
        let instrument = Instrument {
            id: InstrumentId(state.last_instrument),
            details,
            created_at: now,
            updated_at: now,
        };
        state.instruments.insert(instrument.id, instrument.clone());
        Ok(instrument)
    }

    async fn get(&self, id: InstrumentId) -> Result<Option<Instrument>, InstrumentRepositoryError> {
        Ok(self.open().0.instruments.get(&id).cloned())
    }

    async fn with_symbol(&self, symbol: &Symbol) -> Result<Vec<Instrument>, InstrumentRepositoryError> {
        let (state, _) = self.open();
        let named = state.instruments.values().filter(|one| one.details.symbol == *symbol);
        Ok(named.cloned().collect())
    }

    async fn with_provider_symbol(
        &self,
        provider: &SourceName,
        spelling: &Symbol,
    ) -> Result<Option<Instrument>, InstrumentRepositoryError> {
        Ok(self.open().0.spelled(provider, spelling).cloned())
    }

    async fn list(
        &self,
        filter: &InstrumentFilter,
        order: InstrumentOrder,
        limit: usize,
        after: Option<InstrumentCursor>,
    ) -> Result<InstrumentPage, InstrumentRepositoryError> {
        let (state, _) = self.open();
        let mut passing: Vec<(InstrumentCursor, &Instrument)> = state
            .instruments
            .values()
            .filter(|instrument| passes(filter, &instrument.details))
            .map(|instrument| (cursor_of(instrument, order.by), instrument))
            .collect();
        passing.sort_by(|(left, _), (right, _)| compare(left, right, order));
        if let Some(after) = after {
            passing.retain(|(cursor, _)| compare(cursor, &after, order).is_gt());
        }
        let more = passing.len() > limit;
        passing.truncate(limit);
        let next = passing.last().filter(|_| more).map(|(cursor, _)| cursor.clone());
        let instruments = passing.into_iter().map(|(_, instrument)| instrument.clone()).collect();
        Ok(InstrumentPage { instruments, next })
    }

    async fn update(
        &self,
        id: InstrumentId,
        details: InstrumentDetails,
    ) -> Result<Instrument, InstrumentRepositoryError> {
        let (mut state, now) = self.open();
        if !state.instruments.contains_key(&id) {
            return Err(InstrumentRepositoryError::NotFound(id));
        }
        state.refuse_taken(Some(id), &details)?;
        let instrument = state
            .instruments
            .get_mut(&id)
            .ok_or(InstrumentRepositoryError::NotFound(id))?;
        // Printed, because symbols that differ in case only are equal, and yet another spelling is a change.
        if format!("{:?}", instrument.details) != format!("{details:?}") {
            instrument.details = details;
            instrument.updated_at = now;
        }
        Ok(instrument.clone())
    }

    async fn delete(&self, id: InstrumentId) -> Result<(), InstrumentRepositoryError> {
        let (mut state, _) = self.open();
        match state.bars_of(id) {
            0 => state.erase(id),
            bars => Err(InstrumentRepositoryError::HasBars { id, bars }),
        }
    }

    async fn delete_with_bars(&self, id: InstrumentId) -> Result<u64, InstrumentRepositoryError> {
        let (mut state, _) = self.open();
        let bars = state.bars_of(id);
        state.erase(id)?;
        Ok(bars)
    }
}

impl State {
    fn spelled(&self, provider: &SourceName, spelling: &Symbol) -> Option<&Instrument> {
        self.instruments.values().find(|instrument| {
            let known = instrument.details.provider_symbols.get(provider);
            known.is_some_and(|known| known.as_str() == spelling.as_str())
        })
    }

    pub(super) fn refuse_taken(
        &self,
        own: Option<InstrumentId>,
        details: &InstrumentDetails,
    ) -> Result<(), InstrumentRepositoryError> {
        let same_name = self.instruments.values().find(|other| {
            Some(other.id) != own
                && other.details.symbol == details.symbol
                && other.details.exchange == details.exchange
        });
        if let Some(other) = same_name {
            return Err(InstrumentRepositoryError::AlreadyExists(Box::new(other.clone())));
        }
        for (provider, spelling) in &details.provider_symbols {
            if let Some(other) = self.spelled(provider, spelling).filter(|other| Some(other.id) != own) {
                return Err(InstrumentRepositoryError::SpellingTaken {
                    provider: provider.clone(),
                    spelling: spelling.clone(),
                    taken_by: Box::new(other.clone()),
                });
            }
        }
        Ok(())
    }

    /// Current bars and revisions, over all intervals.
    fn bars_of(&self, id: InstrumentId) -> u64 {
        self.series_of(id).map(|(_, series)| series.bar_count()).sum()
    }

    fn erase(&mut self, id: InstrumentId) -> Result<(), InstrumentRepositoryError> {
        if self.instruments.remove(&id).is_none() {
            return Err(InstrumentRepositoryError::NotFound(id));
        }
        self.series.retain(|key, _| key.instrument != id);
        self.coverage.retain(|key, _| key.instrument != id);
        self.quarantine.retain(|_, row| row.series.instrument != id);
        self.journal.retain(|_, entry| entry.series.instrument != id);
        self.runs.retain(|_, run| run.series.instrument != id);
        let runs = &self.runs;
        self.requests.retain(|_, ids| {
            ids.retain(|id| runs.contains_key(id));
            !ids.is_empty()
        });
        self.actions.remove(&id);
        Ok(())
    }
}

fn passes(filter: &InstrumentFilter, details: &InstrumentDetails) -> bool {
    let InstrumentFilter {
        asset_class,
        exchange,
        currency,
        active,
        search,
    } = filter;
    let found = |text: &String| {
        let sought = text.to_lowercase();
        [details.symbol.as_str(), &details.name]
            .iter()
            .any(|written| written.to_lowercase().contains(&sought))
    };
    asset_class.is_none_or(|class| class == details.asset_class)
        && exchange
            .as_ref()
            .is_none_or(|code| Some(code) == details.exchange.as_ref())
        && currency.as_ref().is_none_or(|code| *code == details.currency)
        && active.is_none_or(|active| active == details.active)
        && search.as_ref().is_none_or(found)
}

fn cursor_of(instrument: &Instrument, by: InstrumentSort) -> InstrumentCursor {
    let key = match by {
        InstrumentSort::Symbol => instrument.details.symbol.to_upper(),
        InstrumentSort::Name => instrument.details.name.clone(),
        InstrumentSort::Id => String::new(),
    };
    InstrumentCursor { key, id: instrument.id }
}

fn compare(left: &InstrumentCursor, right: &InstrumentCursor, order: InstrumentOrder) -> std::cmp::Ordering {
    let ascending = (&left.key, left.id).cmp(&(&right.key, right.id));
    if order.descending {
        ascending.reverse()
    } else {
        ascending
    }
}
