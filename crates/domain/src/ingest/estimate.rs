//! How many calls and bars a plan will take, before anything is asked.

use std::iter::successors;

use crate::{Interval, Page, TimeRange, Timestamp, TradingCalendar, expected_openings};

/// About how much; `None` where a range has no known beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Estimate {
    pub(super) calls: Option<u64>,
    pub(super) bars: Option<u64>,
}

/// Of ranges that are asked for one after the other, in pages.
pub(super) fn of(ranges: &[TimeRange], interval: Interval, page: Page, calendar: &dyn TradingCalendar) -> Estimate {
    ranges.iter().fold(
        Estimate {
            calls: Some(0),
            bars: Some(0),
        },
        |sum, range| {
            let bars = (range.start() > Timestamp::MIN).then(|| expected_bars(*range, interval, calendar));
            let add = |sum: Option<u64>, more: Option<u64>| Some(sum?.saturating_add(more?));
            Estimate {
                calls: add(sum.calls, pages(*range, page, bars)),
                bars: add(sum.bars, bars),
            }
        },
    )
}

/// The bars of regular sessions; what trades before and after them is not counted.
fn expected_bars(range: TimeRange, interval: Interval, calendar: &dyn TradingCalendar) -> u64 {
    let Some(length) = interval.intraday_length() else {
        return count(expected_openings(interval, range, calendar, 0).count());
    };
    // Session by session instead of bar by bar: years of minutes are millions.
    let last = calendar.session_date(range.end());
    successors(Some(calendar.session_date(range.start())), |date| date.next_day())
        .take_while(|date| *date <= last)
        .filter_map(|date| calendar.session(date)?.intersection(range))
        .map(|traded| {
            let traded = traded.end().since(traded.start());
            ceil_div(traded.whole_seconds(), length.whole_seconds())
        })
        .fold(0, u64::saturating_add)
}

fn pages(range: TimeRange, page: Page, bars: Option<u64>) -> Option<u64> {
    match page {
        Page::Whole => Some(1),
        Page::Bars(most) => {
            // Each page but the first repeats one bar.
            let more = bars?.saturating_sub(u64::from(most));
            Some(1 + more.div_ceil(u64::from(most.saturating_sub(1).max(1))))
        }
        Page::Span(span) => bars.map(|_| {
            let asked = range.end().since(range.start());
            ceil_div(asked.whole_seconds(), span.whole_seconds())
        }),
        Page::Month => bars.map(|_| {
            let last = range
                .end()
                .checked_add(-time::Duration::MICROSECOND)
                .unwrap_or(range.end())
                .date();
            let months = successors(Some(Interval::OneMonth.period_start(range.start().date())), |month| {
                Some(Interval::OneMonth.next_period(*month)).filter(|next| next > month)
            });
            count(months.take_while(|month| *month <= last).count())
        }),
    }
}

fn ceil_div(seconds: i64, step: i64) -> u64 {
    let whole = |number: i64| u64::try_from(number.max(1)).unwrap_or(1);
    whole(seconds).div_ceil(whole(step))
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Calendars;
    use crate::ingest::testing::range;

    fn check(calendar: &str, interval: Interval, page: Page, of: TimeRange, calls: Option<u64>, bars: Option<u64>) {
        let calendar = Calendars::built_in().unwrap().get(&calendar.parse().unwrap()).unwrap();
        let estimate = super::of(&[of], interval, page, &*calendar);
        assert_eq!(
            (estimate.calls, estimate.bars),
            (calls, bars),
            "{interval} {page:?} {of}"
        );
    }

    #[test]
    fn bars_are_those_of_regular_sessions() {
        // Monday to Sunday: five sessions of six and a half hours.
        let week = range("2020-07-06", "2020-07-13");
        let whole = |calendar, interval, bars| check(calendar, interval, Page::Whole, week, Some(1), Some(bars));
        whole("XNYS", Interval::OneDay, 5);
        whole("XNYS", Interval::OneMinute, 5 * 390);
        whole("XNYS", Interval::OneHour, 5 * 7);
        whole("24/7", Interval::OneMinute, 7 * 1_440);
        whole("XNYS", Interval::OneWeek, 1);
    }

    #[test]
    fn pages_are_counted_as_the_provider_parts_them() {
        let quarter = range("2020-01-01", "2020-04-01"); // 91 days
        let of_days = |page, calls| check("24/7", Interval::OneDay, page, quarter, Some(calls), Some(91));
        of_days(Page::Bars(91), 1);
        of_days(Page::Bars(90), 2);
        of_days(Page::Bars(31), 3);
        of_days(Page::Bars(30), 4); // each page after the first repeats one
        of_days(Page::Bars(1), 91);
        of_days(Page::Span(time::Duration::days(7)), 13);
        of_days(Page::Month, 3);
        check(
            "24/7",
            Interval::OneDay,
            Page::Month,
            range("2019-12-31T23:00:00Z", "2020-01-01T01:00:00Z"),
            Some(2),
            Some(1),
        );
    }

    #[test]
    fn nothing_is_known_of_a_range_without_a_beginning_but_that_a_whole_answer_is_one_call() {
        let open = TimeRange::new(Timestamp::MIN, "2020-01-01T00:00:00Z".parse().unwrap()).unwrap();
        check("24/7", Interval::OneDay, Page::Whole, open, Some(1), None);
        for page in [Page::Bars(1_000), Page::Span(time::Duration::WEEK), Page::Month] {
            check("24/7", Interval::OneDay, page, open, None, None);
        }
    }
}
