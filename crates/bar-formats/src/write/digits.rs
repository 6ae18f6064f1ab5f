//! Decimals, counts and instants as digits at the end of a buffer, without an allocation.

use domain::Timestamp;

/// The last two digits of a number. Without a table: the compiler turns both divisions into multiplications, and there
/// is no bound to check.
fn pair(number: u64) -> [u8; 2] {
    let last = u8::try_from(number % 100).unwrap_or(0);
    [b'0' + last / 10, b'0' + last % 10]
}

/// The digits of a number, right-aligned with zeros before them.
fn padded<const WIDTH: usize>(mut number: u64) -> [u8; WIDTH] {
    let mut digits = [b'0'; WIDTH];
    for cells in digits.rchunks_exact_mut(2) {
        cells.copy_from_slice(&pair(number));
        number /= 100;
    }
    if WIDTH % 2 == 1
        && let Some(first) = digits.first_mut()
    {
        *first = pair(number).last().copied().unwrap_or(b'0');
    }
    digits
}

/// A count without leading zeros.
pub(super) fn push_count(out: &mut Vec<u8>, count: u64) {
    push_small(out, count, 0);
}

/// `mantissa / 10^scale`, plain, with a zero before the point where no other digit is.
pub(super) fn push_decimal(out: &mut Vec<u8>, mantissa: i128, scale: u8) {
    if mantissa < 0 {
        out.push(b'-');
    }
    let size = mantissa.unsigned_abs();
    match u64::try_from(size) {
        Ok(small) if small < 10_u64.pow(16) && scale < 16 => push_sixteen(out, small, usize::from(scale)),
        Ok(small) if scale < 19 => push_small(out, small, scale),
        _ => push_large(out, size, scale),
    }
}

/// Almost every decimal there is: all sixteen digits at once, and of them those that count.
fn push_sixteen(out: &mut Vec<u8>, number: u64, scale: usize) {
    let [high, low] = [number / 100_000_000, number % 100_000_000].map(eight);
    let zeros = match high {
        0 => 8 + (low | (1 << 63)).trailing_zeros() / 8,
        _ => high.trailing_zeros() / 8,
    };
    // Behind the digits there is room to copy sixteen bytes from any of them on.
    let mut cells = [b'0'; 32];
    for (cells, digits) in cells.chunks_exact_mut(8).zip([high, low]) {
        cells.copy_from_slice(&(digits | 0x3030_3030_3030_3030).to_le_bytes());
    }
    let point = 16 - scale;
    let first = usize::try_from(zeros).unwrap_or(0).min(point - 1);
    let push = |from: usize, until: usize, out: &mut Vec<u8>| {
        let end = out.len() + (until - from);
        if let Some(sixteen) = cells.get(from..).and_then(<[u8]>::first_chunk::<16>) {
            out.extend_from_slice(sixteen);
            out.truncate(end);
        }
    };
    push(first, point, out);
    if scale > 0 {
        out.push(b'.');
        push(point, 16, out);
    }
}

/// The eight digits of a number below 10^8, one a byte, the first one in the lowest: it is halved three times, and what
/// the halves are divided by is multiplied with its inverse in all of them at once.
fn eight(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - 10 * tens) << 8)
}

/// Any decimal of 64 bits: from the right, two digits at a time, and no more of them than it has.
fn push_small(out: &mut Vec<u8>, mut rest: u64, scale: u8) {
    let mut digits = FromRight::default();
    for _ in 0..scale / 2 {
        digits.put(pair(rest));
        rest /= 100;
    }
    if scale % 2 == 1 {
        digits.put([pair(rest)[1]]);
        rest /= 10;
    }
    if scale > 0 {
        digits.put([b'.']);
    }
    while rest >= 100 {
        digits.put(pair(rest));
        rest /= 100;
    }
    match pair(rest) {
        [b'0', last] => digits.put([last]),
        both => digits.put(both),
    }
    digits.append_to(out);
}

/// What the longest takes: 20 digits, a point, and a zero before it.
const LONGEST: usize = 24;

/// A buffer that is filled from the right end of its first half.
struct FromRight {
    cells: [u8; 2 * LONGEST],
    left: usize,
}

impl Default for FromRight {
    fn default() -> Self {
        Self {
            cells: [0; 2 * LONGEST],
            left: LONGEST,
        }
    }
}

impl FromRight {
    fn put<const COUNT: usize>(&mut self, digits: [u8; COUNT]) {
        self.left = self.left.saturating_sub(COUNT);
        if let Some(cells) = self.cells.get_mut(self.left..).and_then(<[u8]>::first_chunk_mut) {
            *cells = digits;
        }
    }

    /// As many bytes whatever there is, of which those behind it are cut off again: a copy of a length that is known takes
    /// two instructions, and one of any length a call.
    fn append_to(&self, out: &mut Vec<u8>) {
        let end = out.len() + (LONGEST - self.left);
        if let Some(cells) = self.cells.get(self.left..).and_then(<[u8]>::first_chunk::<LONGEST>) {
            out.extend_from_slice(cells);
            out.truncate(end);
        }
    }
}

