//! `--map`: columns named by hand.

use std::str::FromStr;

use super::ColumnRole;
use super::column::UnknownRole;

/// Which column has which role, as far as it was said by hand: `open=Otwarcie,close=5`.
///
/// A column is named as in the header, else by its number from 1. A role that is mapped is not guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap(Vec<(ColumnRole, String)>);

impl ColumnMap {
    /// The column said for a role.
    #[must_use]
    pub fn column(&self, role: ColumnRole) -> Option<&str> {
        self.0
            .iter()
            .find(|(mapped, _)| *mapped == role)
            .map(|(_, column)| column.as_str())
    }

    /// Every role and its column.
    pub fn iter(&self) -> impl Iterator<Item = (ColumnRole, &str)> {
        self.0.iter().map(|(role, column)| (*role, column.as_str()))
    }

    /// Nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why a text maps no columns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnMapError {
    /// Not `role=column`.
    #[error("`{0}` maps nothing: write ROLE=COLUMN pairs, such as open=Otwarcie,close=5")]
    NotAPair(String),
    /// The role is none.
    #[error(transparent)]
    UnknownRole(#[from] UnknownRole),
    /// A role twice.
    #[error("{0} is mapped twice")]
    Twice(ColumnRole),
}

impl FromStr for ColumnMap {
    type Err = ColumnMapError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut map = Self::default();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let not_a_pair = || ColumnMapError::NotAPair(super::cut(pair.trim()));
            let (role, column) = pair.split_once('=').ok_or_else(not_a_pair)?;
            let (role, column) = (role.trim().parse::<ColumnRole>()?, column.trim());
            if column.is_empty() {
                return Err(not_a_pair());
            }
            if map.column(role).is_some() {
                return Err(ColumnMapError::Twice(role));
            }
            map.0.push((role, column.to_owned()));
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs() {
        let map: ColumnMap = "open=Otwarcie, close=5".parse().unwrap();
        assert_eq!(map.column(ColumnRole::Open), Some("Otwarcie"));
        assert_eq!(map.column(ColumnRole::Close), Some("5"));
        assert_eq!(map.column(ColumnRole::High), None);
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |text: &str, message: &str| assert_eq!(text.parse::<ColumnMap>().unwrap_err().to_string(), message);
        check(
            "open",
            "`open` maps nothing: write ROLE=COLUMN pairs, such as open=Otwarcie,close=5",
        );
        check(
            "offen=1",
            "`offen` is no column of a bar: one of timestamp, time, open, high, low, close, volume, trade_count, vwap, \
             symbol, interval",
        );
        check("open=1,open=2", "open is mapped twice");
    }
}
