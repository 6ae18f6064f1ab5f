//! The range of a dashboard, and how long a bucket is that Grafana asks for in it.

use anyhow::{Context, bail};
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, OffsetDateTime};

/// From one instant to another, as Grafana's picker gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: OffsetDateTime,
    pub(super) to: OffsetDateTime,
}

impl Range {
    /// Of two texts as dashboards hold them: `now`, `now-10y`, or an instant of RFC 3339.
    ///
    /// # Errors
    /// When one of them is something else, or the range is empty.
    pub(super) fn parse(from: &str, to: &str, now: OffsetDateTime) -> anyhow::Result<Self> {
        let range = Self {
            from: instant(from, now)?,
            to: instant(to, now)?,
        };
        if range.from >= range.to {
            bail!("`{from}` is not before `{to}`");
        }
        Ok(range)
    }

    /// How long a bucket is when the range has so many points and a bucket may not be shorter than `shortest`.
    pub(super) fn bucket(self, points: u32, shortest: Duration) -> Duration {
        let exact = (self.to - self.from) / points.max(1);
        let exact = exact.max(shortest);
        let round = ROUND.iter().find(|(below, _)| exact.whole_milliseconds() < *below);
        let round = round.map_or(Duration::days(365), |(_, round)| Duration::milliseconds(*round));
        round.max(shortest)
    }
}

/// Buckets that are below the first are drawn with the length of the second, in milliseconds, as Grafana rounds them.
const ROUND: [(i128, i64); 25] = [
    (15, 10),
    (75, 50),
    (150, 100),
    (750, 500),
    (1_500, 1_000),
    (3_500, 2_000),
    (7_500, 5_000),
    (12_500, 10_000),
    (17_500, 15_000),
    (25_000, 20_000),
    (45_000, 30_000),
    (90_000, 60_000),
    (210_000, 120_000),
    (450_000, 300_000),
    (750_000, 600_000),
    (1_050_000, 900_000),
    (1_500_000, 1_200_000),
    (2_700_000, 1_800_000),
    (5_400_000, 3_600_000),
    (9_000_000, 7_200_000),
    (16_200_000, 10_800_000),
    (86_400_000, 43_200_000),
    (604_800_000, 86_400_000),
    (1_814_400_000, 604_800_000),
    (3_628_800_000, 2_592_000_000),
];

/// A length as panels and `$__interval` write it: `5m`, `1d`; empty is none at all.
///
/// # Errors
/// When it is something else.
pub(super) fn length(text: &str) -> anyhow::Result<Duration> {
    if text.is_empty() {
        return Ok(Duration::ZERO);
    }
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: i32 = number
        .parse()
        .with_context(|| format!("`{text}` is no length such as 5m or 1d"))?;
    let unit = match unit {
        "s" => Duration::SECOND,
        "m" => Duration::MINUTE,
        "h" => Duration::HOUR,
        "d" => Duration::DAY,
        "w" => Duration::WEEK,
        "M" => Duration::days(30),
        "y" => Duration::days(365),
        _ => bail!("`{text}` is no length such as 5m or 1d"),
    };
    Ok(unit * number)
}

/// As Grafana writes a bucket: `30s`, `5m`, `1d`.
pub(super) fn shown(bucket: Duration) -> String {
    let seconds = bucket.whole_seconds();
    let units = [(31_536_000, "y"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    units
        .into_iter()
        .find(|(unit, _)| seconds >= *unit && seconds % unit == 0)
        .map_or_else(
            || format!("{}ms", bucket.whole_milliseconds()),
            |(unit, name)| format!("{}{name}", seconds / unit),
        )
}

fn instant(text: &str, now: OffsetDateTime) -> anyhow::Result<OffsetDateTime> {
    if text == "now" {
        return Ok(now);
    }
    let Some(back) = text.strip_prefix("now-") else {
        return OffsetDateTime::parse(text, &Rfc3339)
            .with_context(|| format!("`{text}` is neither `now-10y` nor 2014-06-09T00:00:00Z"));
    };
    if let Some(years) = back.strip_suffix('y') {
        let years: i32 = years.parse().with_context(|| format!("`{text}`"))?;
        // 29 February has no other year's twin: the day before it does.
        let date = now
            .replace_year(now.year() - years)
            .or_else(|_| now.replace_date(before_leap_day(now)).replace_year(now.year() - years));
        return date.with_context(|| format!("`{text}`"));
    }
    Ok(now - length(back)?)
}

fn before_leap_day(now: OffsetDateTime) -> Date {
    now.date().previous_day().unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2028-02-29 12:00 UTC);

    #[test]
    fn ranges_are_relative_or_fixed() {
        let range = Range::parse("now-10y", "now", NOW).unwrap();
        assert_eq!((range.from, range.to), (datetime!(2018-02-28 12:00 UTC), NOW));
        let range = Range::parse("2014-06-01T00:00:00Z", "now-30d", NOW).unwrap();
        assert_eq!(
            (range.from, range.to),
            (datetime!(2014-06-01 0:00 UTC), datetime!(2028-01-30 12:00 UTC))
        );
        for (from, to) in [
            ("now", "now"),
            ("yesterday", "now"),
            ("now-10x", "now"),
            ("now/d", "now"),
        ] {
            assert!(Range::parse(from, to, NOW).is_err(), "{from} {to}");
        }
    }

    #[track_caller]
    fn check(range: Duration, points: u32, shortest: &str, expected: &str) {
        let range = Range {
            from: NOW,
            to: NOW + range,
        };
        assert_eq!(shown(range.bucket(points, length(shortest).unwrap())), expected);
    }

    #[test]
    fn buckets_are_round_and_not_shorter_than_asked() {
        check(Duration::hours(6), 1_000, "", "20s");
        check(Duration::days(30), 200, "5m", "3h");
        check(Duration::days(3_650), 400, "1m", "7d");
        check(Duration::days(30), 800, "1d", "1d");
        check(Duration::minutes(1), 1_000, "", "50ms");
        check(Duration::days(36_500), 10, "", "1y");
    }
}
