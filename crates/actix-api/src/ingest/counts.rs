//! What became of the rows of a run, as answers tell it.

use domain::MergeCounts;
use serde::Serialize;
use utoipa::ToSchema;

/// What became of rows: the other counts sum to `fetched`.
#[derive(Serialize, ToSchema)]
#[schema(as = MergeCounts)]
pub(super) struct CountsBody {
    /// How many rows came.
    fetched: u64,
    /// Were not there.
    inserted: u64,
    /// Replaced other values, which went to the revisions.
    updated: u64,
    /// Were there already.
    unchanged: u64,
    /// Came more than once.
    duplicate: u64,
    /// Made no bar; they are kept in quarantine.
    rejected: u64,
    /// Contradicted a source of higher precedence and were kept beside it.
    discrepant: u64,
}

impl From<MergeCounts> for CountsBody {
    fn from(counts: MergeCounts) -> Self {
        let fetched = counts.fetched();
        let MergeCounts {
            inserted,
            updated,
            unchanged,
            duplicate,
            rejected,
            discrepant,
        } = counts;
        Self {
            fetched,
            inserted,
            updated,
            unchanged,
            duplicate,
            rejected,
            discrepant,
        }
    }
}
