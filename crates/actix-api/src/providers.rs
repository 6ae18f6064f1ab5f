//! `GET /api/v1/providers`: where bars can be had, and what each source can do.

use std::time::Duration;

use actix_web::web;
use domain::{CallBudget, OfferedInterval, Page, ProviderCapabilities, RegisteredProvider, SourceName};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;
use crate::fields::{NoParameters, Query};
use crate::problem::Problem;
use crate::vocabulary::{AssetClassName, BasisName, IntervalName, Utc};

/// A source of bars outside this system.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
pub(crate) struct ProviderBody {
    #[schema(example = "yahoo")]
    name: String,
    /// Whether it can be asked.
    configured: bool,
    /// The setting that has to be given before it can be asked; null when it can.
    missing_setting: Option<&'static str>,
    asset_classes: Vec<AssetClassName>,
    /// Shortest first.
    intervals: Vec<OfferedIntervalBody>,
    /// What its prices are; where splits are known they are turned back to raw on entry.
    basis: BasisName,
    /// Whether a missing bar means that nothing was traded.
    silence_means_no_trade: bool,
    /// Whether it tells splits and dividends.
    corporate_actions: bool,
    /// Whether it can be searched for symbols.
    search: bool,
    /// What may be asked in a minute; null when nothing bounds it.
    calls_per_minute: Option<u32>,
    /// What may be asked in a day; null when nothing bounds it.
    calls_per_day: Option<u32>,
    /// What may still be asked, as far as this process knows; empty when nothing bounds it.
    budgets: Vec<BudgetBody>,
}

/// Bars of one length, as a provider offers them.
#[derive(Serialize, ToSchema)]
#[schema(as = OfferedInterval)]
pub(crate) struct OfferedIntervalBody {
    interval: IntervalName,
    /// How far back they go from now; null to the first that there is.
    look_back_days: Option<i64>,
    /// Before this instant there are none; null where nothing is said.
    since: Option<Utc>,
    page: PageBody,
}

/// How much one answer holds at most.
#[derive(Serialize, ToSchema)]
#[serde(tag = "unit", rename_all = "snake_case")]
#[schema(as = ProviderPage)]
pub(crate) enum PageBody {
    /// Everything that was asked for.
    Whole,
    /// So many bars.
    Bars {
        /// How many.
        most: u32,
    },
    /// Bars that open within so much time.
    Time {
        /// How much.
        most_s: i64,
    },
    /// Bars of one calendar month.
    Month,
}

/// What may still be asked of a provider in some time.
#[derive(Serialize, ToSchema)]
#[schema(as = CallBudget)]
pub(crate) struct BudgetBody {
    /// How much there is when nothing was asked: calls, or what the provider counts in their stead.
    limit: u32,
    /// How much of it is left now.
    left: u32,
    /// In how many seconds it is whole again.
    per_s: u64,
}

impl From<CallBudget> for BudgetBody {
    fn from(budget: CallBudget) -> Self {
        let CallBudget { limit, left, per } = budget;
        let per_s = Duration::as_secs(&per);
        Self { limit, left, per_s }
    }
}

impl From<OfferedInterval> for OfferedIntervalBody {
    fn from(offered: OfferedInterval) -> Self {
        let OfferedInterval {
            interval,
            look_back,
            since,
            page,
        } = offered;
        Self {
            interval: IntervalName(interval),
            look_back_days: look_back.map(time::Duration::whole_days),
            since: since.map(Utc),
            page: match page {
                Page::Whole => PageBody::Whole,
                Page::Bars(most) => PageBody::Bars { most },
                Page::Span(most) => PageBody::Time {
                    most_s: most.whole_seconds(),
                },
                Page::Month => PageBody::Month,
            },
        }
    }
}

impl ProviderBody {
    fn new(name: &SourceName, registered: &RegisteredProvider) -> Self {
        let ProviderCapabilities {
            asset_classes,
            intervals,
            basis,
            tolerance: _,
            silence_means_no_trade,
            calls_per_minute,
            calls_per_day,
            corporate_actions,
            search,
        } = registered.port.capabilities();
        Self {
            name: name.to_string(),
            configured: registered.is_configured(),
            missing_setting: registered.missing,
            asset_classes: asset_classes.into_iter().map(AssetClassName).collect(),
            intervals: intervals.into_iter().map(OfferedIntervalBody::from).collect(),
            basis: BasisName(basis),
            silence_means_no_trade,
            corporate_actions,
            search,
            calls_per_minute,
            calls_per_day,
            budgets: registered.port.budgets().into_iter().map(BudgetBody::from).collect(),
        }
    }
}

/// All providers.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderList {
    /// By name.
    data: Vec<ProviderBody>,
    /// Always null: there are few.
    next_page_token: Option<String>,
}

/// What each provider can do, whether it is configured, and what may still be asked of it.
#[utoipa::path(
    get,
    path = "/api/v1/providers",
    operation_id = "listProviders",
    tag = "ingest",
    responses((status = 200, description = "All providers", body = ProviderList))
)]
pub(crate) async fn list(_none: Query<NoParameters>, api: web::Data<Api>) -> Result<web::Json<ProviderList>, Problem> {
    let all = api.ingest.providers().iter();
    let data = all
        .map(|(name, registered)| ProviderBody::new(name, registered))
        .collect();
    Ok(web::Json(ProviderList {
        data,
        next_page_token: None,
    }))
}
