//! Decimals as the database keeps them: `numeric`, in binary, between its base-10,000 digits and mantissa and scale.
//!
//! On the wire: the number of digits, the weight of the first one (as a power of 10,000), the sign, how many decimals
//! are shown, and the digits themselves, two bytes each (`numeric_send` in PostgreSQL's `numeric.c`).

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Numeric;
use domain::{BoxError, DecimalError, Price, Volume};
use tokio_postgres::types::private::BytesMut;

const NEGATIVE: u16 = 0x4000;
/// Decimal digits in one digit of the wire.
const GROUP: u32 = 4;
const BASE: u64 = 10_000;
/// 38 decimal digits need eleven groups when the point lies unluckily.
const MOST_GROUPS: usize = 12;
/// Bytes in front of the digits.
const HEADER: usize = 8;
/// Those that 64 bits hold.
#[expect(clippy::indexing_slicing, reason = "in a constant a wrong index does not compile")]
const POWERS_OF_TEN: [u64; 20] = {
    let mut powers = [1; 20];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// A number that is stored as `numeric`.
pub(crate) trait Exact: Copy + std::fmt::Debug + std::fmt::Display {
    fn mantissa(self) -> i128;
    fn scale(self) -> u8;
    fn of_digits(mantissa: i128, scale: u8) -> Result<Self, DecimalError>;
}

macro_rules! exact {
    ($($number:ty),*) => {$(
        impl Exact for $number {
            fn mantissa(self) -> i128 {
                self.mantissa()
            }

            fn scale(self) -> u8 {
                self.scale()
            }

            fn of_digits(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
                Self::new(mantissa, scale)
            }
        }
    )*};
}

exact!(Price, Volume);

/// A number as the wire has it, without the length in front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    bytes: [u8; HEADER + 2 * MOST_GROUPS],
    length: usize,
}

impl Wire {
    pub(crate) fn of(number: impl Exact) -> Self {
        let (groups, count) = groups_of(number);
        let scale = u32::from(number.scale());
        let behind_point = usize::try_from(scale.div_ceil(GROUP)).unwrap_or(0);
        let groups = groups.get(..count).unwrap_or_default();
        // Zeros at the right end are not sent.
        let zeros = groups.iter().position(|group| *group != 0).unwrap_or(count);
        let digits = groups.get(zeros..).unwrap_or_default();
        let weight = match digits.is_empty() {
            true => 0,
            false => i16::try_from(count).unwrap_or(0) - i16::try_from(behind_point).unwrap_or(0) - 1,
        };
        let mut wire = Self {
            bytes: [0; HEADER + 2 * MOST_GROUPS],
            length: 0,
        };
        wire.put(u16::try_from(digits.len()).unwrap_or(0));
        wire.put(weight.cast_unsigned());
        wire.put(if number.mantissa() < 0 { NEGATIVE } else { 0 });
        wire.put(u16::from(number.scale()));
        for group in digits.iter().rev() {
            wire.put(*group);
        }
        wire
    }

