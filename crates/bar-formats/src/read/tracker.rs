//! What a pass over a file notices about each of its series.

use std::collections::BTreeMap;

use domain::import_bars::SeriesTraits;
use domain::{Interval, Symbol, Timestamp};

use super::opening::{instant_of, opening};
use super::{FileProblem, ReadOptions, Stamp};

/// In which order the rows of a series stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// Oldest first; equal stamps stand together.
    Ascending,
    /// Newest first; equal stamps stand together.
    Descending,
    /// Neither: [`BarFile`](super::BarFile) sorts the file.
    Mixed,
}

/// One series of a file, over all its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesSurvey {
    /// Whose bars.
    pub symbol: Symbol,
    /// How long each is.
    pub interval: Interval,
    /// How many rows, good or bad.
    pub rows: u64,
    /// When the oldest bar opens; `None` when no row has a stamp that can be read.
    pub first: Option<Timestamp>,
    /// When the newest bar opens.
    pub last: Option<Timestamp>,
    /// In which order its rows stand.
    pub order: RowOrder,
    /// Whether any row gives a volume.
    pub gives_volume: bool,
    /// How many rows, good or bad, give no volume: theirs is read as zero.
    pub without_volume: u64,
    /// Minutes past the hour at which most of its hourly bars open; 0 for other intervals.
    pub minutes_past_hour: u8,
}

impl SeriesSurvey {
    /// What an import is told of it.
    #[must_use]
    pub fn traits(&self) -> SeriesTraits {
        SeriesTraits {
            gives_volume: self.gives_volume,
            minutes_past_hour: self.minutes_past_hour,
        }
    }

    /// Takes in what other tables, which named the series another way, have of it.
    pub(super) fn join(&mut self, other: &Self) {
        self.rows += other.rows;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.order = RowOrder::Mixed;
        self.gives_volume |= other.gives_volume;
        self.without_volume += other.without_volume;
    }
}

/// Distances between rows of a series that are remembered, so that odd files cost no memory.
const DISTANCES: usize = 256;

/// Listens to the rows of one series in the order of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracker {
    pub(super) rows: u64,
    pub(super) with_volume: u64,
    first: Option<Stamp>,
    last: Option<Stamp>,
    previous: Option<i64>,
    rises: bool,
    falls: bool,
    /// How often rows are so many seconds apart.
    distances: BTreeMap<i64, u64>,
    minutes: BTreeMap<u8, u64>,
    /// The first time without a zone: its table, line and text.
    pub(super) naive: Option<(usize, u64, String)>,
}

impl Tracker {
    pub(super) fn hear(&mut self, stamp: Option<Stamp>, options: &ReadOptions) {
        self.rows += 1;
        let Some(stamp) = stamp else { return };
        let order = stamp.order();
        if self.first.is_none_or(|first| order < first.order()) {
            self.first = Some(stamp);
        }
        if self.last.is_none_or(|last| order > last.order()) {
            self.last = Some(stamp);
        }
        if let Some(previous) = self.previous.replace(order) {
            self.rises |= order > previous;
            self.falls |= order < previous;
            let distance = (order - previous).abs() / 1_000_000;
            if distance > 0 && (self.distances.len() < DISTANCES || self.distances.contains_key(&distance)) {
                *self.distances.entry(distance).or_default() += 1;
            }
        }
        if !matches!(stamp, Stamp::Date(_))
            && let Ok(instant) = instant_of(stamp, Interval::OneHour, options)
            && let Ok(minute) = u8::try_from(instant.unix_seconds().rem_euclid(3_600) / 60)
        {
            *self.minutes.entry(minute).or_default() += 1;
        }
    }

    fn order(&self) -> RowOrder {
        match (self.rises, self.falls) {
            (true, true) => RowOrder::Mixed,
            (false, true) => RowOrder::Descending,
            (_, false) => RowOrder::Ascending,
        }
    }

    /// The most frequent distance: how many seconds, and how often.
    fn usual_distance(&self) -> Option<(i64, u64)> {
        // Days lose or win an hour with summer time, months have 28 to 31 days: they count as one distance.
        let mut kinds: BTreeMap<i64, u64> = BTreeMap::new();
        for (seconds, times) in &self.distances {
            let kind = interval_of_distance(*seconds).map_or(*seconds, nominal_seconds);
            *kinds.entry(kind).or_default() += times;
        }
        kinds.into_iter().max_by_key(|(seconds, times)| (*times, -seconds))
    }

