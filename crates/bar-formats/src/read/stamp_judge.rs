//! What all rows of a file together say about how their time stamps are to be read.

use super::stamp::{NumericDate, compact, numeric_date, written};
use super::stamp_reading::count;
use super::{DayOrder, FileProblem, StampReading, UnixUnit, cut};

/// Collects what the rows of a file say about their time stamps.
#[derive(Clone, Debug, Default)]
pub(super) struct StampJudge {
    first: Option<(u64, String)>,
    rows: u64,
    compact: u64,
    counts: u64,
    written: u64,
    /// Per unit the first count that falls into recent years of that unit.
    recent: [Option<(u64, String)>; 4],
    smallest: Option<i128>,
    largest: Option<i128>,
    /// Counts between the recent years of a unit and those of the next finer one.
    between: [bool; 4],
    separator: Option<char>,
    only_day_first: Option<(u64, String)>,
    only_month_first: Option<(u64, String)>,
}

impl StampJudge {
    pub(super) fn hear(&mut self, line: u64, text: &str) {
        if super::is_missing(text) {
            return;
        }
        let witness = || Some((line, cut(text)));
        if self.first.is_none() {
            self.first = witness();
        }
        self.rows += 1;
        if let Some((mantissa, scale)) = count(text) {
            self.counts += 1;
            self.compact += u64::from(compact(text).is_some());
            let whole = mantissa / 10_i128.pow(scale.into());
            self.smallest = Some(self.smallest.map_or(whole, |smallest| smallest.min(whole)));
            self.largest = Some(self.largest.map_or(whole, |largest| largest.max(whole)));
            let recent = UnixUnit::ALL
                .into_iter()
                .zip(&mut self.recent)
                .find(|(unit, _)| unit.is_recent(whole));
            match recent {
                Some((_, seen)) if seen.is_none() => *seen = witness(),
                Some(_) => {}
                None => self.hear_between(whole),
            }
        } else if let Some(NumericDate {
            separator,
            day_first,
            month_first,
        }) = numeric_date(text)
        {
            self.written += 1;
            self.separator.get_or_insert(separator);
            if day_first && !month_first && self.only_day_first.is_none() {
                self.only_day_first = witness();
            }
            if month_first && !day_first && self.only_month_first.is_none() {
                self.only_month_first = witness();
            }
        } else if written(text, None).is_some() {
            self.written += 1;
        }
    }

    fn hear_between(&mut self, count: i128) {
        let above = UnixUnit::ALL
            .into_iter()
            .zip(&mut self.between)
            .rev()
            .find(|(unit, _)| count / unit.per_second() >= 4_102_444_800);
        if let Some((_, seen)) = above {
            *seen = true;
        }
    }

    /// What the rows agree on.
    pub(super) fn verdict(self) -> Result<StampReading, (Option<u64>, FileProblem)> {
        let Some((first_line, first)) = self.first.clone() else {
            return Err((None, FileProblem::NoRows));
        };
        if self.counts > self.written {
            return if self.compact == self.counts {
                Ok(StampReading::Written(None))
            } else {
                self.unit().map(StampReading::Unix)
            };
        }
        if self.written == 0 {
            return Err((Some(first_line), FileProblem::StampNotUnderstood { value: first }));
        }
        let Some(separator) = self.separator else {
            return Ok(StampReading::Written(None));
        };
        match (self.only_day_first, self.only_month_first) {
            (Some((line, day_first)), Some((other_line, month_first))) => Err((
                Some(line),
                FileProblem::MixedDayOrder {
                    day_first,
                    other_line,
                    month_first,
                },
            )),
            (Some(_), None) => Ok(StampReading::Written(Some(DayOrder::DayFirst))),
            (None, Some(_)) => Ok(StampReading::Written(Some(DayOrder::MonthFirst))),
            (None, None) => Err((
                Some(first_line),
                FileProblem::DayOrMonth {
                    value: first,
                    separator,
                },
            )),
        }
    }

