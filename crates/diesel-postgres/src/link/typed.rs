//! The typed way: what diesel-async asks of a connection.

use std::num::NonZeroU32;

use diesel::QueryResult;
use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata, PgValue, TypeOidLookup};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{AsQuery, QueryBuilder, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use domain::BoxError;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio_postgres::Statement;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

use super::Link;

impl SimpleAsyncConnection for Link {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.batch(query).await.map_err(Error::from)
    }
}

impl AsyncConnectionCore for Link {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'static, QueryResult<LinkRow>>;
    type Row<'conn, 'query> = LinkRow;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        // Built before the future, which then holds text and bytes only.
        let written = Written::of(&source.as_query());
        Box::pin(async move {
            let (statement, binds) = self.prepare(written?).await?;
            // All of them here: whoever polls the stream does not move the bytes.
            let rows = async {
                self.client
                    .query_raw(&statement, binds)
                    .await?
                    .try_collect::<Vec<_>>()
                    .await
            };
            let rows = self.within(rows).await?;
            Ok(stream::iter(rows.into_iter().map(|row| Ok(LinkRow(row)))).boxed())
        })
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let written = Written::of(&source);
        Box::pin(async move {
            let (statement, binds) = self.prepare(written?).await?;
            let rows = self.within(self.client.execute_raw(&statement, binds)).await?;
            usize::try_from(rows).map_err(|error| Error::DeserializationError(error.into()))
        })
    }
}

impl Link {
    async fn prepare(&self, written: Written) -> QueryResult<(Statement, Vec<Bind>)> {
        let Written {
            text,
            types,
            binds,
            keep,
        } = written;
        let statement = if keep {
            self.prepared_as(&text, &types).await?
        } else {
            self.within(self.client.prepare_typed(&text, &types)).await?
        };
        Ok((statement, binds))
    }
}

/// A query as text and bytes.
struct Written {
    text: String,
    types: Vec<Type>,
    binds: Vec<Bind>,
    /// Whether its text comes again, so that keeping it prepared pays.
    keep: bool,
}

impl Written {
    fn of<T: QueryFragment<Pg>>(query: &T) -> QueryResult<Self> {
        let mut text = PgQueryBuilder::default();
        query.to_sql(&mut text, &Pg)?;
        let mut collected = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut collected, &mut BuiltIn, &Pg)?;
        let type_of = |metadata: &PgTypeMetadata| {
            let number = metadata
                .oid()
                .map_err(|error| Error::SerializationError(error.into()))?;
            Type::from_oid(number)
                .ok_or_else(|| Error::SerializationError(format!("type {number} is not built in").into()))
        };
        Ok(Self {
            text: text.finish(),
            types: collected.metadata.iter().map(type_of).collect::<QueryResult<_>>()?,
            binds: collected.binds.into_iter().map(Bind).collect(),
            keep: query.is_safe_to_cache_prepared(&Pg)?,
        })
    }
}

/// The schema has no types of its own, so that none has to be looked up.
struct BuiltIn;

impl PgMetadataLookup for BuiltIn {
    fn lookup_type(&mut self, _type_name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

/// A parameter that diesel has written in binary already.
#[derive(Debug)]
struct Bind(Option<Vec<u8>>);

impl ToSql for Bind {
    fn to_sql(&self, _type: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_type: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, asked: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        self.to_sql(asked, out)
    }
}

/// A row in binary.
pub(crate) struct LinkRow(tokio_postgres::Row);

impl RowSealed for LinkRow {}

impl<'row> Row<'row, Pg> for LinkRow {
    type Field<'field>
        = LinkField<'field>
    where
        'row: 'field,
        Self: 'field;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.0.len()
    }

    fn get<'field, I>(&'field self, index: I) -> Option<Self::Field<'field>>
    where
        'row: 'field,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        let column = self.0.columns().get(index)?;
        Some(LinkField {
            name: column.name(),
            oid: Oid(NonZeroU32::new(column.type_().oid())?),
            value: self.0.try_get(index).ok().flatten(),
        })
    }

    fn partial_row(&self, range: std::ops::Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for LinkRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.0.len()).then_some(index)
    }
}

impl<'name> RowIndex<&'name str> for LinkRow {
    fn idx(&self, name: &'name str) -> Option<usize> {
        self.0.columns().iter().position(|column| column.name() == name)
    }
}

/// A value of a row.
pub(crate) struct LinkField<'row> {
    name: &'row str,
    oid: Oid,
    value: Option<Raw<'row>>,
}

impl<'row> Field<'row, Pg> for LinkField<'row> {
    fn field_name(&self) -> Option<&str> {
        Some(self.name)
    }

    fn value(&self) -> Option<PgValue<'_>> {
        self.value.as_ref().map(|value| PgValue::new(value.0, &self.oid))
    }
}

struct Oid(NonZeroU32);

impl TypeOidLookup for Oid {
    fn lookup(&self) -> NonZeroU32 {
        self.0
    }
}

/// The bytes of a value, whatever its type.
struct Raw<'row>(&'row [u8]);

impl<'row> FromSql<'row> for Raw<'row> {
    fn from_sql(_type: &Type, bytes: &'row [u8]) -> Result<Self, BoxError> {
        Ok(Self(bytes))
    }

    fn accepts(_type: &Type) -> bool {
        true
    }
}
