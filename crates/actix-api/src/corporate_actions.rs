//! `GET /api/v1/instruments/{instrument}/corporate-actions`: splits and dividends.

use actix_web::web;
use bar_formats::DecimalStyle;
use domain::{CorporateAction, RecordedAction, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::decimals::{self, DecimalBody};
use crate::fields::{Fields, Query, QueryParameters};
use crate::instant::{self, Bounds, Instant};
use crate::instruments::{InstrumentPath, Named};
use crate::prices::DecimalStyleName;
use crate::problem::Problem;
use crate::vocabulary::{ActionKindName, Utc};

/// Which actions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionParameters {
    /// What was believed at that instant; now when left out.
    #[param(value_type = Option<Instant>)]
    as_of: Option<Timestamp>,
    /// How decimals are written.
    #[param(value_type = Option<DecimalStyleName>, default = "number")]
    decimals: DecimalStyle,
    #[param(ignore)]
    bounds: Bounds,
}

impl QueryParameters for ActionParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            bounds: Bounds::read(fields),
            as_of: fields.optional("as_of", instant::parse),
            decimals: fields.optional("decimals", decimals::style).unwrap_or_default(),
        })
    }
}

/// A split or a dividend.
#[derive(Serialize, ToSchema)]
#[schema(as = CorporateAction)]
pub(crate) struct ActionBody {
    kind: ActionKindName,
    /// The first session that trades without the old right.
    #[schema(format = Date, example = "2014-06-09")]
    ex_date: String,
    /// Of a split: shares after, in lowest terms.
    new_shares: Option<u64>,
    /// Of a split: shares before, in lowest terms.
    old_shares: Option<u64>,
    /// Of a dividend: how much a share, in shares of that day.
    amount: Option<DecimalBody>,
    /// Of a dividend: in what.
    currency: Option<String>,
    /// Who said so.
    source: String,
    /// Since when it is believed.
    recorded_at: Utc,
}

impl ActionBody {
    fn new(recorded: RecordedAction, style: DecimalStyle) -> Self {
        let RecordedAction {
            instrument: _,
            action,
            source,
            recorded_at,
        } = recorded;
        let bare = Self {
            kind: ActionKindName(action.kind()),
            ex_date: action.ex_date().to_string(),
            new_shares: None,
            old_shares: None,
            amount: None,
            currency: None,
            source: source.to_string(),
            recorded_at: Utc(recorded_at),
        };
        match action {
            CorporateAction::Split { ex_date: _, ratio } => Self {
                new_shares: Some(ratio.new_shares()),
                old_shares: Some(ratio.old_shares()),
                ..bare
            },
            CorporateAction::Dividend {
                ex_date: _,
                amount,
                currency,
            } => {
                let amount = DecimalBody::new(amount, style);
                Self {
                    amount: Some(amount),
                    currency: Some(currency.to_string()),
                    ..bare
                }
            }
        }
    }
}

/// Splits and dividends of an instrument.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActionList {
    data: Vec<ActionBody>,
    /// When a source last said that it gave all it knows; null when none ever did, so that some may be missing.
    complete_since: Option<Utc>,
    /// Always null: all fit on one page.
    next_page_token: Option<String>,
}

/// Splits and dividends, by ex-date.
#[utoipa::path(
    get,
    path = "/api/v1/instruments/{instrument}/corporate-actions",
    operation_id = "listCorporateActions",
    tag = "prices",
    params(InstrumentPath, Bounds, ActionParameters),
    responses((status = 200, description = "The splits and dividends of the range", body = ActionList))
)]
pub(crate) async fn list(
    parameters: Query<ActionParameters>,
    named: Named,
    api: web::Data<Api>,
) -> Result<web::Json<ActionList>, Problem> {
    let ActionParameters {
        as_of,
        decimals,
        bounds,
    } = parameters.0;
    let range = bounds.range()?;
    let now = api.clock.now();
    if let Some(as_of) = as_of.filter(|as_of| *as_of > now) {
        return Err(domain::query_prices::QueryError::FutureAsOf { as_of, now }.into());
    }
    let mut data = Vec::new();
    for recorded in api.actions.list(named.0.id, as_of).await? {
        let goes_ex = Timestamp::midnight(recorded.action.ex_date()).map_err(Problem::internal)?;
        if range.contains(goes_ex) {
            data.push(ActionBody::new(recorded, decimals));
        }
    }
    let complete_since = api.actions.complete_since(named.0.id).await?.map(Utc);
    Ok(web::Json(ActionList {
        data,
        complete_since,
        next_page_token: None,
    }))
}
