//! Decimals as the database keeps them: plain text, digit for digit.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteValue};
use domain::{DecimalError, Price, Volume};

/// A number that is stored as its text.
pub(crate) trait Exact:
    Copy + std::fmt::Debug + std::fmt::Display + std::str::FromStr<Err = DecimalError>
{
    fn from_digits(mantissa: i128, scale: u8) -> Result<Self, DecimalError>;
}

impl Exact for Price {
    fn from_digits(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
        Self::new(mantissa, scale)
    }
}

impl Exact for Volume {
    fn from_digits(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
        Self::new(mantissa, scale)
    }
}

/// A number on its way into the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits<T>(pub(crate) T);

impl<T: Exact> ToSql<Text, Sqlite> for Digits<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

/// A number on its way out. A text that is none is kept as its error, so that whoever reads the row can name its key.
#[derive(Debug, FromSqlRow)]
pub(crate) struct Stored<T: 'static>(pub(crate) Result<T, DecimalError>);

impl<T: Exact> FromSql<Text, Sqlite> for Stored<T> {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(read(value.read_text())))
    }
}

/// What fits 18 digits is summed up in 64 bits; the rest, and what is wrong, goes the way of all other input.
pub(crate) fn read<T: Exact>(text: &str) -> Result<T, DecimalError> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    if unsigned.len() < 2 || unsigned.len() > 18 {
        return text.parse();
    }
    let mut mantissa = 0_i64;
    let mut scale = None;
    for byte in unsigned.bytes() {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + i64::from(byte - b'0');
                scale = scale.map(|digits: u8| digits + 1);
            }
            b'.' if scale.is_none() => scale = Some(0),
            _ => return text.parse(),
        }
    }
    T::from_digits(
        i128::from(if negative { -mantissa } else { mantissa }),
        scale.unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_the_domain_digit_for_digit() {
        for text in [
            "0",
            "7",
            "187.10",
            "-37.63",
            "0.000000000000000001",
            "12345678901234567890.123456789012345678",
            "123456789012345678",
            "1234567890123456.78",
            "-0.50",
            "00012.5",
            ".5",
            "5.",
        ] {
            let expected: Price = text.parse().unwrap();
            let found: Price = read(text).unwrap();
            assert_eq!(
                (found.mantissa(), found.scale()),
                (expected.mantissa(), expected.scale()),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_like_the_domain() {
        for text in ["", "-", ".", "..", "1.2.3", "abc", "1,5", "--1", " 1", "1-1", "NaN"] {
            assert_eq!(
                read::<Price>(text).unwrap_err(),
                text.parse::<Price>().unwrap_err(),
                "{text}"
            );
        }
        assert!(read::<Volume>("-12.5").is_err(), "a volume is never negative");
    }
}
