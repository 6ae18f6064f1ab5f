//! Names of sources, kept once and referred to by number.

use diesel::prelude::*;
use domain::SourceName;

use crate::connections::last_id;
use crate::error::Failure;
use crate::schema::sources;

/// All sources that ever wrote something: a handful, so looking through them beats hashing.
pub(crate) struct Sources(Vec<(i64, SourceName)>);

impl Sources {
    pub(crate) fn load<E>(connection: &mut SqliteConnection) -> Result<Self, Failure<E>> {
        let rows: Vec<(i64, String)> = sources::table.select((sources::id, sources::name)).load(connection)?;
        rows.into_iter()
            .map(|(id, name)| match name.parse() {
                Ok(name) => Ok((id, name)),
                Err(error) => Err(Failure::Corrupt(format!("source {id}: {error}"))),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The name behind a number; the error names the row that holds it.
    pub(crate) fn name<E>(&self, id: i64, row: impl FnOnce() -> String) -> Result<SourceName, Failure<E>> {
        self.0
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, name)| name.clone())
            .ok_or_else(|| Failure::Corrupt(format!("{}: there is no source {id}", row())))
    }

    /// The number of a source, when it ever wrote something.
    pub(crate) fn id(&self, name: &SourceName) -> Option<i64> {
        self.0.iter().find(|(_, known)| *known == *name).map(|(id, _)| *id)
    }

    /// The number of a source that a row was read with.
    pub(crate) fn known_id<E>(&self, name: &SourceName) -> Result<i64, Failure<E>> {
        self.id(name)
            .ok_or_else(|| Failure::Corrupt(format!("there is no source {name}")))
    }

    /// The number of a source, which is given one when it has none.
    pub(crate) fn id_or_new(&mut self, connection: &mut SqliteConnection, name: &SourceName) -> QueryResult<i64> {
        if let Some(id) = self.id(name) {
            return Ok(id);
        }
        diesel::insert_into(sources::table)
            .values(sources::name.eq(name.as_str()))
            .execute(connection)?;
        let id = last_id(connection)?;
        self.0.push((id, name.clone()));
        Ok(id)
    }
}
