//! `POST /api/v1/ingest/plan`: what would be asked of a provider; nothing is done.

use actix_web::web;
use domain::ingest::{IngestPlan, PlanRemark, SeriesPlan};
use serde::Serialize;
use utoipa::ToSchema;

use super::order::{OrderBody, WrittenOrder};
use super::ranges::OpenRangeBody;
use crate::Api;
use crate::fields::{NoParameters, Query};
use crate::instruments::InstrumentBody;
use crate::problem::Problem;
use crate::providers::BudgetBody;
use crate::vocabulary::IntervalName;

/// What would be asked of a provider.
#[derive(Serialize, ToSchema)]
#[schema(as = IngestPlan)]
pub(crate) struct PlanBody {
    provider: String,
    interval: IntervalName,
    /// One for each instrument, in the order in which they were named.
    series: Vec<SeriesPlanBody>,
    /// About how many calls all take; null when a range has no known beginning.
    calls: Option<u64>,
    /// How many bars regular sessions give in all that would be fetched; null when a range has no known beginning.
    bars: Option<u64>,
    /// What may still be asked of the provider; empty when nothing bounds it.
    budgets: Vec<BudgetBody>,
}

/// What would be asked for one instrument.
#[derive(Serialize, ToSchema)]
#[schema(as = SeriesPlan)]
pub(crate) struct SeriesPlanBody {
    /// The instrument; null when it would be made.
    instrument: Option<InstrumentBody>,
    /// How it is written here, or would be.
    symbol: String,
    /// How the provider would be asked for it.
    spelling: String,
    asked: OpenRangeBody,
    /// What would be fetched, oldest first.
    fetch: Vec<OpenRangeBody>,
    /// About how many calls that takes; null when a range has no known beginning.
    calls: Option<u64>,
    /// How many bars regular sessions give in what would be fetched; null when a range has no known beginning.
    bars: Option<u64>,
    /// Why this is not simply what was asked for.
    remarks: Vec<RemarkBody>,
}

/// Something worth knowing.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanRemark)]
pub(crate) struct RemarkBody {
    /// Stable name.
    code: &'static str,
    /// For a person.
    message: String,
}

impl From<IngestPlan> for PlanBody {
    fn from(plan: IngestPlan) -> Self {
        let IngestPlan {
            provider,
            interval,
            series,
            budgets,
        } = plan;
        let sum = |of: fn(&SeriesPlan) -> Option<u64>| {
            let mut all = series.iter().map(of);
            all.try_fold(0_u64, |sum, one| Some(sum.saturating_add(one?)))
        };
        let (calls, bars) = (sum(|one| one.calls), sum(|one| one.bars));
        Self {
            provider: provider.to_string(),
            interval: IntervalName(interval),
            series: series.into_iter().map(SeriesPlanBody::from).collect(),
            calls,
            bars,
            budgets: budgets.into_iter().map(BudgetBody::from).collect(),
        }
    }
}

impl From<SeriesPlan> for SeriesPlanBody {
    fn from(plan: SeriesPlan) -> Self {
        let SeriesPlan {
            instrument,
            details,
            spelling,
            asked,
            fetch,
            calls,
            bars,
            remarks,
        } = plan;
        Self {
            instrument: instrument.map(InstrumentBody::from),
            symbol: details.symbol.to_string(),
            spelling: spelling.to_string(),
            asked: asked.into(),
            fetch: fetch.into_iter().map(OpenRangeBody::from).collect(),
            calls,
            bars,
            remarks: remarks.into_iter().map(RemarkBody::from).collect(),
        }
    }
}

impl From<PlanRemark> for RemarkBody {
    fn from(remark: PlanRemark) -> Self {
        Self {
            code: remark.code(),
            message: remark.to_string(),
        }
    }
}

/// What an ingest would ask the provider for, with how many calls, and how many bars that should give.
///
/// Nothing is written. The provider is only asked what a symbol stands for that is not known here.
#[utoipa::path(
    post,
    path = "/api/v1/ingest/plan",
    operation_id = "planIngest",
    tag = "ingest",
    request_body = OrderBody,
    responses((status = 200, description = "What would be asked", body = PlanBody))
)]
pub(crate) async fn plan(
    _none: Query<NoParameters>,
    order: WrittenOrder,
    api: web::Data<Api>,
) -> Result<web::Json<PlanBody>, Problem> {
    let order = order.resolved(&api.resolve).await?;
    Ok(web::Json(api.ingest.plan(&order).await?.into()))
}
