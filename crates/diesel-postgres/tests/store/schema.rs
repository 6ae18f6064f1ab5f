//! The tables that diesel sees are those that the migrations make.

use std::collections::BTreeSet;

use postgres_fixture::TestDatabase;

use super::raw;

#[tokio::test]
async fn names_and_types_are_those_of_the_migrations() {
    let database = TestDatabase::fresh().await;
    let columns = raw(&database)
        .await
        .query(
            "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'",
            &[],
        )
        .await
        .unwrap();
    let made: BTreeSet<String> = columns
        .iter()
        .map(|row| {
            let (table, column): (String, String) = (row.get(0), row.get(1));
            let plain = match row.get::<_, String>(2).as_str() {
                "bigint" => "BigInt",
                "integer" => "Integer",
                "text" => "Text",
                "boolean" => "Bool",
                "numeric" => "Numeric",
                "timestamp with time zone" => "Timestamptz",
                "date" => "Date",
                "bytea" => "Binary",
                other => panic!("{table}.{column} is {other}"),
            };
            let written = match row.get(3) {
                true => format!("Nullable<{plain}>"),
                false => plain.to_owned(),
            };
            format!("{table}.{column} -> {written}")
        })
        .collect();
    let mut table = "";
    let mut seen = BTreeSet::new();
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if let Some((column, written)) = line.trim_end_matches(',').split_once(" -> ") {
            seen.insert(format!("{table}.{column} -> {written}"));
        } else if let Some((name, _key)) = line.split_once(" (") {
            table = name;
        }
    }
    assert_eq!(seen, made);
}

/// Else its order and its indexes would depend on how the server was set up.
#[tokio::test]
async fn every_text_is_compared_byte_by_byte() {
    let database = TestDatabase::fresh().await;
    let others = raw(&database)
        .await
        .query(
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' \
             AND table_name NOT LIKE '\\_\\_diesel%' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
            &[],
        )
        .await
        .unwrap();
    let others: Vec<String> = others.iter().map(|row| row.get(0)).collect();
    assert_eq!(others, Vec::<String>::new());
}
