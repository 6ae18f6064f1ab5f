//! Reading more than fits a small memory.

use domain::{Bar, BarQuery, Interval, MergeBatch, SeriesKey, TimeRange, Timestamp};
use time::Duration;

use crate::Fixture;
use crate::bars::{day, opening_at, source};
use crate::fixture::everything;

const BARS: i64 = 1_000_000;
const BATCH: i64 = 50_000;
const CHUNK: usize = 10_000;
const MOST_KILOBYTES: u64 = 32 * 1024;

/// A million bars are read in chunks with a peak of memory that grows by less than 32 MB.
///
/// A store that holds everything anyway reads a tenth of them, and its memory is not looked at.
pub async fn a_million_bars_are_read_in_little_memory(fixture: &Fixture) {
    let series = SeriesKey {
        interval: Interval::OneMinute,
        ..fixture.daily_series("BTC-USD").await
    };
    let bars = if fixture.streams() { BARS } else { BARS / 10 };
    let opened = |number: i64| day("2022-01-01").checked_add(Duration::minutes(number)).unwrap();
    for first in (0..bars).step_by(usize::try_from(BATCH).unwrap()) {
        let minutes: Vec<Bar> = (first..first + BATCH)
            .map(|number| opening_at(opened(number), "47128.39"))
            .collect();
        fixture
            .merge(MergeBatch::of_bars(series, source("binance"), minutes))
            .await;
    }

    let memory = MemoryWatch::start();
    let mut grown = 0;
    let mut query = BarQuery {
        limit: CHUNK,
        ..everything(series)
    };
    let mut count = 0;
    let mut last: Option<Timestamp> = None;
    loop {
        let chunk = fixture.prices().read(&query).await.unwrap();
        for price in &chunk.bars {
            assert_eq!(price.bar.opened_at(), opened(count));
            count += 1;
        }
        last = chunk.bars.last().map(|price| price.bar.opened_at()).or(last);
        grown = memory.growth().max(grown);
        if !chunk.more {
            break;
        }
        query.as_of = Some(chunk.pinned);
        query.range = TimeRange::new(last.unwrap().next(), Timestamp::MAX).unwrap();
    }
    assert_eq!(count, bars);
    if fixture.streams() {
        assert!(
            grown < MOST_KILOBYTES,
            "memory grew by {grown} kB while {count} bars were read"
        );
    }
}

/// The memory of this process in kilobytes, as Linux tells it; elsewhere always zero, so that nothing is claimed there.
struct MemoryWatch {
    before: u64,
    /// The system let us count the peak anew; else what is in use now and then stands for it.
    counts_peak: bool,
}

impl MemoryWatch {
    fn start() -> Self {
        Self {
            counts_peak: std::fs::write("/proc/self/clear_refs", "5").is_ok(),
            before: status("VmRSS:"),
        }
    }

    /// How far the peak since the start lies above what was in use then.
    fn growth(&self) -> u64 {
        let most = status(if self.counts_peak { "VmHWM:" } else { "VmRSS:" });
        most.saturating_sub(self.before)
    }
}

fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = value.and_then(|value| value.split_whitespace().next());
    kilobytes.map_or(0, |kilobytes| kilobytes.parse().unwrap())
}
