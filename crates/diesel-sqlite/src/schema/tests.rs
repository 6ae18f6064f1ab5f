//! The tables that diesel sees are those that the migrations make.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::MigrationHarness;

use crate::migrations::MIGRATIONS;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql_type: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[test]
fn names_and_types_are_those_of_the_migrations() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    let columns: Vec<Column> = diesel::sql_query(
        "SELECT t.name AS of_table, c.name, c.type AS sql_type, c.\"notnull\" = 0 AND c.pk = 0 AS nullable \
         FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' \
         AND t.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY t.rowid, c.cid",
    )
    .load(&mut connection)
    .unwrap();
    let made: Vec<String> = columns
        .into_iter()
        .map(|column| {
            let plain = match (column.sql_type.as_str(), column.name.as_str()) {
                ("INTEGER", "active" | "gives_volume" | "refresh") => "Bool",
                ("INTEGER", _) => "BigInt",
                ("TEXT", _) => "Text",
                ("BLOB", _) => "Binary",
                (other, name) => panic!("{name} is {other}"),
            };
            let written = if column.nullable {
                format!("Nullable<{plain}>")
            } else {
                plain.to_owned()
            };
            format!("{}.{} -> {written}", column.of_table, column.name)
        })
        .collect();
    let mut table = "";
    let mut seen = Vec::new();
    for line in include_str!("../schema.rs").lines().map(str::trim) {
        if let Some((column, written)) = line.trim_end_matches(',').split_once(" -> ") {
            seen.push(format!("{table}.{column} -> {written}"));
        } else if let Some((name, _key)) = line.split_once(" (") {
            table = name;
        }
    }
    assert_eq!(seen, made);
}
