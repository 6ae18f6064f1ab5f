//! Instants as the database keeps them: `timestamptz`, which counts microseconds from the year 2000.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Timestamptz;
use domain::Timestamp;
use tokio_postgres::types::private::BytesMut;

/// 2000-01-01T00:00:00Z in microseconds from 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// Microseconds from 1970, as [`Timestamp`] counts them; of any instant that the database can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = Timestamptz)]
pub(crate) struct Micros(pub(crate) i64);

impl From<Timestamp> for Micros {
    fn from(instant: Timestamp) -> Self {
        Self(instant.unix_micros())
    }
}

impl Micros {
    /// As eight bytes of the wire.
    pub(crate) fn to_wire(self) -> [u8; 8] {
        self.0.saturating_sub(EPOCH).to_be_bytes()
    }

    pub(crate) fn of_wire(bytes: [u8; 8]) -> Self {
        Self(i64::from_be_bytes(bytes).saturating_add(EPOCH))
    }
}

impl ToSql<Timestamptz, Pg> for Micros {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, &self.to_wire())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Timestamptz, Pg> for Micros {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::of_wire(value.as_bytes().try_into()?))
    }
}

impl tokio_postgres::types::ToSql for Micros {
    fn to_sql(
        &self,
        _type: &tokio_postgres::types::Type,
        out: &mut BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, domain::BoxError> {
        out.extend_from_slice(&self.to_wire());
        Ok(tokio_postgres::types::IsNull::No)
    }

    tokio_postgres::types::accepts!(TIMESTAMPTZ);
    tokio_postgres::types::to_sql_checked!();
}

impl<'row> tokio_postgres::types::FromSql<'row> for Micros {
    fn from_sql(_type: &tokio_postgres::types::Type, bytes: &'row [u8]) -> Result<Self, domain::BoxError> {
        Ok(Self::of_wire(bytes.try_into()?))
    }

    tokio_postgres::types::accepts!(TIMESTAMPTZ);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_counts_from_2000() {
        let instant: Timestamp = "2000-01-01T00:00:01Z".parse().unwrap();
        assert_eq!(Micros::from(instant).to_wire(), 1_000_000_i64.to_be_bytes());
        for instant in [Timestamp::MIN, Timestamp::MAX, instant] {
            let micros = Micros::from(instant);
            assert_eq!(Micros::of_wire(micros.to_wire()), micros);
        }
    }
}
