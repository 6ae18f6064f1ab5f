//! Rows of corporate actions, and how they become actions and back.

use diesel::prelude::*;
use domain::{CorporateAction, InstrumentId, Price, RecordedAction, SplitRatio};
use time::Date;

use crate::error::Failure;
use crate::instant::Micros;
use crate::market_price::rows::instant;
use crate::numeric::{Digits, Stored};
use crate::source::Sources;

/// A row of either table of actions.
#[derive(Queryable)]
pub(crate) struct ActionRow {
    kind: String,
    ex_date: Date,
    new_shares: Option<i64>,
    old_shares: Option<i64>,
    amount: Option<Stored<Price>>,
    currency: Option<String>,
    source_id: i32,
    recorded_at: Micros,
}

/// The columns of [`ActionRow`] in one of the tables, the last being since when it is believed.
macro_rules! action_columns {
    ($table:ident, $since:ident) => {
        (
            $table::kind,
            $table::ex_date,
            $table::new_shares,
            $table::old_shares,
            $table::amount,
            $table::currency,
            $table::source_id,
            $table::$since,
        )
    };
}
pub(crate) use action_columns;

impl ActionRow {
    pub(crate) fn into_action<E>(
        self,
        instrument: InstrumentId,
        sources: &Sources,
    ) -> Result<RecordedAction, Failure<E>> {
        let key = format!("{} of instrument {instrument} on {}", self.kind, self.ex_date);
        let corrupt = |cause: &dyn std::fmt::Display| Failure::Corrupt(format!("{key}: {cause}"));
        let row = || key.clone();
        let ex_date = self.ex_date;
        let action = match (self.new_shares, self.old_shares, self.amount, &self.currency) {
            (Some(new_shares), Some(old_shares), None, None) => CorporateAction::Split {
                ex_date,
                ratio: SplitRatio::new(new_shares.cast_unsigned(), old_shares.cast_unsigned())
                    .map_err(|error| corrupt(&error))?,
            },
            (None, None, Some(amount), Some(currency)) => {
                let amount = amount.0.map_err(|error| corrupt(&error))?;
                let currency = currency.parse().map_err(|error: domain::CodeError| corrupt(&error))?;
                CorporateAction::dividend(ex_date, amount, currency).map_err(|error| corrupt(&error))?
            }
            _ => return Err(corrupt(&"neither a ratio alone nor an amount with its currency")),
        };
        Ok(RecordedAction {
            instrument,
            action,
            source: sources.name(self.source_id, row)?,
            recorded_at: instant(self.recorded_at, "recorded_at", row)?,
        })
    }
}

/// The columns of an action beside its key.
pub(crate) struct WrittenAction {
    pub(crate) kind: &'static str,
    pub(crate) ex_date: Date,
    pub(crate) new_shares: Option<i64>,
    pub(crate) old_shares: Option<i64>,
    pub(crate) amount: Option<Digits<Price>>,
    pub(crate) currency: Option<String>,
}

impl From<&CorporateAction> for WrittenAction {
    fn from(action: &CorporateAction) -> Self {
        let mut row = Self {
            kind: action.kind().as_str(),
            ex_date: action.ex_date(),
            new_shares: None,
            old_shares: None,
            amount: None,
            currency: None,
        };
        match action {
            // Beyond `i64` they wrap to negative numbers, and back when they are read.
            CorporateAction::Split { ratio, .. } => {
                row.new_shares = Some(ratio.new_shares().cast_signed());
                row.old_shares = Some(ratio.old_shares().cast_signed());
            }
            CorporateAction::Dividend { amount, currency, .. } => {
                row.amount = Some(Digits(*amount));
                row.currency = Some(currency.as_str().to_owned());
            }
        }
        row
    }
}
