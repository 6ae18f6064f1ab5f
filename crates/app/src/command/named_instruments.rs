//! The instruments that a command line names.

use domain::resolve_instrument::ResolutionError;
use domain::{Instrument, InstrumentReference};

use crate::use_cases::UseCases;

/// The instruments by symbol, each once; all that are unknown are told together.
pub(super) async fn find(use_cases: &UseCases, references: &[InstrumentReference]) -> anyhow::Result<Vec<Instrument>> {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for reference in references {
        match use_cases.resolve.one(reference).await {
            Ok(instrument) => found.push(instrument),
            Err(error @ (ResolutionError::NotFound(_) | ResolutionError::Ambiguous { .. })) => {
                unknown.push(error.to_string())
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !unknown.is_empty() {
        anyhow::bail!(
            "{}; `sentinel instruments list` tells what there is",
            unknown.join("; ")
        );
    }
    found.sort_by(|one, other| {
        let key = |instrument: &Instrument| (instrument.details.symbol.to_upper(), instrument.id);
        key(one).cmp(&key(other))
    });
    found.dedup_by_key(|instrument| instrument.id);
    Ok(found)
}