    fn put(&mut self, pair: u16) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + 2) {
            place.copy_from_slice(&pair.to_be_bytes());
            self.length += 2;
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The digits to the base 10,000 from the right, and how many there are.
fn groups_of(number: impl Exact) -> ([u16; MOST_GROUPS], usize) {
    let mut groups = [0; MOST_GROUPS];
    let mut count = 0;
    let mut push = |group: u64| {
        if let (Some(place), Ok(group)) = (groups.get_mut(count), u16::try_from(group)) {
            *place = group;
            count += 1;
        }
    };
    let mut rest = number.mantissa().unsigned_abs();
    // First the decimals that fill no whole group.
    let odd = u32::from(number.scale()) % GROUP;
    if odd > 0 {
        let cut = 10_u64.pow(odd);
        let (left, right) = divided(rest, cut);
        push(right * 10_u64.pow(GROUP - odd));
        rest = left;
    }
    while rest > 0 {
        let (left, right) = divided(rest, BASE);
        push(right);
        rest = left;
    }
    (groups, count)
}

/// Quotient and remainder. 64-bit divisions are several times faster than 128-bit ones, and nearly every price fits.
fn divided(number: u128, by: u64) -> (u128, u64) {
    match u64::try_from(number) {
        Ok(small) => (u128::from(small / by), small % by),
        Err(_large) => (
            number / u128::from(by),
            u64::try_from(number % u128::from(by)).unwrap_or(0),
        ),
    }
}

/// Reads a number from the bytes of the wire, digit for digit.
pub(crate) fn read<T: Exact>(bytes: &[u8]) -> Result<T, Unreadable> {
    let (header, digits) = bytes.split_first_chunk::<8>().ok_or(Unreadable::CutOff)?;
    let [
        _,
        _,
        weight_high,
        weight_low,
        sign_high,
        sign_low,
        scale_high,
        scale_low,
    ] = *header;
    let weight = i32::from(i16::from_be_bytes([weight_high, weight_low]));
    let negative = match u16::from_be_bytes([sign_high, sign_low]) {
        0 => false,
        NEGATIVE => true,
        _ => return Err(Unreadable::NotANumber),
    };
    let shown = u16::from_be_bytes([scale_high, scale_low]);
    let scale = u8::try_from(shown).map_err(|_large| Unreadable::TooLong)?;
    let (groups, _odd) = digits.as_chunks::<2>();
    let count = i32::try_from(groups.len()).map_err(|_large| Unreadable::TooLong)?;
    let exponent = i32::from(scale) + 4 * (weight + 1 - count);
    let mantissa = quick(groups, exponent).map_or_else(|| whole(groups, exponent), Ok)?;
    Ok(T::of_digits(if negative { -mantissa } else { mantissa }, scale)?)
}

/// The digits as one integer, `exponent` zeros longer or shorter, when 64 bits hold them: nearly every price.
fn quick(groups: &[[u8; 2]], exponent: i32) -> Option<i128> {
    if groups.len() > 4 {
        return None;
    }
    let digits = groups
        .iter()
        .fold(0, |sum, group| sum * BASE + u64::from(u16::from_be_bytes(*group)));
    match exponent {
        0.. => {
            let power = POWERS_OF_TEN.get(usize::try_from(exponent).ok()?)?;
            Some(i128::from(digits) * i128::from(*power))
        }
        // No more than the zeros that fill the last group. By a number that is known the machine need not divide.
        -1 => Some((digits / 10).into()),
        -2 => Some((digits / 100).into()),
        -3 => Some((digits / 1_000).into()),
        _ => None,
    }
}

/// The same for any number.
fn whole(groups: &[[u8; 2]], exponent: i32) -> Result<i128, Unreadable> {
    let sum = |groups: &[[u8; 2]]| {
        groups.iter().try_fold(0_i128, |sum, group| {
            sum.checked_mul(BASE.into())?
                .checked_add(u16::from_be_bytes(*group).into())
        })
    };
    let power = |exponent: u32| 10_i128.checked_pow(exponent);
    let mantissa = match u32::try_from(exponent) {
        Ok(zeros) => sum(groups)
            .zip(power(zeros))
            .and_then(|(sum, power)| sum.checked_mul(power)),
        Err(_negative) => {
            // The zeros that fill the last group are cut before anything is summed up: with them it might not fit.
            let (last, others) = groups.split_last().ok_or(Unreadable::CutOff)?;
            let kept = GROUP.checked_add_signed(exponent).ok_or(Unreadable::TooLong)?;
            let last = i128::from(u16::from_be_bytes(*last)) / 10_i128.pow(exponent.unsigned_abs());
            sum(others)
                .and_then(|sum| sum.checked_mul(10_i128.pow(kept)))
                .and_then(|sum| sum.checked_add(last))
        }
    };
    mantissa.ok_or(Unreadable::TooLong)
}

/// Why bytes are no number of the domain; kept in the row, so that whoever reads it can name its key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the bytes of a number are cut off")]
    CutOff,
    #[error("NaN or infinity is no number")]
    NotANumber,
    #[error("the number has more digits than are kept")]
    TooLong,
    #[error(transparent)]
    Decimal(#[from] DecimalError),
}

/// A number on its way into the database.
#[derive(Clone, Copy, Debug, AsExpression)]
#[diesel(sql_type = Numeric)]
pub(crate) struct Digits<T: std::fmt::Debug>(pub(crate) T);

impl<T: Exact> ToSql<Numeric, Pg> for Digits<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, Wire::of(self.0).as_bytes())?;
        Ok(IsNull::No)
    }
}

