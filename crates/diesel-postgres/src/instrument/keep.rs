//! Instruments as another store had them.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{InstrumentDetails, InstrumentRecord};

use super::{search_key, storable_details, written_details};
use crate::instant::Micros;
use crate::link::Link;
use crate::schema::{instruments, provider_symbols};

/// How many go in one statement.
const AT_ONCE: usize = 1_000;

/// Writes instruments as they are, unless their numbers are there already.
pub(crate) async fn keep(link: &mut Link, records: &[&InstrumentRecord]) -> QueryResult<()> {
    for records in records.chunks(AT_ONCE) {
        let details: Vec<InstrumentDetails> = records
            .iter()
            .map(|record| storable_details(record.instrument.details.clone()))
            .collect();
        let rows: Vec<_> = records
            .iter()
            .zip(&details)
            .map(|(record, details)| {
                (
                    instruments::id.eq(record.instrument.id.0),
                    written_details!(details),
                    instruments::created_at.eq(Micros::from(record.instrument.created_at)),
                    instruments::updated_at.eq(Micros::from(record.instrument.updated_at)),
                    instruments::actions_changed_at.eq(record.actions_changed_at.map(Micros::from)),
                )
            })
            .collect();
        let written: Vec<i64> = diesel::insert_into(instruments::table)
            .values(rows)
            .on_conflict(instruments::id)
            .do_nothing()
            .returning(instruments::id)
            .get_results(link)
            .await?;
        keep_spellings(link, records, written.into_iter().collect()).await?;
    }
    Ok(())
}

/// Writes the spellings of those that are new.
async fn keep_spellings(link: &mut Link, records: &[&InstrumentRecord], mut new: BTreeSet<i64>) -> QueryResult<()> {
    let mut spellings = Vec::new();
    for record in records {
        let id = record.instrument.id.0;
        // Of two with one number, the first was written.
        if !new.remove(&id) {
            continue;
        }
        for (provider, spelling) in &record.instrument.details.provider_symbols {
            spellings.push((
                provider_symbols::provider.eq(provider.as_str()),
                provider_symbols::spelling.eq(spelling.as_str()),
                provider_symbols::instrument_id.eq(id),
            ));
        }
    }
    for chunk in spellings.chunks(AT_ONCE) {
        diesel::insert_into(provider_symbols::table)
            .values(chunk)
            .execute(link)
            .await?;
    }
    Ok(())
}
