//! One cell: numbers exactly as written, and what stands for nothing.

use domain::{BarError, BarField, DecimalError, Price, Volume};

/// What separates whole and fractional digits in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalMark {
    /// `187.44`
    #[default]
    Point,
    /// `187,44`, only where another character separates the columns and no price of the file has a point.
    Comma,
}

/// Texts that providers write where there is no value, besides the empty cell.
const MISSING: [&str; 10] = ["null", "nan", "n/a", "na", "none", "nil", "-", ".", "#n/a", "<na>"];

/// Nothing, or a word for nothing.
pub(crate) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || (cell.len() <= 4 && MISSING.iter().any(|word| cell.eq_ignore_ascii_case(word)))
}

/// At most 60 characters, for messages.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// A price written with a point, where nothing is nothing and no word stands for it.
pub(crate) fn plain_price(cell: &str, field: BarField) -> Result<Price, BarError> {
    if cell.is_empty() {
        return Err(BarError::Missing(field));
    }
    cell.parse().map_err(|source| BarError::NotADecimal { field, source })
}

pub(super) fn price(cell: &str, field: BarField, mark: DecimalMark) -> Result<Price, BarError> {
    decimal(cell, field, mark, str::parse)
}

pub(super) fn volume(cell: &str, mark: DecimalMark) -> Result<Volume, BarError> {
    decimal(cell, BarField::Volume, mark, str::parse)
}

/// A count of trades; `12.0` is 12, as data frames write it.
pub(crate) fn count(cell: &str) -> Result<u64, BarError> {
    let digits = match cell.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => cell,
    };
    digits
        .parse()
        .map_err(|_not_a_count: std::num::ParseIntError| BarError::Unreadable {
            field: BarField::TradeCount,
            reason: format!("`{}` is not a whole number of trades", cut(cell)),
        })
}

fn decimal<T>(
    cell: &str,
    field: BarField,
    mark: DecimalMark,
    parse: impl Fn(&str) -> Result<T, DecimalError>,
) -> Result<T, BarError> {
    if is_missing(cell) {
        return Err(BarError::Missing(field));
    }
    let wrong = |source| BarError::NotADecimal { field, source };
    if !cell.contains(',') {
        return if mark == DecimalMark::Comma && cell.contains('.') {
            Err(grouped(cell, field))
        } else {
            parse(cell).map_err(wrong)
        };
    }
    if mark == DecimalMark::Comma && !cell.contains('.') && cell.matches(',').count() == 1 {
        return parse(&cell.replacen(',', ".", 1)).map_err(wrong);
    }
    Err(grouped(cell, field))
}

fn grouped(cell: &str, field: BarField) -> BarError {
    BarError::Unreadable {
        field,
        reason: format!(
            "`{}` holds thousands separators or mixes decimal commas with points: write digits with a point, such as \
             1234.5",
            cut(cell)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: &str, mark: DecimalMark, expected: &str) {
        let found = match price(cell, BarField::Open, mark) {
            Ok(price) => price.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{cell}");
    }

    #[test]
    fn keeps_every_digit() {
        check("0.09946999000000001", DecimalMark::Point, "0.09946999000000001");
        check("187.10", DecimalMark::Point, "187.10");
        check("1.5E-7", DecimalMark::Point, "0.00000015");
        check("-37.63", DecimalMark::Point, "-37.63");
        check("187,10", DecimalMark::Comma, "187.10");
        check("187", DecimalMark::Comma, "187");
    }

    #[test]
    fn names_what_is_missing() {
        for nothing in ["", "null", "NaN", "N/A", "-", ".", "None"] {
            check(nothing, DecimalMark::Point, "open is empty");
        }
    }

    #[test]
    fn refuses_thousands_separators() {
        let said = |cell: &str| {
            format!(
                "open: `{cell}` holds thousands separators or mixes decimal commas with points: write digits with a \
                 point, such as 1234.5"
            )
        };
        check("1,234.5", DecimalMark::Point, &said("1,234.5"));
        check("187,10", DecimalMark::Point, &said("187,10"));
        check("1.234,5", DecimalMark::Comma, &said("1.234,5"));
        check("1,234,567", DecimalMark::Comma, &said("1,234,567"));
        check("1.234", DecimalMark::Comma, &said("1.234"));
    }

    #[test]
    fn counts_are_whole() {
        assert_eq!(count("12.0"), Ok(12));
        assert_eq!(
            count("1.5").unwrap_err().to_string(),
            "trade_count: `1.5` is not a whole number of trades"
        );
    }
}
