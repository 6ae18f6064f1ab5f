//! Care for the store: is it there, and does it keep its own rules?

mod bars;
mod rules;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{AssetClass, PriceRepositoryError, StoreCare, Verification, Violation};

use crate::PostgresStore;
use crate::error::PortError;
use crate::link::Link;
use crate::market_price::PriceFailure;
use crate::schema::{instruments, series};
use crate::series::{SeriesRow, key_of};

/// How many broken rules are told.
const MOST: usize = 1_000;

#[async_trait]
impl StoreCare for PostgresStore {
    async fn ping(&self) -> Result<(), PriceRepositoryError> {
        let unavailable = |error| PriceRepositoryError::unavailable(Box::new(error));
        let lent = self.lend_primary().await.map_err(unavailable)?;
        lent.batch("SELECT 1").await.map_err(unavailable)?;
        lent.release();
        Ok(())
    }

    /// A replica would end what takes so long.
    async fn verify(&self) -> Result<Verification, PriceRepositoryError> {
        let mut look = self.look_at_primary().await?;
        let found = verify(&mut look).await;
        look.finish(found).await
    }
}

/// Goes through everything in one transaction, some rows at a time, so that memory stays flat.
async fn verify(link: &mut Link) -> Result<Verification, PriceFailure> {
    link.batch("SET LOCAL statement_timeout = 0").await?;
    let mut report = Report::default();
    let all: Vec<(SeriesRow, String)> = series::table
        .inner_join(instruments::table.on(instruments::id.eq(series::instrument_id)))
        .order((series::instrument_id, series::interval))
        .select((SeriesRow::as_select(), instruments::asset_class))
        .load(link)
        .await?;
    for (row, class) in all {
        report.found.series += 1;
        let Ok(key) = key_of::<PriceRepositoryError>(row.instrument_id, &row.interval) else {
            report.broken("interval", format!("series {}/{}", row.instrument_id, row.interval));
            continue;
        };
        // An unknown class is told by reading the instrument; here it only must not hide what else is wrong.
        let class = class.parse().unwrap_or(AssetClass::Future);
        bars::current(link, &row, key, class, &mut report).await?;
        bars::revisions(link, &row, key, class, &mut report).await?;
    }
    rules::check(link, &mut report).await?;
    Ok(report.found)
}

#[derive(Default)]
struct Report {
    found: Verification,
}

impl Report {
    fn broken(&mut self, rule: &'static str, detail: String) {
        if self.found.violations.len() < MOST {
            self.found.violations.push(Violation { rule, detail });
        }
    }
}
