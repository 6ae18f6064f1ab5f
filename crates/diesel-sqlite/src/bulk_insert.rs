//! Many rows in few statements, each prepared once a connection.
//!
//! diesel prepares an insert of a `Vec` anew each time. Here the number of rows is part of the statement's type, so a
//! batch is cut into pieces of a few fixed lengths whose statements stay in diesel's cache.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

/// A row of a bulk insert, and what all rows of one have in common.
///
/// The statement is `INSERT, shared binds, COLUMNS, (row binds), (row binds), …, TAIL`; each row has far fewer than the
/// 63 binds that a piece of [`LONG`] rows may have.
pub(crate) trait BulkRow: 'static {
    /// What all rows have in common, bound once.
    type Shared: 'static;
    /// Up to and with `SELECT`.
    const INSERT: &'static str;
    /// From the first column of the row up to and with `FROM (VALUES`.
    const COLUMNS: &'static str;
    /// What follows the rows, after the closing parenthesis.
    const TAIL: &'static str;

    /// Binds what all rows have in common, with commas between.
    fn bind_shared<'b>(shared: &'b Self::Shared, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()>;

    /// Binds one row, with commas between.
    fn bind<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()>;
}

const LONG: usize = 512;
const SHORT: usize = 32;

/// Inserts all rows in their order; returns how many were written.
pub(crate) fn insert_all<R: BulkRow>(
    connection: &mut SqliteConnection,
    shared: &R::Shared,
    rows: &[R],
) -> QueryResult<usize> {
    let (long, rest) = rows.as_chunks::<LONG>();
    let (short, rest) = rest.as_chunks::<SHORT>();
    let (single, _none) = rest.as_chunks::<1>();
    let mut written = 0;
    for rows in long {
        written += Piece::<R, LONG> { shared, rows }.execute(connection)?;
    }
    for rows in short {
        written += Piece::<R, SHORT> { shared, rows }.execute(connection)?;
    }
    for rows in single {
        written += Piece::<R, 1> { shared, rows }.execute(connection)?;
    }
    Ok(written)
}

struct Piece<'a, R: BulkRow, const ROWS: usize> {
    shared: &'a R::Shared,
    rows: &'a [R; ROWS],
}

impl<R: BulkRow, const ROWS: usize> QueryFragment<Sqlite> for Piece<'_, R, ROWS> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(R::INSERT);
        R::bind_shared(self.shared, out.reborrow())?;
        out.push_sql(R::COLUMNS);
        for (position, row) in self.rows.iter().enumerate() {
            out.push_sql(if position == 0 { "(" } else { ", (" });
            row.bind(out.reborrow())?;
            out.push_sql(")");
        }
        out.push_sql(") ");
        out.push_sql(R::TAIL);
        Ok(())
    }
}

impl<R: BulkRow, const ROWS: usize> QueryId for Piece<'_, R, ROWS> {
    type QueryId = Piece<'static, R, ROWS>;

    // The text depends on nothing but the type.
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: BulkRow, const ROWS: usize> RunQueryDsl<SqliteConnection> for Piece<'_, R, ROWS> {}
