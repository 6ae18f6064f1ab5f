//! Splits and dividends, revisioned like bars, and the port that keeps them.

use async_trait::async_trait;
use time::Date;

use crate::{BoxError, Currency, InstrumentId, MergeCounts, Precedence, Price, SourceName, Timestamp};

/// Why values make no corporate action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorporateActionError {
    /// A split from or to zero shares, or one that changes nothing.
    #[error("a split of {new_shares} for {old_shares} is none: both are at least 1, and they differ")]
    Split {
        /// Shares after.
        new_shares: u64,
        /// Shares before.
        old_shares: u64,
    },
    /// A dividend of nothing.
    #[error("a dividend of {0} is none: the amount is above zero")]
    Dividend(Price),
}

/// `new_shares` for `old_shares`: 7:1 makes seven shares of one. In lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SplitRatio {
    new_shares: u64,
    old_shares: u64,
}

impl SplitRatio {
    /// `new_shares` for `old_shares`, reduced to lowest terms.
    ///
    /// # Errors
    /// [`CorporateActionError::Split`] when one is zero or both are the same.
    pub fn new(new_shares: u64, old_shares: u64) -> Result<Self, CorporateActionError> {
        let divisor = num_integer::gcd(new_shares, old_shares);
        if new_shares == 0 || old_shares == 0 || new_shares == old_shares {
            return Err(CorporateActionError::Split { new_shares, old_shares });
        }
        Ok(Self {
            new_shares: new_shares / divisor,
            old_shares: old_shares / divisor,
        })
    }

    /// Shares after.
    #[must_use]
    pub fn new_shares(self) -> u64 {
        self.new_shares
    }

    /// Shares before.
    #[must_use]
    pub fn old_shares(self) -> u64 {
        self.old_shares
    }
}

/// What happened to a share on its ex-date: the first session that trades without the old right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorporateAction {
    /// One share became several, or several one.
    Split {
        /// The first session after it.
        ex_date: Date,
        /// By how much.
        ratio: SplitRatio,
    },
    /// Money was paid for each share.
    Dividend {
        /// The first session without it.
        ex_date: Date,
        /// How much a share, counting shares of the day before; above zero.
        amount: Price,
        /// In what.
        currency: Currency,
    },
}

/// The kind of an action; with instrument and ex-date it names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CorporateActionKind {
    /// A split.
    Split,
    /// A dividend.
    Dividend,
}

impl CorporateActionKind {
    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Dividend => "dividend",
        }
    }
}

impl CorporateAction {
    /// A dividend.
    ///
    /// # Errors
    /// [`CorporateActionError::Dividend`] unless the amount is above zero.
    pub fn dividend(ex_date: Date, amount: Price, currency: Currency) -> Result<Self, CorporateActionError> {
        if amount.is_positive() {
            Ok(Self::Dividend {
                ex_date,
                amount,
                currency,
            })
        } else {
            Err(CorporateActionError::Dividend(amount))
        }
    }

    /// The first session after it.
    #[must_use]
    pub fn ex_date(&self) -> Date {
        match self {
            Self::Split { ex_date, .. } | Self::Dividend { ex_date, .. } => *ex_date,
        }
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> CorporateActionKind {
        match self {
            Self::Split { .. } => CorporateActionKind::Split,
            Self::Dividend { .. } => CorporateActionKind::Dividend,
        }
    }
}

/// An action as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAction {
    /// Whose.
    pub instrument: InstrumentId,
    /// What happened.
    pub action: CorporateAction,
    /// Who said so.
    pub source: SourceName,
    /// Since when it is believed.
    pub recorded_at: Timestamp,
}

/// Actions of one instrument from one source, to be merged in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionBatch {
    /// Whose.
    pub instrument: InstrumentId,
    /// What happened; of several of one kind and ex-date the last wins.
    pub actions: Vec<CorporateAction>,
    /// Who says so.
    pub source: SourceName,
    /// Whether these are all that the source knows of, so that the instrument's splits count as known.
    pub complete: bool,
    /// Whom to believe.
    pub precedence: Precedence,
}

/// Why a store of corporate actions could not answer.
#[derive(Debug, thiserror::Error)]
pub enum CorporateActionRepositoryError {
    /// Actions of an instrument that does not exist.
    #[error("there is no instrument {0}")]
    UnknownInstrument(InstrumentId),
    /// What is stored breaks a rule of the domain; `verify` tells more.
    #[error("the store holds an action that breaks a rule: {0}")]
    Corrupt(String),
    /// The store cannot be reached; asking again later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
}

/// Keeps corporate actions.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait CorporateActionRepository: Send + Sync {
    /// Merges actions like bars: new ones are inserted, equal ones left alone, different ones restated with the former
    /// kept in history; a source of lower precedence changes nothing and is counted as discrepant. A change gives every
    /// series of the instrument a new version with one stamp, and a line in the journal.
    ///
    /// # Errors
    /// [`CorporateActionRepositoryError::UnknownInstrument`].
    async fn merge(&self, batch: ActionBatch) -> Result<MergeCounts, CorporateActionRepositoryError>;

    /// Takes one action out; as of an earlier instant it is still seen. Returns whether it was there.
    ///
    /// # Errors
    /// [`CorporateActionRepositoryError::UnknownInstrument`].
    async fn remove(
        &self,
        instrument: InstrumentId,
        kind: CorporateActionKind,
        ex_date: Date,
    ) -> Result<bool, CorporateActionRepositoryError>;

    /// All actions of an instrument by ex-date, splits before dividends; with `as_of`, those believed at that instant.
    ///
    /// # Errors
    /// [`CorporateActionRepositoryError::Unavailable`], [`CorporateActionRepositoryError::Corrupt`].
    async fn list(
        &self,
        instrument: InstrumentId,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<RecordedAction>, CorporateActionRepositoryError>;

    /// When a source last said that it gave all it knows; `None` when none ever did.
    ///
    /// # Errors
    /// [`CorporateActionRepositoryError::Unavailable`].
    async fn complete_since(
        &self,
        instrument: InstrumentId,
    ) -> Result<Option<Timestamp>, CorporateActionRepositoryError>;
}