    /// The interval at whose distance most rows stand, `None` when there are not two stamps.
    pub(super) fn inferred(&self, symbol: &Symbol) -> Result<Option<Interval>, FileProblem> {
        match self.usual_distance() {
            None => Ok(None),
            Some((seconds, _)) => match interval_of_distance(seconds) {
                Some(interval) => Ok(Some(interval)),
                None => Err(FileProblem::OddInterval {
                    symbol: symbol.clone(),
                    seconds,
                }),
            },
        }
    }

    /// The shorter interval that the rows clearly have, when they are said to be of a longer one: taken at its word,
    /// many rows would fall on one bar.
    pub(super) fn contradiction(&self, given: Interval) -> Option<Interval> {
        let (seconds, times) = self.usual_distance()?;
        let found = interval_of_distance(seconds)?;
        (times >= 3 && times * 2 > self.rows && found < given).then_some(found)
    }

    pub(super) fn survey(self, symbol: Symbol, interval: Interval, options: &ReadOptions) -> SeriesSurvey {
        let opened = |stamp: Option<Stamp>| opening(stamp?, interval, options).ok();
        let most = self
            .minutes
            .iter()
            .max_by_key(|(minute, times)| (**times, 60 - **minute));
        SeriesSurvey {
            rows: self.rows,
            first: opened(self.first),
            last: opened(self.last),
            order: self.order(),
            gives_volume: self.with_volume > 0,
            without_volume: self.rows - self.with_volume,
            minutes_past_hour: match (interval, most) {
                (Interval::OneHour | Interval::FourHours, Some((minute, _))) => *minute,
                _ => 0,
            },
            symbol,
            interval,
        }
    }
}

fn nominal_seconds(interval: Interval) -> i64 {
    match interval {
        Interval::OneDay => 86_400,
        Interval::OneWeek => 604_800,
        Interval::OneMonth => 2_592_000,
        intraday => intraday.intraday_length().map_or(0, time::Duration::whole_seconds),
    }
}

fn interval_of_distance(seconds: i64) -> Option<Interval> {
    const DAY: i64 = 86_400;
    const HOUR: i64 = 3_600;
    match seconds {
        60 => Some(Interval::OneMinute),
        300 => Some(Interval::FiveMinutes),
        900 => Some(Interval::FifteenMinutes),
        1_800 => Some(Interval::ThirtyMinutes),
        HOUR => Some(Interval::OneHour),
        14_400 => Some(Interval::FourHours),
        _ if (DAY - HOUR..=DAY + HOUR).contains(&seconds) => Some(Interval::OneDay),
        _ if (7 * DAY - HOUR..=7 * DAY + HOUR).contains(&seconds) => Some(Interval::OneWeek),
        _ if (28 * DAY - HOUR..=31 * DAY + HOUR).contains(&seconds) => Some(Interval::OneMonth),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::stamp::written;
    use super::*;

    fn heard(texts: &[&str]) -> Tracker {
        let mut tracker = Tracker::default();
        for text in texts {
            tracker.hear(written(text, None), &ReadOptions::default());
        }
        tracker
    }

    fn symbol() -> Symbol {
        "X".parse().unwrap()
    }

    #[test]
    fn infers_the_interval_from_the_usual_distance() {
        let check = |texts: &[&str], expected| assert_eq!(heard(texts).inferred(&symbol()).unwrap(), expected);
        check(
            &["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"],
            Some(Interval::OneDay),
        );
        check(&["2024-03-31", "2024-02-29", "2024-01-31"], Some(Interval::OneMonth));
        check(
            &["2024-01-01 10:00", "2024-01-01 10:01", "2024-01-01 10:05"],
            Some(Interval::OneMinute),
        );
        check(&["2024-01-01"], None);
        assert!(
            heard(&["2024-01-01 10:00", "2024-01-01 10:02"])
                .inferred(&symbol())
                .is_err()
        );
    }

    #[test]
    fn notices_the_order() {
        let check = |texts: &[&str], expected| assert_eq!(heard(texts).order(), expected);
        check(&["2024-01-04", "2024-01-04", "2024-01-05"], RowOrder::Ascending);
        check(&["2024-01-05", "2024-01-04"], RowOrder::Descending);
        check(&["2024-01-05", "2024-01-04", "2024-01-05"], RowOrder::Mixed);
    }

    #[test]
    fn notices_minutes_said_to_be_days() {
        let minutes = heard(&[
            "2024-01-01 10:00",
            "2024-01-01 10:01",
            "2024-01-01 10:02",
            "2024-01-01 10:03",
        ]);
        assert_eq!(minutes.contradiction(Interval::OneDay), Some(Interval::OneMinute));
        assert_eq!(minutes.contradiction(Interval::OneMinute), None);
        let hourly = minutes.survey(symbol(), Interval::OneHour, &ReadOptions::default());
        assert_eq!(hourly.minutes_past_hour, 0);
    }
}