/// An i128 holds at most 39 digits: 20 and 19.
fn push_large(out: &mut Vec<u8>, size: u128, scale: u8) {
    let half = 10_u128.pow(19);
    let (high, low) = (
        u64::try_from(size / half).unwrap_or(0),
        u64::try_from(size % half).unwrap_or(0),
    );
    let mut digits = [b'0'; 39];
    if let Some((left, right)) = digits.split_at_mut_checked(20) {
        left.copy_from_slice(&padded::<20>(high));
        right.copy_from_slice(&padded::<19>(low));
    }
    push_pointed(out, &digits, usize::from(scale));
}

/// Digits without their leading zeros, with the point `scale` digits from the right.
fn push_pointed(out: &mut Vec<u8>, digits: &[u8], scale: usize) {
    let last_whole = digits.len().saturating_sub(scale + 1);
    let zeros = digits
        .iter()
        .take(last_whole)
        .take_while(|digit| **digit == b'0')
        .count();
    let (whole, fraction) = digits.split_at_checked(last_whole + 1).unwrap_or((digits, &[]));
    out.extend_from_slice(whole.get(zeros..).unwrap_or_default());
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
}

/// RFC 3339 in UTC, with a fraction only where there is one: as [`Timestamp`] prints itself.
pub(super) fn push_instant(out: &mut Vec<u8>, instant: Timestamp) {
    let micros = instant.unix_micros();
    let seconds = micros.div_euclid(1_000_000);
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let clock = seconds.rem_euclid(86_400).unsigned_abs();
    let [year_high, year_low] = [pair(year / 100), pair(year)];
    let [month, day] = [pair(month), pair(day)];
    let [hour, minute, second] = [pair(clock / 3_600), pair(clock / 60 % 60), pair(clock % 60)];
    let text = [
        year_high[0],
        year_high[1],
        year_low[0],
        year_low[1],
        b'-',
        month[0],
        month[1],
        b'-',
        day[0],
        day[1],
        b'T',
        hour[0],
        hour[1],
        b':',
        minute[0],
        minute[1],
        b':',
        second[0],
        second[1],
    ];
    out.extend_from_slice(&text);
    let fraction = micros.rem_euclid(1_000_000).unsigned_abs();
    if fraction > 0 {
        out.push(b'.');
        out.extend_from_slice(&padded::<6>(fraction));
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    out.push(b'Z');
}

/// Year, month and day of a day counted from 1970-01-01, in the years 1 to 9999: the proleptic Gregorian calendar with
/// years that begin in March, so that the leap day comes last.
fn civil(day: i64) -> (u64, u64, u64) {
    // 0000-03-01 is 719,468 days before 1970.
    let day = (day + 719_468).max(0).unsigned_abs();
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, turned) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year_of_era + era * 400 + turned, month, day)
}

#[cfg(test)]
mod tests {
    use domain::Price;
    use proptest::prelude::*;

    use super::*;

    fn decimal(mantissa: i128, scale: u8) -> String {
        let mut out = Vec::new();
        push_decimal(&mut out, mantissa, scale);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_plain_decimals() {
        for (mantissa, scale, expected) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (5, 0, "5"),
            (5, 3, "0.005"),
            (18_710, 2, "187.10"),
            (35_204_759_860_311, 8, "352047.59860311"),
            (9_999_999_999_999_999, 15, "9.999999999999999"),
            (1, 15, "0.000000000000001"),
            (10_000_000_000_000_000, 15, "10.000000000000000"),
            (100_000_000, 0, "100000000"),
            (-3_763, 2, "-37.63"),
            (i128::from(u64::MAX), 0, "18446744073709551615"),
            (
                99_999_999_999_999_999_999_999_999_999_999_999_999,
                18,
                "99999999999999999999.999999999999999999",
            ),
            (
                -10_000_000_000_000_000_000_000_000_000,
                9,
                "-10000000000000000000.000000000",
            ),
        ] {
            assert_eq!(decimal(mantissa, scale), expected);
        }
    }

    proptest! {
        #[test]
        fn writes_what_the_domain_prints(
            mantissa in prop_oneof![
                -99_999_999_999_999_999_999_i128..=99_999_999_999_999_999_999,
                -100_000_000_000_000_000_i128..=100_000_000_000_000_000,
                -100_000_000..=100_000_000_i128,
            ],
            scale in 0_u8..=18,
            micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000,
            count: u64,
        ) {
            prop_assert_eq!(decimal(mantissa, scale), Price::new(mantissa, scale).unwrap().to_string());
            let mut out = Vec::new();
            let instant = Timestamp::from_unix_micros(micros).unwrap();
            push_instant(&mut out, instant);
            prop_assert_eq!(String::from_utf8(out).unwrap(), instant.to_string());
            let mut out = Vec::new();
            push_count(&mut out, count);
            prop_assert_eq!(String::from_utf8(out).unwrap(), count.to_string());
        }
    }
}
