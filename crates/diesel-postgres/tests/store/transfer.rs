//! What a copy says and asks of this server.

use domain::{ChangeKind, Counter, MergeCounts, PriceRepository};
use domain::{CounterRecord, JournalEntry, MarketPrice, Part, Record, RecordKey, StoreTransfer, StoreTransferError};
use postgres_fixture::TestDatabase;

use super::{daily_series, days, open, raw};

/// Bars have no foreign keys, so it is the store that looks for their series; what the server refuses, it says itself.
#[tokio::test]
async fn what_is_refused_is_said() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let series = daily_series(&store).await;
    let batch = days(series, "file", 0..1, "1");
    let recorded_at = "2024-06-03T12:00:00Z".parse().unwrap();
    let bar = Record::Bar(MarketPrice {
        series,
        bar: batch.bars.first().unwrap().clone(),
        source: batch.source.clone(),
        recorded_at,
        provisional: false,
    });
    let line = Record::JournalEntry(JournalEntry {
        id: 1,
        series,
        version: 1,
        changed_at: recorded_at,
        kind: ChangeKind::Merge,
        range: domain::TimeRange::ALL,
        run: None,
        counts: MergeCounts::default(),
    });
    let mut said = Vec::new();
    for record in [bar, line] {
        match store.write_records(vec![record]).await {
            Err(StoreTransferError::Refused(why)) => said.push(why),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        said,
        [
            "there is no series 1/1d in the catalogue for its bars",
            "insert or update on table \"journal\" violates foreign key constraint \"journal_instrument_id_interval_fkey\": \
             Key (instrument_id, interval)=(1, 1d) is not present in table \"series\".",
        ]
    );
    store.close();
}

/// Numbers that a rolled back write has raised are gone, and none of them is given twice.
#[tokio::test]
async fn counters_are_those_of_the_sequences() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let counters = async || {
        let records = store.read_part(Part::Counters, None, 10).await.unwrap();
        records
            .into_iter()
            .map(|record| match record {
                Record::Counter(CounterRecord { last, .. }) => last,
                other => panic!("{other:?}"),
            })
            .collect::<Vec<i64>>()
    };
    assert_eq!(counters().await, [0, 0, 0, 0]);
    let series = daily_series(&store).await;
    store.merge(days(series, "file", 0..2, "1")).await.unwrap();
    assert_eq!(counters().await, [1, 0, 0, 1]);
    let raised = Record::Counter(CounterRecord {
        counter: Counter::Journal,
        last: 41,
    });
    store.write_records(vec![raised]).await.unwrap();
    store.merge(days(series, "file", 2..3, "1")).await.unwrap();
    assert_eq!(counters().await, [1, 0, 0, 42]);
    let behind = store
        .read_part(Part::Counters, Some(RecordKey::Counter(Counter::Quarantine)), 10)
        .await
        .unwrap();
    assert_eq!(behind.len(), 1);
    store.close();
}

/// The statements themselves are the store's own; these compare and sort as they do.
#[tokio::test]
async fn a_page_begins_at_its_key_and_is_not_sorted() {
    let database = TestDatabase::fresh().await;
    let client = raw(&database).await;
    // Of an empty table, any plan is as good as another.
    client
        .batch_execute(
            "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan",
        )
        .await
        .unwrap();
    let tables = [
        (
            "bars",
            "instrument_id, \"interval\", opened_at",
            "bigint, text, timestamptz",
            "1, '1d', now()",
        ),
        (
            "bar_revisions",
            "instrument_id, \"interval\", opened_at, believed_from",
            "bigint, text, timestamptz, timestamptz",
            "1, '1d', now(), now()",
        ),
    ];
    for (table, key, types, values) in tables {
        let places: Vec<String> = (1..=key.split(',').count()).map(|place| format!("${place}")).collect();
        let places = places.join(", ");
        client
            .batch_execute(&format!(
                "PREPARE page_of_{table} ({types}) AS SELECT * FROM {table} WHERE ({key}) > ({places}) ORDER BY {key} LIMIT 10"
            ))
            .await
            .unwrap();
        let steps = client
            .query(&format!("EXPLAIN EXECUTE page_of_{table} ({values})"), &[])
            .await
            .unwrap();
        let plan: Vec<String> = steps.iter().map(|step| step.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(&format!("Index Scan using {table}_pkey")), "{plan}");
        assert!(plan.contains("Index Cond: (ROW(instrument_id"), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
    }
}
