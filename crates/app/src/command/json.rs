//! What `--json` prints of the domain, in the words of the API.

use domain::{IngestRun, Instrument, MergeCounts, QuarantinedRow, TimeRange};
use serde_json::{Value, json};

pub(super) fn instrument(instrument: &Instrument) -> Value {
    let Instrument {
        id,
        details,
        created_at,
        updated_at,
    } = instrument;
    let spellings: serde_json::Map<String, Value> = details
        .provider_symbols
        .iter()
        .map(|(provider, symbol)| (provider.to_string(), json!(symbol.as_str())))
        .collect();
    json!({
        "id": id.0,
        "symbol": details.symbol.as_str(),
        "name": details.name,
        "asset_class": details.asset_class.as_str(),
        "exchange": details.exchange.as_ref().map(domain::Exchange::as_str),
        "currency": details.currency.as_str(),
        "calendar": details.calendar.as_str(),
        "active": details.active,
        "provider_symbols": spellings,
        "created_at": created_at.to_string(),
        "updated_at": updated_at.to_string(),
    })
}

pub(super) fn counts(counts: MergeCounts) -> Value {
    let fetched = counts.fetched();
    let MergeCounts {
        inserted,
        updated,
        unchanged,
        duplicate,
        rejected,
        discrepant,
    } = counts;
    json!({
        "fetched": fetched,
        "inserted": inserted,
        "updated": updated,
        "unchanged": unchanged,
        "duplicate": duplicate,
        "rejected": rejected,
        "discrepant": discrepant,
    })
}

pub(super) fn range(range: Option<TimeRange>) -> Value {
    range.map_or(
        Value::Null,
        |range| json!({ "start": range.start().to_string(), "end": range.end().to_string() }),
    )
}

pub(super) fn run(run: &IngestRun) -> Value {
    json!({
        "id": run.id.0,
        "source": run.source.as_str(),
        "state": run.state.as_str(),
        "reached": range(run.reached),
        "counts": counts(run.counts),
        "error": run.error,
        "created_at": run.created_at.to_string(),
        "finished_at": run.finished_at.map(|at| at.to_string()),
    })
}

pub(super) fn quarantined(row: &QuarantinedRow, symbol: &str) -> Value {
    json!({
        "id": row.id,
        "symbol": symbol,
        "interval": row.series.interval.as_str(),
        "source": row.source.as_str(),
        "run_id": row.run.map(|run| run.0),
        "raw": row.raw,
        "field": row.field,
        "reason": row.reason,
        "quarantined_at": row.quarantined_at.to_string(),
    })
}
