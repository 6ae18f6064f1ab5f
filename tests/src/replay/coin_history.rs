//! Years of daily bars of a coin that nobody trades: the truth that a backfill has to end in.

use std::fmt::Write as _;

use time::Date;
use time::macros::date;

use crate::dice::Dice;

const FIRST: Date = date!(2016 - 01 - 01);
const BEHIND_LAST: Date = date!(2026 - 01 - 01);
/// How long a bar lasts, in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// The golden ratio in 64 bits: numbers that follow one another become seeds that have nothing in common.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// The header of an export.
const HEADER: &str = "timestamp,open,high,low,close,volume,trade_count,vwap,source\n";

/// A coin by its number, with a bar for each day of ten years: 2016-01-01 to 2025-12-31.
#[derive(Clone, Debug)]
pub struct CoinHistory {
    number: u64,
}

/// One bar, in hundredths of the quote currency and of the coin.
struct Day {
    date: Date,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    volume: i64,
    trades: i64,
}

impl CoinHistory {
    /// When all of them begin, as `--start` takes it.
    pub const START: &str = "2016-01-01";
    /// Behind the last bar of all, as `--end` takes it.
    pub const END: &str = "2026-01-01";
    /// How many bars each has.
    pub const BARS: usize = 3_653;

    /// The coin of a number; the same number is the same history.
    #[must_use]
    pub fn of(number: u64) -> Self {
        Self { number }
    }

    /// What it is called: `COIN07`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("COIN{:02}", self.number)
    }

    /// Its bars as Binance writes them, by their opening in milliseconds.
    pub(super) fn klines(&self) -> impl Iterator<Item = (i64, String)> {
        self.days().map(|day| {
            let opens = day.date.midnight().assume_utc().unix_timestamp() * 1_000;
            let closes = opens + DAY_MS - 1;
            let [open, high, low, close] = [day.open, day.high, day.low, day.close].map(decimal);
            let (volume, trades) = (decimal(day.volume), day.trades);
            let row = format!(
                r#"[{opens},"{open}","{high}","{low}","{close}","{volume}",{closes},"0.00000000",{trades},"0.00000000","0.00000000","0"]"#
            );
            (opens, row)
        })
    }

    /// What an export as CSV holds once everything is stored.
    #[must_use]
    pub fn exported(&self) -> String {
        let mut text = HEADER.to_owned();
        for day in self.days() {
            let [open, high, low, close, volume] = [day.open, day.high, day.low, day.close, day.volume].map(decimal);
            let (date, trades) = (day.date, day.trades);
            // A String takes whatever is written.
            let _ = writeln!(
                text,
                "{date}T00:00:00Z,{open},{high},{low},{close},{volume},{trades},,binance"
            );
        }
        text
    }

    /// Prices that wander, from a seed of its own.
    fn days(&self) -> impl Iterator<Item = Day> {
        let mut dice = Dice::of((self.number + 1).wrapping_mul(SPREAD));
        let mut price = 100_000;
        let all = std::iter::successors(Some(FIRST), |date| date.next_day());
        all.take_while(|date| *date < BEHIND_LAST).map(move |date| {
            let open = price;
            price = (price + dice.within(0..2_001) - 1_000).max(10_000);
            Day {
                date,
                open,
                high: open.max(price) + dice.within(0..500),
                low: open.min(price) - dice.within(0..500),
                close: price,
                volume: dice.within(1..1_000_000),
                trades: dice.within(1..10_000),
            }
        })
    }
}

/// With the eight fractional digits that Binance writes.
fn decimal(hundredths: i64) -> String {
    format!("{}.{:02}000000", hundredths / 100, hundredths % 100)
}
