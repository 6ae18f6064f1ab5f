//! The limit: the same bytes, from plain numbers in a slice, with no rule, no source and no state.

use super::Outcome;

/// An instant in Unix seconds; open, high, low and close in cents; a volume in thousandths.
pub(super) struct PlainBar {
    pub(super) opened_at: i64,
    pub(super) prices: [u64; 4],
    pub(super) volume: u64,
}

/// How many bars there are to read.
pub(super) const STORED: i64 = 20_000;

pub(super) fn plain_bars() -> Outcome<Vec<PlainBar>> {
    (0..STORED)
        .map(|day| {
            let cents = 1_000_000 + u64::try_from(day * 7_919 % 50_000)?;
            Ok(PlainBar {
                opened_at: day * 86_400,
                prices: [cents, cents + 150, cents - 150, cents + 25],
                volume: u64::try_from(day * 31 % 100_000)?,
            })
        })
        .collect()
}

/// What stands between the brackets of `"data":[…]`.
pub(super) fn json(bars: &[PlainBar], out: &mut Vec<u8>) {
    for bar in bars {
        object(bar, out);
        out.push(b',');
    }
    out.pop();
}

pub(super) fn ndjson(bars: &[PlainBar], out: &mut Vec<u8>) {
    for bar in bars {
        object(bar, out);
        out.push(b'\n');
    }
}

pub(super) fn csv(bars: &[PlainBar], out: &mut Vec<u8>) {
    for bar in bars {
        instant(bar.opened_at, out);
        for price in bar.prices {
            out.push(b',');
            decimal(price, 2, out);
        }
        out.push(b',');
        decimal(bar.volume, 3, out);
        out.extend_from_slice(b",,,file\n");
    }
}

fn object(bar: &PlainBar, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"timestamp\":\"");
    instant(bar.opened_at, out);
    let [open, high, low, close] = bar.prices;
    out.extend_from_slice(b"\",\"open\":");
    decimal(open, 2, out);
    out.extend_from_slice(b",\"high\":");
    decimal(high, 2, out);
    out.extend_from_slice(b",\"low\":");
    decimal(low, 2, out);
    out.extend_from_slice(b",\"close\":");
    decimal(close, 2, out);
    out.extend_from_slice(b",\"volume\":");
    decimal(bar.volume, 3, out);
    out.extend_from_slice(b",\"trade_count\":null,\"vwap\":null,\"source\":\"file\"}");
}

/// `mantissa / 10^scale`, digit by digit from the right.
fn decimal(mut mantissa: u64, scale: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 24];
    let mut left = digits.len();
    for (written, cell) in digits.iter_mut().rev().enumerate() {
        if mantissa == 0 && written > scale + 1 {
            break;
        }
        if written == scale {
            *cell = b'.';
        } else {
            *cell = b'0' + u8::try_from(mantissa % 10).unwrap_or(0);
            mantissa /= 10;
        }
        left -= 1;
    }
    out.extend_from_slice(digits.get(left..).unwrap_or_default());
}

/// RFC 3339 of an instant after 1970, by Howard Hinnant's `civil_from_days`.
fn instant(seconds: i64, out: &mut Vec<u8>) {
    let seconds = seconds.unsigned_abs();
    let (day, clock) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let digit = |number: u64| b'0' + u8::try_from(number % 10).unwrap_or(0);
    let two = |number: u64| [digit(number / 10), digit(number)];
    out.extend_from_slice(&two(year / 100));
    out.extend_from_slice(&two(year));
    for (mark, number) in [
        (b'-', month),
        (b'-', day),
        (b'T', clock / 3_600),
        (b':', clock / 60 % 60),
        (b':', clock % 60),
    ] {
        out.push(mark);
        out.extend_from_slice(&two(number));
    }
    out.push(b'Z');
}
