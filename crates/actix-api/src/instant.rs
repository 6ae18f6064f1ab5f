//! Instants as clients write them: RFC 3339, a date, or Unix seconds.

use domain::{TimeRange, Timestamp, TimestampError};
use time::Date;
use time::macros::format_description;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::fields::{Fields, excerpt};
use crate::problem::Problem;

/// The largest Unix second that is taken, in the year 5138: anything larger is milliseconds.
const MOST_SECONDS: i64 = 99_999_999_999;

/// Documents the three ways to write an instant.
pub(crate) struct Instant;

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        let text = |format| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(format)))
        };
        let seconds = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .minimum(Some(-62_135_596_800_i64))
            .maximum(Some(MOST_SECONDS));
        AnyOfBuilder::new()
            .item(text(KnownFormat::DateTime))
            .item(text(KnownFormat::Date))
            .item(seconds)
            .description(Some(
                "An instant: RFC 3339 with any offset (2024-01-02T00:00:00Z), a date (2024-01-02, which is 00:00Z), or \
                 whole Unix seconds, which may be negative.",
            ))
            .into()
    }
}

impl ToSchema for Instant {}

/// Reads an instant.
///
/// # Errors
/// What is wrong and what would be right.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return unix_seconds(text);
    }
    if let Ok(date) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        return Timestamp::midnight(date).map_err(|error| error.to_string());
    }
    // A plus sign that was not percent-encoded arrives as a space.
    match text.replace(' ', "+").parse() {
        Ok(instant) => Ok(instant),
        Err(error @ TimestampError::OutOfRange) => Err(error.to_string()),
        Err(TimestampError::NotAnInstant { .. }) => Err(format!(
            "`{}` is not an instant: write RFC 3339 such as 2024-01-02T00:00:00Z, a date such as 2024-01-02, or whole \
             Unix seconds",
            excerpt(text)
        )),
    }
}

fn unix_seconds(text: &str) -> Result<Timestamp, String> {
    match text.parse::<i64>() {
        Ok(seconds) if (-MOST_SECONDS..=MOST_SECONDS).contains(&seconds) => {
            Timestamp::from_unix_seconds(seconds).map_err(|error| error.to_string())
        }
        _ => Err(format!(
            "`{}` looks like milliseconds or finer: give Unix seconds, dividing by 1000 where it is milliseconds",
            excerpt(text)
        )),
    }
}

/// The bounds of a half-open range as given; each may be left out.
#[derive(Clone, Copy, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Bounds {
    /// The first instant inside; from the beginning when left out.
    #[param(value_type = Option<Instant>, example = "2024-01-02")]
    pub(crate) start: Option<Timestamp>,
    /// The first instant after; to the end when left out.
    #[param(value_type = Option<Instant>, example = "2024-02-01")]
    pub(crate) end: Option<Timestamp>,
}

impl Bounds {
    /// Takes `start` and `end`.
    pub(crate) fn read(fields: &mut Fields<String>) -> Self {
        Self {
            start: fields.optional("start", parse),
            end: fields.optional("end", parse),
        }
    }

    /// The half-open range between them, open where a bound is missing.
    ///
    /// # Errors
    /// 400 when it is empty, 422 when it is reversed.
    pub(crate) fn range(self) -> Result<TimeRange, Problem> {
        let start = self.start.unwrap_or(Timestamp::MIN);
        let end = self.end.unwrap_or(Timestamp::MAX);
        TimeRange::new(start, end).map_err(Problem::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = parse(text).map_or_else(|error| error, |instant| instant.to_string());
        assert_eq!(found, expected);
    }

    #[test]
    fn reads_the_three_ways_to_write_an_instant() {
        check("2024-01-02T00:00:00Z", "2024-01-02T00:00:00Z");
        check("2024-01-02T00:00:00+02:00", "2024-01-01T22:00:00Z");
        check("2024-01-02T00:00:00 02:00", "2024-01-01T22:00:00Z");
        check("2024-01-02", "2024-01-02T00:00:00Z");
        check("1704153600", "2024-01-02T00:00:00Z");
        check("-86400", "1969-12-31T00:00:00Z");
        check("0", "1970-01-01T00:00:00Z");
    }

    #[test]
    fn refuses_milliseconds_fractions_and_nonsense() {
        let milliseconds = "`1704153600000` looks like milliseconds or finer: give Unix seconds, dividing by 1000 where \
                            it is milliseconds";
        check("1704153600000", milliseconds);
        for text in [
            "1704153600.5",
            "",
            "-",
            "2024-13-01",
            "yesterday",
            "2024-1-2",
            "1e9",
            "0000-01-01",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_range_is_malformed_and_a_reversed_one_impossible() {
        let bounds = |start: &str, end: &str| Bounds {
            start: parse(start).ok(),
            end: parse(end).ok(),
        };
        let status = |bounds: Bounds| bounds.range().unwrap_err().status().as_u16();
        assert_eq!(status(bounds("2024-01-02", "2024-01-02")), 400);
        assert_eq!(status(bounds("2024-01-03", "2024-01-02")), 422);
        assert!(bounds("2024-01-02", "2024-01-03").range().is_ok());
    }
}
