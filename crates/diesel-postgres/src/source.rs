//! Names of sources, kept once and referred to by number.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::SourceName;

use crate::error::Failure;
use crate::link::Link;
use crate::schema::sources;

/// All sources that ever wrote something: a handful, so looking through them beats hashing.
pub(crate) struct Sources(Vec<(i32, SourceName)>);

impl Sources {
    /// As the database has them now.
    pub(crate) async fn load<E>(link: &mut Link) -> Result<Self, Failure<E>> {
        let rows: Vec<(i32, String)> = sources::table.select((sources::id, sources::name)).load(link).await?;
        let all = rows
            .into_iter()
            .map(|(id, name)| match name.parse() {
                Ok(name) => Ok((id, name)),
                Err(error) => Err(Failure::Corrupt(format!("source {id}: {error}"))),
            })
            .collect::<Result<Vec<_>, Failure<E>>>()?;
        Ok(Self(all))
    }

    /// As this connection has seen them, which costs nothing; one that is newer is missing.
    pub(crate) fn seen(link: &Link) -> Self {
        Self(link.known_sources().clone())
    }

    /// Among them those with these numbers, which are looked up when this connection has not seen one of them: names and
    /// numbers never change, so a later look is as good.
    pub(crate) async fn knowing<E>(link: &mut Link, ids: Vec<i32>) -> Result<Self, Failure<E>> {
        let seen = Self::seen(link);
        match ids.into_iter().all(|id| seen.find(id).is_some()) {
            true => Ok(seen),
            false => Self::remember(link).await,
        }
    }

    /// Also those that this connection has seen since.
    pub(crate) fn refreshed(mut self, link: &Link) -> Self {
        for (id, name) in link.known_sources().iter() {
            if self.find(*id).is_none() {
                self.0.push((*id, name.clone()));
            }
        }
        self
    }

    /// Loads them, and remembers them for [`Sources::seen`]. One that is rolled back later does no harm: its number is not
    /// given again.
    pub(crate) async fn remember<E>(link: &mut Link) -> Result<Self, Failure<E>> {
        let all = Self::load(link).await?;
        link.known_sources().clone_from(&all.0);
        Ok(all)
    }

    /// The name behind a number; the error names the row that holds it.
    pub(crate) fn name<E>(&self, id: i32, row: impl FnOnce() -> String) -> Result<SourceName, Failure<E>> {
        self.find(id)
            .cloned()
            .ok_or_else(|| Failure::Corrupt(format!("{}: there is no source {id}", row())))
    }

    /// The name behind a number, when it is known here.
    pub(crate) fn find(&self, id: i32) -> Option<&SourceName> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, name)| name)
    }

    /// The number of a source, when it ever wrote something.
    pub(crate) fn id(&self, name: &SourceName) -> Option<i32> {
        self.0.iter().find(|(_, known)| *known == *name).map(|(id, _)| *id)
    }

    /// The number of a source that a row was read with.
    pub(crate) fn known_id<E>(&self, name: &SourceName) -> Result<i32, Failure<E>> {
        self.id(name)
            .ok_or_else(|| Failure::Corrupt(format!("there is no source {name}")))
    }

    /// The number of a source, which is given one when it has none. Another transaction that names it for the first time
    /// is waited for.
    pub(crate) async fn id_or_new<E>(&mut self, link: &mut Link, name: &SourceName) -> Result<i32, Failure<E>> {
        if let Some(id) = self.id(name) {
            return Ok(id);
        }
        diesel::insert_into(sources::table)
            .values(sources::name.eq(name.as_str()))
            .on_conflict(sources::name)
            .do_nothing()
            .execute(link)
            .await?;
        let id = sources::table
            .filter(sources::name.eq(name.as_str()))
            .select(sources::id)
            .first(link)
            .await?;
        self.0.push((id, name.clone()));
        Ok(id)
    }
}
