use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::MigrationHarness;

use crate::migrations::MIGRATIONS;

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// How SQLite would read a page.
fn plan(query: &str) -> String {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"))
        .load(&mut connection)
        .unwrap();
    let details: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
    details.join("; ")
}

#[test]
fn a_page_begins_at_its_key_and_is_not_sorted() {
    let bars = plan(
        "SELECT * FROM bars WHERE (instrument_id, interval, opened_at) > (1, '1d', 5) \
         ORDER BY instrument_id, interval, opened_at LIMIT 10",
    );
    assert!(bars.contains("(instrument_id,interval,opened_at)>"), "{bars}");
    assert!(!bars.contains("TEMP B-TREE"), "{bars}");
}
