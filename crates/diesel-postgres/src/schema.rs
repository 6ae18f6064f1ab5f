//! The tables as diesel sees them, in the order of the migrations.

diesel::table! {
    sources (id) {
        id -> Integer,
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
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        actions_changed_at -> Nullable<Timestamptz>,
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
        minutes_past_hour -> Integer,
        gives_volume -> Bool,
        first_opened_at -> Nullable<Timestamptz>,
        last_opened_at -> Nullable<Timestamptz>,
        bar_count -> BigInt,
        version -> BigInt,
        partial_version -> BigInt,
        last_source_id -> Nullable<Integer>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    bars (instrument_id, interval, opened_at) {
        instrument_id -> BigInt,
        interval -> Text,
        opened_at -> Timestamptz,
        open -> Numeric,
        high -> Numeric,
        low -> Numeric,
        close -> Numeric,
        volume -> Numeric,
        trade_count -> Nullable<BigInt>,
        vwap -> Nullable<Numeric>,
        source_id -> Integer,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    provisional_bars (instrument_id, interval, opened_at) {
        instrument_id -> BigInt,
        interval -> Text,
        opened_at -> Timestamptz,
        open -> Numeric,
        high -> Numeric,
        low -> Numeric,
        close -> Numeric,
        volume -> Numeric,
        trade_count -> Nullable<BigInt>,
        vwap -> Nullable<Numeric>,
        source_id -> Integer,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    bar_revisions (instrument_id, interval, opened_at, believed_from) {
        instrument_id -> BigInt,
        interval -> Text,
        opened_at -> Timestamptz,
        believed_from -> Timestamptz,
        believed_until -> Timestamptz,
        kind -> Text,
        open -> Numeric,
        high -> Numeric,
        low -> Numeric,
        close -> Numeric,
        volume -> Numeric,
        trade_count -> Nullable<BigInt>,
        vwap -> Nullable<Numeric>,
        source_id -> Integer,
    }
}

diesel::table! {
    journal (id) {
        id -> BigInt,
        instrument_id -> BigInt,
        interval -> Text,
        version -> BigInt,
        changed_at -> Timestamptz,
        kind -> Text,
        range_start -> Timestamptz,
        range_end -> Timestamptz,
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
        opened_at -> Timestamptz,
        source_id -> Integer,
        value_key -> Text,
        open -> Nullable<Numeric>,
        high -> Nullable<Numeric>,
        low -> Nullable<Numeric>,
        close -> Nullable<Numeric>,
        volume -> Nullable<Numeric>,
        trade_count -> Nullable<BigInt>,
        vwap -> Nullable<Numeric>,
        noticed_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    quarantine (id) {
        id -> BigInt,
        instrument_id -> BigInt,
        interval -> Text,
        source_id -> Integer,
        run_id -> Nullable<BigInt>,
        raw -> Text,
        field -> Text,
        reason -> Text,
        quarantined_at -> Timestamptz,
        content_hash -> Binary,
    }
}

diesel::table! {
    coverage (instrument_id, interval, source_id, range_start) {
        instrument_id -> BigInt,
        interval -> Text,
        source_id -> Integer,
        range_start -> Timestamptz,
        range_end -> Timestamptz,
        answered_at -> Timestamptz,
    }
}

diesel::table! {
    corporate_actions (instrument_id, kind, ex_date) {
        instrument_id -> BigInt,
        kind -> Text,
        ex_date -> Date,
        new_shares -> Nullable<BigInt>,
        old_shares -> Nullable<BigInt>,
        amount -> Nullable<Numeric>,
        currency -> Nullable<Text>,
        source_id -> Integer,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    corporate_action_revisions (instrument_id, kind, ex_date, believed_from) {
        instrument_id -> BigInt,
        kind -> Text,
        ex_date -> Date,
        believed_from -> Timestamptz,
        believed_until -> Timestamptz,
        new_shares -> Nullable<BigInt>,
        old_shares -> Nullable<BigInt>,
        amount -> Nullable<Numeric>,
        currency -> Nullable<Text>,
        source_id -> Integer,
    }
}

diesel::table! {
    corporate_action_sources (instrument_id, source_id) {
        instrument_id -> BigInt,
        source_id -> Integer,
        complete_since -> Timestamptz,
    }
}

diesel::table! {
    ingest_runs (id) {
        id -> BigInt,
        instrument_id -> BigInt,
        interval -> Text,
        source_id -> Integer,
        asked_start -> Nullable<Timestamptz>,
        asked_end -> Nullable<Timestamptz>,
        reached_start -> Nullable<Timestamptz>,
        reached_end -> Nullable<Timestamptz>,
        state -> Text,
        inserted -> BigInt,
        updated -> BigInt,
        unchanged -> BigInt,
        duplicate -> BigInt,
        rejected -> BigInt,
        discrepant -> BigInt,
        attempts -> Integer,
        error -> Nullable<Text>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        lease_until -> Nullable<Timestamptz>,
        refresh -> Bool,
    }
}

diesel::table! {
    ingest_request_runs (idempotency_key, position) {
        run_id -> BigInt,
        position -> Integer,
        idempotency_key -> Text,
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
