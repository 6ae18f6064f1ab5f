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
            let last = range.end().date();
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