impl<T: Exact> tokio_postgres::types::ToSql for Digits<T> {
    fn to_sql(
        &self,
        _type: &tokio_postgres::types::Type,
        out: &mut BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, BoxError> {
        out.extend_from_slice(Wire::of(self.0).as_bytes());
        Ok(tokio_postgres::types::IsNull::No)
    }

    tokio_postgres::types::accepts!(NUMERIC);
    tokio_postgres::types::to_sql_checked!();
}

/// A number on its way out.
#[derive(Clone, Debug, PartialEq, Eq, FromSqlRow)]
pub(crate) struct Stored<T: 'static>(pub(crate) Result<T, Unreadable>);

impl<T: Exact> FromSql<Numeric, Pg> for Stored<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(read(value.as_bytes())))
    }
}

impl<'row, T: Exact> tokio_postgres::types::FromSql<'row> for Stored<T> {
    fn from_sql(_type: &tokio_postgres::types::Type, bytes: &'row [u8]) -> Result<Self, BoxError> {
        Ok(Self(read(bytes)))
    }

    tokio_postgres::types::accepts!(NUMERIC);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(text: &str) -> Vec<u8> {
        Wire::of(text.parse::<Price>().unwrap()).as_bytes().to_vec()
    }

    fn wire_of(weight: i16, sign: u16, scale: u16, groups: &[u16]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(u16::try_from(groups.len()).unwrap().to_be_bytes());
        bytes.extend(weight.to_be_bytes());
        bytes.extend(sign.to_be_bytes());
        bytes.extend(scale.to_be_bytes());
        bytes.extend(groups.iter().flat_map(|group| group.to_be_bytes()));
        bytes
    }

    /// As PostgreSQL 15 sends `SELECT x::numeric` in binary.
    #[test]
    fn writes_what_the_server_writes() {
        assert_eq!(wire("187.10"), wire_of(0, 0, 2, &[187, 1000]));
        assert_eq!(wire("12345.678"), wire_of(1, 0, 3, &[1, 2345, 6780]));
        assert_eq!(wire("-37.63"), wire_of(0, NEGATIVE, 2, &[37, 6300]));
        assert_eq!(wire("0.00001"), wire_of(-2, 0, 5, &[1000]));
        assert_eq!(wire("100000000"), wire_of(2, 0, 0, &[1]));
        assert_eq!(wire("0.00"), wire_of(0, 0, 2, &[]));
    }

    #[test]
    fn every_number_comes_back_digit_for_digit() {
        for text in [
            "0",
            "0.000",
            "7",
            "187.10",
            "-37.63",
            "10000",
            "99999999",
            "0.000000000000000001",
            "12345678901234567890.123456789012345678",
            "99999999999999999999.999999999999999999",
            "18446744073709551616",
            "1234567890123456.78",
            "-0.50",
            "100.000000",
            "0.0001",
            "0.10001000",
        ] {
            let back: Price = read(&wire(text)).unwrap();
            assert_eq!(back.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_number_of_the_domain_is_told() {
        assert_eq!(read::<Price>(&[0, 1]).unwrap_err(), Unreadable::CutOff);
        let nan = wire_of(0, 0xC000, 0, &[]);
        assert_eq!(read::<Price>(&nan).unwrap_err(), Unreadable::NotANumber);
        let beyond = wire_of(0, 0, 2, &[1, 2345, 6789]);
        assert_eq!(
            read::<Price>(&beyond).unwrap_err(),
            Unreadable::TooLong,
            "more digits than it says"
        );
        let huge = wire_of(200, 0, 0, &[1]);
        assert_eq!(read::<Price>(&huge).unwrap_err(), Unreadable::TooLong);
        let fine = wire_of(-6, 0, 24, &[1]);
        assert!(matches!(read::<Price>(&fine).unwrap_err(), Unreadable::Decimal(_)));
        assert!(read::<Volume>(&wire("-1")).is_err(), "a volume is never negative");
    }
}