    /// The unit in which the counts are one stretch of time. Counts that are recent in two units are two units, unless
    /// others lie between: then the file reaches back to the years about 1970 in the finer one.
    fn unit(self) -> Result<UnixUnit, (Option<u64>, FileProblem)> {
        let mut recent = UnixUnit::ALL
            .into_iter()
            .zip(self.recent)
            .zip(self.between)
            .filter_map(|((unit, seen), between)| seen.map(|(line, value)| (unit, line, value, between)));
        let Some((mut unit, line, value, mut between)) = recent.next() else {
            let size = self.largest.unwrap_or(0).max(-self.smallest.unwrap_or(0));
            return Ok(match size {
                0..100_000_000_000 => UnixUnit::Seconds,
                100_000_000_000..100_000_000_000_000 => UnixUnit::Milliseconds,
                100_000_000_000_000..100_000_000_000_000_000 => UnixUnit::Microseconds,
                _ => UnixUnit::Nanoseconds,
            });
        };
        for (finer, other_line, other, finer_between) in recent {
            if !between {
                return Err((
                    Some(line),
                    FileProblem::MixedUnits {
                        value,
                        unit: unit.as_str(),
                        other_line,
                        other,
                        other_unit: finer.as_str(),
                    },
                ));
            }
            (unit, between) = (finer, finer_between);
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(texts: &[&str]) -> String {
        let mut judge = StampJudge::default();
        for (line, text) in (1..).zip(texts) {
            judge.hear(line, text);
        }
        match judge.verdict() {
            Ok(reading) => reading.to_string(),
            Err((line, problem)) => format!("line {}: {problem}", line.unwrap_or(0)),
        }
    }

    #[test]
    fn tells_the_unit_by_size() {
        assert_eq!(judge(&["1577836800", "1577923200"]), "Unix seconds");
        assert_eq!(judge(&["1577836800000"]), "Unix milliseconds");
        assert_eq!(judge(&["1735689600000000"]), "Unix microseconds");
        assert_eq!(judge(&["1735689600000000000"]), "Unix nanoseconds");
        assert_eq!(judge(&["-631152000", "1577836800"]), "Unix seconds");
        assert_eq!(judge(&["-631152000000"]), "Unix milliseconds");
        assert_eq!(judge(&["1.5778368E9"]), "Unix seconds");
        assert_eq!(judge(&["20240102", "20240103"]), "dates and times");
    }

    #[test]
    fn milliseconds_about_1970_are_no_seconds() {
        // 1970-01-13, 1973, 2020 in milliseconds: the first alone would be seconds of 2003.
        assert_eq!(
            judge(&["1036800000", "94694400000", "1577836800000"]),
            "Unix milliseconds"
        );
    }

    #[test]
    fn refuses_two_units_in_one_file() {
        assert_eq!(
            judge(&["1577836800", "1577923200000"]),
            "line 1: `1577836800` counts seconds, and line 2 has `1577923200000`, which counts milliseconds: take \
             another column with --map timestamp=COLUMN, or split the file"
        );
    }

    #[test]
    fn day_and_month_are_decided_by_rows_with_one_reading() {
        assert_eq!(judge(&["01/02/2024", "13/02/2024"]), "dates, day before month");
        assert_eq!(judge(&["01/02/2024", "02/13/2024"]), "dates, month before day");
        assert_eq!(
            judge(&["01/02/2024", "02/02/2024"]),
            "line 1: `01/02/2024` could be day/month or month/day, and no row decides: say --date-format '%d/%m/%Y' or \
             '%m/%d/%Y'"
        );
        assert_eq!(
            judge(&["13/02/2024", "02/13/2024"]),
            "line 1: `13/02/2024` is day/month and line 2 has `02/13/2024`, which is month/day: make them agree"
        );
        assert_eq!(judge(&["01.02.2024"]), "dates and times");
    }
}
