//! Pages of instruments: filtered, sorted, and continued behind a cursor.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use domain::{InstrumentCursor, InstrumentFilter, InstrumentOrder, InstrumentPage, InstrumentSort, storable};

use super::InstrumentFailure;
use super::{InstrumentRow, instrument_columns, with_spellings};
use crate::link::Link;
use crate::schema::instruments;

pub(super) async fn list(
    link: &mut Link,
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
        let found = sql::<Bool>("strpos(search_key, ")
            .bind::<Text, _>(storable(&search.to_lowercase()).into_owned())
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
    let mut rows: Vec<InstrumentRow> = rows.load(link).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let instruments = with_spellings(link, rows).await?;
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
