//! The tables as diesel sees them, in the order of the migrations.

diesel::table! {
    sources (id) {
        id -> BigInt,
        name -> Text,
    }
}

diesel::table! {
    instruments (id) {
        id -> BigInt,
        symbol -> Text,
        symbol_upper -> Text,
        name -> Text,
        search_key -> Text,
        asset_class -> Text,
        exchange -> Nullable<Text>,
        currency -> Text,
        calendar -> Text,
        active -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
        actions_changed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    provider_symbols (provider, spelling) {
        provider -> Text,
        spelling -> Text,
        instrument_id -> BigInt,
    }
}

diesel::table! {
    series (instrument_id, interval) {
        instrument_id -> BigInt,
        interval -> Text,
        basis -> Text,
        minutes_past_hour -> BigInt,
        gives_volume -> Bool,
        first_opened_at -> Nullable<BigInt>,
        last_opened_at -> Nullable<BigInt>,
        bar_count -> BigInt,
        version -> BigInt,
        partial_version -> BigInt,
        last_source_id -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    bars (instrument_id, interval, opened_at) {
        instrument_id -> BigInt,
        interval -> Text,
        opened_at -> BigInt,
        open -> Text,
        high -> Text,
        low -> Text,
        close -> Text,
        volume -> Text,
        trade_count -> Nullable<BigInt>,
        vwap -> Nullable<Text>,
        source_id -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    provisional_bars (instrument_id, interval, opened_at) {
        instrument_id -> BigInt,
        interval -> Text,
        opened_at -> BigInt,
        open -> Text,
        high -> Text,
        low -> Text,
        close -> Text,
        volume -> Text,
        trade_count -> Nullable<BigInt>,
        vwap -> Nullable<Text>,
        source_id -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    bar_revisions (instrument_id, interval, opened_at, believed_from) {
        instrument_id -> BigInt,
        interval -> Text,
        opened_at -> BigInt,
        believed_from -> BigInt,
        believed_until -> BigInt,
        kind -> Text,
        open -> Text,
        high -> Text,
        low -> Text,
        close -> Text,
        volume -> Text,
        trade_count -> Nullable<BigInt>,
        vwap -> Nullable<Text>,
        source_id -> BigInt,
    }
}

diesel::table! {
    journal (id) {
        id -> BigInt,
        instrument_id -> BigInt,
        interval -> Text,
        version -> BigInt,
        changed_at -> BigInt,
        kind -> Text,
        range_start -> BigInt,
        range_end -> BigInt,
        run_id -> Nullable<BigInt>,
        inserted -> BigInt,
        updated -> BigInt,
        unchanged -> BigInt,
        duplicate -> BigInt,
        rejected -> BigInt,
        discrepant -> BigInt,
    }
}

diesel::table! {
    discrepancies (instrument_id, interval, opened_at, source_id, value_key) {
        instrument_id -> BigInt,
        interval -> Text,
        opened_at -> BigInt,
        source_id -> BigInt,
        value_key -> Text,
        open -> Nullable<Text>,
        high -> Nullable<Text>,
        low -> Nullable<Text>,
        close -> Nullable<Text>,
        volume -> Nullable<Text>,
        trade_count -> Nullable<BigInt>,
        vwap -> Nullable<Text>,
        noticed_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    quarantine (id) {
        id -> BigInt,
        instrument_id -> BigInt,
        interval -> Text,
        source_id -> BigInt,
        run_id -> Nullable<BigInt>,
        raw -> Text,
        field -> Text,
        reason -> Text,
        quarantined_at -> BigInt,
        content_hash -> Binary,
    }
}

diesel::table! {
    coverage (instrument_id, interval, source_id, range_start) {
        instrument_id -> BigInt,
        interval -> Text,
        source_id -> BigInt,
        range_start -> BigInt,
        range_end -> BigInt,
        answered_at -> BigInt,
    }
}

diesel::table! {
    corporate_actions (instrument_id, kind, ex_date) {
        instrument_id -> BigInt,
        kind -> Text,
        ex_date -> Text,
        new_shares -> Nullable<BigInt>,
        old_shares -> Nullable<BigInt>,
        amount -> Nullable<Text>,
        currency -> Nullable<Text>,
        source_id -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    corporate_action_revisions (instrument_id, kind, ex_date, believed_from) {
        instrument_id -> BigInt,
        kind -> Text,
        ex_date -> Text,
        believed_from -> BigInt,
        believed_until -> BigInt,
        new_shares -> Nullable<BigInt>,
        old_shares -> Nullable<BigInt>,
        amount -> Nullable<Text>,
        currency -> Nullable<Text>,
        source_id -> BigInt,
    }
}

diesel::table! {
    corporate_action_sources (instrument_id, source_id) {
        instrument_id -> BigInt,
        source_id -> BigInt,
        complete_since -> BigInt,
    }
}

diesel::table! {
    ingest_runs (id) {
        id -> BigInt,
        instrument_id -> BigInt,
        interval -> Text,
        source_id -> BigInt,
        asked_start -> Nullable<BigInt>,
        asked_end -> Nullable<BigInt>,
        reached_start -> Nullable<BigInt>,
        reached_end -> Nullable<BigInt>,
        state -> Text,
        inserted -> BigInt,
        updated -> BigInt,
        unchanged -> BigInt,
        duplicate -> BigInt,
        rejected -> BigInt,
        discrepant -> BigInt,
        attempts -> BigInt,
        error -> Nullable<Text>,
        created_at -> BigInt,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        lease_until -> Nullable<BigInt>,
        refresh -> Bool,
    }
}

diesel::table! {
    ingest_request_runs (idempotency_key, position) {
        idempotency_key -> Text,
        position -> BigInt,
        run_id -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    sources,
    instruments,
    provider_symbols,
    series,
    bars,
    provisional_bars,
    bar_revisions,
    journal,
    discrepancies,
    quarantine,
    coverage,
    corporate_actions,
    corporate_action_revisions,
    corporate_action_sources,
    ingest_runs,
    ingest_request_runs
);

#[cfg(test)]
mod tests;
