//! What `--json` prints of the domain, in the words of the API.

use domain::{CallBudget, IngestRun, Instrument, MergeCounts, QuarantinedRow, TimeRange, Timestamp};
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

pub(super) fn budget(budget: &CallBudget) -> Value {
    let CallBudget { limit, left, per } = *budget;
    json!({ "limit": limit, "left": left, "per_s": per.as_secs() })
}

pub(super) fn range(range: Option<TimeRange>) -> Value {
    range.map_or(
        Value::Null,
        |range| json!({ "start": range.start().to_string(), "end": range.end().to_string() }),
    )
}

/// A range that was asked for: open ends are null.
pub(super) fn asked(range: TimeRange) -> Value {
    let (start, end) = (range.start(), range.end());
    json!({
        "start": (start != Timestamp::MIN).then(|| start.to_string()),
        "end": (end != Timestamp::MAX).then(|| end.to_string()),
    })
}

pub(super) fn run(run: &IngestRun) -> Value {
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": run.id.0,
        "source": run.source.as_str(),
        "interval": run.series.interval.as_str(),
        "asked": run.asked.map(asked),
        "refresh": run.refresh,
        "state": run.state.as_str(),
        "reached": range(run.reached),
        "counts": counts(run.counts),
        "attempts": run.attempts,
        "error": run.error,
        "created_at": run.created_at.to_string(),
        "started_at": instant(run.started_at),
        "finished_at": instant(run.finished_at),
        "lease_until": instant(run.lease_until),
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
